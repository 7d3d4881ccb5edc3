/** Takes secrets out of log lines: what a line says is decided here, whatever was handed to it. */
import { isPlugboardError, PlugboardError } from './errors.ts';
import { plainConsole, type Log } from './log.ts';
import { describeUrl, mask, redactor } from './redact.ts';
import { isSecret, reveal, type Secret } from './secret.ts';

export interface RedactedLogOptions {
  /** Texts that no line may hold, in any encoding; a function is asked at each line. */
  readonly secrets?: readonly (Secret | string)[] | (() => readonly (Secret | string)[]);
}

/** What is used of a pino logger. */
export interface PinoLogger {
  child(bindings: { component: string }): Log;
}

const longestText = 2_000;
const deepest = 6;
const mostEntries = 50;
/** Members that hold a secret whatever stands in them. */
const sensitive =
  /authorization|cookie|passw|secret|token|verifier|assertion|credential|signature|(?:api|access|private|signing|encryption|client)[-_ ]?key|^(?:key|keys|dsn|auth|state|nonce|otp|pin|jwt)$/i;
/** Ids, counts and times of secrets are none. */
const harmless = /(?:ids?|count|name|kind|type|at|ms|seconds|version)$/i;
/** OAuth and the errors of every system share this name; only what reads like an error's is shown. */
const codeName = /code$/i;
const errorCode = /^(?:[a-z]+(?:_[a-z0-9]+)*|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)$/;
const errorCodeLength = 64;

/** Secrets that show by their form. Our own messages name fields (`apiKey: is required`), which is none of these. */
const inTexts: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer|basic)\s+(?=[a-z~.:_-]*[\d+/=])[\w.~+/=:-]{8,}/gi, `$1 ${mask}`],
  [/\beyJ[\w-]{5,}\.[\w-]{2,}(?:\.[\w-]*)*/g, mask],
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, mask],
  [/((?:token|secret|password|key|verifier|assertion|code|state)=)[^\s,;&"'<>)}\]]+/gi, `$1${mask}`],
  [
    /("[\w-]{0,40}(?:token|secret|password|key|verifier|assertion|cookie|authorization)"\s?:\s?)"[^"]*"?/gi,
    `$1${mask}`,
  ],
  [/\b(authorization|cookie|set-cookie|x-api-key): ?[^\s,]+/gi, `$1: ${mask}`],
];

/**
 * A log whose lines hold no secret: `Secret`s, members that are named like one, known texts in every encoding, queries
 * and user names of URLs, `Authorization` values, JSON Web Tokens and private keys are replaced by `[secret]`. Of errors
 * of other libraries only name and code are left, because their messages quote. Lines are bounded and hold no line break.
 * A board puts this around its `log` by itself.
 * @example createPlugboard({ log: redactedLog(logger, { secrets: [env.SESSION_SECRET] }), ... })
 */
export function redactedLog(log: Log, { secrets = [] }: RedactedLogOptions = {}): Log {
  let known: readonly (Secret | string)[] | undefined;
  let redactText = redactor([]);
  const cleaner = () => {
    const now = typeof secrets === 'function' ? secrets() : secrets;
    if (now !== known) redactText = redactor((known = now).map(reveal));
    return (text: string) => cleanText(text, redactText);
  };
  // Whatever the sink returns goes on: it may be a promise that somebody has to watch.
  const write =
    (level: keyof Log): Log['info'] =>
    (fields, message) => {
      const text = cleaner();
      return log[level](isShown(fields) ? fields : (cleanFields(fields, text) as object), text(message));
    };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

/** The console, without secrets. */
export const consoleLog: Log = redactedLog(plainConsole);

/**
 * A pino logger (https://getpino.io), as a child with `component: 'plugboard'`, without secrets.
 * @example createPlugboard({ log: pinoLog(pino()), ... })
 */
export function pinoLog(logger: PinoLogger, options?: RedactedLogOptions): Log {
  return redactedLog(logger.child({ component: 'plugboard' }), options);
}

const shown = Symbol.for('plugboard.shown');

/** Marks fields that are printed as they are: what a stub would have sent is there to be read. */
export function showAsIs<T extends object>(fields: T): T {
  return Object.defineProperty(fields, shown, { value: true });
}

function isShown(fields: object): boolean {
  return shown in fields;
}

type CleanText = (text: string) => string;

function cleanText(text: string, redactText: ReturnType<typeof redactor>): string {
  let clean = redactText(text, { maxLength: longestText });
  for (const [pattern, replacement] of inTexts) clean = clean.replace(pattern, replacement);
  return clean;
}

function cleanFields(fields: unknown, text: CleanText): unknown {
  return cleanValue(fields, { text, seen: new Set(), depth: 0, name: '' });
}

interface Place {
  readonly text: CleanText;
  /** The objects above. */
  readonly seen: ReadonlySet<object>;
  readonly depth: number;
  readonly name: string;
}

function cleanValue(value: unknown, place: Place): unknown {
  if (value === undefined || value === null || typeof value === 'boolean') return value;
  const { name } = place;
  if (isSecret(value) || (sensitive.test(name) && !harmless.test(name))) return mask;
  if (typeof value === 'string') {
    const isCode = codeName.test(name) && !(errorCode.test(value) && value.length <= errorCodeLength);
    return isCode ? mask : place.text(value);
  }
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'object' ? cleanObject(value, place) : `[${typeof value}]`;
}

function cleanObject(value: object, place: Place): unknown {
  if (isPlugboardError(value)) return cleanMembers(describeError(value), place);
  if (value instanceof Error) return causeOf(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (value instanceof URL) return place.text(describeUrl(value, value.pathname));
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (place.seen.has(value)) return '[circular]';
  if (place.depth >= deepest) return '[deeper]';
  if (Array.isArray(value)) {
    const items = value.slice(0, mostEntries).map((item: unknown) => cleanValue(item, below(value, place, place.name)));
    return value.length > mostEntries ? [...items, `${value.length - mostEntries} more`] : items;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // Instances of classes hold what nobody meant to print: connections, requests, responses.
  if (prototype !== Object.prototype && prototype !== null) return '[object]';
  return cleanMembers(value, place);
}

function cleanMembers(value: object, place: Place): unknown {
  const names = Object.keys(value);
  const members = names.slice(0, mostEntries).map((name) => {
    const inner = below(value, place, name);
    return [place.text(name), cleanMember(value, name, inner)] as const;
  });
  if (names.length > mostEntries) members.push(['more', names.length - mostEntries]);
  return Object.fromEntries(members);
}

function cleanMember(value: object, name: string, place: Place): unknown {
  try {
    return cleanValue((value as Readonly<Record<string, unknown>>)[name], place);
  } catch {
    // A getter of somebody else's object.
    return '[unreadable]';
  }
}

function below(value: object, { text, seen, depth }: Place, name: string): Place {
  return { text, seen: new Set([...seen, value]), depth: depth + 1, name };
}

function describeError(error: PlugboardError): object {
  const { kind, code, message, provider, operation, status, requestId } = error;
  return { kind, code, message, provider, operation, status, requestId };
}

/** `TypeError (ERR_INVALID_URL)`: a foreign error may hold anything, so that its class and its code are all that is said. */
function causeOf(error: Error): string {
  const { cause } = new PlugboardError({ kind: 'configuration', code: 'foreign', message: '', cause: error });
  return cause instanceof Error ? cause.message : 'Error';
}
