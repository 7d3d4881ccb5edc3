/**
 * The one error class of Plugboard.
 *
 * A failure has a `kind` from a closed union, a stable `code` within the kind, and a `hint` that says what to do next.
 * It never carries a header, a body, a query string or a credential, and never the error object of another library:
 * causes are re-created from their name and code alone.
 */

/** What went wrong, in twelve kinds. `switch (error.kind)` is exhaustive. */
export type ErrorKind =
  | 'auth' // the credential is missing, refused, expired or revoked
  | 'permission' // the credential is good but may not do this
  | 'not_found'
  | 'invalid_request' // the vendor or a schema refused the input
  | 'conflict'
  | 'rate_limited'
  | 'unavailable' // the vendor is down or says so
  | 'timeout'
  | 'network'
  | 'invalid_response' // the vendor answered something it does not promise
  | 'aborted'
  | 'configuration'; // our own input: options, keys, environment, stored rows

/** One refused input field. `path` is the dotted path from the root of the input. */
export interface FieldIssue {
  readonly path: string;
  readonly message: string;
}

/** What the vendor said, reduced to its declared code and a redacted message. */
export interface VendorDetail {
  readonly code?: string;
  readonly message?: string;
}

export interface ErrorDetails {
  readonly kind: ErrorKind;
  /** Stable, machine-readable, snake_case: `invalid_grant`, `not_connected`, `state_mismatch` ... */
  readonly code: string;
  readonly message: string;
  /** What the reader should do next. */
  readonly hint?: string | undefined;
  /** Whether the same call may succeed later without a change. Default: by kind. */
  readonly retryable?: boolean | undefined;
  readonly provider?: string | undefined;
  readonly operation?: string | undefined;
  /** HTTP status of the vendor's answer. */
  readonly status?: number | undefined;
  /** The vendor's own id of the request, for its support. */
  readonly requestId?: string | undefined;
  /** Milliseconds to wait before another try. */
  readonly retryAfterMs?: number | undefined;
  readonly fields?: readonly FieldIssue[] | undefined;
  /** Scopes that the operation needs and the grant lacks. */
  readonly missingScopes?: readonly string[] | undefined;
  readonly vendor?: VendorDetail | undefined;
  /** Only its name, code and message class are kept; see `describeCause`. */
  readonly cause?: unknown;
}

const retryableKinds: ReadonlySet<ErrorKind> = new Set(['rate_limited', 'unavailable', 'timeout', 'network']);
const marker = Symbol.for('plugboard.error');

export class PlugboardError extends Error {
  declare readonly name: 'PlugboardError';
  readonly kind: ErrorKind;
  readonly code: string;
  readonly retryable: boolean;
  declare readonly hint?: string;
  declare readonly provider?: string;
  declare readonly operation?: string;
  declare readonly status?: number;
  declare readonly requestId?: string;
  declare readonly retryAfterMs?: number;
  declare readonly fields?: readonly FieldIssue[];
  declare readonly missingScopes?: readonly string[];
  declare readonly vendor?: VendorDetail;

  constructor(details: ErrorDetails) {
    const cause = describeCause(details.cause);
    super(details.message, cause === undefined ? undefined : { cause });
    Object.defineProperty(this, marker, { value: true });
    this.kind = details.kind;
    this.code = details.code;
    this.retryable = details.retryable ?? retryableKinds.has(details.kind);
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.provider !== undefined) this.provider = details.provider;
    if (details.operation !== undefined) this.operation = details.operation;
    if (details.status !== undefined) this.status = details.status;
    if (details.requestId !== undefined) this.requestId = details.requestId;
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs;
    if (details.fields !== undefined) this.fields = details.fields;
    if (details.missingScopes !== undefined) this.missingScopes = details.missingScopes;
    if (details.vendor !== undefined) this.vendor = details.vendor;
  }

  /** A copy with some details replaced: where a lower layer's failure gains its provider and operation. */
  with(details: Partial<Omit<ErrorDetails, 'cause'>>): PlugboardError {
    // By its constructor: a class that names itself gets another name from the bundler, which traces then show.
    const copy = new (this.constructor as typeof PlugboardError)({ ...this.toJSON(), ...details } as ErrorDetails);
    if (this.cause !== undefined) Object.defineProperty(copy, 'cause', { value: this.cause, enumerable: false });
    return copy;
  }

  toJSON(): ErrorDetails {
    const { kind, code, message, hint, retryable, provider, operation, status, requestId } = this;
    const { retryAfterMs, fields, missingScopes, vendor } = this;
    const all = { kind, code, message, hint, retryable, provider, operation, status, requestId };
    const rest = { retryAfterMs, fields, missingScopes, vendor };
    return Object.fromEntries(Object.entries({ ...all, ...rest }).filter(([, value]) => value !== undefined)) as never;
  }
}

// On the prototype, because the stack is written before a constructor could name anything.
Object.defineProperty(PlugboardError.prototype, 'name', { value: 'PlugboardError' });

/**
 * True for errors of this library, also across two copies of the package in one tree.
 * @example if (isPlugboardError(error) && error.kind === 'rate_limited') await wait(error.retryAfterMs)
 */
export function isPlugboardError(value: unknown): value is PlugboardError {
  return typeof value === 'object' && value !== null && marker in value;
}

/** A refused input: names each field, sends nothing, stores nothing. */
export function invalidInput(subject: string, fields: readonly FieldIssue[], hint?: string): PlugboardError {
  const list = fields
    .map((field) => (field.path === '' ? field.message : `${field.path}: ${field.message}`))
    .join('; ');
  return new PlugboardError({
    kind: 'invalid_request',
    code: 'invalid_input',
    message: `${subject} was refused: ${list}`,
    hint: hint ?? 'Correct the named fields and call again; nothing was sent or stored.',
    fields,
  });
}

/** What this vendor cannot do, although others of its kind can: refused before anything is sent. */
export function unsupported(message: string, hint: string): PlugboardError {
  return new PlugboardError({ kind: 'invalid_request', code: 'unsupported', message, hint });
}

/** A wrong option, key, environment value or stored row: `what` is wrong, `hint` mends it. */
export function configurationError(code: string, message: string, hint: string): PlugboardError {
  return new PlugboardError({ kind: 'configuration', code, message, hint });
}

const safeName = /^[A-Za-z_$][\w$]{0,63}$/;
const safeCode = /^[A-Z0-9_]{1,64}$/i;

/** A foreign error may hold tokens in any property, so only its class name and its `code` survive. */
function describeCause(cause: unknown): Error | undefined {
  if (cause === undefined || cause === null) return undefined;
  if (isPlugboardError(cause)) return cause;
  const foreign = cause as { name?: unknown; code?: unknown };
  const name = typeof foreign.name === 'string' && safeName.test(foreign.name) ? foreign.name : typeof cause;
  const code = typeof foreign.code === 'string' && safeCode.test(foreign.code) ? foreign.code : undefined;
  const copy = new Error(code === undefined ? name : `${name} (${code})`);
  copy.name = name;
  delete copy.stack;
  return copy;
}
