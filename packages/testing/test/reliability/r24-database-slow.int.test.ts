/**
 * R24: the database is slow, or the pool of the host is used up. Calls end within the host's own bound with an error of
 * ours, refreshes do not pile up at the vendor, and all is well afterwards.
 */
import { setTimeout as wait } from 'node:timers/promises';

import { Pool } from 'pg';
import { afterEach, expect, test } from 'vitest';

import { judgeNow } from './judge.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';
import { createTcpProxy } from './tcp-proxy.ts';
import type { Report, Used } from './worker.ts';
import { useWorlds } from './worlds.ts';

const createWorld = useWorlds();
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test.for([
  { policy: 'strict', mode: 'row lock' },
  { policy: 'grace', mode: 'lease' },
] as const)(
  'R24 $policy, $mode: each answer of the database is late',
  { timeout: 600_000 },
  async ({ policy, mode }, context) => {
    const world = await createWorld({ policy, lock: mode === 'row lock' });
    const { vendor } = world;
    const proxy = await createTcpProxy(world.database);
    cleanups.push(() => proxy.close());
    const labels = await world.connect(8);
    // Four locks at most, so four refreshes at the vendor; leases are bound by nothing but the callers.
    const limit = mode === 'row lock' ? 4 : labels.length;
    const worker = await world.start({ database: proxy.url, pool: 8 });
    const delayMs = sized(300, 2_000);
    proxy.delay(delayMs);
    vendor.switches.token.always({ delayAfterMs: 50 });
    let most = 0;
    const looking = setInterval(() => {
      most = Math.max(most, vendor.ledger.tokenCalls.filter(({ outcome }) => outcome === 'pending').length);
    }, 5);
    cleanups.push(async () => clearInterval(looking));
    const counts = { done: 0, failed: {} as Record<string, number> };
    for (let round = 0; round < sized(1, 6); round++) {
      await world.expire(labels);
      const { done, failed } = await worker.ask<Used>({ do: 'use', labels: [...labels, ...labels] });
      counts.done += done;
      for (const [code, count] of Object.entries(failed)) counts.failed[code] = (counts.failed[code] ?? 0) + count;
    }
    const { longestMs } = await worker.ask<Report>({ do: 'report' });
    proxy.delay(0);
    vendor.switches.token.clear();
    const found = await judgeNow(world, labels);
    await noteRow(context, 'R24 database slow', {
      policy,
      mode,
      delayMs,
      ...counts,
      most,
      longestMs: Math.round(longestMs),
      ...found,
    });
    expect(found).toEqual({ recovered: labels.length, lost: 0, reasons: {}, reuse: 0, unseen: 0 });
    expect(most).toBeLessThanOrEqual(limit);
    expect(Object.keys(counts.failed).filter((code) => code !== 'database_unavailable')).toEqual([]);
  },
);

test('R24 every connection of the pool is taken', { timeout: 60_000 }, async (context) => {
  const world = await createWorld({ policy: 'strict', lock: true });
  const labels = await world.connect(8);
  const poolWaitMs = 1_000;
  const worker = await world.start({ pool: 4, poolWaitMs });
  await world.expire(labels);
  // Whoever reads or writes connections waits for this lock, and holds a connection of the pool while it does.
  const locker = new Pool({ connectionString: world.database, max: 1 });
  cleanups.push(() => locker.end());
  const client = await locker.connect();
  const [table] = await world.sql<{ name: string }>(`select 'T'::regclass::text as name`);
  await client.query('begin');
  await client.query(`lock table ${table?.name ?? ''} in access exclusive mode`);
  const callers = sized(60, 600);
  const used = worker.ask<Used>({ do: 'use', labels: Array.from({ length: callers }, (_, at) => labels[at % 8]!) });
  await wait(3 * poolWaitMs);
  await client.query('rollback');
  client.release();
  const { done, failed } = await used;
  const { longestMs } = await worker.ask<Report>({ do: 'report' });
  await world.expire(labels);
  const after = await worker.ask<Used>({ do: 'use', labels });
  const found = await judgeNow(world, labels);
  await noteRow(context, 'R24 pool used up', { callers, done, failed, longestMs: Math.round(longestMs), ...found });
  expect(done).toBeGreaterThan(0);
  expect(done + (failed['database_unavailable'] ?? 0)).toBe(callers);
  expect(failed['database_unavailable']).toBeGreaterThan(callers / 2);
  expect(after).toEqual({ done: labels.length, failed: {} });
  expect(found).toEqual({ recovered: labels.length, lost: 0, reasons: {}, reuse: 0, unseen: 0 });
});
