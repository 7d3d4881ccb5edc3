/** The job `webhooks`: runs the handlers of events that wait in the inbox, a bounded number at a time. */
import type { Engine } from '../engine.ts';
import { PlugboardError } from '../errors.ts';
import { errorFields } from '../events.ts';
import type { Job, JobRun } from '../job.ts';
import type { InboxRow, InboxStore } from '../store-inbox.ts';
import type { ConnectionRow } from '../store.ts';
import type { WebhookPlan } from './dispatch-options.ts';
import { errorCode } from './error-code.ts';
import type { Handlers } from './handlers.ts';
import { holdEvents, leaseMs, type Hold } from './inbox-hold.ts';
import { openItem } from './inbox-payload.ts';
import { dayMs, isLive, rememberMs } from './recipients.ts';

/** A run of the job takes nothing new after this long. */
const runMs = 120_000;
/** Between two tries, growing fourfold: 5 s, 20 s, 80 s ... */
const firstDelayMs = 5_000;
const longestDelayMs = 6 * 3_600_000;

type FindConnection = (row: InboxRow) => Promise<ConnectionRow | null>;

export interface InboxJobParts {
  readonly engine: Engine;
  readonly inbox: InboxStore | undefined;
  readonly handlers: Handlers;
  readonly plan: WebhookPlan;
}

export function createInboxJob({ engine, inbox, handlers, plan }: InboxJobParts): Job {
  const { store, clock, log } = engine;
  const providers = [...engine.providers.keys()];
  /** Work under way: longer than one run of the job, should a handler take long. */
  const running = new Set<Promise<void>>();

  /** Reads each connection once for all events that were claimed together: they begin at the same moment. */
  function readConnections(): FindConnection {
    const known = new Map<string, Promise<ConnectionRow | null>>();
    return async ({ organizationId, connectionId }) => {
      if (organizationId === null || connectionId === null) return null;
      const name = `${connectionId} ${organizationId}`;
      const found = known.get(name) ?? store.connections.get(organizationId, connectionId);
      known.set(name, found);
      return found;
    };
  }

  async function handle(row: InboxRow, connectionOf: FindConnection): Promise<void> {
    const runtime = engine.providers.get(row.provider);
    if (runtime === undefined) throw nobodyThere('provider_removed');
    // Whoever had it before died of it, or with it, every time.
    if (row.attempts > plan.attempts) throw nobodyThere('interrupted');
    const item = await openItem(engine, row);
    const connection = await connectionOf(row);
    if (row.connectionId !== null && (connection === null || !isLive(runtime, connection)))
      throw nobodyThere('connection_ended');
    const reply = await handlers.dispatch(runtime, item, connection);
    if (reply !== undefined && plan.isBackground(row.provider))
      log.warn({ provider: row.provider, type: row.type }, 'what a webhook handler replied reaches nobody');
  }

  async function attempt(row: InboxRow, hold: Hold, connectionOf: FindConnection): Promise<void> {
    const { id, provider, type, organizationId, connectionId, attempts } = row;
    const runtime = engine.providers.get(provider);
    const remembered = runtime?.definition.webhooks === undefined ? dayMs : rememberMs(runtime);
    try {
      await handle(row, connectionOf);
      await hold.settle(id, { status: 'done', error: null, dueInMs: null, keepMs: remembered });
    } catch (error) {
      const dead = isOver(error) || attempts >= plan.attempts;
      const fields = { provider, type, organizationId, connectionId, event: id, attempts, ...errorFields(error) };
      log.error(fields, dead ? 'a webhook event is dead' : 'a webhook handler failed; the event comes again');
      const dueInMs = dead ? null : delayOf(attempts);
      const keepMs = Math.max(plan.keepMs, remembered);
      await hold.settle(id, { status: dead ? 'dead' : 'failed', error: errorCode(error), dueInMs, keepMs });
    }
  }

  function delayOf(attempts: number): number {
    const delayMs = Math.min(firstDelayMs * 4 ** (attempts - 1), longestDelayMs);
    return Math.round(delayMs * (0.9 + 0.2 * clock.random()));
  }

  function begin(row: InboxRow, inbox: InboxStore, connectionOf: FindConnection): void {
    const hold = holdEvents(engine, inbox, [{ id: row.id, leaseFence: row.leaseFence }]);
    const work: Promise<void> = attempt(row, hold, connectionOf)
      // The event comes back when its lease ends.
      .catch((error: unknown) => log.error({ job: 'webhooks', ...errorFields(error) }, 'an event could not be settled'))
      .finally(() => {
        hold.end();
        running.delete(work);
      });
    running.add(work);
  }

  async function run(signal?: AbortSignal): Promise<JobRun> {
    // Who hears nothing must not say that it was heard: a command, a process that runs other jobs.
    if (inbox === undefined || !handlers.any()) return { processed: 0, more: false };
    const until = clock.monotonic() + runMs;
    let processed = 0;
    for (;;) {
      const open = signal?.aborted !== true && clock.monotonic() < until;
      const room = plan.inFlight - running.size;
      // Some at a time: to ask for one whenever one has ended would be a claim for each event.
      const rows = open && room >= plan.inFlight / 4 ? await inbox.claimDue({ providers, limit: room, leaseMs }) : [];
      const connectionOf = readConnections();
      for (const row of rows) begin(row, inbox, connectionOf);
      processed += rows.length;
      if (running.size === 0) return { processed, more: !open };
      await Promise.race(running);
    }
  }

  return {
    name: 'webhooks',
    description: 'Hands stored webhook events to their handlers.',
    everyMs: 5_000,
    parallel: true,
    run,
  };
}

const over: ReadonlySet<string> = new Set(['provider_removed', 'interrupted', 'connection_ended', 'event_unreadable']);

/** No further try can end better. */
function isOver(error: unknown): boolean {
  return error instanceof PlugboardError && over.has(error.code);
}

function nobodyThere(code: string): PlugboardError {
  return new PlugboardError({
    kind: 'configuration',
    code,
    message: 'A stored webhook event has nobody to go to.',
    hint: 'See why, then replay the event or discard it.',
  });
}
