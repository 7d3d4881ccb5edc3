/** `@plugboard/http/next`: the routes as route handlers of Next.js. */
import type { Handler } from './create-handler.ts';
import { lazyHandler } from './lazy-handler.ts';

type RouteHandler = (request: Request) => Promise<Response>;

export type RouteHandlers = Readonly<
  Record<'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS', RouteHandler>
>;

/**
 * For `app/integrations/[...path]/route.ts`, where the folder is the path of the board's `url`.
 * @param load Called at the first request and not before: a build loads the module without the environment of production.
 * @example export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = toRouteHandlers(() => handler);
 */
export function toRouteHandlers(load: () => Handler | Promise<Handler>): RouteHandlers {
  const handlerOf = lazyHandler(load);
  const route: RouteHandler = async (request) => (await handlerOf())(request);
  return { GET: route, HEAD: route, POST: route, PUT: route, PATCH: route, DELETE: route, OPTIONS: route };
}
