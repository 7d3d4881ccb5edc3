/**
 * The page on which a user allows or denies: plain HTML, no scripts. Its form posts to the address it came from, so the
 * page works wherever it is served.
 */
import type { AccountRef } from '../../store.ts';

export interface ConsentQuestion {
  /** The vendor. */
  readonly name: string;
  /** The client that asks. */
  readonly clientId: string;
  /** Where the user goes next. */
  readonly redirectUri: string;
  readonly scopes: readonly { readonly name: string; readonly reason: string | undefined }[];
  readonly accounts: readonly AccountRef[];
}

export function consentPage(question: ConsentQuestion): string {
  const { name, clientId, redirectUri, scopes, accounts } = question;
  return page(
    `Connect ${name}`,
    `<h1>Connect <b>${escapeHtml(name)}</b></h1>
<p>The application <code>${escapeHtml(clientId)}</code> asks for access to your account.</p>
<form method="post">
${accountChoice(accounts)}
${scopeChoice(scopes)}
<div class="buttons">
<button type="submit" name="decision" value="allow" class="allow">Allow</button>
<button type="submit" name="decision" value="deny">Deny</button>
</div>
</form>
<p class="note">You will return to <code>${escapeHtml(new URL(redirectUri).host || redirectUri)}</code>.</p>`,
  );
}

/** Told to the user alone: there is no client to send the news to. */
export function errorPage(name: string, description: string): string {
  return page(
    `Cannot connect ${name}`,
    `<h1>Cannot connect <b>${escapeHtml(name)}</b></h1>
<p>The application sent a request that cannot be answered: ${escapeHtml(description)}.</p>`,
  );
}

export const htmlHeaders = {
  'content-type': 'text/html; charset=utf-8',
  // No `form-action`: browsers apply it to the redirect that follows the form, too.
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

function accountChoice(accounts: readonly AccountRef[]): string {
  const choices = accounts.map((account, index) => {
    const checked = index === 0 ? ' checked' : '';
    const label = `${escapeHtml(account.name)} <small>${escapeHtml(account.id)}</small>`;
    return `<label><input type="radio" name="account" value="${escapeHtml(account.id)}"${checked}><span>${label}</span></label>`;
  });
  return `<fieldset><legend>Account</legend>\n${choices.join('\n')}\n</fieldset>`;
}

function scopeChoice(scopes: ConsentQuestion['scopes']): string {
  if (scopes.length === 0) return '';
  const choices = scopes.map(({ name, reason }) => {
    const label = `${escapeHtml(reason ?? name)}${reason === undefined ? '' : ` <small>${escapeHtml(name)}</small>`}`;
    return `<label><input type="checkbox" name="grant" value="${escapeHtml(name)}" checked><span>${label}</span></label>`;
  });
  // Tells «nothing ticked» from a form without choices.
  return `<fieldset><legend>It may</legend>\n<input type="hidden" name="choice" value="1">\n${choices.join('\n')}\n</fieldset>`;
}

function page(title: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${main}
<p class="note">This page is an emulator. Nothing leaves this machine, and no real account is involved.</p>
</main>
</body>
</html>
`;
}

const style = `
:root { color-scheme: light dark; --line: #d4d7dd; --muted: #5b6270; --accent: #1f5fd6; --card: #fff; --ground: #f1f3f6; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a3f4a; --muted: #a3aab8; --accent: #6ea0ff; --card: #1d2027; --ground: #13151a; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--ground);
  font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 28rem; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; }
h1 { margin: 0 0 0.5rem; font-size: 1.375rem; font-weight: 400; }
code { overflow-wrap: anywhere; }
fieldset { margin: 1.25rem 0; padding: 0; border: 0; }
legend { padding: 0; font-weight: 600; }
label { display: flex; gap: 0.75rem; padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
small { display: block; color: var(--muted); overflow-wrap: anywhere; }
.buttons { display: flex; gap: 0.75rem; }
button { flex: 1; padding: 0.625rem 1rem; font: inherit; border: 1px solid var(--line); border-radius: 0.5rem; cursor: pointer;
  background: transparent; color: inherit; }
button.allow { background: var(--accent); border-color: var(--accent); color: var(--card); font-weight: 600; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.note { margin: 1rem 0 0; font-size: 0.875rem; color: var(--muted); }
`;
