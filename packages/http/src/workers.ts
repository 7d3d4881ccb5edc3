/** `@plugboard/http/workers`: the routes as a Worker of Cloudflare. */
import type { Handler } from './create-handler.ts';
import { lazyHandler } from './lazy-handler.ts';

export interface Worker<Env> {
  fetch(request: Request, env: Env): Promise<Response>;
}

/**
 * @param load Called at the first request of an isolate: bindings and secrets are known only then.
 * @example export default toWorker((env: Env) => createHandler(createBoard(env), { authorize }));
 */
export function toWorker<Env>(load: (env: Env) => Handler | Promise<Handler>): Worker<Env> {
  const handlerOf = lazyHandler(load);
  return { fetch: async (request, env) => (await handlerOf(env))(request) };
}
