/** What a vendor handed over once is written until the database takes it, and beside what others write meanwhile. */
import { expect, test } from 'vitest';

import { persist, writeLeased } from '../src/connections/persist.ts';
import type { Engine } from '../src/engine.ts';
import type { ConnectionData, ConnectionRow, WriteGuard } from '../src/store.ts';

test('a database that is away is asked again for minutes, more and more seldom, and each time is told', async () => {
  const sleeps: number[] = [];
  const lines: unknown[] = [];
  const sleep = async (ms: number) => {
    if (sleeps.push(ms) > 100) throw new Error('it has no end');
  };
  const engine = {
    clock: { random: () => 0.2, sleep },
    log: { warn: (...line: unknown[]) => void lines.push(line) },
  } as unknown as Engine;
  const failure = new Error('away');
  let asked = 0;
  await expect(persist(engine, () => (asked++, Promise.reject(failure)))).rejects.toBe(failure);
  expect([asked, sleeps.length, lines.length]).toEqual([61, 60, 60]);
  // Drawn between a half and the whole.
  expect(sleeps.slice(0, 8)).toEqual([60, 120, 240, 480, 960, 1_920, 3_000, 3_000]);
  const told = [0, 1, 59].map((attempt) => [
    expect.objectContaining({ attempt, error: expect.anything() as unknown }) as unknown,
    'a refreshed token is not stored yet, the database fails',
  ]);
  expect([lines[0], lines[1], lines[59]]).toEqual(told);
  let tries = 0;
  const write = async () => (++tries < 3 ? Promise.reject(failure) : 'written');
  expect([await persist(engine, write), tries]).toEqual(['written', 3]);
});

const row = { id: 'c1', organizationId: 'org-1', status: 'active', version: 1, credentialsVersion: 1 } as ConnectionRow;

/** A store in which others have written first: what each look finds after a write that came too late. */
async function written(...found: readonly (Partial<ConnectionRow> | null)[]) {
  const writes: [WriteGuard, Partial<ConnectionData>][] = [];
  const looks = [...found];
  const connections = {
    async update(_organization: string, _id: string, guard: WriteGuard, change: Partial<ConnectionData>) {
      if (writes.length === 5) throw new Error('it has no end');
      writes.push([guard, change]);
      return looks.length > 0 ? null : { ...row, ...change };
    },
    async get() {
      const look = looks.shift();
      return look ? { ...row, ...look } : null;
    },
  };
  const engine = { store: { connections } } as unknown as Engine;
  const guard = { credentialsVersion: 1, leaseFence: 7 };
  const outcome = await writeLeased(engine, row, guard, ({ version }) => ({ failCount: version }));
  return { outcome: outcome && outcome.failCount, writes };
}

test('a write is merged into what others have written meanwhile', async () => {
  const guard = { credentialsVersion: 1, leaseFence: 7 };
  expect(await written({ version: 2 }, { version: 3 })).toEqual({
    outcome: 3,
    writes: [1, 2, 3].map((version) => [{ ...guard, version }, { failCount: version }]),
  });
});

test.each<[string, Partial<ConnectionRow> | null]>([
  ['whose lease somebody else has by now', { version: 1 }],
  ['that has newer credentials', { version: 2, credentialsVersion: 2 }],
  ['that has ended', { version: 2, status: 'disconnected' }],
  ['that is gone', null],
])('a row %s is not written any more', async (_what, found) => {
  const { outcome, writes } = await written(found, { version: 9 });
  expect([outcome, writes.length]).toEqual([null, 1]);
});
