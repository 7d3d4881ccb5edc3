import { PlugboardError } from '../errors.ts';
import type { TransportRequest } from './transport.ts';

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Most redirects that one call follows. */
const maxRedirects = 3;

/** Whether the status asks to go elsewhere (RFC 9110 section 15.4). */
export function isRedirect(status: number): boolean {
  return redirectStatuses.has(status);
}

/**
 * Where to go on. Only reads of an API follow, and only within their origin: credentials are meant for that origin, and
 * a body for that URL.
 * @param hop redirects followed so far
 * @throws PlugboardError kind `invalid_response`, code `redirect_refused`; the target is never quoted.
 */
export function redirectTarget(request: TransportRequest, from: URL, location: string | null, hop: number): URL {
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (request.purpose === 'token') throw refused('a token endpoint answered with a redirect');
  if (!reads) throw refused('the vendor redirects a request that is not a read');
  if (location === null || !URL.canParse(location, from.href)) throw refused('the vendor redirects to nowhere');
  if (hop >= maxRedirects) throw refused(`the vendor redirects more than ${maxRedirects} times`);
  const target = new URL(location, from);
  if (target.origin !== from.origin) throw refused('the vendor redirects to another origin');
  return target;
}

function refused(reason: string): PlugboardError {
  return new PlugboardError({
    kind: 'invalid_response',
    code: 'redirect_refused',
    message: `The redirect was refused: ${reason}.`,
    hint: 'Declare the final URL in the provider; it may have moved.',
  });
}
