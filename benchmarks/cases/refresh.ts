/** Bulk refresh: every connection due at once, a token endpoint that answers after 20 ms. */
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';

import pg from 'pg';

import { startBetterAuth } from '../harness/better-auth.ts';
import { databaseUrl } from '../harness/database-url.ts';
import { countStatements, seedConnections, withDatabase, type Bench } from '../harness/database.ts';
import { inRounds, ratioOf } from '../harness/measure.ts';
import { refreshAll, refreshBoard, type RefreshSetup } from '../harness/refresh-board.ts';
import { createByHand } from '../harness/refresh-by-hand.ts';
import { shortNumber, type Benchmark, type Report } from '../harness/report.ts';
import { startServer } from '../harness/servers.ts';
import { median } from '../harness/statistics.ts';

const locks = 10;
const hand = {
  at200: 'pipeline by hand, 200 in flight',
  at400: 'pipeline by hand, 400 in flight',
  locked: 'row locks by hand, 10',
};
const own = {
  at200: 'refresh job, 200 in flight',
  at400: 'refresh job, 400 in flight',
  locked: 'refresh job under row locks, 10',
};
const shared = { two: 'refresh job in two processes, 200 each', four: 'refresh job in four processes, 200 each' };
const peer = 'Better Auth getAccessToken of ended tokens, 200 in flight';

interface Strategy {
  readonly rows: number;
  reset(): Promise<void>;
  run(): Promise<void>;
  /** Statements of one run, counted apart from the timed ones. */
  readonly counted?: boolean;
}

interface Sample {
  readonly perSecond: number;
  readonly cpuUs: number;
}

export const benchmark: Benchmark = {
  title: 'Bulk refresh',
  run: ({ rounds, full }) => withDatabase({ k1: randomBytes(32) }, (bench) => measureAll(bench, full, rounds)),
};

