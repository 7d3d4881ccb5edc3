import type { Engine } from '../engine.ts';

const longestReturn = 2048;

/**
 * Where a finished flow may send the browser: a path of the host, or an absolute URL on an allowed origin. Judged when
 * the flow starts and stored with it; anything else becomes the default page (RFC 9700 section 4.11).
 */
export function safeReturnTo(engine: Engine, asked: string | undefined): string {
  const safe = judged(engine, asked);
  // A frontend on a port of its own would wonder why nobody comes back.
  if (asked !== undefined && asked !== '/' && safe === '/' && engine.mode === 'development')
    engine.log.warn({}, '`returnTo` is neither a path nor at an origin of `returnOrigins`: the browser will end at /');
  return safe;
}

function judged(engine: Engine, asked: string | undefined): string {
  const fallback = '/';
  if (asked === undefined || asked.length > longestReturn) return fallback;
  // Browsers drop tabs and line breaks and take a backslash for a slash, so these never reach the parser.
  if (/[^!-~]|\\/.test(asked) || /%(0[0-9a-f]|1[0-9a-f]|7f|5c)/i.test(asked)) return fallback;
  const own = new URL(engine.url).origin;
  if (asked.startsWith('/')) {
    if (asked.startsWith('//')) return fallback;
    const { pathname, search, hash } = new URL(asked, own);
    // `/.//evil.example` is a path; what a parser makes of it is another host.
    return pathname.startsWith('//') ? fallback : pathname + search + hash;
  }
  // The origin of a `blob:` URL is that of the address in it.
  if (!/^https?:\/\/[^/]/.test(asked) || !URL.canParse(asked)) return fallback;
  const url = new URL(asked);
  const allowed = [own, ...engine.returnOrigins].includes(url.origin);
  return allowed && url.username === '' && url.password === '' ? url.href : fallback;
}
