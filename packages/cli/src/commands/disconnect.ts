import type { OperatorFilter } from '@plugboard/core';

import type { Context, Run } from '../command.ts';
import { confirm } from '../confirm.ts';
import { checkProvider, countLive, forEachLive, narrowFilter } from '../each.ts';
import { exitCodes, usageError } from '../failure.ts';
import { count } from '../terminal.ts';
import { summarize } from './connections.ts';

/** Stands in the audit trail as who did it. */
const actor = 'plugboard-cli';

export const disconnect: Run = async (context) => {
  const filter = narrowFilter(context);
  return endAll(context, filter, (total) => `disconnect ${total}`);
};

/** What to do when a vendor's package, its app credentials or a key were compromised. */
export const revokeAll: Run = async (context) => {
  const provider = context.values.text('provider');
  if (provider === undefined) throw usageError('`doctor revoke-all` needs --provider.');
  return endAll(context, { provider }, () => `revoke-all ${provider}`);
};

async function endAll(context: Context, filter: OperatorFilter, expected: (total: number) => string): Promise<number> {
  const { terminal, signal, values } = context;
  const board = await context.board();
  checkProvider(board, filter.provider);
  await board.ready();
  const total = await countLive(board, filter, signal);
  if (total === 0) {
    terminal.note('There is no such connection.');
    return context.json ? summarize(context, [], 'disconnected') : exitCodes.ok;
  }
  const where = filter.organizationId === undefined ? 'all organizations' : 'one organization';
  await confirm(terminal, {
    what: `This ends ${count(total, 'connection')} of ${filter.provider ?? 'all providers'} in ${where}, and revokes them at the vendor. Only their users can connect again.`,
    expected: expected(total),
    yes: values.flag('yes'),
    signal,
  });
  const outcomes = await forEachLive(context, board, filter, {
    label: 'Disconnecting',
    total,
    width: 3,
    async work({ provider, organizationId, label }) {
      const { revoked } = await board.disconnect(provider, { organizationId, label, userId: actor });
      if (revoked !== 'failed') return { result: revoked };
      return {
        result: 'failed',
        problem: 'The credentials are dropped here, but the vendor did not confirm the revocation.',
      };
    },
  });
  return summarize(context, outcomes, 'disconnected');
}
