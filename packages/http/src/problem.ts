/** Failures as RFC 9457 problem details: what the library's own error says, and nothing of the vendor's text. */
import { isPlugboardError, problemType, type ErrorKind, type PlugboardError } from '@plugboard/core';

import type { Problem } from './schemas.ts';

const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  // The connection's credential, not the caller's session: 401 would sign the user out of the host.
  auth: 409,
  permission: 403,
  not_found: 404,
  invalid_request: 400,
  conflict: 409,
  rate_limited: 429,
  unavailable: 503,
  timeout: 504,
  network: 502,
  invalid_response: 502,
  aborted: 503,
  configuration: 500,
};

const statusOfCode: ReadonlyMap<string, number> = new Map([
  ['not_signed_in', 401],
  ['not_connected', 404],
  ['no_such_route', 404],
  ['unknown_provider', 404],
  ['unknown_flag', 404],
  ['no_settings', 404],
  ['no_webhooks', 404],
  ['unknown_stream', 404],
  ['method_not_allowed', 405],
  ['unknown_method', 400],
  ['body_too_large', 413],
  ['body_not_json', 415],
]);

/** Any error as an answer. One that is not the library's own tells the client nothing. */
export function problemOf(error: unknown): Problem {
  if (!isPlugboardError(error)) return unknownProblem();
  const { kind, code, message, hint, provider, fields, missingScopes, retryable } = error;
  // A code that comes with a status is the vendor's: it means what the vendor says, not what a route says.
  const status = (error.status === undefined && statusOfCode.get(code)) || statusOfKind[kind];
  return {
    ...problemType(code),
    status,
    detail: message,
    kind,
    code,
    ...(hint !== undefined && { hint }),
    ...(provider !== undefined && { provider }),
    ...(fields !== undefined && { fields }),
    ...(missingScopes !== undefined && { missingScopes }),
    retryable,
  };
}

export function problemResponse(error: unknown): Response {
  const problem = problemOf(error);
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  const seconds = isPlugboardError(error) ? retryAfterSeconds(error) : undefined;
  if (seconds !== undefined) headers.set('retry-after', String(seconds));
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

function retryAfterSeconds({ retryAfterMs }: PlugboardError): number | undefined {
  return retryAfterMs === undefined ? undefined : Math.max(1, Math.ceil(retryAfterMs / 1000));
}

function unknownProblem(): Problem {
  return {
    ...problemType('internal_error'),
    status: 500,
    detail: 'The request failed for a reason that the server keeps to itself.',
    kind: 'configuration',
    code: 'internal_error',
    hint: 'Look at the log of the server.',
    retryable: false,
  };
}
