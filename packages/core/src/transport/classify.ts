import type { ErrorKind } from '../errors.ts';
import { at, text, type Json } from '../json.ts';
import { parseRetryAfter } from '../retry.ts';
import type { Answer, Failure } from './transport.ts';

const byStatus: Readonly<Record<number, readonly [ErrorKind, string]>> = {
  400: ['invalid_request', 'bad_request'],
  401: ['auth', 'unauthorized'],
  402: ['permission', 'payment_required'],
  403: ['permission', 'forbidden'],
  404: ['not_found', 'not_found'],
  405: ['invalid_request', 'method_not_allowed'],
  406: ['invalid_request', 'not_acceptable'],
  408: ['timeout', 'request_timeout'],
  409: ['conflict', 'conflict'],
  410: ['not_found', 'gone'],
  412: ['conflict', 'precondition_failed'],
  413: ['invalid_request', 'request_too_large'],
  415: ['invalid_request', 'unsupported_media_type'],
  422: ['invalid_request', 'unprocessable'],
  423: ['conflict', 'locked'],
  425: ['unavailable', 'too_early'],
  428: ['invalid_request', 'precondition_required'],
  429: ['rate_limited', 'rate_limited'],
  451: ['permission', 'legally_restricted'],
};

/**
 * What the status alone says (RFC 9110 section 15): undefined for 2xx. The body may be anything; where it is JSON of a
 * common shape, the vendor's own code and message go along.
 * @param now wall time in milliseconds, for a `Retry-After` date in an answer without `Date`
 */
export function classifyByStatus(answer: Answer, now?: number): Failure | undefined {
  const { status } = answer;
  if (status >= 200 && status < 300) return undefined;
  const [kind, code] = byStatus[status] ?? byRange(status);
  const retryAfterMs =
    kind === 'rate_limited' || kind === 'unavailable' ? parseRetryAfter(answer.headers, now) : undefined;
  const vendor = vendorDetail(answer.tryJson());
  return {
    kind,
    code,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(vendor !== undefined && { vendor }),
  };
}

function byRange(status: number): readonly [ErrorKind, string] {
  if (status >= 500 && status < 600) return ['unavailable', status === 503 ? 'unavailable' : 'server_error'];
  if (status >= 400 && status < 500) return ['invalid_request', 'client_error'];
  return ['invalid_response', 'unexpected_status'];
}

/** Where vendors that follow a common habit, RFC 9457 or RFC 6749 section 5.2 put their code and message. */
function vendorDetail(body: Json | undefined): Failure['vendor'] | undefined {
  const places = [body, at(body, 'error'), at(body, 'errors', 0), at(body, 0)];
  const read = (names: readonly string[]) =>
    places.flatMap((place) => names.map((name) => text(at(place, name)))).find((value) => value !== undefined);
  const code = read(['code', 'error_code', 'type', 'error']);
  const message = read(['message', 'error_description', 'detail', 'title', 'error_message']);
  if (code === undefined && message === undefined) return undefined;
  return { ...(code !== undefined && { code }), ...(message !== undefined && { message }) };
}
