/** `@plugboard/http/node`: the routes for servers of node:http, and for what is built like them. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { getRequestListener } from '@hono/node-server';

import type { Handler } from './create-handler.ts';
import { problemResponse } from './problem.ts';
import { bodyConsumed } from './read-body.ts';

export type NodeHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/**
 * Mount it before any body parser. Where that cannot be (Google's functions parse always), the bytes may lie beside the
 * request as `rawBody`, a Buffer that was there before anything was parsed: `express.json({ verify })` can keep it.
 * @example createServer(toNodeHandler(handler)).listen(3000)
 */
export function toNodeHandler(handler: Handler): NodeHandler {
  // The host's globals stay the host's.
  const options = { overrideGlobalObjects: false };
  const listen = getRequestListener(async (request, { outgoing }) => {
    const response = await handler(request);
    // A header that is written takes the place of one that was set, and cookies of the application are no less than ours.
    for (const cookie of [outgoing.getHeader('set-cookie') ?? []].flat())
      response.headers.append('set-cookie', String(cookie));
    return response;
  }, options);
  const refuse = getRequestListener(() => problemResponse(bodyConsumed()), options);
  return (incoming, outgoing) => {
    const { rawBody } = incoming as { rawBody?: unknown };
    const lost = incoming.readableDidRead && !Buffer.isBuffer(rawBody);
    void (lost ? refuse : listen)(incoming, outgoing);
  };
}
