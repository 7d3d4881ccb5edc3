/** The routes of a board as one function from a web `Request` to a `Response`. */
import {
  configurationError,
  consoleLog,
  isPlugboardError,
  PlugboardError,
  type AnyProvider,
  type Log,
  type Plugboard,
} from '@plugboard/core';
import { Hono } from 'hono';

import { callerOf, type Authorize, type Permission } from './caller.ts';
import { connectRoutes } from './connect-routes.ts';
import { hubRoutes } from './hub-routes.ts';
import { problemOf, problemResponse } from './problem.ts';
import type { AnyBoard, Guard, RoutesEnv } from './route-context.ts';
import { requireSameOrigin } from './same-origin.ts';
import { vendorRoutes } from './vendor-routes.ts';

export type Handler = (request: Request) => Promise<Response>;

export interface HandlerOptions {
  /** The host's session check: who is asking. There is no default, because any would be wrong. */
  readonly authorize: Authorize;
  /** Origins besides that of the board's `url` whose pages may call these routes: a frontend on a host of its own. */
  readonly origins?: readonly string[];
  /** Where the browser goes when a flow ends that names no page of its own: a path, or an absolute URL. Default `/`. */
  readonly fallbackPage?: string;
  /** Hears of answers with a status of 500 and above. Default: the console. */
  readonly log?: Log;
}

/**
 * Makes the routes below the path of the board's `url`. Works where the host strips that path before it calls
 * (`app.mount` of Hono, `app.use` of Express) as well as where it does not.
 * @throws PlugboardError kind `configuration`: `no_authorize`, `invalid_origin`, `invalid_fallback_page`.
 */
export function createHandler<const Providers extends readonly AnyProvider[]>(
  board: Plugboard<Providers>,
  options: HandlerOptions,
): Handler {
  const { authorize, origins, fallbackPage, log } = checkOptions(board.url, options);
  const guard =
    (permission: Permission): Guard =>
    async (context, next) => {
      requireSameOrigin(context.req.raw, origins);
      context.set('caller', await callerOf(authorize, context.req.raw, permission));
      await next();
    };
  const fail = (error: unknown): Response => {
    if (problemOf(error).status >= 500) log.error(describe(error), 'a request to the routes failed');
    return problemResponse(error);
  };
  const parts = { board: board as unknown as AnyBoard, guard, authorize, fallbackPage, fail };
  const base = new URL(board.url).pathname.replace(/\/$/, '');
  const app = new Hono<RoutesEnv>({ getPath: (request) => pathBelow(base, request.url) });
  app.route('/', connectRoutes(parts));
  app.route('/', hubRoutes(parts));
  app.route('/', vendorRoutes(parts));
  app.notFound(() => fail(noSuchRoute()));
  // Everything that is thrown ends in one place, also what is no `Error`.
  app.onError((error) => {
    throw error;
  });
  return async (request) => {
    try {
      return withSafeHeaders(await app.fetch(request));
    } catch (error) {
      return withSafeHeaders(fail(error));
    }
  };
}

function pathBelow(base: string, url: string): string {
  const { pathname } = new URL(url);
  return pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : pathname;
}

/** Nothing here is for caches, and no page that is left behind may tell the next one where it was. */
function withSafeHeaders(response: Response): Response {
  const { headers } = response;
  const safe = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' };
  for (const [name, value] of Object.entries(safe)) if (!headers.has(name)) headers.set(name, value);
  return response;
}

function checkOptions(url: string, options: HandlerOptions | null | undefined) {
  const { authorize, origins = [], fallbackPage = '/', log = consoleLog } = options ?? {};
  if (typeof authorize !== 'function') {
    throw configurationError(
      'no_authorize',
      'createHandler needs the option `authorize`.',
      'Pass a function that returns { organizationId, userId } for the session of a request, or null.',
    );
  }
  const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  if (wrong !== undefined) {
    throw configurationError(
      'invalid_origin',
      '`origins` holds a text that is no origin.',
      'Write https://app.example.com.',
    );
  }
  if (!URL.canParse(fallbackPage, url)) {
    throw configurationError('invalid_fallback_page', '`fallbackPage` is no address.', 'Write a path: /settings.');
  }
  return { authorize, origins: new Set([new URL(url).origin, ...origins]), fallbackPage, log };
}

function noSuchRoute(): PlugboardError {
  return new PlugboardError({
    kind: 'not_found',
    code: 'no_such_route',
    message: 'There is no such route.',
    hint: 'The README of @plugboard/http lists them all.',
  });
}

/** The library's own errors hold no secret; of a foreign one only the class is safe to repeat. */
function describe(error: unknown): object {
  if (isPlugboardError(error)) return { kind: error.kind, code: error.code, message: error.message };
  return { error: error instanceof Error ? error.name : typeof error };
}
