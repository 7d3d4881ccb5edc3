/** What a page for integrations shows and changes: connections, accounts, settings, flags, health. */
import { invalidInput, type Connection } from '@plugboard/core';
import { Hono } from 'hono';

import { isObject, readObject } from './read-body.ts';
import { targetOf, type AnyBoard, type RouteParts, type RoutesEnv } from './route-context.ts';
import { connectionView, providerView, type ProviderView } from './views.ts';

export function hubRoutes({ board, guard }: RouteParts): Hono<RoutesEnv> {
  const app = new Hono<RoutesEnv>();
  const read = guard('read');
  const manage = guard('manage');
  let providers: readonly ProviderView[] | undefined;
  // JSON Schemas cost a millisecond each to write, and never change.
  const described = () => (providers ??= board.providers.map(describe));
  const describe = (provider: AnyBoard['providers'][number]) =>
    providerView(provider, board.setup[provider.definition.id]!, board.url);

  app.get('/connections', read, async (context) => {
    const connections = await allConnections(board, context.get('caller').organizationId);
    const list = described().map((provider) => {
      const own = connections.filter((connection) => connection.provider === provider.id);
      return { ...provider, connections: own.map(connectionView) };
    });
    return context.json({ providers: list });
  });

  app.get('/accounts/:provider', read, async (context) => {
    return context.json({ accounts: await board.accounts.choices(context.req.param('provider'), targetOf(context)) });
  });

  app.post('/accounts/:provider', manage, async (context) => {
    const { accountId } = await readObject(context.req.raw);
    if (typeof accountId !== 'string')
      throw invalidInput('The body', [{ path: 'accountId', message: 'must be a string' }]);
    const { userId } = context.get('caller');
    const input = { ...targetOf(context), userId, accountId };
    return context.json({
      connection: connectionView(await board.accounts.choose(context.req.param('provider'), input)),
    });
  });

  app.get('/settings/:provider', read, async (context) => {
    return context.json({ settings: await board.settings.get(context.req.param('provider'), targetOf(context)) });
  });

  app.patch('/settings/:provider', manage, async (context) => {
    const { settings } = await readObject(context.req.raw);
    if (!isObject(settings)) throw invalidInput('The body', [{ path: 'settings', message: 'must be an object' }]);
    const { userId } = context.get('caller');
    const input = { ...targetOf(context), userId, settings };
    return context.json({
      connection: connectionView(await board.settings.update(context.req.param('provider'), input)),
    });
  });

  app.get('/settings/:provider/choices/:field', read, async (context) => {
    const { provider, field } = context.req.param();
    return context.json({
      choices: await board.settings.choices(provider, { ...targetOf(context), field: field as never }),
    });
  });

  app.get('/flags', read, async (context) => {
    const ids = board.providers.map(({ definition }) => definition.id);
    const flags = await Promise.all(ids.map((id) => board.flags.list(id, targetOf(context))));
    return context.json({ flags: flags.flat() });
  });

  app.get('/health/:provider', read, async (context) => {
    const { connection, ...health } = await board.health(context.req.param('provider'), targetOf(context));
    return context.json({ ...health, connection: connection === null ? null : connectionView(connection) });
  });

  return app;
}

async function allConnections(board: AnyBoard, organizationId: string): Promise<readonly Connection[]> {
  const all: Connection[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await board.connections.list({ organizationId, limit: 200, ...(cursor !== undefined && { cursor }) });
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all;
}
