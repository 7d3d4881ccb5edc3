/** What must run in the background, and when: the same list for the in-process runner and for every job engine. */
import type { ChannelsEngine } from './channels/channels.ts';
import type { Refresher } from './connections/refresh.ts';
import type { Engine, ProviderRuntime } from './engine.ts';
import { isPlugboardError } from './errors.ts';
import { errorFields } from './events.ts';
import type { HealthService } from './health.ts';
import type { WebhookDefinition } from './provider.ts';
import type { ConnectionRow } from './store.ts';

export interface JobRun {
  /** Items worked on. */
  readonly processed: number;
  /** There was more than one run may take; run again soon. */
  readonly more: boolean;
}

export interface Job {
  readonly name: 'refresh' | 'channels' | 'health' | 'cleanup';
  readonly description: string;
  /** Milliseconds between runs. */
  readonly everyMs: number;
  /** Safe to run in several processes at once. */
  run(signal?: AbortSignal): Promise<JobRun>;
}

export interface JobParts {
  readonly refresher: Refresher;
  readonly channels: ChannelsEngine;
  readonly health: HealthService;
}

const batch = 50;
const batchPerOrganization = 25;
const claimMs = 75_000;
const inFlight = 10;

export function createJobs(engine: Engine, { refresher, channels, health }: JobParts): readonly Job[] {
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
      name: 'channels',
      description: 'Renews what vendors notify through, before it ends.',
      everyMs: 600_000,
      async run(signal) {
        const watching = [...engine.providers.values()].some(hasChannels);
        if (!watching) return { processed: 0, more: false };
        return sweep(engine, signal, async (runtime, row) => {
          if (row.status === 'expired' || row.status === 'pending' || !hasChannels(runtime)) return 0;
          return channels.tend(runtime, row);
        });
      },
    },
    {
      name: 'health',
      description: 'Checks every connection and records transitions.',
      everyMs: 3_600_000,
      run: (signal) =>
        sweep(engine, signal, async (runtime, row) => {
          if (row.status === 'expired') return 0;
          await health.checkRow(runtime, row);
          return 1;
        }),
    },
    {
      name: 'cleanup',
      description: 'Deletes expired one-time values.',
      everyMs: 3_600_000,
      run: async () => ({ processed: await engine.store.once.purge(), more: false }),
    },
  ];
}

function hasChannels({ definition }: ProviderRuntime): boolean {
  return (definition.webhooks as WebhookDefinition | undefined)?.channels !== undefined;
}

/** Walks over the live connections of all organizations; `work` says how many items it worked on. */
async function sweep(
  engine: Engine,
  signal: AbortSignal | undefined,
  work: (runtime: ProviderRuntime, row: ConnectionRow) => Promise<number>,
): Promise<JobRun> {
  let processed = 0;
  for (let after: string | null = null; signal?.aborted !== true;) {
    const rows = await engine.store.connections.scan(after, batch);
    await pool(rows, inFlight, async (row) => {
      const runtime = engine.providers.get(row.provider);
      if (runtime === undefined || row.status === 'disconnected' || row.stub !== runtime.stub) return;
      // What is wrong with one row must not keep the others from their turn.
      processed += await work(runtime, row).catch((error: unknown) => {
        engine.log.error(
          { provider: row.provider, connectionId: row.id, ...errorFields(error) },
          'a job failed for a row',
        );
        return 0;
      });
    });
    const last = rows.at(-1);
    if (last === undefined || rows.length < batch) break;
    after = last.id;
  }
  return { processed, more: false };
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
