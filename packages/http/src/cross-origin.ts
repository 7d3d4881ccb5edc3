/** For a frontend on a host of its own: what lets its scripts read the answers (CORS), for named origins alone. */

/** The origin of the request when the host has named it. */
function named({ headers }: Request, origins: ReadonlySet<string>): string | undefined {
  const origin = headers.get('origin');
  return origin !== null && origins.has(origin) ? origin : undefined;
}

/**
 * The answer to a preflight of a named origin; undefined for every other request.
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol (2026-11-20)
 */
export function preflightAnswer(request: Request, origins: ReadonlySet<string>): Response | undefined {
  const asked = request.headers.get('access-control-request-method');
  if (request.method !== 'OPTIONS' || asked === null || named(request, origins) === undefined) return undefined;
  const headers = {
    'access-control-allow-methods': 'GET, POST, PATCH',
    'access-control-allow-headers': 'content-type',
    'access-control-max-age': '600',
  };
  return new Response(null, { status: 204, headers });
}

/** Lets the page read the answer, and keeps caches from giving it to another. */
export function allowOrigin(request: Request, origins: ReadonlySet<string>, headers: Headers): void {
  headers.append('vary', 'origin');
  const origin = named(request, origins);
  if (origin === undefined) return;
  headers.set('access-control-allow-origin', origin);
  headers.set('access-control-allow-credentials', 'true');
  headers.set('access-control-expose-headers', 'retry-after');
}
