/** `@plugboard/http/hono`: the routes for an application of Hono. */
import type { Handler } from './create-handler.ts';

/**
 * Answers every request below its path. Middleware before it must leave the body alone.
 * @example app.all('/integrations/*', toHonoHandler(handler));
 */
export function toHonoHandler(handler: Handler) {
  return ({ req }: { readonly req: { readonly raw: Request } }): Promise<Response> => handler(req.raw);
}
