/** Refreshes of one connection by many real processes, judged by the vendor's own ledger. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';

import { createFakeOAuthServer, type FakeOAuthServer } from '@plugboard/testing';
import { afterEach, expect, inject, test } from 'vitest';

import { expireAll, openDatabase } from '../support/databases.ts';
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

test.each(['postgres', 'postgres with leases', 'redis'] as const)(
  'D02 R04 eight processes of 64 callers cause one vendor call for each expiry: %s',
  { timeout: 120_000 },
  async (name) => {
    const servers = { postgres: inject('postgresUrl'), redis: inject('redisUrl') };
    const { store, env: where, close } = await openDatabase(name, servers);
    cleanups.push(close);
    const key = randomBytes(32).toString('base64');

    const vendor = await createFakeOAuthServer({ rotation: 'strict', pkce: 'required' });
    cleanups.push(() => vendor.close());
    const board = createBoard(vendor.origin, store, key);
    await connect(vendor, board);
    cleanups.push(() => board.stop());

    const env = { ...where, ORIGIN: vendor.origin, KEY: key, CALLERS: String(callers) };
    const workers = await Promise.all(Array.from({ length: processes }, () => startWorker(env)));
    cleanups.push(() => Promise.all(workers.map((worker) => (worker.send('stop'), once(worker, 'exit')))));

    for (let round = 1; round <= rounds; round++) {
      await expireAll(store);
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
