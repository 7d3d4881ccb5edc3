/** The jobs of a board on pg-boss: one queue for each, in the host's PostgreSQL. */
import {
  checkEngine,
  checkPrefix,
  createJobRuns,
  jobSettings,
  startOnce,
  type Job,
  type JobBoard,
  type JobEngine,
  type JobEngineOptions,
} from '@plugboard/core/job-kit';

export interface PgBossJobsOptions extends JobEngineOptions {
  /** The queues are called after it and the job: `plugboard.refresh`. Default `plugboard`. */
  readonly prefix?: string;
}

/** What of pg-boss is used: an instance of any copy of the package fits, and nobody needs its declarations. */
export interface Boss {
  createQueue(name: string, options?: object): Promise<unknown>;
  updateQueue(name: string, options?: object): Promise<unknown>;
  work(name: string, options: object, handler: (jobs: readonly WorkedJob[]) => Promise<void>): Promise<string>;
  offWork(name: string, options?: object): Promise<unknown>;
  notifyWorker(worker: string): void;
  send(name: string, data?: object | null, options?: object): Promise<string | null>;
}

interface WorkedJob {
  /** Of the attempt: pg-boss aborts it when the job has taken too long. */
  readonly signal: AbortSignal;
}

/**
 * @param boss Started by the host, who also stops it, after `stop` of what is returned.
 * @throws PlugboardError kind `configuration`: `not_a_board`, `no_jobs`, `unknown_job`, `invalid_engine`, `invalid_prefix`.
 * @example
 * const jobs = pgBossJobs(board, boss);
 * await jobs.start();
 */
export function pgBossJobs(board: JobBoard, boss: Boss, options: PgBossJobsOptions = {}): JobEngine {
  checkEngine(boss, ['createQueue', 'updateQueue', 'work', 'offWork', 'notifyWorker', 'send'], 'a PgBoss');
  const prefix = checkPrefix(options.prefix ?? 'plugboard', /^[\w.\-/]{1,60}$/);
  const runs = createJobRuns(board, options);
  const workers = new Map<string, string>();
  const cancels = new Map<string, () => void>();

  const queueOf = (job: Job) => `${prefix}.${job.name}`;

  async function open(job: Job): Promise<void> {
    const queue = queueOf(job);
    if (workers.has(queue)) return;
    // Several may run and one may wait; or one may run and one may wait.
    await boss.createQueue(queue, { policy: job.parallel ? 'short' : 'stately', ...settingsOf(job) });
    // A queue that is there already keeps the settings of the version that made it.
    await boss.updateQueue(queue, settingsOf(job));
    const worker = await boss.work(queue, { batchSize: 1, pollingIntervalSeconds: 1 }, async ([claimed]) => {
      const { more } = await runs.run(job, claimed?.signal);
      if (more) await again(job);
    });
    workers.set(queue, worker);
    offerEvery(job);
  }

  /**
   * pg-boss schedules by the minute; some jobs run more often. So each process offers each job at its interval, and
   * pg-boss takes one offer in each slot of that length, whoever makes it. No chain of jobs can break: as long as a
   * process lives there is a next offer.
   */
  function offerEvery(job: Job): void {
    if (runs.stopping()) return;
    const queue = queueOf(job);
    boss
      .send(queue, null, { singletonSeconds: Math.max(Math.round(job.everyMs / 1_000), 1), singletonKey: 'interval' })
      .catch((error: unknown) =>
        runs.warn(error, `the job ${job.name} could not be queued; the next interval tries again`),
      )
      .finally(() => {
        if (runs.stopping()) return;
        const delayMs = job.everyMs * (0.9 + 0.2 * runs.clock.random());
        cancels.set(
          queue,
          runs.clock.after(delayMs, () => offerEvery(job)),
        );
      });
  }

  /** There was more than one run may take: another one is queued, for whichever process is free first. */
  async function again(job: Job): Promise<void> {
    const queue = queueOf(job);
    await boss.send(queue, null, { singletonKey: 'more' });
    const worker = workers.get(queue);
    if (worker !== undefined) boss.notifyWorker(worker);
  }

  return {
    start: startOnce(runs, 'pg-boss', open),
    async stop(stopOptions) {
      for (const cancel of cancels.values()) cancel();
      // First no worker claims any more, then the runs end, then the workers write what became of them.
      for (const [queue, id] of workers) await boss.offWork(queue, { id, wait: false });
      const report = await runs.stop(stopOptions);
      if (report.abandoned.length > 0) return report;
      for (const [queue, id] of workers) await boss.offWork(queue, { id, wait: true });
      return report;
    },
  };
}

function settingsOf(job: Job) {
  const seconds = (ms: number) => Math.ceil(ms / 1_000);
  return {
    heartbeatSeconds: seconds(jobSettings.silenceMs),
    expireInSeconds: seconds(jobSettings.longestMs),
    retryLimit: jobSettings.retries,
    retryDelay: seconds(jobSettings.retryDelayMs),
    // A job that nobody took for a day is worth nothing: the next one does the same.
    retentionSeconds: 86_400,
    // The slot of an offer is known from its row, so rows outlive their slot; the busiest queue holds some 500.
    deleteAfterSeconds: Math.max(seconds(job.everyMs) * 2, 7_200),
  };
}
