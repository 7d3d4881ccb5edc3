/** Eight processes want the same rows and values at the same time. */
import { fork, type ChildProcess } from 'node:child_process';
import { once as event } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { migrate, postgresStore } from '../src/index.ts';
import { connection } from './connection.ts';
import type { Interval, Job } from './contention-worker.ts';
import { randomSchema } from './fixture.ts';

const url = inject('postgresUrl');
const processes = 8;
const schema = randomSchema();
const pool = new pg.Pool({ connectionString: url ?? '', max: 4 });
const { connections, once } = postgresStore(pool, { schema });
const folder = mkdtempSync(join(tmpdir(), 'plugboard-'));
let children: readonly ChildProcess[] = [];

beforeAll(async () => {
  if (url === null) return;
  await migrate(pool, { schema });
  const worker = new URL('./contention-worker.ts', import.meta.url);
  const execArgv = ['--conditions=@plugboard/source'];
  children = Array.from({ length: processes }, () => fork(worker, [url, schema], { execArgv }));
  await Promise.all(children.map((child) => event(child, 'message')));
});
beforeEach(async (context) => {
  context.skip(url === null, 'PostgreSQL is not reachable');
  await pool.query(`truncate ${schema}.integration_connections, ${schema}.integration_once`);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await Promise.all(children.map((child) => (child.kill(), event(child, 'exit'))));
  if (url !== null) await pool.query(`drop schema ${schema} cascade`);
  await pool.end();
});

test.each(['claim', 'claimFairly'])('%s: every due row goes to exactly one process', async (task) => {
  const ids: string[] = [];
  for (let index = 0; index < 1200; index++) ids.push(await insert(`org_${index % 10}`, new Date(index)));
  const claimed = await inProcesses<string[]>(task);
  expect(claimed.filter((list) => list.length > 0).length).toBeGreaterThan(1);
  expect(claimed.flat().toSorted()).toEqual(ids.toSorted());
});

test('A03 every one-time value goes to exactly one process', async () => {
  const keys = Array.from({ length: 300 }, (_, index) => `key ${index}`);
  for (const key of keys) await once.put({ key, value: 'value', ttlMs: 600_000 });
  const taken = await inProcesses<string[]>('take');
  expect(taken.flat().toSorted()).toEqual(keys.toSorted());
});

test('A27 a group never grows beyond its cap', async () => {
  const stored = await inProcesses<number>('put');
  expect(stored.reduce((sum, count) => sum + count, 0)).toBe(20);
});

test('no compare-and-set is lost, and none succeeds twice', async () => {
  const id = await insert();
  const conflicts = await inProcesses<number>('add', id);
  expect(conflicts.some((count) => count > 0)).toBe(true);
  expect(await connections.get('org_1', id)).toMatchObject({ failCount: processes * 50, version: processes * 50 + 1 });
});

test('no write under the row lock is lost, without any compare-and-set', async () => {
  const id = await insert();
  await inProcesses('addLocked', id);
  expect(await connections.get('org_1', id)).toMatchObject({ failCount: processes * 50, version: processes * 50 + 1 });
});

test('no two leases live at once, and their fences count up in the order of time', async () => {
  const id = await insert();
  const log = join(folder, 'leases');
  await inProcesses('lease', id, log);
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  const held = lines.map((line) => JSON.parse(line) as Interval).toSorted((a, b) => a.fence - b.fence);
  expect(held.map(({ fence }) => fence)).toEqual(Array.from({ length: processes * 20 }, (_, index) => index + 1));
  for (const [index, { to }] of held.entries()) expect(held[index + 1]?.from ?? to).toBeGreaterThanOrEqual(to);
});

test('every key is inserted once', async () => {
  const won = await inProcesses<number>('insert');
  expect(won.reduce((sum, count) => sum + count, 0)).toBe(40);
  expect(await connections.scan(null, 100)).toHaveLength(40);
});

test('batches over the same rows end well and lose no write', async () => {
  for (let index = 0; index < 30; index++) await insert();
  const written = await inProcesses<number>('updateMany');
  const rows = await connections.scan(null, 100);
  const sum = rows.reduce((total, row) => total + row.failCount, 0);
  expect(sum).toBe(written.reduce((total, count) => total + count, 0));
  expect(rows.every((row) => row.version === row.failCount + 1)).toBe(true);
});

async function insert(organizationId = 'org_1', refreshAt: Date | null = null): Promise<string> {
  const row = await connections.insert(organizationId, connection({ refreshAt }));
  return row?.id ?? '';
}

/** What each process answered. */
async function inProcesses<T>(task: string, id = '', log = ''): Promise<T[]> {
  return Promise.all(
    children.map(async (child) => {
      child.send({ task, id, log } satisfies Job);
      const [answer] = (await event(child, 'message')) as [{ readonly result: T }];
      expect(answer).not.toHaveProperty('failed');
      return answer.result;
    }),
  );
}
