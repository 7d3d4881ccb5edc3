/** `@plugboard/http/node`: the routes for servers of node:http, Express and Connect. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { getRequestListener } from '@hono/node-server';
import { configurationError } from '@plugboard/core';

import type { Handler } from './create-handler.ts';
import { problemResponse } from './problem.ts';

export type NodeHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/**
 * @example createServer(toNodeHandler(handler)).listen(3000)
 * @example app.use('/integrations', toNodeHandler(handler)) // Express: before any body parser
 */
export function toNodeHandler(handler: Handler): NodeHandler {
  // The host's globals stay the host's.
  const options = { overrideGlobalObjects: false };
  const listen = getRequestListener(handler, options);
  const refuse = getRequestListener(() => problemResponse(bodyConsumed()), options);
  return (incoming, outgoing) => void (incoming.readableDidRead ? refuse : listen)(incoming, outgoing);
}

/** A signature covers bytes; what a parser made of them cannot be verified, and writing it again is not the same. */
function bodyConsumed() {
  return configurationError(
    'body_consumed',
    'Something read the body of the request before the routes of Plugboard could.',
    'Mount them before any body parser (express.json and the like).',
  );
}
