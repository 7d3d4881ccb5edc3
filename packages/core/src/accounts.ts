/** The choice among several accounts of one grant: which ad account, which page. */
import { liveRow, type ConnectionTarget } from './connections/live-row.ts';
import type { Sessions } from './connections/session.ts';
import { viewOf, type Connection } from './connections/view.ts';
import type { Engine } from './engine.ts';
import { invalidInput, PlugboardError } from './errors.ts';
import { member, text } from './json.ts';
import type { AccountRef, ConnectionRow } from './store.ts';

export interface AccountsService {
  /** Accounts to choose from; empty once one is chosen. */
  choices(provider: string, target: ConnectionTarget): Promise<readonly AccountRef[]>;
  /** @throws PlugboardError kind `invalid_request` for an account that the grant does not reach. */
  choose(provider: string, target: ConnectionTarget & { accountId: string; userId?: string }): Promise<Connection>;
}

export function createAccounts(engine: Engine, sessions: Sessions): AccountsService {
  return {
    choices: async (provider, target) => choicesOf(await liveRow(engine, provider, target)),
    async choose(provider, { accountId, userId, ...target }) {
      const row = await liveRow(engine, provider, target);
      const account = choicesOf(row).find((choice) => choice.id === accountId);
      if (account === undefined) {
        throw invalidInput(
          `${provider} account`,
          [{ path: 'accountId', message: 'is not among the accounts of this grant' }],
          'Pass an id from board.accounts.choices().',
        );
      }
      const { accountChoices: _chosen, missingScopes, ...metadata } = row.metadata;
      // What was not granted is still missing after the choice.
      const narrow = missingScopes !== undefined;
      const outcome = narrow
        ? ({ status: 'degraded', statusReason: 'scopes_missing' } as const)
        : ({ status: 'active', statusReason: null } as const);
      const change = { account, metadata, ...outcome };
      const stored = await engine.store.connections.update(
        row.organizationId,
        row.id,
        { version: row.version },
        change,
      );
      if (stored === null) {
        throw new PlugboardError({
          kind: 'conflict',
          code: 'connection_busy',
          message: 'The connection was changed meanwhile.',
          retryable: true,
        });
      }
      sessions.forget(row);
      const connection = viewOf(stored);
      await engine.events.audit({
        organizationId: row.organizationId,
        connectionId: row.id,
        provider,
        type: 'connection.account_chosen',
        actor: userId ?? 'system',
        data: { before: row.account?.id ?? null, after: account.id },
      });
      await engine.events.emit('connection.account_chosen', { connection });
      if (narrow) await engine.events.attention(connection, 'scopes_missing');
      return connection;
    },
  };
}

function choicesOf(row: ConnectionRow): AccountRef[] {
  const stored = member(row.metadata, 'accountChoices');
  return (Array.isArray(stored) ? stored : []).flatMap((item): AccountRef[] => {
    const id = text(member(item, 'id'));
    return id === undefined ? [] : [{ id, name: text(member(item, 'name')) ?? id }];
  });
}
