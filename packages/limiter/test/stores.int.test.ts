/** What a store of shared limits promises, on the real ones and through each client that they take. */
import { randomUUID } from 'node:crypto';

import { PGlite } from '@electric-sql/pglite';
import { silentLog } from '@plugboard/core';
import { Redis } from 'ioredis';
import pg from 'pg';
import postgres from 'postgres';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeEach, describe, expect, inject, test } from 'vitest';

import {
  createLimitsTable,
  limitsTableSql,
  postgresLimits,
  purgeLimits,
  redisLimits,
  sharedLimiter,
  type Booking,
  type PostgresClient,
  type SharedLimits,
} from '../src/index.ts';
import { openStore, type StoreName } from './stores.ts';

const redisUrl = inject('redisUrl');
const postgresUrl = inject('postgresUrl');

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

let pglite: PGlite | undefined;
afterAll(() => pglite?.close());

const space = () => `limits_${randomUUID().slice(0, 8)}`;

async function openPostgresClient(client: PostgresClient): Promise<SharedLimits> {
  const table = space();
  await createLimitsTable(client, { table });
  return postgresLimits(client, { table });
}

const openers: Readonly<Record<string, () => Promise<SharedLimits>>> = {
  async ioredis() {
    const opened = await openStore({ store: 'Redis', url: redisUrl ?? '', space: space() });
    cleanups.push(opened.close, opened.remove);
    return opened.limits;
  },
  async 'node-redis'() {
    const client = createClient({ url: redisUrl ?? '' });
    await client.connect();
    const prefix = space();
    cleanups.push(async () => {
      for (const key of await client.keys(`${prefix}*`)) await client.del(key);
      await client.close();
    });
    return redisLimits(client, { prefix });
  },
  async pg() {
    const opened = await openStore({ store: 'PostgreSQL', url: postgresUrl ?? '', space: space() });
    cleanups.push(opened.close, opened.remove);
    return opened.limits;
  },
  async 'postgres.js'() {
    const sql = postgres(postgresUrl ?? '', { max: 3, onnotice: () => undefined });
    cleanups.push(() => sql.end());
    const table = space();
    cleanups.push(() => sql.unsafe(`drop table ${table}`));
    await createLimitsTable(sql, { table });
    return postgresLimits(sql, { table });
  },
  // It takes seconds to begin, so all tests share one.
  PGlite: () => openPostgresClient((pglite ??= new PGlite())),
};

const booking = (given: Partial<Booking> = {}): Booking => ({
  key: 'k',
  requests: 5,
  spanMs: 1_500,
  partMs: 10,
  least: 1,
  want: 1,
  owed: 0,
  ...given,
});

/** Asks until the answer fits: time is the store's own. */
async function eventually<T>(ask: () => Promise<T>, fits: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
  }
}

describe.each(Object.keys(openers))('through %s', (client) => {
  let limits: SharedLimits;
  beforeEach(async (context) => {
    context.skip(redisUrl === null && client.includes('redis'), 'Redis is not reachable');
    context.skip(postgresUrl === null && client.startsWith('p'), 'PostgreSQL is not reachable');
    limits = await openers[client]!();
  });

  test('what is booked at once is never more than there is, and comes back after its span', async () => {
    const started = performance.now();
    const first = await Promise.all(Array.from({ length: 8 }, () => limits.book(booking({ want: 2 }))));
    expect(first.reduce((sum, { granted }) => sum + granted, 0)).toBe(5);
    for (const { granted, waitMs } of first) {
      if (granted > 0) expect(waitMs).toBe(0);
      else expect(waitMs).toBeGreaterThan(0);
      expect(waitMs).toBeLessThanOrEqual(1_510);
    }
    expect(await limits.book(booking({ key: 'other', want: 9 }))).toEqual({ granted: 5, waitMs: 0 });
    await eventually(
      () => limits.book(booking()),
      ({ granted }) => granted === 1,
    );
    expect(performance.now() - started).toBeGreaterThanOrEqual(1_499);
  });

  test('what was used without it is counted, room or not', async () => {
    expect(await limits.book(booking({ owed: 4, want: 3 }))).toEqual({ granted: 1, waitMs: 0 });
    expect(await limits.book(booking({ owed: 4, want: 1 }))).toMatchObject({ granted: 0 });
    expect((await limits.book(booking({ requests: 10, want: 9 }))).granted).toBe(1);
  });

  test('a call that takes several places takes all of them or none', async () => {
    expect(await limits.book(booking({ least: 3, want: 3 }))).toEqual({ granted: 3, waitMs: 0 });
    const refused = await limits.book(booking({ least: 3, want: 3 }));
    expect(refused.granted).toBe(0);
    expect(refused.waitMs).toBeGreaterThan(0);
    expect((await limits.book(booking({ least: 2, want: 4 }))).granted).toBe(2);
  });

  test('slots are held, renewed, given back, and free again when their holder is gone', async () => {
    const hold = (slot: string, ttlMs = 60_000) => limits.hold({ key: 'k', slot, concurrency: 2, ttlMs });
    const held = await Promise.all(['a', 'b', 'c', 'd'].map((slot) => hold(slot)));
    expect(held.filter(Boolean)).toHaveLength(2);
    const slots = ['a', 'b', 'c', 'd'].filter((_slot, index) => held[index]);
    await limits.free('k', slots[0]!);
    expect(await hold('e', 100)).toBe(true);
    expect(await hold('f')).toBe(false);
    await limits.renew({ key: 'k', slot: slots[1]!, concurrency: 2, ttlMs: 60_000 });
    // A slot that is nobody's is not made by renewing it.
    await limits.renew({ key: 'k', slot: 'gone', concurrency: 2, ttlMs: 60_000 });
    await eventually(() => hold('g'), Boolean);
    expect(await hold('h')).toBe(false);
  });

  test('a pause lasts as long as the longest that was asked for', async () => {
    expect(await limits.pausedMs('k')).toBe(0);
    await limits.pause('k', 60_000);
    await limits.pause('k', 100);
    const ms = await limits.pausedMs('k');
    expect(ms).toBeGreaterThan(50_000);
    expect(ms).toBeLessThanOrEqual(60_000);
    await limits.pause('short', 100);
    await eventually(
      () => limits.pausedMs('short'),
      (left) => left === 0,
    );
  });
});

