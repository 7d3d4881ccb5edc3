/** The two pages of these routes: each a few lines of markup with one script that is allowed by its hash. */
import { hash } from '@plugboard/core';

/** @param markup What came from outside must have gone through `escapeHtml`. */
export async function page(markup: string, script: string): Promise<Response> {
  const digest = btoa(String.fromCharCode(...(await hash('sha256', script))));
  // No `form-action`: browsers apply it to the redirect that follows a form, too.
  const policy = `default-src 'none'; script-src 'sha256-${digest}'; base-uri 'none'; frame-ancestors 'none'`;
  const html = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Connecting</title></head>
<body>
${markup}
<script>${script}</script>
</body>
</html>
`;
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy };
  return new Response(html, { status: 200, headers });
}

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
