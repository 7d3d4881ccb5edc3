import { PlugboardError } from '@plugboard/core';

/**
 * Refuses what a browser sends on behalf of another site's page. `Sec-Fetch-Site` says so, or else `Origin` does; a
 * request with neither comes from no browser of this decade and carries nobody's cookies unasked.
 * @param origins Those whose pages may call: the board's own and the host's further ones.
 * @see https://www.w3.org/TR/fetch-metadata/ (2026-11-20)
 * @throws PlugboardError kind `permission`, code `cross_site`.
 */
export function requireSameOrigin({ headers }: Request, origins: ReadonlySet<string>): void {
  const source = headers.get('origin') ?? refererOrigin(headers);
  if (source !== undefined && origins.has(source)) return;
  const site = headers.get('sec-fetch-site');
  // `none`: typed into the address bar or opened from a bookmark.
  if (site === 'same-origin' || site === 'none') return;
  if (site === null && headers.get('origin') === null) return;
  throw new PlugboardError({
    kind: 'permission',
    code: 'cross_site',
    message: 'The request was sent by a page of another site.',
    hint: "Call from the origin of the board's `url`, or name the page's origin in the option `origins` of createHandler.",
  });
}

/** Top-level navigations carry no `Origin`. */
function refererOrigin(headers: Headers): string | undefined {
  const referer = headers.get('referer');
  return referer !== null && URL.canParse(referer) ? new URL(referer).origin : undefined;
}
