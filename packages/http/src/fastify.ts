/** `@plugboard/http/fastify`: the routes as a plugin of Fastify 5. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Handler } from './create-handler.ts';
import { toNodeHandler } from './node.ts';

/** What is used of a Fastify instance: its types are not needed to read these. */
export interface FastifyLike {
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    type: string,
    parser: (request: unknown, body: unknown, done: (error: null) => void) => void,
  ): unknown;
  all(path: string, handler: (request: FastifyRequestLike, reply: FastifyReplyLike) => void): unknown;
}

interface FastifyRequestLike {
  readonly raw: IncomingMessage;
}

interface FastifyReplyLike {
  readonly raw: ServerResponse;
  hijack(): unknown;
  getHeaders(): Record<string, number | string | string[] | undefined>;
}

/**
 * Hooks of the application run before it, its parsers do not: inside the plugin no body is read but by the routes.
 * @example await app.register(toFastifyPlugin(handler), { prefix: '/integrations' });
 */
export function toFastifyPlugin(handler: Handler) {
  const listen = toNodeHandler(handler);
  return (instance: FastifyLike, _options: object, done: () => void): void => {
    instance.removeAllContentTypeParsers();
    instance.addContentTypeParser('*', (_request, _body, next) => next(null));
    instance.all('/*', ({ raw }, reply) => {
      // What hooks have set for the answer (CORS, security headers) is sent along.
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value);
      }
      reply.hijack();
      listen(raw, reply.raw);
    });
    done();
  };
}
