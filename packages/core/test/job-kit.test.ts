import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import {
  createKey,
  createPlugboard,
  createMemoryStore,
  isPlugboardError,
  PlugboardError,
  type Log,
} from '../src/index.ts';
import { createJobRuns, startOnce, type Job } from '../src/job-kit.ts';
import { createFakeClock, until } from './support/fake-clock.ts';

const canary = 'canary-of-a-password';
const answer = { processed: 1, more: false };
const jobOf = (run: Job['run'], name: Job['name'] = 'refresh'): Job => ({
  name,
  description: '',
  everyMs: 15_000,
  parallel: true,
  run,
});

describe('the jobs of a board, run by an engine', () => {
  const foreign = Object.assign(new RangeError(`no ${canary}`), { code: 'E1' });
  const ours = new PlugboardError({ kind: 'unavailable', code: 'store_unavailable', message: 'The store is away.' });

  it.each([
    ['of ours', ours, { kind: 'unavailable', code: 'store_unavailable', retryable: true }, 'The store is away.'],
    ['of a stranger', foreign, { kind: 'unavailable', code: 'job_failed' }, 'The job `cleanup` failed.'],
  ])('log a failure %s once and throw it in our words', async (_whose, thrown, expected, words) => {
    const store = createMemoryStore();
    const lines: object[] = [];
    const note = (fields: object, message: string) => void lines.push({ ...fields, text: message });
    const log: Log = { info: note, warn: note, error: note };
    const board = createPlugboard({
      url: 'https://app.example.com',
      providers: [],
      store: { ...store, once: { ...store.once, purge: () => Promise.reject(thrown) } },
      keys: { k1: createKey() },
      mode: 'test',
      env: {},
      log,
    });
    const runs = createJobRuns(board, { only: ['cleanup'] });
    const failure: unknown = await runs.run(runs.jobs[0]!).catch((error: unknown) => error);
    expect(failure).toMatchObject(expected);
    expect((failure as Error).message).toContain(words);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ job: 'cleanup', text: 'a job failed and will run again' });
    expect(inspect([failure, lines], { depth: 9, showHidden: true })).not.toContain(canary);
  });
});

describe('createJobRuns', () => {
  it('gives each run a signal that the caller and stop can abort', async () => {
    const heard: (AbortSignal | undefined)[] = [];
    const waiting = jobOf(async (signal) => {
      heard.push(signal);
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      return answer;
    });
    const runs = createJobRuns({ jobs: [waiting] }, { clock: createFakeClock() });
    const caller = new AbortController();
    const first = runs.run(waiting, caller.signal);
    const second = runs.run(waiting);
    caller.abort();
    expect(await first).toBe(answer);
    expect(heard.map((signal) => signal?.aborted)).toEqual([true, false]);
    expect(await runs.stop()).toEqual({ abandoned: [] });
    expect(await second).toBe(answer);
    await expect(runs.run(waiting)).rejects.toMatchObject({ kind: 'aborted', code: 'stopping' });
  });

  it('leaves out what another process is at, or was within the interval', async () => {
    let ran = 0;
    const sweep: Job = { ...jobOf(async () => (ran++, answer)), due: async () => ran < 1 };
    const runs = createJobRuns({ jobs: [sweep] });
    expect(await runs.run(sweep)).toBe(answer);
    expect(await runs.run(sweep)).toEqual({ processed: 0, more: false });
    expect(ran).toBe(1);
  });

  it('waits for runs until the deadline, and names those that go on', async () => {
    const clock = createFakeClock();
    const stubborn = jobOf(() => new Promise(() => undefined), 'health');
    const runs = createJobRuns({ jobs: [stubborn] }, { clock });
    void runs.run(stubborn);
    let report: unknown;
    void runs.stop({ deadlineMs: 5_000 }).then((told) => (report = told));
    await clock.advance(4_999);
    expect(report).toBeUndefined();
    await clock.advance(1);
    await until(() => report !== undefined);
    expect(report).toEqual({ abandoned: ['health'] });
    // A stop that nothing keeps waiting leaves no timer behind.
    await createJobRuns({ jobs: [stubborn] }, { clock }).stop();
    expect(clock.pending).toBe(0);
  });
});

describe('startOnce', () => {
  const job = jobOf(async () => answer);

  it('opens each job once, and again after a failure, which it tells without the address', async () => {
    const runs = createJobRuns({ jobs: [job] });
    let tries = 0;
    const start = startOnce(runs, 'the engine', async () => {
      if (++tries === 1) throw Object.assign(new Error(`postgres://user:${canary}@db`), { code: 'ECONNREFUSED' });
    });
    const failure: unknown = await start().catch((error: unknown) => error);
    expect(isPlugboardError(failure) && failure.toJSON()).toMatchObject({ code: 'job_engine_failed' });
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain(canary);
    await Promise.all([start(), start()]);
    await start();
    expect(tries).toBe(2);
  });
});
