/**
 * For vendors that post their answer (`formPost`). Browsers leave cookies with SameSite=Lax, as most sessions are, out of
 * what a page of another site posts. The same post from a page of this site brings them.
 */
import { escapeHtml, page } from './page.ts';

/** Marks the second post, so that there is no third. */
const marker = 'plugboard_reposted';

export function repostPage(params: URLSearchParams): Promise<Response> {
  const fields = [...params, [marker, '1'] as const].map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  const markup = `<form method="post">\n${fields.join('\n')}\n<noscript><button>Continue</button></noscript>\n</form>`;
  return page(markup, 'document.forms[0].submit()');
}

/** The vendor's parameters alone: some vendors sign all of them. */
export function takeMarker(params: URLSearchParams): { readonly params: URLSearchParams; readonly reposted: boolean } {
  const own = new URLSearchParams([...params].filter(([name]) => name !== marker));
  return { params: own, reposted: params.has(marker) };
}
