/** Work on many connections: some at a time, with progress, until all are done or somebody stops it. */
import type { OperatorConnection, OperatorFilter } from '@plugboard/core';

import type { Context } from './command.ts';
import { asPlugboardError, throwIfAborted, usageError } from './failure.ts';
import type { Board } from './load-config.ts';
import { createProgress } from './progress.ts';
import { printable } from './terminal.ts';

export interface Outcome {
  readonly connection: OperatorConnection;
  /** Counted by this word in the summary. */
  readonly result: string;
  /** Said of this connection, where something must be said. */
  readonly problem?: string | undefined;
}

export interface EachOptions {
  readonly label: string;
  readonly total: number;
  readonly width: number;
  /** What the work is about; what it throws is a problem of one connection. */
  readonly work: (connection: OperatorConnection) => Promise<Omit<Outcome, 'connection'>>;
}

export function filterOf({ values }: Context): OperatorFilter {
  const names = { organizationId: 'organization', provider: 'provider', label: 'label', status: 'status' };
  const given = Object.entries(names).map(([key, name]) => [key, values.text(name)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** @throws PlugboardError code `usage` for a filter that names nothing, unless `--all` says that it is meant. */
export function narrowFilter(context: Context): OperatorFilter {
  const filter = filterOf(context);
  if (filter.organizationId !== undefined || filter.provider !== undefined || context.values.flag('all')) return filter;
  throw usageError(
    'This would take the connections of all organizations and providers.',
    'Name an --organization or a --provider, or pass --all if that is meant.',
  );
}

function isLive({ usable, status }: OperatorConnection): boolean {
  return usable && status !== 'disconnected';
}

/** @throws PlugboardError code `usage` for a provider that the board does not have. */
export function checkProvider(board: Board, provider: string | undefined): void {
  const known = board.operator.providers.map(({ id }) => id);
  if (provider === undefined || known.includes(provider)) return;
  throw usageError(`The board has no provider \`${printable(provider)}\`.`, `It has: ${known.join(', ') || 'none'}.`);
}

export async function countLive(board: Board, filter: OperatorFilter, signal: AbortSignal): Promise<number> {
  let total = 0;
  for await (const connection of board.operator.connections(filter)) {
    throwIfAborted(signal);
    if (isLive(connection)) total++;
  }
  return total;
}

/** @throws PlugboardError code `interrupted`, after what was in hand is done. */
export async function forEachLive(
  { terminal, signal, json }: Context,
  board: Board,
  filter: OperatorFilter,
  { label, total, width, work }: EachOptions,
): Promise<readonly Outcome[]> {
  const progress = createProgress(terminal, label, total);
  const outcomes: Outcome[] = [];
  const running = new Set<Promise<void>>();

  async function take(connection: OperatorConnection): Promise<void> {
    const outcome = await work(connection).catch((error: unknown) => {
      const { message, code } = asPlugboardError(error);
      return { result: 'failed', problem: `${message} (${code})` };
    });
    outcomes.push({ connection, ...outcome });
    if (outcome.problem !== undefined && !json) {
      progress.end();
      terminal.print(
        `${terminal.paint('yellow', outcome.result)} ${nameOf(connection)}: ${printable(outcome.problem)}`,
      );
    }
    progress.update(outcomes.length);
  }

  for await (const connection of board.operator.connections(filter)) {
    if (signal.aborted) break;
    if (!isLive(connection)) continue;
    const task: Promise<void> = take(connection).finally(() => running.delete(task));
    running.add(task);
    if (running.size >= width) await Promise.race(running);
  }
  await Promise.all(running);
  progress.end();
  return outcomes;
}

function nameOf({ organizationId, provider, label }: OperatorConnection): string {
  return printable(`${provider} of ${organizationId}${label === 'default' ? '' : ` (${label})`}`);
}

/** `healthy: 12, expired: 1`. */
export function tally(outcomes: readonly Outcome[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { result } of outcomes) counts.set(result, (counts.get(result) ?? 0) + 1);
  return Object.fromEntries(counts);
}
