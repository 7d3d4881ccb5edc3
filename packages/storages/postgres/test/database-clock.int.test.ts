/** D06: without an injected clock, time is the database's, whatever the process believes. */
import { newConnection } from '@plugboard/testing';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';

import { migrate, postgresStore } from '../src/index.ts';
import { randomSchema } from './fixture.ts';

const url = inject('postgresUrl');
const schema = randomSchema();
const pool = new pg.Pool({ connectionString: url ?? '', max: 4 });
const { connections, once, now } = postgresStore(pool, { schema });
const day = 24 * 3_600_000;

beforeEach((context) => context.skip(url === null, 'PostgreSQL is not reachable'));
beforeAll(async () => {
  if (url !== null) await migrate(pool, { schema });
});
afterEach(() => vi.useRealTimers());
afterAll(async () => {
  if (url !== null) await pool.query(`drop schema ${schema} cascade`);
  await pool.end();
});

test.each([-600_000, 600_000, day, -day])(
  'D06 a process whose clock is %i ms off decides like any other',
  async (offsetMs) => {
    const before = await databaseNow();
    vi.useFakeTimers({ toFake: ['Date'], now: before + offsetMs });
    const row = await connections.insert('org_1', newConnection({ refreshAt: new Date(before + 60_000) }));
    const { id } = row ?? newConnection();
    const leased = await connections.lease('org_1', id, {
      credentialsVersion: 1,
      leaseMs: 30_000,
      attemptHash: 'hash',
    });
    const claimed = await connections.claimDue({ limit: 10, leaseMs: 30_000 });
    const stored = await once.put({ key: `key ${offsetMs}`, value: 'value', ttlMs: 1000 });
    const value = await once.take(`key ${offsetMs}`);
    const told = await now();
    vi.useRealTimers();
    const after = await databaseNow();

    expect(claimed).toEqual([]);
    expect([stored, value]).toEqual(['stored', 'value']);
    for (const date of [row?.createdAt, row?.updatedAt, row?.readAt, leased?.readAt, leased?.attemptAt, told]) {
      expect(date?.getTime()).toBeGreaterThanOrEqual(before);
      expect(date?.getTime()).toBeLessThanOrEqual(after);
    }
    expect(leased?.leaseUntil?.getTime()).toBe((leased?.attemptAt?.getTime() ?? 0) + 30_000);
    await connections.remove('org_1', id);
  },
);

test.each([
  ['writes', 7],
  ['writes nothing', 0],
])('a row that was waited for is that of the moment it is locked, after a holder who %s', async (_, written) => {
  const row = await connections.insert('org_1', newConnection());
  const { id } = row ?? newConnection();
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const first = connections.lock?.('org_1', id, async (_row, update) => {
    entered.resolve();
    await gate.promise;
    if (written > 0) await update({ failCount: written });
  });
  await entered.promise;
  const second = connections.lock?.('org_1', id, async (locked) => locked);
  await untilWaiting();
  const released = await databaseNow();
  gate.resolve();
  await first;
  const locked = await second;
  expect(locked).toMatchObject({ failCount: written, version: written > 0 ? 2 : 1 });
  expect(locked?.readAt.getTime()).toBeGreaterThanOrEqual(released);
});

async function databaseNow(): Promise<number> {
  const { rows } = await pool.query<{ ms: number }>(
    `select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as ms`,
  );
  return rows[0]?.ms ?? 0;
}

/** Resolves when a session waits for a row of this test. */
async function untilWaiting(): Promise<void> {
  for (let waiting = 0; waiting === 0;) {
    const { rows } = await pool.query<{ count: number }>(
      `select count(*)::int from pg_stat_activity where wait_event_type = 'Lock' and query like $1`,
      [`%${schema}%`],
    );
    waiting = rows[0]?.count ?? 0;
  }
}
