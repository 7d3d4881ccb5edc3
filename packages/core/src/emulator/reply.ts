import { encodeUtf8 } from '../bytes.ts';
import type { EmulatedReply } from './emulated-reply.ts';

/** Statuses whose answers have no body (RFC 9110 section 6.4.1). */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/** A reply as a web `Response`. JSON and text get their content type unless the reply names another. */
export function toResponse(reply: EmulatedReply): Response {
  const { status = 200, json, text, stream } = reply;
  const headers = new Headers(reply.headers);
  const body = json === undefined ? text : JSON.stringify(json);
  if (stream !== undefined) {
    if (!headers.has('content-type')) headers.set('content-type', 'text/event-stream; charset=utf-8');
    return new Response(piecesOf(stream), { status, headers });
  }
  if (body === undefined || bodiless.has(status)) return new Response(null, { status, headers });
  if (!headers.has('content-type')) {
    headers.set('content-type', json === undefined ? 'text/plain; charset=utf-8' : 'application/json');
  }
  return new Response(body, { status, headers });
}

/** One piece for each read, so that whoever reads cannot count on getting them all at once. */
function piecesOf(pieces: readonly string[]): ReadableStream<Uint8Array> {
  const left = pieces.map(encodeUtf8);
  return new ReadableStream({
    pull(controller) {
      const piece = left.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
}