test('a table is made once, by several at a time, and what counts no more is deleted', async (context) => {
  context.skip(postgresUrl === null, 'PostgreSQL is not reachable');
  const pool = new pg.Pool({ connectionString: postgresUrl ?? '', max: 4 });
  const table = space();
  cleanups.push(() => pool.end());
  cleanups.push(() => pool.query(`drop table ${table}`));
  await Promise.all(Array.from({ length: 4 }, () => createLimitsTable(pool, { table })));
  await pool.query(limitsTableSql({ table }));
  const limits = postgresLimits(pool, { table });
  await limits.book(booking());
  await limits.book(booking({ key: 'old' }));
  await pool.query(`update ${table} set ends_at = 0 where key = 'old'`);
  await purgeLimits(pool, { table });
  expect((await pool.query(`select key from ${table}`)).rows).toEqual([{ key: 'k' }]);
});

describe.each(['Redis', 'PostgreSQL'] satisfies StoreName[])('%s', (store) => {
  const url = store === 'Redis' ? redisUrl : postgresUrl;
  beforeEach((context) => context.skip(url === null, `${store} is not reachable`));

  test('holds no name of an organization', async () => {
    const opened = await openStore({ store, url: url ?? '', space: space() });
    cleanups.push(opened.close, opened.remove);
    const limiter = sharedLimiter(opened.limits, { log: silentLog });
    const limitKey = 'acme/13:Umbrella GmbH/default';
    const limits = [{ requests: 5, perMs: 60_000, concurrency: 3 }];
    const signal = new AbortController().signal;
    await limiter.enter({ request: { provider: 'acme', limitKey, limits }, signal, remainingMs: () => 10_000 });
    limiter.pause(limitKey, 60_000);
    const kept = await eventually(opened.texts, (texts) => texts.split('\n').length >= 3);
    expect(kept).not.toMatch(/Umbrella|acme|default/);
  });
});

test('a Redis that goes away in the middle leaves each process its share, and no call waits for it for long', async (context) => {
  context.skip(redisUrl === null, 'Redis is not reachable');
  const redis = new Redis(redisUrl ?? '');
  redis.on('error', () => undefined);
  const lines: string[] = [];
  const note = (_fields: object, message: string) => void lines.push(message);
  const prefix = space();
  const limiter = sharedLimiter(redisLimits(redis, { prefix }), {
    processes: 5,
    log: { info: note, warn: note, error: note },
  });
  const signal = new AbortController().signal;
  const call = async () => {
    const end = performance.now() + 2_500;
    const request = { provider: 'acme', limitKey: 'acme/1', limits: [{ requests: 100, perMs: 60_000 }] };
    const release = await limiter.enter({ request, signal, remainingMs: () => end - performance.now() });
    release();
  };
  await call();
  redis.disconnect();
  const outcomes = await Promise.allSettled(Array.from({ length: 30 }, call));
  // What was booked before, up to ten, and two of the reserve of ten.
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(12);
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(2);
  expect(lines).toEqual(['the shared limits in Redis cannot be reached; each process keeps to its share']);
  const again = new Redis(redisUrl ?? '');
  await again.del(await again.keys(`${prefix}*`));
  again.disconnect();
});
