/**
 * One run over one stream: page by page, each handled before its checkpoint is written and before the next is asked for.
 * Whatever ends it between the two has the page come again, and nothing is passed over.
 */
import type { Sessions } from '../connections/session.ts';
import type { Engine } from '../engine.ts';
import { PlugboardError } from '../errors.ts';
import type { StreamData, StreamRow } from '../store-sync.ts';
import type { StreamPage } from '../sync-stream.ts';
import { sealCheckpoint } from './checkpoint.ts';
import { countsOf, recordFailure } from './failure.ts';
import { holdStream } from './hold.ts';
import type { Pass } from './pass.ts';
import { openReader, type Run } from './reader.ts';
import type { StreamHandler, StreamTask, SyncContext, SyncResult } from './task.ts';

export interface SyncParts {
  readonly engine: Engine;
  readonly sessions: Sessions;
}

/**
 * Reads a leased stream on, to the end of its pass unless its time is up.
 * @throws PlugboardError of the vendor, the store or the signal, or what the handler threw. The failure is stored.
 */
export async function runStream(parts: SyncParts, task: StreamTask, leased: StreamRow): Promise<SyncResult> {
  const hold = holdStream(parts.engine, leased);
  const signal = task.signal === undefined ? hold.signal : AbortSignal.any([hold.signal, task.signal]);
  let byHandler = false;
  const handle: StreamHandler = async (records, context) => {
    byHandler = true;
    await task.handle(records, context);
    byHandler = false;
  };
  try {
    return await readPages({ ...parts, task: { ...task, handle }, hold, signal });
  } catch (cause) {
    const error: unknown = hold.signal.aborted ? hold.signal.reason : cause;
    await recordFailure(parts.engine, hold, { error, byHandler, aborted: task.signal?.aborted === true });
    throw error;
  } finally {
    hold.stop();
  }
}

async function readPages(run: Run): Promise<SyncResult> {
  const { engine, task, hold } = run;
  requireTime(run);
  const reader = await openReader(run);
  const context = contextOf(run, reader.pass);
  const done = { records: 0, pages: 0 };
  try {
    for (;;) {
      const page = await reader.next();
      const ended = page.cursor === null || page.complete === true;
      // Sealed before it is handled: what cannot be kept must not be handled over and over.
      const cursor = await cursorOf(run, page);
      if (page.records.length > 0) await task.handle(page.records, context);
      done.records += page.records.length;
      done.pages += 1;
      const { records, pages } = hold.row;
      const counts = { records: records + page.records.length, pages: pages + 1 };
      const reached = { cursor, ...counts, lastError: null, failCount: 0 };
      if (ended) {
        await finish(run, reader.pass, reached);
        return { ...done, complete: true };
      }
      await hold.save(reached);
      await engine.events.emit('sync.progress', countsOf(hold.row));
      requireTime(run);
      if (task.until === undefined || engine.clock.monotonic() < task.until) continue;
      await hold.end(hold.row.dueAt === null ? {} : { dueAt: hold.row.readAt });
      return { ...done, complete: false };
    }
  } finally {
    await reader.close();
  }
}

async function cursorOf({ engine, hold }: Run, { cursor, complete = false }: StreamPage<unknown>) {
  return cursor === null ? null : sealCheckpoint(engine, hold.row, { cursor, complete });
}

function contextOf({ task, hold, signal }: Run, { accountId }: Pass): SyncContext {
  const { provider, organizationId, connectionId, stream } = hold.row;
  return { provider, organizationId, connectionId, label: task.connection.label, stream, accountId, signal };
}

/** The last write of a pass: cursor, mark and end together, so that no crash finds one without the others. */
async function finish({ engine, task, hold }: Run, pass: Pass, reached: Partial<StreamData>): Promise<void> {
  const { store, clock, events } = engine;
  const { organizationId, connectionId, dueAt } = hold.row;
  const finishedAt = await store.now();
  await store.connections.update(organizationId, connectionId, {}, { lastSyncAt: finishedAt });
  const planned = task.everyMs !== undefined && dueAt !== null;
  // Jitter keeps streams that were connected together out of step.
  const waitMs = (task.everyMs ?? 0) * (0.9 + 0.2 * clock.random());
  const next = planned ? { dueAt: new Date(finishedAt.getTime() + Math.round(waitMs)) } : {};
  await hold.end({ ...reached, mark: pass.startedAt, finishedAt, ...next });
  await events.emit('sync.finished', countsOf(hold.row));
}

/** @throws PlugboardError kind `aborted` when the host wants the run to end, or `conflict` when the stream has another reader. */
function requireTime({ task, hold }: Run): void {
  if (hold.signal.aborted) throw hold.signal.reason as Error;
  if (task.signal?.aborted !== true) return;
  throw new PlugboardError({
    kind: 'aborted',
    code: 'aborted',
    message: `The caller ended the run over \`${hold.row.stream}\`.`,
    hint: 'The next run goes on at the last checkpoint.',
    provider: hold.row.provider,
  });
}
