/** Streams read by real processes on a real database: killed in the middle, several at once, and with a small heap. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes, randomUUID } from 'node:crypto';

import { migrate } from '@plugboard/storage-postgres';
import { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';

import { createNumbersBoard, type VendorShape } from './sync-vendor.ts';
import type { WorkerInput, WorkerReport } from './sync-worker.ts';

const database = inject('postgresUrl');
const organizationId = 'org-1';
/** A lease ends a minute after its holder died; each process lives so much later than the one before. */
const aheadMs = 61_000;

const cleanups: (() => Promise<unknown>)[] = [];
beforeEach((context) => context.skip(database === null, 'PostgreSQL is not reachable'));
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function createWorld(shape: VendorShape, labels: readonly string[] = ['default']) {
  const schema = `sync_${randomUUID().slice(0, 8)}`;
  const key = randomBytes(32).toString('base64');
  const pool = new Pool({ connectionString: database ?? '', max: 4 });
  cleanups.push(() => pool.end());
  await migrate(pool, { schema });
  cleanups.push(() => pool.query(`drop schema ${schema} cascade`));
  const board = createNumbersBoard(pool, { schema, key, ...shape });
  for (const label of labels)
    await board.connect('numbers', { organizationId: `${organizationId}-${label}`, label, credentials: { key: 'k' } });
  cleanups.push(() => board.stop());
  const start = (input: Partial<WorkerInput>, execArgv: readonly string[] = []) =>
    startWorker(
      {
        ...shape,
        database: database ?? '',
        schema,
        key,
        organizationId: `${organizationId}-default`,
        task: 'once',
        ...input,
      },
      execArgv,
    );
  return { board, pool, schema, start };
}

function startWorker(input: WorkerInput, execArgv: readonly string[]) {
  const worker = fork(new URL('sync-worker.ts', import.meta.url), {
    env: { ...process.env, INPUT: JSON.stringify(input), NODE_ENV: 'test' },
    execArgv: ['--conditions=@plugboard/source', '--no-warnings', ...execArgv],
  });
  const pages: Exclude<WorkerReport, { done: string }>[] = [];
  const state = { done: '' };
  worker.on(
    'message',
    (message: WorkerReport) => void ('done' in message ? (state.done = message.done) : pages.push(message)),
  );
  return { worker, pages, state, exited: exitOf(worker) };
}

/** After every message that it had sent. */
async function exitOf(worker: ChildProcess): Promise<void> {
  await Promise.all([once(worker, 'exit'), once(worker, 'disconnect')]);
}

describe('a process that is killed', () => {
  test('loses no record, and the next one reads at most a page again', { timeout: 60_000 }, async () => {
    const shape = { records: 400, pageSize: 10 };
    const { board, start } = await createWorld(shape);
    const seen: number[] = [];
    let kills = 0;
    for (let round = 0; ; round++) {
      const { worker, pages, state, exited } = start({ aheadMs: 1 + round * aheadMs, handleMs: 1 });
      // Killed at once with the report of a page: before, while or after its checkpoint is written.
      let left = 3 + round;
      if (round < 6) worker.on('message', () => void (--left === 0 && worker.kill('SIGKILL')));
      await exited;
      const ids = pages.flatMap((page) => page.ids);
      expect(ids, 'in order, without a gap').toEqual(ids.map((_, index) => (ids[0] ?? 0) + index));
      seen.push(...ids);
      if (worker.signalCode === 'SIGKILL') kills += 1;
      if (state.done === '') continue;
      expect(JSON.parse(state.done)).toMatchObject({ complete: true });
      break;
    }
    expect(kills).toBe(6);
    expect([...new Set(seen)].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, index) => index + 1));
    expect(seen.length - 400, 'records that came again').toBeLessThanOrEqual(kills * shape.pageSize);
    const [status] = await board.streams.list('numbers', {
      organizationId: `${organizationId}-default`,
      label: 'default',
    });
    expect(status).toMatchObject({ state: 'idle', records: 400, lastError: null });
  });

  test('keeps its stream from others until its lease has run out', { timeout: 60_000 }, async () => {
    const { board, start } = await createWorld({ records: 100, pageSize: 10 });
    const { worker, exited } = start({ handleMs: 1 });
    worker.once('message', () => void worker.kill('SIGKILL'));
    await exited;
    const target = { organizationId: `${organizationId}-default` };
    const sync = board.sync('numbers', { ...target, stream: 'records', handle: () => undefined });
    await expect(sync).rejects.toMatchObject({ code: 'sync_busy' });
    const later = start({ aheadMs });
    await later.exited;
    expect(JSON.parse(later.state.done)).toMatchObject({ complete: true });
  });
});

test(
  'several processes that run the job read each stream once, and never one at the same time',
  { timeout: 60_000 },
  async () => {
    const labels = Array.from({ length: 12 }, (_, index) => `label-${index}`);
    const { start, pool, schema } = await createWorld({ records: 30, pageSize: 10 }, labels);
    const workers = Array.from({ length: 4 }, () => start({ task: 'job', handleMs: 30 }));
    await Promise.all(workers.map(({ exited }) => exited));
    const processed = workers.map(({ state }) => Number(state.done));
    expect(processed.reduce((sum, count) => sum + count, 0)).toBe(12);
    expect(processed.filter((count) => count > 0).length).toBeGreaterThan(1);
    const byConnection = Map.groupBy(
      workers.flatMap(({ pages }) => pages),
      ({ connectionId }) => connectionId,
    );
    expect(byConnection.size).toBe(12);
    for (const pages of byConnection.values()) {
      const inTime = pages.toSorted((a, b) => a.from - b.from);
      expect(inTime.flatMap(({ ids }) => ids)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
      for (const [index, page] of inTime.entries())
        expect(page.from).toBeGreaterThanOrEqual(inTime[index - 1]?.to ?? 0);
    }
    const { rows } = await pool.query(
      `select count(*)::int as synced from ${schema}.integration_connections where last_sync_at is not null`,
    );
    expect(rows).toEqual([{ synced: 12 }]);
  },
);

test(
  '100 MB of records pass through a heap of 48 MB while the handler is slower than the vendor',
  { timeout: 60_000 },
  async () => {
    const { start } = await createWorld({ records: 1000, pageSize: 10, weight: 100_000 });
    const { pages, state, exited } = start({ handleMs: 2 }, ['--max-old-space-size=48']);
    await exited;
    expect(JSON.parse(state.done)).toMatchObject({ records: 1000, pages: 100, complete: true });
    expect(pages).toHaveLength(100);
  },
);
