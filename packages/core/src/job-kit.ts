/** What an adapter of a job engine builds on: the jobs of a board, checked, and a stop that lets what runs come to its end. */
import { endsWithin, systemClock, type Clock } from './clock.ts';
import { configurationError, isPlugboardError, PlugboardError } from './errors.ts';
import { errorFields } from './events.ts';
import type { Job, JobRun } from './job.ts';
import type { Log } from './log.ts';
import { consoleLog } from './redacted-log.ts';

export type { Job, JobRun } from './job.ts';
export { configurationError } from './errors.ts';

/** What a job engine needs of a board. */
export interface JobBoard {
  readonly jobs: readonly Job[];
  readonly log?: Log;
}

export interface JobEngineOptions {
  /** The jobs that this process works on. Default: all of the board. */
  readonly only?: readonly Job['name'][];
  /** Paces intervals and the deadline of `stop`. Default: the system's. */
  readonly clock?: Clock;
}

export interface StopOptions {
  /** Milliseconds that runs under way may take to end. Default 20,000: less than the 30 seconds that hosts grant. */
  readonly deadlineMs?: number;
}

export interface StopReport {
  /** Jobs that were still running at the deadline; the engine hands them to another process when this one is gone. */
  readonly abandoned: readonly string[];
}

/** What each adapter gives. */
export interface JobEngine {
  /**
   * Makes the queues, lets this process work on them, and has each job run at its interval. Safe to call twice.
   * @throws PlugboardError kind `unavailable`, code `job_engine_failed`.
   */
  start(): Promise<void>;
  /**
   * Takes no job any more, tells those that run to begin nothing more, and waits for them. Connections that the host made
   * stay open: close them, then the board, after it.
   */
  stop(options?: StopOptions): Promise<StopReport>;
}

/** A connection's settings differ by engine; what they protect does not. */
export const jobSettings = {
  /**
   * After so many milliseconds without a sign of its worker a job is given to another: twice what an event loop that
   * seals and opens thousands of rows was seen to stand still, and far below the lease of the rows (75 s), which
   * decides when they can be worked on again.
   */
  silenceMs: 30_000,
  /** Longest that a run may take, whatever its worker says: a check of a million connections takes hours. */
  longestMs: 12 * 3_600_000,
  /** Tries again after a failure or a lost worker; then the next interval does. */
  retries: 3,
  retryDelayMs: 30_000,
} as const;

export interface JobRuns {
  readonly jobs: readonly Job[];
  readonly clock: Clock;
  /**
   * Runs the job unless `stop` was called. Its signal is that of the caller or of `stop`, whichever comes first. A failure
   * is logged here, and thrown in words that may go into the tables of an engine.
   */
  run(job: Job, signal?: AbortSignal): Promise<JobRun>;
  /** True once `stop` was called. */
  stopping(): boolean;
  stop(options?: StopOptions): Promise<StopReport>;
  /** Says that the engine, not the job, failed. */
  warn(error: unknown, message: string): void;
}

/**
 * @throws PlugboardError kind `configuration`: `not_a_board`, `no_jobs`, `unknown_job`.
 */
export function createJobRuns(board: JobBoard, { only, clock = systemClock }: JobEngineOptions = {}): JobRuns {
  const jobs = jobsOf(board, only);
  const { log = consoleLog } = board;
  const controller = new AbortController();
  const running = new Map<Promise<unknown>, string>();
  return {
    jobs,
    clock,
    async run(job, signal) {
      if (controller.signal.aborted) throw stoppingError(job.name);
      const signals = signal === undefined ? [controller.signal] : [controller.signal, signal];
      const run = runDue(job, AbortSignal.any(signals));
      running.set(run, job.name);
      try {
        return await run;
      } catch (error) {
        log.error({ job: job.name, ...errorFields(error) }, 'a job failed and will run again');
        throw jobFailure(job.name, error);
      } finally {
        running.delete(run);
      }
    },
    stopping: () => controller.signal.aborted,
    async stop({ deadlineMs = 20_000 } = {}) {
      controller.abort();
      await endsWithin(clock, deadlineMs, Promise.allSettled(running.keys()));
      return { abandoned: [...running.values()] };
    },
    warn: (error, message) => log.warn(errorFields(error), message),
  };
}

