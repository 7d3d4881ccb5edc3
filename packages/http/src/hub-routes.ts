/** What a page for integrations shows and changes: connections, onboarding, accounts, settings, flags, health. */
import type { Connection, JsonObject } from '@plugboard/core';

import { stepsOf } from './onboarding.ts';
import type { AnyBoard, Implementations } from './route-context.ts';
import type { ProviderView } from './schemas.ts';
import { connectionView, providerView, streamView } from './views.ts';

type Names =
  | 'connections'
  | 'onboarding'
  | 'flags'
  | 'accounts'
  | 'chooseAccount'
  | 'settings'
  | 'changeSettings'
  | 'settingChoices'
  | 'health'
  | 'streams'
  | 'sync';

export function hubRoutes(board: AnyBoard): Implementations<Names> {
  let views: readonly ProviderView[] | undefined;
  // JSON Schemas cost a millisecond each to write, and never change.
  const described = () => (views ??= board.providers.map(describe));
  const describe = (provider: AnyBoard['providers'][number]) =>
    providerView(provider, board.setup[provider.definition.id]!, board.url);

  return {
    async connections({ target: { organizationId } }) {
      const all = await allConnections(board, organizationId);
      const providers = described().map((provider) => {
        const own = all.filter((connection) => connection.provider === provider.id);
        return { ...provider, connections: own.map(connectionView) };
      });
      return { providers };
    },

    async onboarding({ target: { organizationId } }) {
      const all = await allConnections(board, organizationId);
      const steps = described().flatMap((provider) =>
        stepsOf(
          provider,
          all.filter((connection) => connection.provider === provider.id),
        ),
      );
      const done = steps.filter(({ state }) => state === 'done').length;
      return { steps, done, complete: done === steps.length };
    },

    async flags({ target }) {
      const ids = board.providers.map(({ definition }) => definition.id);
      const flags = await Promise.all(ids.map((id) => board.flags.list(id, target)));
      return { flags: flags.flat() };
    },

    async accounts({ path, target }) {
      return { accounts: await board.accounts.choices(path.provider, target) };
    },

    async chooseAccount({ path, target, caller: { userId }, body: { accountId } }) {
      const chosen = await board.accounts.choose(path.provider, { ...target, userId, accountId });
      return { connection: connectionView(chosen) };
    },

    async settings({ path, target }) {
      return { settings: (await board.settings.get(path.provider, target)) as JsonObject };
    },

    async changeSettings({ path, target, caller: { userId }, body: { settings } }) {
      const changed = await board.settings.update(path.provider, { ...target, userId, settings });
      return { connection: connectionView(changed) };
    },

    async settingChoices({ path: { provider, field }, target }) {
      return { choices: await board.settings.choices(provider, { ...target, field: field as never }) };
    },

    async streams({ path, target }) {
      return { streams: (await board.streams.list(path.provider, target)).map(streamView) };
    },

    async sync({ path, target, body: { stream, full = false } }) {
      // Goes on when the page goes away: what was begun is worth its end.
      return board.sync(path.provider, { ...target, stream: stream as never, full });
    },

    async health({ path, target }) {
      const { provider, status, reason, detail, latencyMs, connection } = await board.health(path.provider, target);
      const shown = connection === null ? null : connectionView(connection);
      return { provider, status, reason, detail, latencyMs, connection: shown };
    },
  };
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
