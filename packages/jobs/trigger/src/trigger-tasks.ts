/** The jobs of a board as tasks of Trigger.dev: one that does the work, and a schedule that triggers it, for each job. */
import { checkPrefix, createJobRuns, jobSettings, type Job, type JobBoard } from '@plugboard/core/job-kit';
import { schedules, task, type Task } from '@trigger.dev/sdk';

import { scheduleOf } from './schedule.ts';

export interface TriggerTasksOptions {
  /** Jobs that become tasks. Default: all of the board. */
  readonly only?: readonly Job['name'][];
  /** The tasks are called after it and the job: `plugboard-refresh`. Default `plugboard`. */
  readonly prefix?: string;
}

/** The tasks by their ids, for tests and for a host that triggers one by hand. */
export type TriggerTasks = Readonly<Record<string, { readonly id: string }>>;

/** Runs at once of a job that several machines share the work of. */
const sharedBy = 5;

/**
 * Defines the tasks. Call it once, at the top level of a file in the folder that Trigger.dev looks for tasks in.
 * @throws PlugboardError kind `configuration`: `not_a_board`, `no_jobs`, `unknown_job`, `invalid_prefix`.
 * @example export const plugboardTasks = triggerTasks(board);
 * @see https://trigger.dev/docs/tasks/scheduled
 */
export function triggerTasks(board: JobBoard, options: TriggerTasksOptions = {}): TriggerTasks {
  const prefix = checkPrefix(options.prefix ?? 'plugboard', /^[\w-]{1,60}$/);
  const runs = createJobRuns(board, options.only === undefined ? {} : { only: options.only });
  const tasks = runs.jobs.flatMap((job) => {
    const id = `${prefix}-${job.name}`;
    const work = task({
      id,
      description: job.description,
      queue: { concurrencyLimit: job.parallel ? sharedBy : 1 },
      // Seconds. A run that is lost is found by the platform's own heartbeat.
      maxDuration: jobSettings.longestMs / 1_000,
      retry: { maxAttempts: 1 + jobSettings.retries, minTimeoutInMs: jobSettings.retryDelayMs },
      async run(_payload: undefined, { signal }) {
        const { processed, more } = await runs.run(job, signal);
        if (more) await work.trigger(undefined, { ttl: ttlOf(job) });
        return { processed };
      },
    });
    return [work, scheduled(`${id}-schedule`, job, work)];
  });
  return Object.fromEntries(tasks.map((each) => [each.id, each]));
}

/** Trigger.dev schedules by the minute. What runs more often is triggered for the whole minute ahead, with delays. */
function scheduled(id: string, job: Job, work: Task<string, undefined>): { readonly id: string } {
  const { cron, offsetsMs } = scheduleOf(job.everyMs);
  return schedules.task({
    id,
    cron,
    description: `Triggers ${work.id}.`,
    retry: { maxAttempts: 1 + jobSettings.retries },
    async run() {
      for (const offsetMs of offsetsMs) {
        // Keys hold within one run of the schedule: its own retries trigger nothing twice.
        const key = { idempotencyKey: `${work.id}-${offsetMs}`, ttl: ttlOf(job) };
        await work.trigger(undefined, offsetMs === 0 ? key : { ...key, delay: `${offsetMs / 1_000}s` });
      }
    },
  });
}

/** A run that waited for two intervals is worth nothing: the next one does the same. In seconds. */
function ttlOf({ everyMs }: Job): number {
  return Math.max(Math.round((everyMs * 2) / 1_000), 60);
}
