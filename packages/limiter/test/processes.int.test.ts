/** Several processes that share limits over a real store, judged by what a vendor saw. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';

import { startRecorder, type Recorder } from './recorder.ts';
import { openStore, type StorePlace } from './stores.ts';
import type { Done, Work } from './worker.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startWorkers(place: StorePlace, count: number): Promise<readonly ChildProcess[]> {
  const workers = Array.from({ length: count }, () =>
    fork(new URL('worker.ts', import.meta.url), {
      env: { ...process.env, PLACE: JSON.stringify(place) },
      execArgv: ['--conditions=@plugboard/source', '--no-warnings'],
    }),
  );
  cleanups.push(() =>
    Promise.all(
      workers.map(async (worker) => {
        if (worker.exitCode !== null || worker.signalCode !== null) return;
        worker.kill('SIGKILL');
        await once(worker, 'exit');
      }),
    ),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return workers;
}

async function record(answerAfterMs = 0): Promise<Recorder> {
  const recorder = await startRecorder({ answerAfterMs });
  cleanups.push(() => recorder.close());
  return recorder;
}

async function work(worker: ChildProcess, order: Work): Promise<Done> {
  const answer = once(worker, 'message') as Promise<[Done]>;
  const died = once(worker, 'exit').then(() => Promise.reject(new Error('A worker died.')));
  died.catch(() => undefined);
  worker.send(order);
  return (await Promise.race([answer, died]))[0];
}

describe.each([
  ['Redis', inject('redisUrl')],
  ['PostgreSQL', inject('postgresUrl')],
] as const)('%s', { timeout: 60_000 }, (store, url) => {
  let place: StorePlace;
  beforeEach((context) => {
    context.skip(url === null, `${store} is not reachable`);
    place = { store, url: url ?? '', space: `limits_${randomUUID().slice(0, 8)}` };
    cleanups.push(async () => {
      const opened = await openStore(place);
      await opened.remove();
      await opened.close();
    });
  });

  test('R07 a vendor sees no more than the limit in any window, and organizations share it', async () => {
    const recorder = await record();
    const workers = await startWorkers(place, 3);
    const limits = [{ requests: 150, perMs: 1_000, per: 'app' as const }];
    const order = { limits, callers: 3, forMs: 6_000, vendor: recorder.origin };
    const done = await Promise.all(
      workers.map((worker, index) => work(worker, { ...order, keys: [0, 1].map((key) => `org ${index} ${key}`) })),
    );
    expect(done.flatMap(({ failures }) => failures)).toEqual([]);
    expect(recorder.mostIn(1_000)).toBeLessThanOrEqual(150);
    // The price of counting ahead, of the reserve and of parts: a quarter at this length of window.
    const total = recorder.arrivals().length;
    expect(total).toBeGreaterThan(6 * 150 * 0.6);
    const each = [0, 1, 2].flatMap((process) => [0, 1].map((key) => recorder.arrivals(`org ${process} ${key}`).length));
    expect(Math.min(...each)).toBeGreaterThan((total / 6) * 0.8);
  });

  test('R07 limits of a connection count in all processes, and one that is killed leaves them whole', async () => {
    const recorder = await record();
    const workers = await startWorkers(place, 3);
    const limits = [
      { requests: 5, perMs: 500 },
      { requests: 20, perMs: 4_000 },
    ];
    const order = { limits, keys: ['org 1', 'org 2'], callers: 4, forMs: 5_000, vendor: recorder.origin };
    const answers = workers.slice(0, 2).map((worker) => work(worker, order));
    workers[2]!.send(order);
    await recorder.until(20);
    workers[2]!.kill('SIGKILL');
    await Promise.all(answers);
    for (const key of order.keys) {
      expect(recorder.mostIn(500, key)).toBeLessThanOrEqual(5);
      expect(recorder.mostIn(4_000, key)).toBeLessThanOrEqual(20);
      expect(recorder.arrivals(key).length).toBeGreaterThanOrEqual(18);
    }
  });

  test('no more calls are in flight than there may be, over all processes', async () => {
    const recorder = await record(40);
    const workers = await startWorkers(place, 3);
    const limits = [{ requests: 1_000, perMs: 1_000, concurrency: 4 }];
    const order = { limits, keys: ['org 1'], callers: 6, forMs: 3_000, vendor: recorder.origin };
    const done = await Promise.all(workers.map((worker) => work(worker, order)));
    expect(recorder.mostAtOnce()).toBe(4);
    const each = done.map(({ sent }) => sent);
    // Four at a time of 40 ms are 300 in 3 seconds at most; and no process is left out.
    expect(recorder.arrivals().length).toBeGreaterThan(100);
    expect(Math.min(...each)).toBeGreaterThan(Math.max(...each) / 3);
  });
});
