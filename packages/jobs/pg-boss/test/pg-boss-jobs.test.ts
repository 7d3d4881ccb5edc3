import type { Job } from '@plugboard/core/job-kit';
import { PgBoss } from 'pg-boss';
import { expect, test } from 'vitest';

import { pgBossJobs } from '../src/index.ts';

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
// Nothing connects before it is started.
const boss = new PgBoss('postgres://127.0.0.1:1/none');

test.each([
  ['not_a_board', () => pgBossJobs({} as never, boss)],
  ['no_jobs', () => pgBossJobs({ jobs: [] }, boss)],
  ['unknown_job', () => pgBossJobs(board, boss, { only: ['health'] })],
  ['invalid_engine', () => pgBossJobs(board, { send: () => null } as never)],
  ['invalid_engine', () => pgBossJobs(board, undefined as never)],
  ['invalid_prefix', () => pgBossJobs(board, boss, { prefix: 'a b' })],
])('%s is refused before anything is asked of the engine', (code, make) => {
  expect(make).toThrow(expect.objectContaining({ kind: 'configuration', code }));
});

test('an engine that the host did not start says so, without its address', async () => {
  const failure: unknown = await pgBossJobs(board, boss)
    .start()
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ kind: 'unavailable', code: 'job_engine_failed' });
  expect((failure as Error).message).not.toContain('127.0.0.1');
});

test('what was stopped does not start again', async () => {
  const jobs = pgBossJobs(board, boss);
  expect(await jobs.stop()).toEqual({ abandoned: [] });
  await expect(jobs.start()).rejects.toMatchObject({ kind: 'configuration', code: 'jobs_stopped' });
});