async function runDue(job: Job, signal: AbortSignal): Promise<JobRun> {
  if (job.due !== undefined && !(await job.due())) return { processed: 0, more: false };
  return job.run(signal);
}

function jobsOf(board: JobBoard, only: readonly string[] | undefined): readonly Job[] {
  const jobs = (board as Partial<JobBoard> | null | undefined)?.jobs;
  if (!Array.isArray(jobs) || !jobs.every(isJob)) {
    throw configurationError('not_a_board', 'The board has no `jobs`.', 'Pass what createPlugboard returned.');
  }
  const known = jobs.map(({ name }) => name as string);
  const unknown = only?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const hint = `The board has: ${known.join(', ')}.`;
    throw configurationError('unknown_job', `The board has no job \`${String(unknown).slice(0, 60)}\`.`, hint);
  }
  const chosen = jobs.filter(({ name }) => only === undefined || only.includes(name));
  if (chosen.length > 0) return chosen;
  throw configurationError('no_jobs', 'There is no job to run.', 'Leave `only` out, or name a job of the board.');
}

function isJob(value: unknown): value is Job {
  const { name, everyMs, run } = (value ?? {}) as Partial<Job>;
  return typeof name === 'string' && typeof everyMs === 'number' && typeof run === 'function';
}

function jobFailure(name: string, error: unknown): PlugboardError {
  if (!isPlugboardError(error)) {
    const message = `The job \`${name}\` failed.`;
    return new PlugboardError({ kind: 'unavailable', code: 'job_failed', message, cause: error });
  }
  const { kind, code, retryable } = error;
  return new PlugboardError({ kind, code, retryable, message: `The job \`${name}\` failed: ${error.message}` });
}

function stoppingError(name: string): PlugboardError {
  return new PlugboardError({
    kind: 'aborted',
    code: 'stopping',
    message: `The job \`${name}\` came to a process that is stopping; another one takes it.`,
  });
}

/**
 * Checks that what the host passed is the engine, by the functions that are called on it.
 * @throws PlugboardError kind `configuration`, code `invalid_engine`.
 */
export function checkEngine(engine: unknown, functions: readonly string[], what: string): void {
  const object = (typeof engine === 'object' && engine !== null ? engine : {}) as Record<string, unknown>;
  const missing = functions.find((name) => typeof object[name] !== 'function');
  if (missing === undefined) return;
  throw configurationError(
    'invalid_engine',
    `What was passed is no ${what}: it has no \`${missing}\`.`,
    `Pass ${what}.`,
  );
}

/** @throws PlugboardError kind `configuration`, code `invalid_prefix`. */
export function checkPrefix(prefix: unknown, pattern: RegExp): string {
  if (typeof prefix === 'string' && pattern.test(prefix)) return prefix;
  const message = 'Option `prefix` must be a short text that the engine allows in its names.';
  throw configurationError('invalid_prefix', message, 'Use letters, digits, dots and hyphens.');
}

/**
 * `start` of an engine: opens each job's queue once, however often it is called, and again after a failure.
 * An error of the engine may quote its connection string, so only its class name and code are kept.
 */
export function startOnce(runs: JobRuns, engine: string, open: (job: Job) => Promise<void>): () => Promise<void> {
  let started: Promise<void> | undefined;
  const openAll = async () => {
    if (runs.stopping()) throw stoppedError();
    for (const job of runs.jobs) await open(job);
  };
  return () =>
    (started ??= openAll().catch((cause: unknown) => {
      started = undefined;
      throw isPlugboardError(cause) ? cause : startError(engine, cause);
    }));
}

function stoppedError(): PlugboardError {
  return configurationError('jobs_stopped', 'These jobs were stopped.', 'Make them anew to start again.');
}

function startError(engine: string, cause: unknown): PlugboardError {
  return new PlugboardError({
    kind: 'unavailable',
    code: 'job_engine_failed',
    message: `${engine} could not be started.`,
    hint: 'Check that its database answers and that its own start was awaited; then call start again.',
    cause,
  });
}
