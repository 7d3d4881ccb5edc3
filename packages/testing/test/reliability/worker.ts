/** A process of a host: does what its parent says, and dies where it is told to. */
import { isPlugboardError, systemClock } from '@plugboard/core';
import { postgresStore } from '@plugboard/storage-postgres';
import { redisStore } from '@plugboard/storage-redis';
import { Redis } from 'ioredis';
import { Pool } from 'pg';

import { createBoard, organizationId, type Rotation } from '../processes/vendor.ts';
import { watchClaims } from './late-claims.ts';
import { watchPoints, type Point } from './points.ts';

export interface Used {
  readonly done: number;
  /** Codes of what was thrown, and how often. */
  readonly failed: Readonly<Record<string, number>>;
}

export interface Report extends Used {
  /** Turns that began after the signal to stop. */
  readonly claimsAfterSignal: number;
  readonly conflicts: number;
  /** Longest that a call took, in milliseconds. */
  readonly longestMs: number;
}

export type Command =
  /** Calls the vendor by each of the connections, at once. */
  | { readonly do: 'use'; readonly labels: readonly string[] }
  /** Runs the background job once. */
  | { readonly do: 'refresh' }
  /** Calls by random connections, so many at a time, until told to stop; the background jobs run beside. */
  | { readonly do: 'load'; readonly labels: readonly string[]; readonly callers: number }
  | { readonly do: 'report' }
  /** Dies, waits or blocks the event loop as soon as so many refreshes are at the point. */
  | {
      readonly do: 'arm';
      readonly point: Point;
      readonly count: number;
      readonly act: 'die' | 'wait' | { readonly blockMs: number };
    }
  /** Ends the wait; so much time seems to have passed meanwhile. */
  | { readonly do: 'go'; readonly sleptMs: number };

export interface Asked {
  readonly id: number;
  readonly command: Command;
}

const { ORIGIN = '', DATABASE = '', SCHEMA = '', KEY = '', ROTATION = '"strict"', LOCK = 'yes' } = process.env;
const { POOL = '20', POOL_WAIT_MS = '10000', REPLICAS = '0' } = process.env;
const rotation = JSON.parse(ROTATION) as Rotation;

const never = new Promise<never>(() => undefined);
let armed:
  | { readonly point: Point; readonly act: 'die' | 'wait' | { readonly blockMs: number }; left: number }
  | undefined;
let waiting = Promise.withResolvers<void>();
let sleptMs = 0;
let stopping = false;
let claimsAfterSignal = 0;
let conflicts = 0;

async function reach(point: Point, refreshes: number): Promise<void> {
  const fuse = armed;
  if (fuse?.point !== point) return;
  fuse.left -= refreshes;
  if (fuse.act === 'wait') {
    if (fuse.left <= 0) process.send?.({ reached: point });
    return waiting.promise;
  }
  if (fuse.left > 0) return fuse.act === 'die' ? never : waiting.promise;
  if (fuse.act === 'die') {
    process.kill(process.pid, 'SIGKILL');
    return never;
  }
  armed = undefined;
  // The parent hears of it before nothing is heard any more.
  await new Promise((resolve) => process.send?.({ reached: point }, resolve));
  for (const until = performance.now() + fuse.act.blockMs; performance.now() < until;);
  waiting.resolve();
}

const { store, close } = DATABASE.startsWith('redis:') ? openRedis() : openPostgres();
const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + sleptMs };
const pointed = watchPoints(store, rotation !== 'stable', reach);
const watched = watchClaims(
  pointed,
  () => stopping,
  () => void claimsAfterSignal++,
);
const board = createBoard(ORIGIN, watched, KEY, { rotation, clock });
board.on('connection.refresh_conflict', () => void conflicts++);
await board.ready();

const codeOf = (error: unknown) => (isPlugboardError(error) ? error.code : `foreign: ${String(error)}`);
const total = { done: 0, failed: {} as Record<string, number>, longestMs: 0 };

async function callOnce(label: string, counts: { done: number; failed: Record<string, number> }): Promise<void> {
  const startedAt = performance.now();
  try {
    await board.client('vendor', { organizationId, label }).account.get();
    counts.done++;
  } catch (error) {
    const code = codeOf(error);
    counts.failed[code] = (counts.failed[code] ?? 0) + 1;
  }
  total.longestMs = Math.max(total.longestMs, performance.now() - startedAt);
}

async function load(labels: readonly string[]): Promise<void> {
  while (!stopping) {
    await callOnce(labels[Math.floor(Math.random() * labels.length)] ?? '', total);
    await systemClock.sleep(10);
  }
}

let callers: Promise<unknown> = Promise.resolve();

async function obey(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'use': {
      const counts = { done: 0, failed: {} };
      await Promise.all(command.labels.map((label) => callOnce(label, counts)));
      return counts satisfies Used;
    }
    case 'refresh':
      return board.jobs.find(({ name }) => name === 'refresh')?.run();
    case 'load':
      board.start();
      callers = Promise.all(Array.from({ length: command.callers }, () => load(command.labels)));
      return null;
    case 'report':
      return { ...total, claimsAfterSignal, conflicts } satisfies Report;
    case 'arm':
      waiting = Promise.withResolvers<void>();
      armed = { point: command.point, left: command.count, act: command.act };
      return null;
    case 'go':
      ({ sleptMs } = command);
      armed = undefined;
      waiting.resolve();
      return null;
  }
}

process.on('message', ({ id, command }: Asked) => {
  void obey(command).then(
    (answer) => process.send?.({ id, answer }),
    (error: unknown) => process.send?.({ id, error: codeOf(error) }),
  );
});

// What a host does with the signal of a rolling restart: no new work, then the board, then its database.
process.once('SIGTERM', () => {
  stopping = true;
  void (async () => {
    await board.stop();
    await callers;
    await close();
    process.send?.({ report: { ...total, claimsAfterSignal, conflicts } satisfies Report });
    process.disconnect();
  })();
});
process.send?.('ready');

function openPostgres() {
  const pool = new Pool({
    connectionString: DATABASE,
    max: Number(POOL),
    connectionTimeoutMillis: Number(POOL_WAIT_MS),
  });
  pool.on('error', () => undefined);
  const lock = LOCK === 'no' ? { lock: false as const } : {};
  return { store: postgresStore(pool, { schema: SCHEMA, ...lock }), close: () => pool.end() };
}

function openRedis() {
  const client = new Redis(DATABASE, { autoResendUnfulfilledCommands: false });
  client.on('error', () => undefined);
  const count = Number(REPLICAS);
  const replicas = count === 0 ? {} : { waitForReplicas: { count, timeoutMs: 1_000 } };
  return {
    store: redisStore(client, { prefix: SCHEMA, ...replicas }),
    close: async () => client.disconnect(),
  };
}
