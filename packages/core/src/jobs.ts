/** What must run in the background, and when: the same list for the in-process runner and for every job engine. */
import type { ChannelsEngine } from './channels/channels.ts';
import type { Refresher } from './connections/refresh.ts';
import { createRefreshScheduler } from './connections/refresh-scheduler.ts';
import type { Engine, ProviderRuntime } from './engine.ts';
import { configurationError } from './errors.ts';
import { errorFields } from './events.ts';
import type { HealthService } from './health.ts';
import type { Job } from './job.ts';
import type { WebhookDefinition } from './provider.ts';
import type { Notifier } from './notifier.ts';
import { createSweep } from './sweep.ts';

/** How much the background may do at once in one process. */
export interface BackgroundOptions {
  /** Refreshes in flight for each provider. Default 100. */
  readonly refreshesInFlight?: number;
  /** Health checks of one provider in an hourly walk: what is left out comes first another time. Default 2,000. */
  readonly healthChecks?: number;
}

export interface JobParts {
  readonly refresher: Refresher;
  readonly channels: ChannelsEngine;
  readonly health: HealthService;
  readonly notifier: Notifier | undefined;
  readonly background: BackgroundOptions | undefined;
}

const hourMs = 3_600_000;

/** @throws PlugboardError kind `configuration`, code `invalid_background`. */
export function createJobs(engine: Engine, parts: JobParts): readonly Job[] {
  const { refresher, channels, health, notifier, background } = parts;
  const { refreshesInFlight, healthChecks } = checkBackground(background);
  const scheduler = createRefreshScheduler(engine, refresher, { inFlight: refreshesInFlight });
  const watching = [...engine.providers.values()].some(hasChannels);
  return [
    {
      name: 'refresh',
      description: 'Renews tokens before they expire.',
      everyMs: 15_000,
      parallel: true,
      run: (signal) => scheduler.run(signal),
    },
    {
      name: 'channels',
      description: 'Renews what vendors notify through, before it ends.',
      everyMs: 600_000,
      parallel: false,
      ...createSweep(engine, {
        name: 'channels',
        everyMs: 600_000,
        needed: watching,
        work: async (runtime, row) => {
          if (row.status === 'expired' || row.status === 'pending' || !hasChannels(runtime)) return 0;
          return channels.tend(runtime, row);
        },
      }),
    },
    {
      name: 'health',
      description: 'Checks connections, records transitions, and tells of refresh tokens that end soon.',
      everyMs: hourMs,
      parallel: false,
      ...createSweep(engine, { name: 'health', everyMs: hourMs, ...health.sweep(healthChecks, notifier) }),
    },
    {
      name: 'cleanup',
      description: 'Deletes expired one-time values, and webhook events that need not be kept.',
      everyMs: hourMs,
      parallel: false,
      run: async () => {
        const values = await engine.store.once.purge();
        const events = (await engine.store.inbox?.purge()) ?? 0;
        return { processed: values + events, more: false };
      },
    },
  ];
}

function checkBackground(options: BackgroundOptions = {}): Required<BackgroundOptions> {
  const { refreshesInFlight = 100, healthChecks = 2_000 } = options;
  for (const [name, value] of Object.entries({ refreshesInFlight, healthChecks })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw configurationError(
      'invalid_background',
      `Option \`background.${name}\` is not a whole number above zero.`,
      'Leave it out for the default.',
    );
  }
  return { refreshesInFlight, healthChecks };
}

function hasChannels({ definition }: ProviderRuntime): boolean {
  return (definition.webhooks as WebhookDefinition | undefined)?.channels !== undefined;
}

/** A database that was away is back soon, mostly. */
const afterFailureMs = 5_000;
/** What wakes a job seldom comes alone: claimed together, ten events cost little more than one. */
const afterWakeMs = 20;

export interface Runner {
  /** Runs a job of this process at once, or once more where it is running: with all that came up within moments. */
  wake(name: Job['name']): void;
  stop(): Promise<void>;
}

/** Runs the jobs in this process: enough for one machine. Timers do not keep the process alive. */
export function startRunner(engine: Engine, jobs: readonly Job[]): Runner {
  const controller = new AbortController();
  const cancels = new Map<string, () => void>();
  const running = new Set<Promise<void>>();
  const busy = new Set<string>();
  const woken = new Set<string>();
  /** Woken already, and about to run. */
  const soon = new Set<string>();

  function schedule(job: Job, delayMs: number): void {
    if (controller.signal.aborted) return;
    cancels.set(
      job.name,
      engine.clock.after(delayMs, () => {
        busy.add(job.name);
        soon.delete(job.name);
        const run = runOnce(job).finally(() => running.delete(run));
        running.add(run);
      }),
    );
  }

  async function runOnce(job: Job): Promise<void> {
    let waitMs = job.everyMs;
    try {
      if ((await job.due?.()) !== false && (await job.run(controller.signal)).more) waitMs = 0;
    } catch (error) {
      engine.log.error({ job: job.name, ...errorFields(error) }, 'a job failed and will run again');
      waitMs = Math.min(waitMs, afterFailureMs);
    }
    busy.delete(job.name);
    if (woken.delete(job.name)) {
      soon.add(job.name);
      waitMs = Math.min(waitMs, afterWakeMs);
    }
    // Jitter keeps the processes of one deployment out of step.
    schedule(job, waitMs * (0.9 + 0.2 * engine.clock.random()));
  }

  for (const job of jobs) schedule(job, Math.min(job.everyMs, 1_000) * engine.clock.random());
  return {
    wake(name) {
      const job = jobs.find((each) => each.name === name);
      if (job === undefined || controller.signal.aborted) return;
      if (busy.has(name)) woken.add(name);
      else if (!soon.has(name)) {
        soon.add(name);
        cancels.get(name)?.();
        schedule(job, afterWakeMs);
      }
    },
    async stop() {
      controller.abort();
      for (const cancel of cancels.values()) cancel();
      await Promise.allSettled(running);
    },
  };
}
