/** D06: without an injected clock, time is Redis', whatever the process believes. */
import { newConnection } from '@plugboard/testing';
import { createClient } from '@redis/client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';

import { redisStore } from '../src/index.ts';
import { createInspector, randomPrefix, type Inspector } from './fixture.ts';

const url = inject('redisUrl');
const prefix = randomPrefix();
const client = createClient({ url: url ?? '' });
const { connections, once, audit, now } = redisStore(client, { prefix });
const day = 24 * 3_600_000;
let inspector: Inspector;

beforeEach((context) => context.skip(url === null, 'Redis is not reachable'));
beforeAll(async () => {
  if (url === null) return;
  await client.connect();
  inspector = await createInspector(url, prefix);
});
afterEach(() => vi.useRealTimers());
afterAll(async () => {
  if (url === null) return;
  await inspector.clear();
  await inspector.close();
  client.destroy();
});

test.each([-600_000, 600_000, day, -day])(
  'D06 a process whose clock is %i ms off decides like any other',
  async (offsetMs) => {
    const before = await redisNow();
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
    const entry = {
      id: `entry ${offsetMs}`,
      organizationId: 'org_1',
      connectionId: id,
      provider: 'acme',
      type: 'x',
      actor: 'x',
    };
    await audit.append({ ...entry, data: {} });
    const [noted] = (await audit.list('org_1', { limit: 1 })).items;
    const told = await now();
    vi.useRealTimers();
    const after = await redisNow();

    expect(claimed).toEqual([]);
    expect([stored, value]).toEqual(['stored', 'value']);
    for (const date of [
      row?.createdAt,
      row?.updatedAt,
      row?.readAt,
      leased?.readAt,
      leased?.attemptAt,
      noted?.at,
      told,
    ]) {
      expect(date?.getTime()).toBeGreaterThanOrEqual(before);
      expect(date?.getTime()).toBeLessThanOrEqual(after);
    }
    expect(leased?.leaseUntil?.getTime()).toBe((leased?.attemptAt?.getTime() ?? 0) + 30_000);
  },
);

async function redisNow(): Promise<number> {
  const [seconds, micros] = (await inspector.send('TIME')) as readonly [string, string];
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}
