/** What must run in the background, and when: the same list for the in-process runner and for every job engine. */
import type { Refresher } from './connections/refresh.ts';
import type { Engine } from './engine.ts';
import { isPlugboardError } from './errors.ts';
import { errorFields } from './events.ts';
import type { HealthService } from './health.ts';

export interface JobRun {
  /** Items worked on. */
  readonly processed: number;
  /** There was more than one run may take; run again soon. */
  readonly more: boolean;
}

export interface Job {
  readonly name: 'refresh' | 'health' | 'cleanup';
  readonly description: string;
  /** Milliseconds between runs. */
  readonly everyMs: number;
  /** Safe to run in several processes at once. */
  run(signal?: AbortSignal): Promise<JobRun>;
}

export interface JobParts {
  readonly refresher: Refresher;
  readonly health: HealthService;
}

const batch = 50;
const batchPerOrganization = 25;
const claimMs = 75_000;
const inFlight = 10;

export function createJobs(engine: Engine, { refresher, health }: JobParts): readonly Job[] {
  return [
    {
      name: 'refresh',
      description: 'Renews tokens before they expire.',
      everyMs: 15_000,
      async run(signal) {
        const { connections } = engine.store;
        let processed = 0;
        for (const [id, runtime] of engine.providers) {
          if (signal?.aborted === true) break;
          const rows = await connections.claimDue({
            provider: id,
            limit: batch,
            leaseMs: claimMs,
            perOrganization: batchPerOrganization,
          });
          await pool(rows, inFlight, async (row) => {
            // A failure is recorded in its row, with its own pace; the run goes on.
            await refresher.claimed(runtime, row).catch((error: unknown) => {
              if (!isPlugboardError(error))
                engine.log.error({ provider: id, connectionId: row.id, ...errorFields(error) }, 'a refresh failed');
            });
          });
          processed += rows.length;
        }
        return { processed, more: processed >= batch };
      },
    },
    {
      name: 'health',
      description: 'Checks every connection and records transitions.',
      everyMs: 3_600_000,
      async run(signal) {
        let processed = 0;
        for (let after: string | null = null; signal?.aborted !== true;) {
          const rows = await engine.store.connections.scan(after, batch);
          const usable = rows.filter(
            (row) => row.status !== 'disconnected' && row.status !== 'expired' && engine.providers.has(row.provider),
          );
          await pool(usable, inFlight, async (row) => {
            const runtime = engine.providers.get(row.provider);
            if (runtime !== undefined && row.stub === runtime.stub) await health.checkRow(runtime, row);
          });
          processed += usable.length;
          const last = rows.at(-1);
          if (last === undefined || rows.length < batch) break;
          after = last.id;
        }
        return { processed, more: false };
      },
    },
    {
      name: 'cleanup',
      description: 'Deletes expired one-time values.',
      everyMs: 3_600_000,
      run: async () => ({ processed: await engine.store.once.purge(), more: false }),
    },
  ];
}

async function pool<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}

export interface Runner {
  stop(): Promise<void>;
}

/** Runs the jobs in this process: enough for one machine. Timers do not keep the process alive. */
export function startRunner(engine: Engine, jobs: readonly Job[]): Runner {
  const controller = new AbortController();
  const cancels = new Map<string, () => void>();
  const running = new Set<Promise<void>>();

  function schedule(job: Job, delayMs: number): void {
    if (controller.signal.aborted) return;
    cancels.set(
      job.name,
      engine.clock.after(delayMs, () => {
        const run = runOnce(job).finally(() => running.delete(run));
        running.add(run);
      }),
    );
  }

  async function runOnce(job: Job): Promise<void> {
    let more = false;
    try {
      ({ more } = await job.run(controller.signal));
    } catch (error) {
      engine.log.error({ job: job.name, ...errorFields(error) }, 'a job failed and will run again');
    }
    // Jitter keeps the processes of one deployment out of step.
    schedule(job, more ? 0 : job.everyMs * (0.9 + 0.2 * engine.clock.random()));
  }

  for (const job of jobs) schedule(job, Math.min(job.everyMs, 1_000) * engine.clock.random());
  return {
    async stop() {
      controller.abort();
      for (const cancel of cancels.values()) cancel();
      await Promise.allSettled(running);
    },
  };
}
