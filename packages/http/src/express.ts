/** `@plugboard/http/express`: the routes for Express 5, and for Connect and Express 4, which call the same way. */
import type { Handler } from './create-handler.ts';
import { toNodeHandler, type NodeHandler } from './node.ts';

/**
 * A middleware that answers every request below its path, its 404 included. It needs the raw body: mount it before
 * `express.json()` and its like, or let that keep the bytes.
 * @example
 * app.use('/integrations', toExpressHandler(handler));
 * app.use(express.json());
 * @example // behind a parser that the application needs first
 * app.use(express.json({ verify: (request, _response, bytes) => Object.assign(request, { rawBody: bytes }) }));
 * app.use('/integrations', toExpressHandler(handler));
 */
export function toExpressHandler(handler: Handler): NodeHandler {
  return toNodeHandler(handler);
}
