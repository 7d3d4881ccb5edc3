/** The jobs of a board on BullMQ: one queue for each, in the host's Redis. */
import {
  checkPrefix,
  configurationError,
  createJobRuns,
  jobSettings,
  startOnce,
  type Job,
  type JobBoard,
  type JobEngine,
  type JobEngineOptions,
} from '@plugboard/core/job-kit';
import { Queue, Worker, type ConnectionOptions, type JobsOptions } from 'bullmq';

export interface BullmqJobsOptions extends JobEngineOptions {
  /** As BullMQ takes it: host and port, or an ioredis client of yours with `maxRetriesPerRequest: null`, which stays open. */
  readonly connection: ConnectionOptions;
  /** Of all keys. Default `plugboard`. */
  readonly prefix?: string;
  /** Milliseconds without a sign of its worker after which a job is given to another. Default 30,000. */
  readonly lockMs?: number;
}

interface Lane {
  readonly queue: Queue;
  readonly worker: Worker;
}

/**
 * @throws PlugboardError kind `configuration`: `not_a_board`, `no_jobs`, `unknown_job`, `invalid_connection`,
 * `invalid_prefix`, `invalid_lock`.
 * @example
 * const jobs = bullmqJobs(board, { connection: { host: 'redis' } });
 * await jobs.start();
 */
export function bullmqJobs(board: JobBoard, options: BullmqJobsOptions): JobEngine {
  const connection = checkConnection(options);
  const prefix = checkPrefix(options.prefix ?? 'plugboard', /^[^\s{}]{1,60}$/);
  const lockMs = checkLock(options.lockMs ?? jobSettings.silenceMs);
  const runs = createJobRuns(board, options);
  const lanes = new Map<string, Lane>();

  async function open(job: Job): Promise<void> {
    if (lanes.has(job.name)) return;
    const queue = new Queue(job.name, { connection, prefix, defaultJobOptions: jobOptions });
    const worker = new Worker(job.name, (_job, _token, signal) => work(job, signal), {
      connection,
      prefix,
      autorun: false,
      lockDuration: lockMs,
      stalledInterval: lockMs,
      // A job that lost its worker is as good as any other, however often that happens.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
    });
    lanes.set(job.name, { queue, worker });
    const warn = (error: unknown) => runs.warn(error, `BullMQ reports a problem in the queue of the job ${job.name}`);
    queue.on('error', warn);
    worker.on('error', warn);
    await queue.waitUntilReady();
    if (job.parallel) await queue.removeGlobalConcurrency();
    else await queue.setGlobalConcurrency(1);
    // One scheduler for all processes. The next job is made as soon as one is taken, not when it ends, so that neither a
    // failure nor a lost worker can break the chain.
    await queue.upsertJobScheduler('interval', { every: job.everyMs }, { name: job.name, data: {}, opts: jobOptions });
    void worker.run().catch(warn);
  }

  async function work(job: Job, signal: AbortSignal | undefined): Promise<void> {
    const { more } = await runs.run(job, signal);
    // Asked for while another such job runs, it is kept and queued when that one ends.
    if (more)
      await lanes.get(job.name)?.queue.add(job.name, {}, { deduplication: { id: 'more', keepLastIfActive: true } });
  }

  return {
    start: startOnce(runs, 'BullMQ', open),
    async stop(stopOptions) {
      const all = [...lanes.values()];
      // First no worker claims any more, then the runs end, then the workers write what became of them.
      await Promise.all(all.map(({ worker }) => worker.pause(true)));
      const report = await runs.stop(stopOptions);
      const force = report.abandoned.length > 0;
      await Promise.all(all.map(({ worker }) => worker.close(force)));
      await Promise.all(all.map(({ queue }) => queue.close()));
      return report;
    },
  };
}

const jobOptions: JobsOptions = {
  attempts: 1 + jobSettings.retries,
  backoff: { type: 'fixed', delay: jobSettings.retryDelayMs },
  removeOnComplete: { count: 20 },
  removeOnFail: { count: 100 },
};

function checkConnection(options: unknown): ConnectionOptions {
  const { connection } = (options ?? {}) as { readonly connection?: unknown };
  const given = (typeof connection === 'object' ? (connection ?? undefined) : undefined) as
    | { readonly options?: { readonly maxRetriesPerRequest?: unknown }; readonly duplicate?: unknown }
    | undefined;
  const client = typeof given?.duplicate === 'function';
  const problem =
    given === undefined
      ? 'must be the options of a Redis connection, or an ioredis client'
      : client && given.options?.maxRetriesPerRequest !== null
        ? 'is a client whose waiting commands would fail while Redis restarts'
        : undefined;
  if (problem === undefined) return connection as ConnectionOptions;
  throw configurationError(
    'invalid_connection',
    `Option \`connection\` ${problem}.`,
    'Pass { host, port }, or new Redis({ maxRetriesPerRequest: null }).',
  );
}

function checkLock(lockMs: number): number {
  if (lockMs >= 1_000 && lockMs <= 600_000) return lockMs;
  const message = 'Option `lockMs` must be from 1,000 to 600,000 milliseconds.';
  throw configurationError('invalid_lock', message, 'Leave it out: 30 seconds suit nearly every host.');
}
