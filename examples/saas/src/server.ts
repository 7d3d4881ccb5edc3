/** The application's own routes: a page, what its buttons do, and Plugboard's routes below `/integrations`. */
import { createHandler, type Caller, type FlowStatus } from '@plugboard/http';
import { Hono } from 'hono';
import { csrf } from 'hono/csrf';

import { definitions, type Board, type ProviderId } from './board.ts';
import { loadCards } from './cards.ts';
import { connectByFields, methodOf } from './connect.ts';
import type { Fetch } from './listen.ts';
import type { LogBook } from './log-book.ts';
import { renderPage } from './page.ts';
import type { Flash, Sessions } from './session.ts';
import { showcaseOf, type Showcase } from './showcase.ts';
import { explain } from './table.ts';

export interface ServerParts {
  readonly url: string;
  readonly board: Board;
  readonly sessions: Sessions;
  readonly logBook: LogBook;
}

export function createServer({ url, board, sessions, logBook }: ServerParts): Fetch {
  const integrations = createHandler(board, {
    authorize: (request) => sessions.find(request)?.session.caller ?? null,
    log: logBook.log,
  });
  const app = new Hono();
  app.mount('/integrations', integrations);

  app.get('/', async ({ req, body, redirect }) => {
    // Cookies belong to one name of this machine, and the vendors send the browser back to that one.
    const navigates = req.header('sec-fetch-mode') === 'navigate';
    if (navigates && req.header('host') !== new URL(url).host) return redirect(url, 307);
    const { session, cookie } = sessions.find(req.raw) ?? sessions.start();
    const flash = session.flash ?? flashOf(req.query());
    session.flash = undefined;
    const page = await renderPage({
      cards: await loadCards(integrations, board.url, cookie),
      flash,
      lines: logBook.lines,
    });
    return body(page, 200, { ...pageHeaders, 'set-cookie': `${cookie}; Path=/; HttpOnly; SameSite=Lax` });
  });

  /** Does what a button asks for, and says what came of it on the next page. */
  const action = (name: string, run: (asked: Asked) => Promise<string>) =>
    app.post(`/actions/${name}/:provider`, csrf({ origin: url }), async (context) => {
      const found = sessions.find(context.req.raw);
      const provider = context.req.param('provider') as ProviderId;
      const showcase = showcaseOf(provider);
      if (found === undefined) return context.redirect('/', 303);
      if (showcase === undefined) return context.notFound();
      const form = (await context.req.parseBody()) as Record<string, string>;
      found.session.flash = await run({ provider, showcase, form, caller: found.session.caller }).then(
        (text) => ({ ok: true, text }),
        (error: unknown) => ({ ok: false, text: explain(error) }),
      );
      return context.redirect('/', 303);
    });

  action('connect', async ({ provider, form, caller }) => {
    const { method: asked, ...fields } = form;
    const [method] = methodOf(provider, asked);
    const credentials = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
    const { account } = await connectByFields(board, provider, { method, credentials, caller });
    return `Connected ${account?.name ?? provider}.`;
  });
  action('choose', async ({ provider, form, caller }) => {
    const { account } = await board.accounts.choose(provider, { ...caller, accountId: form['account'] ?? '' });
    return `Chose ${account?.name ?? provider}.`;
  });
  action('disconnect', async ({ provider, caller }) => {
    const { revoked } = await board.disconnect(provider, caller);
    return revoked === 'revoked' ? 'Disconnected, and revoked at the vendor.' : 'Disconnected.';
  });
  action('test', async ({ provider, showcase, caller }) => {
    const name = definitions.get(provider)?.name ?? provider;
    return `${showcase.title} ${name}: ${await showcase.run(board, caller.organizationId)}.`;
  });

  return app.fetch;
}

interface Asked {
  readonly caller: Caller;
  readonly provider: ProviderId;
  readonly showcase: Showcase;
  readonly form: Readonly<Record<string, string>>;
}

const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

/** How a flow ended, as the routes tell the page that it returns to. */
function flashOf({ plugboard, provider, reason = 'unknown' }: Readonly<Record<string, string>>): Flash | undefined {
  const name = definitions.get(provider ?? '')?.name ?? 'the vendor';
  const flashes: Readonly<Record<FlowStatus, Flash>> = {
    connected: { ok: true, text: `Connected ${name}.` },
    choose_account: { ok: true, text: `Connected ${name}. Choose one of your accounts.` },
    denied: { ok: false, text: `The connection to ${name} was denied.` },
    error: { ok: false, text: `The connection to ${name} failed: ${reason}.` },
  };
  return Object.entries(flashes).find(([status]) => status === plugboard)?.[1];
}
