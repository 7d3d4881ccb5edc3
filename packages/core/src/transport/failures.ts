/** Turns what went wrong into a PlugboardError that says what is known and carries nothing that was sent. */
import { isPlugboardError, PlugboardError, type ErrorDetails } from '../errors.ts';
import { missingPackage } from '../missing-package.ts';
import { redact } from '../redact.ts';
import { parseRetryAfter } from '../retry.ts';
import { issuedTexts } from '../secret.ts';
import type { Stop } from './deadline.ts';
import type { Answer, Failure, TransportRequest } from './transport.ts';

/** Headers in which servers commonly name a request. */
const requestIdHeaders = [
  'x-request-id',
  'request-id',
  'x-requestid',
  'x-correlation-id',
  'correlation-id',
  'x-trace-id',
];
const safeRequestId = /^[\w.:/+=-]{1,128}$/;
const safeCode = /^[a-z][a-z0-9_]{0,63}$/;
/** Server errors after which the request may have been processed; 501 and 503 say that it was not. */
const ambiguousStatuses: ReadonlySet<number> = new Set([500, 502, 504]);

export interface FailureContext {
  /** Wall time in milliseconds. */
  readonly now: number;
  readonly maxRetryAfterMs: number;
}

/** The error for an answer that the provider, or the status, calls a failure. */
export function answerError(
  failure: Failure,
  answer: Answer,
  request: TransportRequest,
  context: FailureContext,
): PlugboardError {
  // A token endpoint may refuse and hand out in one answer, and quote what it has handed out.
  const fresh = request.purpose === 'token' ? issuedTexts(answer.tryJson()) : [];
  const secrets = [...request.secrets, ...fresh];
  const waits = failure.kind === 'rate_limited' || failure.kind === 'unavailable';
  const announced = failure.retryAfterMs ?? (waits ? parseRetryAfter(answer.headers, context.now) : undefined);
  const message = failure.message && redact(failure.message, secrets);
  const vendor = {
    ...(failure.vendor?.code && { code: redact(failure.vendor.code, secrets, { maxLength: 100 }) }),
    ...(failure.vendor?.message && { message: redact(failure.vendor.message, secrets) }),
  };
  // Unasked, a queue would repeat what is marked retryable: not where that could do the work twice.
  const ambiguous = request.repeat === 'never' && ambiguousStatuses.has(answer.status);
  return new PlugboardError({
    kind: failure.kind,
    code: safeCode.test(failure.code) ? failure.code : 'vendor_error',
    message: `${subject(request)}: ${message ?? `the vendor answered ${answer.status}`}`,
    hint: failure.hint && redact(failure.hint, secrets),
    retryable: failure.retryable ?? (ambiguous ? false : undefined),
    provider: request.provider,
    operation: request.operation,
    status: answer.status,
    requestId: requestIdOf(answer, request),
    retryAfterMs: announced === undefined ? undefined : Math.min(Math.max(announced, 0), context.maxRetryAfterMs),
    missingScopes: failure.missingScopes,
    vendor: Object.keys(vendor).length > 0 ? vendor : undefined,
  });
}

/** What is known about a try that got no complete answer. */
export interface LostTry {
  readonly cause: unknown;
  /** The request provably never reached the vendor. */
  readonly unsent: boolean;
  /** Why the call was stopped from our side. */
  readonly stopped: Stop | undefined;
}

/** The error for a try without a complete answer. */
export function lostError(lost: LostTry, request: TransportRequest): PlugboardError {
  const context = { provider: request.provider, operation: request.operation };
  if (lost.stopped === 'caller') {
    const message = `${subject(request)}: the caller aborted the call`;
    return new PlugboardError({ kind: 'aborted', code: 'aborted', message, ...context });
  }
  if (isPlugboardError(lost.cause) && lost.stopped === undefined) return locate(lost.cause, request);
  const missing = missingPackage(lost.cause);
  if (missing !== undefined) return locate(missing, request);
  if (lost.stopped === undefined && isMalformed(lost.cause)) {
    const message = `${subject(request)}: the vendor's answer cannot be read as HTTP`;
    return new PlugboardError({
      kind: 'invalid_response',
      code: 'malformed_answer',
      message,
      cause: lost.cause,
      ...context,
    });
  }
  const kind = lost.stopped === 'deadline' || codeOf(lost.cause) === 'UND_ERR_CONNECT_TIMEOUT' ? 'timeout' : 'network';
  return new PlugboardError({ kind, ...describe(lost, request), cause: lost.cause, ...context });
}

