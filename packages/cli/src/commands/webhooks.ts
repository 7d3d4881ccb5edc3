import type { StoredEvent, StoredEventFilter } from '@plugboard/core';

import type { Context, Run } from '../command.ts';
import { confirm } from '../confirm.ts';
import { checkProvider } from '../each.ts';
import { exitCodes, interruptedError, throwIfAborted, usageError } from '../failure.ts';
import type { Board } from '../load-config.ts';
import { createProgress } from '../progress.ts';
import { columns, count, printable } from '../terminal.ts';

const statuses: readonly StoredEvent['status'][] = ['received', 'failed', 'dead'];
const page = 200;

export const failed: Run = async (context) => {
  const { terminal, values, json, signal } = context;
  const filter = filterOf(context, statuses);
  const limit = values.number('limit') ?? Number.POSITIVE_INFINITY;
  const board = await context.board();
  let found = 0;
  if (json) terminal.print('[');
  for await (const events of pagesOf(board, filter)) {
    throwIfAborted(signal);
    const shown = events.slice(0, limit - found);
    // Written as they come: a list of all fits no memory.
    if (json)
      for (const [index, event] of shown.entries())
        terminal.print(`${found + index === 0 ? '  ' : '  ,'}${JSON.stringify(event)}`);
    else for (const line of columns([...(found === 0 ? [heading] : []), ...shown.map(rowOf)])) terminal.print(line);
    found += shown.length;
    if (found >= limit) break;
  }
  if (json) terminal.print(']');
  else terminal.note(count(found, 'event'));
  return exitCodes.ok;
};

export const replay: Run = (context) =>
  change(context, {
    label: 'Replaying',
    done: 'replayed',
    what: (total) => `This hands ${count(total, 'event')} to their handlers once more.`,
    run: (board, target, options) => board.webhooks.replay(target, options),
  });

export const discard: Run = (context) =>
  change(context, {
    label: 'Discarding',
    done: 'discarded',
    what: (total) => `This drops ${count(total, 'event')} for good: nobody will have handled them.`,
    run: (board, target, options) => board.webhooks.discard(target, options),
  });

interface Change {
  readonly label: string;
  readonly done: string;
  readonly what: (total: number) => string;
  readonly run: Board['webhooks']['replay'];
}

async function change(
  context: Context,
  {
    label,
    done,
    what,
    run,
  }: Omit<Change, 'run'> & {
    readonly run: (board: Board, ...args: Parameters<Change['run']>) => Promise<number>;
  },
): Promise<number> {
  const { terminal, values, json, signal } = context;
  const [id] = context.arguments;
  const filter = filterOf(context, ['failed', 'dead']);
  const narrow = Object.keys(filter).length > 0;
  if (id === undefined && !narrow && !values.flag('all')) {
    const hint = 'Name an event, an --organization, a --provider or a --status, or pass --all if that is meant.';
    throw usageError('This would take every failed and dead event.', hint);
  }
  if (id !== undefined && (narrow || values.flag('all')))
    throw usageError('An event and a filter are two things.', 'Pass the id alone, or filters alone.');
  const board = await context.board();
  checkProvider(board, filter.provider);
  const total = id === undefined ? await countOf(board, filter, signal) : 1;
  let changed = 0;
  if (total > 0) {
    const expected = `${done === 'replayed' ? 'replay' : 'discard'} ${total}`;
    const known = values.flag('yes') || (id !== undefined && done === 'replayed');
    await confirm(terminal, { what: what(total), expected, yes: known, signal });
    const progress = createProgress(terminal, label, total);
    try {
      const onProgress = (soFar: number) => progress.update(soFar);
      changed = await run(board, id ?? filter, { onProgress, signal });
    } finally {
      progress.end();
    }
  }
  if (json) terminal.print(JSON.stringify({ [done]: changed, complete: !signal.aborted }, null, 2));
  else terminal.print(`${count(changed, 'event')} ${done}.`);
  if (done === 'replayed' && changed > 0)
    terminal.note('The job `webhooks` hands them over, in a process of the application that runs jobs.');
  if (!signal.aborted) return exitCodes.ok;
  terminal.note(interruptedError().message);
  return exitCodes.interrupted;
}

async function* pagesOf(board: Board, filter: StoredEventFilter): AsyncGenerator<readonly StoredEvent[]> {
  for (let cursor: string | null | undefined; cursor !== null;) {
    const found = await board.webhooks.failed({ ...filter, limit: page, ...(cursor && { cursor }) });
    yield found.items;
    cursor = found.nextCursor;
  }
}

async function countOf(board: Board, filter: StoredEventFilter, signal: AbortSignal): Promise<number> {
  let total = 0;
  for await (const events of pagesOf(board, filter)) {
    throwIfAborted(signal);
    total += events.length;
  }
  return total;
}

function filterOf({ values }: Context, allowed: readonly StoredEvent['status'][]): StoredEventFilter {
  const organizationId = values.text('organization');
  const provider = values.text('provider');
  const status = allowed.find((one) => one === values.text('status'));
  if (values.text('status') !== undefined && status === undefined)
    throw usageError('--status is not a status of these events.', `Use one of: ${allowed.join(', ')}.`);
  return {
    ...(organizationId !== undefined && { organizationId }),
    ...(provider !== undefined && { provider }),
    ...(status !== undefined && { status }),
  };
}

const heading = ['EVENT', 'PROVIDER', 'ORGANIZATION', 'TYPE', 'STATUS', 'TRIES', 'REASON', 'RECEIVED'];

function rowOf(event: StoredEvent): string[] {
  const { id, provider, organizationId, type, status, attempts, reason, receivedAt } = event;
  const texts = [id, provider, organizationId ?? '', type, status, String(attempts), reason ?? ''];
  return [...texts.map(printable), receivedAt.toISOString()];
}
