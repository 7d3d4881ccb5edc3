import type { EmulatedReply } from './contract.ts';

/** Statuses whose answers have no body (RFC 9110 section 6.4.1). */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/** A reply as a web `Response`. JSON and text get their content type unless the reply names another. */
export function toResponse(reply: EmulatedReply): Response {
  const { status = 200, json, text } = reply;
  const headers = new Headers(reply.headers);
  const body = json === undefined ? text : JSON.stringify(json);
  if (body === undefined || bodiless.has(status)) return new Response(null, { status, headers });
  if (!headers.has('content-type')) {
    headers.set('content-type', json === undefined ? 'text/plain; charset=utf-8' : 'application/json');
  }
  return new Response(body, { status, headers });
}
