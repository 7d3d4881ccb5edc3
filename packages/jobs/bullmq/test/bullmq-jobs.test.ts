import type { Job } from '@plugboard/core/job-kit';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';

import { bullmqJobs } from '../src/index.ts';

const board = {
  jobs: [
    {
      name: 'refresh',
      description: '',
      everyMs: 15_000,
      parallel: true,
      run: async () => ({ processed: 0, more: false }),
    },
  ] satisfies Job[],
};
const connection = { host: '127.0.0.1' };
const impatient = new Redis({ lazyConnect: true });

test.each([
  ['not_a_board', () => bullmqJobs(null as never, { connection })],
  ['no_jobs', () => bullmqJobs({ jobs: [] }, { connection })],
  ['unknown_job', () => bullmqJobs(board, { connection, only: ['health'] })],
  ['invalid_connection', () => bullmqJobs(board, {} as never)],
  ['invalid_connection', () => bullmqJobs(board, undefined as never)],
  ['invalid_connection', () => bullmqJobs(board, { connection: null as never })],
  ['invalid_connection', () => bullmqJobs(board, { connection: impatient })],
  ['invalid_prefix', () => bullmqJobs(board, { connection, prefix: '' })],
  ['invalid_lock', () => bullmqJobs(board, { connection, lockMs: 0 })],
])('%s is refused before anything is asked of the engine', (code, make) => {
  expect(make).toThrow(expect.objectContaining({ kind: 'configuration', code }));
});

test('a client that waits for Redis is taken', () => {
  const patient = new Redis({ lazyConnect: true, maxRetriesPerRequest: null });
  expect(bullmqJobs(board, { connection: patient })).toHaveProperty('start');
});

test('what was stopped does not start again', async () => {
  const jobs = bullmqJobs(board, { connection });
  expect(await jobs.stop()).toEqual({ abandoned: [] });
  await expect(jobs.start()).rejects.toMatchObject({ kind: 'configuration', code: 'jobs_stopped' });
});
