/**
 * E16: a process is killed at every point of an event's way, on a real database, and the vendor sends again whatever it
 * has no 2xx for. Each event is handled, and by one run of the handler; but for what was handled and not yet written down,
 * which comes again under the same id.
 */
import { fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { migrate } from '@plugboard/storage-postgres';
import { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';

import { noteRow } from '../reliability/note.ts';
import { sized } from '../reliability/size.ts';
import { createSenderBoard } from './webhook-vendor.ts';
import type { Answer, Command, Point, WorkerInput } from './webhook-worker.ts';

const database = inject('postgresUrl');
/** A lease ends a minute after its holder died; each process lives so much later than the one before. */
const aheadMs = 61_000;
/** Events that each kill cuts off. */
const together = 10;

/** Spares the next process most of its start-up. */
const compileCache = join(tmpdir(), 'plugboard-reliability-cache');

const cleanups: (() => Promise<unknown>)[] = [];
beforeEach((context) => context.skip(database === null, 'PostgreSQL is not reachable'));
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Dispatch = 'inline' | 'background';

async function createWorld(dispatch: Dispatch, ordered = false) {
  const schema = `webhooks_${randomUUID().slice(0, 8)}`;
  const key = randomBytes(32).toString('base64');
  const webhooks = { dispatch, attempts: 1_000, ...(ordered && { ordered }) };
  const pool = new Pool({ connectionString: database ?? '', max: 4 });
  cleanups.push(() => pool.end());
  await migrate(pool, { schema });
  cleanups.push(() => pool.query(`drop schema ${schema} cascade`));
  await pool.query(`create table ${schema}.effects (event text, told text, n bigint generated always as identity)`);
  const board = createSenderBoard(pool, { schema, key });
  await board.connect('sender', { organizationId: 'org-1', credentials: { account: 'acct-1', key: 'k' } });
  cleanups.push(() => board.stop());
  return {
    start: (ahead: number) =>
      startWorker({ database: database ?? '', schema, key, webhooks, aheadMs: ahead * aheadMs }),
    /** How often each event was handled, in the order of the first time. */
    async effects() {
      const { rows } = await pool.query<{ event: string; told: string }>(
        `select event, told from ${schema}.effects order by n`,
      );
      for (const { event, told } of rows) expect(told).toBe(event);
      const counts = new Map<string, number>();
      for (const { event } of rows) counts.set(event, (counts.get(event) ?? 0) + 1);
      return counts;
    },
    failed: () => board.webhooks.failed(),
  };
}

async function startWorker(input: WorkerInput) {
  const child = fork(new URL('webhook-worker.ts', import.meta.url), {
    env: { ...process.env, INPUT: JSON.stringify(input), NODE_ENV: 'test', NODE_COMPILE_CACHE: compileCache },
    execArgv: ['--conditions=@plugboard/source', '--no-warnings'],
  });
  const exited = once(child, 'exit').then(([, signal]) => signal as string | null);
  const answered = new Map<string, number>();
  const worked = Promise.withResolvers<number>();
  const waiting = new Set<() => void>();
  child.on('message', (answer: Answer) => {
    if ('id' in answer) answered.set(answer.id, answer.status);
    if ('worked' in answer) worked.resolve(answer.worked);
    for (const look of waiting) look();
  });
  const [first] = (await Promise.race([once(child, 'message'), exited.then(() => [])])) as Answer[];
  expect(first, 'the worker is up').toEqual({ ready: true });
  const tell = (command: Command) => void child.send(command);
  return {
    tell,
    exited,
    answered,
    async deliver(ids: readonly string[]) {
      const all = Promise.withResolvers<void>();
      const look = () => ids.every((id) => answered.has(id)) && all.resolve();
      waiting.add(look);
      if (ids.length > 0) {
        tell({ do: 'deliver', ids });
        await all.promise;
      }
      waiting.delete(look);
      return ids.filter((id) => (answered.get(id) ?? 0) >= 300);
    },
    async work() {
      tell({ do: 'work' });
      return worked.promise;
    },
    async end() {
      tell({ do: 'end' });
      expect(await exited).toBeNull();
    },
  };
}

interface Cell {
  readonly dispatch: Dispatch;
  readonly point: Point;
  readonly kills: number;
}

/** Between the check of the signature and the commit is where an event could be lost: there most of them die. */
const cells: readonly Cell[] = [
  { dispatch: 'inline', point: 'verified', kills: sized(2, 100) },
  { dispatch: 'inline', point: 'writing', kills: sized(2, 100) },
  { dispatch: 'inline', point: 'stored', kills: sized(1, 50) },
  { dispatch: 'inline', point: 'handled', kills: sized(1, 20) },
  { dispatch: 'inline', point: 'settled', kills: sized(1, 50) },
  { dispatch: 'background', point: 'verified', kills: sized(1, 50) },
  { dispatch: 'background', point: 'writing', kills: sized(1, 50) },
  { dispatch: 'background', point: 'stored', kills: sized(1, 50) },
  { dispatch: 'background', point: 'claimed', kills: sized(1, 50) },
  { dispatch: 'background', point: 'handled', kills: sized(1, 20) },
  { dispatch: 'background', point: 'settled', kills: sized(1, 50) },
];

describe('E16 SIGKILL', () => {
  test.for(cells)('$dispatch, $point', { timeout: 900_000 }, async ({ dispatch, point, kills }, context) => {
    const world = await createWorld(dispatch);
    let owed: readonly string[] = [];
    const all: string[] = [];
    const byJob = point === 'claimed' || (dispatch === 'background' && (point === 'handled' || point === 'settled'));
    for (let kill = 0; kill <= kills; kill++) {
      const worker = await world.start(kill);
      // The vendor sends again what it has no 2xx for; nothing is refused any more.
      expect(await worker.deliver(owed), 'refused').toEqual([]);
      if (dispatch === 'background') await worker.work();
      if (kill === kills) {
        await worker.end();
        break;
      }
      const ids = Array.from({ length: together }, (_, index) => `event-${kill}-${index}`);
      all.push(...ids);
      // With a job it dies of the job: the vendor has its answers by then.
      if (byJob) expect(await worker.deliver(ids)).toEqual([]);
      worker.tell({ do: 'arm', point, count: together });
      worker.tell(byJob ? { do: 'work' } : { do: 'deliver', ids });
      expect(await worker.exited).toBe('SIGKILL');
      owed = ids.filter((id) => !worker.answered.has(id));
      expect(owed).toHaveLength(byJob ? 0 : together);
    }
    const effects = await world.effects();
    const lost = all.filter((id) => !effects.has(id)).length;
    const double = [...effects.values()].filter((times) => times > 1).length;
    await noteRow(context, `E16 ${point}`, { dispatch, kills, events: all.length, lost, double });
    expect({ lost, double }).toEqual({ lost: 0, double: point === 'handled' ? all.length : 0 });
    expect(Math.max(...effects.values())).toBe(point === 'handled' ? 2 : 1);
    expect((await world.failed()).items).toEqual([]);
  });
});

test('E16 several processes work side by side: each event once, and those of a connection in order', async () => {
  const world = await createWorld('background', true);
  const workers = await Promise.all([0, 0, 0].map((ahead) => world.start(ahead)));
  const ids = Array.from({ length: 60 }, (_, index) => `event-${String(index).padStart(3, '0')}`);
  // One after the other, as a vendor does that waits for each answer.
  for (const [index, id] of ids.entries()) expect(await workers[index % 3]!.deliver([id])).toEqual([]);
  await Promise.all(workers.map((worker) => worker.work()));
  const effects = await world.effects();
  expect([...effects.keys()]).toEqual(ids);
  expect(new Set(effects.values())).toEqual(new Set([1]));
  for (const worker of workers) await worker.end();
}, 120_000);
