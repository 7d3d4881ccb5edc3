/** The routes of a board as one function from a web `Request` to a `Response`. */
import {
  configurationError,
  consoleLog,
  isPlugboardError,
  redactedLog,
  type AnyProvider,
  type Log,
  type Plugboard,
} from '@plugboard/core';

import type { Authorize } from './caller.ts';
import { allowOrigin, preflightAnswer } from './cross-origin.ts';
import { problemOf, problemResponse } from './problem.ts';
import { requireUnread } from './read-body.ts';
import type { AnyBoard } from './route-context.ts';
import { router } from './router.ts';

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
  const { authorize, origins, foreign, fallbackPage, log } = checkOptions(board.url, options);
  const note = (error: unknown): void => {
    if (problemOf(error).status >= 500) log.error(describe(error), 'a request to the routes failed');
  };
  const app = router(board as unknown as AnyBoard, { authorize, origins, fallbackPage, note });
  const answer = async (request: Request): Promise<Response> => {
    try {
      requireUnread(request);
      return preflightAnswer(request, foreign) ?? (await app.fetch(request));
    } catch (error) {
      note(error);
      return problemResponse(error);
    }
  };
  return async (request) => {
    // Answers of foreign code may have headers that cannot be changed.
    const { body, status, headers } = await answer(request);
    const response = new Response(body, { status, headers });
    withSafeHeaders(response.headers);
    if (foreign.size > 0) allowOrigin(request, foreign, response.headers);
    return response;
  };
}

/** Nothing here is for caches, and no page that is left behind may tell the next one where it was. */
function withSafeHeaders(headers: Headers): void {
  const safe = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' };
  for (const [name, value] of Object.entries(safe)) if (!headers.has(name)) headers.set(name, value);
}

function checkOptions(url: string, options: HandlerOptions | null | undefined) {
  const { authorize, origins = [], fallbackPage = '/' } = options ?? {};
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
  const own = new URL(url).origin;
  return {
    authorize,
    origins: new Set([own, ...origins]),
    foreign: new Set(origins.filter((origin) => origin !== own)),
    fallbackPage,
    log: redactedLog(options?.log ?? consoleLog),
  };
}

/** The library's own errors hold no secret; of a foreign one only the class is safe to repeat. */
function describe(error: unknown): object {
  if (isPlugboardError(error)) return { kind: error.kind, code: error.code, message: error.message };
  return { error: error instanceof Error ? error.name : typeof error };
}
