/**
 * What is defined here is read back from the catalogue that Trigger.dev builds its deployments from, and run as its
 * workers run it; triggers go through its own client to a server that notes them. No platform takes part.
 */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { silentLog } from '@plugboard/core';
import type { Job, JobRun } from '@plugboard/core/job-kit';
import { resourceCatalog } from '@trigger.dev/core/v3';
import { runInMockTaskContext } from '@trigger.dev/core/v3/test';
import { StandardResourceCatalog } from '@trigger.dev/core/v3/workers';
import { configure } from '@trigger.dev/sdk';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { triggerTasks } from '../src/index.ts';

interface Triggered {
  readonly task: string;
  readonly options: { readonly delay?: string; readonly ttl?: string | number; readonly idempotencyKey?: string };
  readonly payload: unknown;
}

const triggered: Triggered[] = [];
let server: Server;

beforeAll(async () => {
  server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { payload, options } = JSON.parse(Buffer.concat(chunks).toString()) as Omit<Triggered, 'task'>;
      const task = /\/tasks\/([^/]+)\/trigger/.exec(request.url ?? '')?.[1] ?? '';
      triggered.push({ task, payload, options });
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ id: `run_${triggered.length}` }));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  configure({ baseURL: `http://127.0.0.1:${port}`, accessToken: 'tr_dev_test' });
});
afterAll(() => void server.close());
beforeEach(() => {
  triggered.length = 0;
  resourceCatalog.disable();
  resourceCatalog.setGlobalResourceCatalog(new StandardResourceCatalog());
  resourceCatalog.setCurrentFileContext('plugboard.ts', 'plugboard');
});

function job(given: Partial<Job> & Pick<Job, 'name' | 'everyMs'>): Job {
  return { description: given.name, parallel: false, run: async () => ({ processed: 0, more: false }), ...given };
}

/** Runs a task as a worker does, in a run of the given id. */
function run(id: string, { runId = 'run_a', signal = new AbortController().signal } = {}): Promise<unknown> {
  const found = resourceCatalog.getTask(id);
  if (found === undefined) throw new Error(`no task ${id}`);
  return runInMockTaskContext(({ ctx }) => found.fns.run(undefined, { ctx, signal } as never), {
    ctx: { run: { id: runId } },
  });
}

const four: readonly Job[] = [
  job({ name: 'refresh', everyMs: 15_000, parallel: true }),
  job({ name: 'channels', everyMs: 600_000 }),
  job({ name: 'health', everyMs: 3_600_000 }),
  job({ name: 'cleanup', everyMs: 3_600_000 }),
];

test('the catalogue holds a task and a schedule for each job', () => {
  const tasks = triggerTasks({ jobs: four });
  const manifests = resourceCatalog.listTaskManifests();
  expect(manifests.map(({ id }) => id)).toEqual(Object.keys(tasks));
  expect(manifests.map(({ id, schedule, queue }) => [id, schedule?.cron ?? queue?.concurrencyLimit])).toEqual([
    ['plugboard-refresh', 5],
    ['plugboard-refresh-schedule', '* * * * *'],
    ['plugboard-channels', 1],
    ['plugboard-channels-schedule', '*/10 * * * *'],
    ['plugboard-health', 1],
    ['plugboard-health-schedule', '0 * * * *'],
    ['plugboard-cleanup', 1],
    ['plugboard-cleanup-schedule', '0 * * * *'],
  ]);
  for (const { id, maxDuration, retry } of manifests) {
    expect(retry?.maxAttempts).toBe(4);
    if (!id.endsWith('schedule')) expect(maxDuration).toBe(43_200);
  }
});

test('a schedule of one minute triggers what runs every fifteen seconds four times, and nothing twice in a retry', async () => {
  triggerTasks({ jobs: four });
  await run('plugboard-refresh-schedule', { runId: 'run_a' });
  expect(triggered.map(({ task, options }) => [task, options.delay, options.ttl])).toEqual([
    ['plugboard-refresh', undefined, 60],
    ['plugboard-refresh', '15s', 60],
    ['plugboard-refresh', '30s', 60],
    ['plugboard-refresh', '45s', 60],
  ]);
  await run('plugboard-refresh-schedule', { runId: 'run_a' });
  await run('plugboard-refresh-schedule', { runId: 'run_b' });
  const keys = triggered.map(({ options }) => options.idempotencyKey);
  expect(new Set(keys.slice(0, 4)).size).toBe(4);
  expect(keys.slice(4, 8)).toEqual(keys.slice(0, 4));
  expect(new Set(keys).size).toBe(8);
  // B11: nothing travels with it.
  expect(triggered.every(({ payload }) => payload === undefined)).toBe(true);
});

test('a task runs the job, hands it the signal, and triggers itself while there is more', async () => {
  const heard: (AbortSignal | undefined)[] = [];
  let left = 2;
  const refresh = async (signal?: AbortSignal): Promise<JobRun> => {
    heard.push(signal);
    return { processed: 50, more: --left > 0 };
  };
  triggerTasks({ jobs: [job({ name: 'refresh', everyMs: 15_000, run: refresh })] });
  const controller = new AbortController();
  expect(await run('plugboard-refresh', { signal: controller.signal })).toEqual({ processed: 50 });
  expect(triggered.map(({ task, options }) => [task, options.delay])).toEqual([['plugboard-refresh', undefined]]);
  expect(heard[0]?.aborted).toBe(false);
  controller.abort();
  expect(heard[0]?.aborted).toBe(true);
  await run('plugboard-refresh');
  expect(triggered).toHaveLength(1);
});

test('a failure of the job is a failure of the run', async () => {
  const failing = async () => Promise.reject(new Error('The job `cleanup` failed.'));
  triggerTasks({ jobs: [job({ name: 'cleanup', everyMs: 3_600_000, run: failing })], log: silentLog });
  await expect(run('plugboard-cleanup')).rejects.toThrow('The job `cleanup` failed.');
});

test('what is no board, no job or no name is refused by name', () => {
  const code = (make: () => unknown) => {
    try {
      return make();
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  expect(code(() => triggerTasks({} as never))).toBe('not_a_board');
  expect(code(() => triggerTasks({ jobs: [] }))).toBe('no_jobs');
  expect(code(() => triggerTasks({ jobs: four }, { only: ['sync' as never] }))).toBe('unknown_job');
  expect(code(() => triggerTasks({ jobs: four }, { prefix: 'a b' }))).toBe('invalid_prefix');
  expect(Object.keys(triggerTasks({ jobs: four }, { only: ['health'], prefix: 'acme' }))).toEqual([
    'acme-health',
    'acme-health-schedule',
  ]);
});
