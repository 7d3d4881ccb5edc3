/** Refreshes of one connection by many real processes, judged by the vendor's own ledger. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes, randomUUID } from 'node:crypto';

import { createFakeOAuthServer, type FakeOAuthServer } from '@plugboard/testing';
import { migrate, postgresStore } from '@plugboard/storage-postgres';
import { Pool } from 'pg';
import { afterEach, expect, inject, test } from 'vitest';

import { createBoard, organizationId, userId } from './vendor.ts';

const processes = 8;
const callers = 64;
const rounds = 6;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Round {
  readonly done: number;
  readonly failed: readonly string[];
}

async function startWorker(env: Record<string, string>): Promise<ChildProcess> {
  const worker = fork(new URL('worker.ts', import.meta.url), {
    env: { ...process.env, ...env, NODE_ENV: 'test' },
    execArgv: ['--conditions=@plugboard/source', '--no-warnings'],
  });
  await once(worker, 'message');
  return worker;
}

async function connect(vendor: FakeOAuthServer, board: ReturnType<typeof createBoard>): Promise<void> {
  const { url, cookie } = await board.authorize('vendor', { organizationId, userId });
  const back = await vendor.approve(url);
  await board.callback('vendor', { params: back, cookies: `${cookie.name}=${cookie.value}`, organizationId, userId });
}

test.each([
  ['the row lock', 'yes'],
  ['leases', 'no'],
])(
  'D02 R04 eight processes of 64 callers cause one vendor call for each expiry, with %s',
  { timeout: 120_000 },
  async (_how, lock) => {
    const database = inject('postgresUrl');
    if (database === null) throw new Error('PostgreSQL is not reachable');
    const schema = `processes_${randomUUID().slice(0, 8)}`;
    const key = randomBytes(32).toString('base64');
    const pool = new Pool({ connectionString: database });
    cleanups.push(() => pool.end());
    await pool.query(`create schema ${schema}`);
    cleanups.push(() => pool.query(`drop schema ${schema} cascade`));
    await migrate(pool, { schema });

    const vendor = await createFakeOAuthServer({ rotation: 'strict', pkce: 'required' });
    cleanups.push(() => vendor.close());
    const board = createBoard(vendor.origin, postgresStore(pool, { schema }), key);
    await connect(vendor, board);
    cleanups.push(() => board.stop());

    const env = {
      ORIGIN: vendor.origin,
      DATABASE: database,
      SCHEMA: schema,
      KEY: key,
      CALLERS: String(callers),
      LOCK: lock,
    };
    const workers = await Promise.all(Array.from({ length: processes }, () => startWorker(env)));
    cleanups.push(() => Promise.all(workers.map((worker) => (worker.send('stop'), once(worker, 'exit')))));

    for (let round = 1; round <= rounds; round++) {
      await pool.query(
        `update ${schema}.integration_connections set token_expires_at = clock_timestamp() - interval '1 second', refresh_at = clock_timestamp()`,
      );
      const answers = workers.map((worker) => once(worker, 'message') as Promise<[Round]>);
      for (const worker of workers) worker.send('go');
      const results = (await Promise.all(answers)).map(([result]) => result);
      expect(results.flatMap((result) => result.failed)).toEqual([]);
      expect(results.reduce((sum, result) => sum + result.done, 0)).toBe(processes * callers);
      // The exchange of the code, and one refresh a round.
      expect(vendor.ledger.tokenCalls).toHaveLength(1 + round);
    }
    expect(vendor.ledger.reuses).toHaveLength(0);
    const [family] = vendor.ledger.families();
    expect(family?.revokedAt).toBeNull();
  },
);
