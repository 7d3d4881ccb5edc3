import type { ConnectionStatus, OperatorConnection } from '@plugboard/core';
import { isPlugboardError } from '@plugboard/core/store-kit';

import type { Run } from '../command.ts';
import { checkProvider, countLive, filterOf, forEachLive, narrowFilter, tally, type Outcome } from '../each.ts';
import { exitCodes, interruptedError, throwIfAborted, usageError } from '../failure.ts';
import { columns, count, type Terminal } from '../terminal.ts';

const statuses: readonly ConnectionStatus[] = ['active', 'pending', 'degraded', 'expired', 'error', 'disconnected'];
/** As many rows share the width of their columns. */
const tableRows = 200;

export const list: Run = async (context) => {
  const { terminal, values, json, signal } = context;
  const filter = filterOf(context);
  if (filter.status !== undefined && !statuses.includes(filter.status)) {
    throw usageError(`--status is not a status.`, `Use one of: ${statuses.join(', ')}.`);
  }
  const limit = values.number('limit') ?? Number.POSITIVE_INFINITY;
  const board = await context.board();
  let found = 0;
  let table: string[][] = json ? [] : [['PROVIDER', 'ORGANIZATION', 'LABEL', 'STATUS', 'ACCOUNT', 'KEY']];
  const flush = () => {
    for (const line of columns(table)) terminal.print(line);
    table = [];
  };
  if (json) terminal.print('[');
  for await (const connection of board.operator.connections(filter)) {
    throwIfAborted(signal);
    if (found === limit) break;
    // Written as they come: a list of all fits no memory.
    if (json) terminal.print(`${found === 0 ? '  ' : '  ,'}${JSON.stringify(visible(connection))}`);
    else table.push(rowOf(connection));
    found++;
    if (table.length >= tableRows) flush();
  }
  flush();
  if (json) terminal.print(']');
  else terminal.note(count(found, 'connection'));
  return exitCodes.ok;
};

const working: ReadonlySet<string> = new Set(['healthy', 'stubbed', 'unknown']);

export const check: Run = async (context) => {
  const board = await context.board();
  const filter = filterOf(context);
  checkProvider(board, filter.provider);
  const total = await countLive(board, filter, context.signal);
  const outcomes = await forEachLive(context, board, filter, {
    label: 'Checking',
    total,
    width: 5,
    async work({ provider, organizationId, label }) {
      const { status, reason, detail } = await board.health(provider, { organizationId, label });
      if (working.has(status)) return { result: status };
      return { result: status, problem: [reason, detail].filter(Boolean).join(': ') || status };
    },
  });
  return summarize(context, outcomes, 'checked');
};

export const refresh: Run = async (context) => {
  const filter = narrowFilter(context);
  const board = await context.board();
  checkProvider(board, filter.provider);
  const total = await countLive(board, filter, context.signal);
  const outcomes = await forEachLive(context, board, filter, {
    label: 'Refreshing',
    total,
    width: 2,
    async work({ provider, organizationId, label }) {
      try {
        await board.connections.refresh(provider, { organizationId, label });
        return { result: 'refreshed' };
      } catch (error) {
        if (isPlugboardError(error) && error.code === 'not_refreshable') return { result: 'needs none' };
        throw error;
      }
    },
  });
  return summarize(context, outcomes, 'refreshed');
};

/** @returns the exit code: 1 when there was a problem with any of them. */
export function summarize(
  { terminal, json, signal }: { readonly terminal: Terminal; readonly json: boolean; readonly signal: AbortSignal },
  outcomes: readonly Outcome[],
  done: string,
): number {
  const counts = tally(outcomes);
  if (json) {
    const connections = outcomes.map(({ connection: { id, organizationId, provider, label }, result, problem }) => ({
      id,
      organizationId,
      provider,
      label,
      result,
      ...(problem !== undefined && { problem }),
    }));
    terminal.print(JSON.stringify({ complete: !signal.aborted, counts, connections }, null, 2));
  } else {
    const words = Object.entries(counts).map(([result, number]) => `${number} ${result}`);
    terminal.print(
      `${count(outcomes.length, 'connection')} ${done}${words.length === 0 ? '' : `: ${words.join(', ')}`}`,
    );
  }
  if (signal.aborted) {
    terminal.note(interruptedError().message);
    return exitCodes.interrupted;
  }
  return outcomes.some(({ problem }) => problem !== undefined) ? exitCodes.problems : exitCodes.ok;
}

function rowOf({
  provider,
  organizationId,
  label,
  status,
  reason,
  account,
  keyId,
  stub,
}: OperatorConnection): string[] {
  const state = `${status}${reason === null || status === 'disconnected' ? '' : ` (${reason})`}${stub ? ' stub' : ''}`;
  return [provider, organizationId, label, state, account?.name || account?.id || '', keyId ?? ''];
}

/** Without settings and metadata, which are the organization's own. */
function visible(connection: OperatorConnection) {
  const { id, organizationId, provider, label, method, status, reason, account, scopes, stub, usable } = connection;
  const { health, lastError, connectedAt, disconnectedAt, expiresAt, keyId } = connection;
  const facts = { id, organizationId, provider, label, method, status, reason, account, scopes, stub, usable };
  return { ...facts, health, lastError, connectedAt, disconnectedAt, expiresAt, keyId };
}