/** The error for a body that ended before its end. What it brought so far may have been used: nobody repeats it unasked. */
export function brokenStreamError(
  { cause, stopped }: Omit<LostTry, 'unsent'>,
  request: TransportRequest,
): PlugboardError {
  const context = { provider: request.provider, operation: request.operation };
  const retryable = request.repeat !== 'never';
  if (stopped === 'caller') return lostError({ cause, stopped, unsent: false }, request);
  if (stopped === undefined && isPlugboardError(cause)) return locate(cause, request);
  if (stopped === 'idle') {
    return new PlugboardError({
      kind: 'timeout',
      code: 'stream_idle',
      message: `${subject(request)}: the stream stood still for too long`,
      hint: 'Ask again; allow more silence with `idleMs`, and leave the loop when the rest is not needed.',
      retryable,
      ...context,
    });
  }
  return new PlugboardError({
    kind: 'network',
    code: 'stream_broken',
    message: `${subject(request)}: the connection broke in the middle of the answer`,
    hint: 'What came so far is good; ask again for the rest.',
    retryable,
    cause,
    ...context,
  });
}

/** A failure of a lower part, with the call it belongs to. */
export function locate(error: PlugboardError, request: TransportRequest): PlugboardError {
  const { provider, operation } = request;
  return error.with({ provider, operation, message: `${subject(request)}: ${error.message}` });
}

function describe(
  lost: LostTry,
  request: TransportRequest,
): Pick<ErrorDetails, 'code' | 'message' | 'hint' | 'retryable'> {
  const deadline = lost.stopped === 'deadline';
  if (!lost.unsent && request.repeat === 'never') {
    return {
      code: 'outcome_unknown',
      message: `${subject(request)}: the request was sent, but no complete answer came ${deadline ? 'in time' : 'back'}`,
      hint: 'The vendor may have done it. Look at the vendor before sending it again.',
      retryable: false,
    };
  }
  if (deadline) {
    return {
      code: 'deadline_exceeded',
      message: `${subject(request)}: no answer within the time allowed`,
      hint: 'Try again later, or allow more time with `deadlineMs`.',
    };
  }
  return {
    code: lost.unsent ? 'unreachable' : 'connection_lost',
    message: `${subject(request)}: ${lost.unsent ? 'the vendor could not be reached' : 'the connection broke'}`,
    hint: lost.unsent
      ? 'Check DNS, the network, its proxies and certificates, and the status page of the vendor.'
      : 'Try again.',
  };
}

/** Connect-phase failures of Node and undici: name resolution, TCP, TLS. No byte of the request has left. */
const unsentCodes: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'EAI_NONAME',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/**
 * Whether the vendor cannot have seen the request: the wire says so with `unsent: true`, or the code is one of the
 * connect phase. Anything else, a reset above all, may have happened after the request was read.
 */
export function isUnsent(cause: unknown, depth = 0): boolean {
  if (typeof cause !== 'object' || cause === null || depth > 4) return false;
  const { unsent, errors, cause: inner } = cause as { unsent?: unknown; errors?: unknown; cause?: unknown };
  if (unsent === true) return true;
  if (Array.isArray(errors) && errors.length > 0) return errors.every((error) => isUnsent(error, depth + 1));
  return unsentCodes.has(codeOf(cause) ?? '') || isUnsent(inner, depth + 1);
}

/** The parser gave up on the answer, or its headers never end: another try would meet the same server. */
function isMalformed(cause: unknown): boolean {
  return cause instanceof Error && (cause.name === 'HTTPParserError' || codeOf(cause) === 'UND_ERR_HEADERS_OVERFLOW');
}

function codeOf(cause: unknown): string | undefined {
  const code = (cause as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function requestIdOf(answer: Answer, request: TransportRequest): string | undefined {
  const names = request.requestIdHeader === undefined ? requestIdHeaders : [request.requestIdHeader];
  const id = names.map((name) => answer.headers.get(name)).find((value) => value !== null && safeRequestId.test(value));
  // A server may echo what it was sent.
  return id === undefined || id === null || redact(id, request.secrets) !== id ? undefined : id;
}

function subject({ provider, operation }: TransportRequest): string {
  return `${provider} ${operation}`;
}