async function measureAll(bench: Bench, full: boolean, asked: number): Promise<Report> {
  const rows = full ? 100_000 : 2_000;
  const slow = full ? 5_000 : 400;
  const rounds = full ? Math.min(asked, 3) : asked;
  const server = await startServer('token-endpoint');
  const seeds = Array.from({ length: rows }, (_, index) => ({ organizationId: `org_${index}`, label: 'default' }));
  const tokens = { accessToken: `ya29.${'a'.repeat(190)}`, refreshToken: `1//${'r'.repeat(100)}` };
  await seedConnections(bench, seeds, { ...tokens, expiresInMs: 600_000, refreshInMs: 0 });
  const byHand = await createByHand(bench.pool, bench.schema, server.origin, rows);
  const betterAuth = await startBetterAuth(`${bench.schema}_ba`, server.origin, tokens.accessToken);
  const users = Array.from({ length: slow }, (_, index) => `u${index}`);
  await betterAuth.addUsers(users, 1, true);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 * locks, idleTimeoutMillis: 0 });
  const setup = (rotation: 'stable' | 'strict', inFlight: number): RefreshSetup => {
    const key = Buffer.from(bench.keys.k1).toString('base64');
    return { schema: bench.schema, key, origin: server.origin, rotation, inFlight, locks };
  };
  const boards = {
    at200: refreshBoard(pool, setup('stable', 200)),
    at400: refreshBoard(pool, setup('stable', 400)),
    locked: refreshBoard(pool, setup('strict', 200)),
  };
  const workers = await Promise.all(Array.from({ length: 4 }, () => startWorker(setup('stable', 200))));
  const table = `${bench.schema}.integration_connections`;
  const ownReset = (count: number) => async () => {
    await bench.pool.query(
      `update ${table} set refresh_at = case when organization_id = any ($1::text[])
      then now() - interval '1 minute' else now() + interval '1 hour' end, lease_until = null`,
      [seeds.slice(0, count).map(({ organizationId }) => organizationId)],
    );
    await bench.pool.query(`vacuum analyze ${table}`);
  };
  const all =
    (run: () => Promise<number>, count = rows) =>
    async () => {
      const done = await run();
      if (done !== count) throw new Error(`${done} of ${count} connections were refreshed`);
    };
  const handReset = (count: number) => async () => {
    await byHand.reset();
    await bench.pool.query(
      `update ${bench.schema}.by_hand set refresh_at = now() + interval '1 hour' where substr(id, 2)::int >= $1`,
      [count],
    );
  };
  const together = (count: number) =>
    all(async () => (await Promise.all(workers.slice(0, count).map(runWorker))).reduce((sum, part) => sum + part, 0));
  const strategies: Readonly<Record<string, Strategy>> = {
    [hand.at200]: { rows, reset: handReset(rows), run: () => byHand.pipeline(200) },
    [hand.at400]: { rows, reset: handReset(rows), run: () => byHand.pipeline(400) },
    [hand.locked]: { rows: slow, reset: handReset(slow), run: () => byHand.rowLocks(locks) },
    [own.at200]: { rows, reset: ownReset(rows), run: all(() => refreshAll(boards.at200)), counted: true },
    [own.at400]: { rows, reset: ownReset(rows), run: all(() => refreshAll(boards.at400)), counted: true },
    [own.locked]: { rows: slow, reset: ownReset(slow), run: all(() => refreshAll(boards.locked), slow) },
    [shared.two]: { rows, reset: ownReset(rows), run: together(2) },
    [shared.four]: { rows, reset: ownReset(rows), run: together(4) },
    [peer]: {
      rows: slow,
      reset: () => betterAuth.expireAll(),
      run: () => inFlight(users, 200, async (user) => void (await betterAuth.getAccessToken(user, 0))),
    },
  };
  const names = Object.keys(strategies);
  const samples = await inRounds(names, rounds, async (name): Promise<Sample> => {
    const { reset, run, rows: count } = strategies[name]!;
    await reset();
    const cpu = process.cpuUsage();
    const start = performance.now();
    await run();
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    return { perSecond: count / seconds, cpuUs: (user + system) / count };
  });
  const statements = new Map<string, number>();
  for (const [name, { reset, run, counted, rows: count }] of Object.entries(strategies)) {
    if (counted !== true) continue;
    await reset();
    statements.set(name, ((await countStatements(run)) * 500) / count);
  }
  for (const worker of workers) worker.disconnect();
  await Promise.all(Object.values(boards).map((board) => board.stop()));
  await Promise.all([byHand.close(), betterAuth.close(), pool.end()]);
  server.stop();
  const ratio = (name: string, floor: string) =>
    ratioOf(samples.get(name)!.map(({ perSecond }, round) => perSecond / samples.get(floor)![round]!.perSecond)).median;
  const cpu = (name: string) => median(samples.get(name)!.map(({ cpuUs }) => cpuUs));
  const floorOf = (name: string) => (name === own.at400 ? hand.at400 : name === own.locked ? hand.locked : hand.at200);
  return {
    tables: [
      {
        title: `${rows.toLocaleString('en-US')} connections (${slow.toLocaleString('en-US')} where each takes long)`,
        head: ['strategy', 'connections/s', 'CPU µs each', 'speed against its floor', 'statements for 500'],
        rows: names.map((name) => [
          name,
          shortNumber(median(samples.get(name)!.map(({ perSecond }) => perSecond))),
          name.includes('processes') ? '-' : shortNumber(cpu(name)),
          `${ratio(name, floorOf(name)).toFixed(2)}x`,
          statements.has(name) ? shortNumber(statements.get(name)!) : '-',
        ]),
      },
    ],
    goals: [
      {
        what: 'lease mode, 200 in flight',
        limit: 0.9,
        measured: ratio(own.at200, hand.at200),
        unit: 'x',
        atLeast: true,
      },
      {
        what: 'lease mode, 400 in flight',
        limit: 0.9,
        measured: ratio(own.at400, hand.at400),
        unit: 'x',
        atLeast: true,
      },
      { what: 'row locks', limit: 1, measured: ratio(own.locked, hand.locked), unit: 'x', atLeast: true },
      {
        what: 'statements for 500 connections, 200 in flight',
        limit: 2,
        measured: statements.get(own.at200)!,
        unit: '',
      },
      { what: 'against Better Auth', limit: 7, measured: ratio(own.at200, peer), unit: 'x', atLeast: true },
    ],
    notes: [
      `Every run was checked to have refreshed each connection once, also with several processes. ${rounds} rounds.`,
    ],
  };
}

async function startWorker(setup: RefreshSetup): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, '../servers/refresher.ts'), [JSON.stringify(setup)]);
  await once(child, 'message');
  return child;
}

async function runWorker(child: ChildProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const ended = () => reject(new Error('a process of the bulk refresh ended'));
  child.once('message', (count) => resolve(count as number)).once('exit', ended);
  child.send('go');
  return promise.finally(() => child.off('exit', ended));
}

async function inFlight<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
