/** Every event is in the inbox before a handler hears it, and before the vendor is answered. */
import type { Engine, ProviderRuntime } from '../engine.ts';
import { errorFields } from '../events.ts';
import type { InboxAnswer, InboxStore, NewInboxEvent } from '../store-inbox.ts';
import type { ConnectionRow } from '../store.ts';
import type { WebhookPlan } from './dispatch-options.ts';
import { errorCode } from './error-code.ts';
import type { Handlers } from './handlers.ts';
import { holdEvents, leaseMs, type Hold } from './inbox-hold.ts';
import { toInboxEvent } from './inbox-payload.ts';
import type { Intake } from './intake.ts';
import { scopeOf } from './ownership.ts';
import { logFailure, recipientsOf, rememberMs, type Arrival } from './recipients.ts';
import { problem } from './reply.ts';
import type { WebhookReply } from './webhook.ts';

export interface InboxIntakeParts {
  readonly engine: Engine;
  readonly inbox: InboxStore;
  readonly handlers: Handlers;
  readonly plan: WebhookPlan;
  /** Something waits for the job. */
  readonly wake: () => void;
}

/** An event for one connection. */
interface Copy {
  readonly item: Arrival;
  readonly row: ConnectionRow | null;
  readonly event: NewInboxEvent;
}

export function createIntakeByInbox({ engine, inbox, handlers, plan, wake }: InboxIntakeParts): Intake {
  async function copiesOf(
    runtime: ProviderRuntime,
    item: Arrival,
    rows: readonly (ConnectionRow | null)[],
    ordered: boolean,
  ): Promise<readonly Copy[]> {
    const { id: provider } = runtime.definition;
    const scope = scopeOf(provider, item.addressed);
    return Promise.all(
      rows.map(async (row) => ({
        item,
        row,
        event: await toInboxEvent(engine, provider, { item, row, scope, ordered }),
      })),
    );
  }

  /** Runs the handlers of what this process holds, one event after the other; answers the first reply, or a refusal. */
  async function handle(runtime: ProviderRuntime, { item, row, event }: Copy, hold: Hold) {
    // Taken over by another process while this one was busy with the events before it.
    if (!hold.has(event.id)) return problem(503, 'already_processing');
    try {
      const reply = await handlers.dispatch(runtime, item, row);
      await hold.settle(event.id, { status: 'done', error: null, dueInMs: null, keepMs: rememberMs(runtime) });
      return reply;
    } catch (error) {
      logFailure(engine, runtime, item, { row, error });
      const keepMs = Math.max(plan.keepMs, rememberMs(runtime));
      await hold
        .settle(event.id, { status: 'failed', error: errorCode(error), dueInMs: null, keepMs })
        // It stays `interrupted` then, which is a failure too.
        .catch((failure: unknown) => engine.log.warn(errorFields(failure), 'a failure could not be written down'));
      return problem(500, 'handler_failed');
    }
  }

  /** Of each copy what its handlers replied, or a refusal. */
  async function handleAll(
    runtime: ProviderRuntime,
    copies: readonly Copy[],
    answers: readonly InboxAnswer[],
  ): Promise<readonly (WebhookReply | undefined)[]> {
    const holds = copies.flatMap(({ event: { id } }, index) => {
      const { outcome, leaseFence = 0 } = answers[index] ?? {};
      return outcome === 'held' ? [{ id, leaseFence }] : [];
    });
    const hold = holds.length === 0 ? undefined : holdEvents(engine, inbox, holds);
    const replies: (WebhookReply | undefined)[] = [];
    try {
      for (const [index, copy] of copies.entries()) {
        const outcome = answers[index]?.outcome;
        if (outcome === 'held' && hold !== undefined) replies.push(await handle(runtime, copy, hold));
        else replies.push(outcome === 'busy' ? problem(503, 'already_processing') : undefined);
      }
    } finally {
      hold?.end();
    }
    return replies;
  }

  return {
    async take(runtime, items) {
      const background = plan.isBackground(runtime.definition.id);
      const replies = new Map<Arrival, WebhookReply[]>(items.map((item) => [item, []]));
      // By id: a delivery may hold one event twice.
      const copies = new Map<string, Copy>();
      for (const item of items) {
        const rows = await recipientsOf(engine, runtime, item);
        if (rows === 'foreign') replies.get(item)?.push(problem(403, 'foreign_account'));
        else {
          for (const copy of await copiesOf(runtime, item, rows, background && plan.ordered))
            if (!copies.has(copy.event.id)) copies.set(copy.event.id, copy);
        }
      }
      const all = [...copies.values()];
      if (all.length > 0) {
        const keepMs = Math.max(plan.keepMs, rememberMs(runtime));
        const events = all.map(({ event }) => event);
        const answers = await inbox.add(events, { leaseMs: background ? null : leaseMs, keepMs });
        if (answers.some(({ outcome }) => outcome === 'queued')) wake();
        // What fails for one keeps it from none of the others.
        for (const [index, reply] of (await handleAll(runtime, all, answers)).entries())
          if (reply !== undefined) replies.get(all[index]!.item)?.push(reply);
      }
      return items.map((item) => {
        const of = replies.get(item) ?? [];
        return of.find(({ status }) => status >= 300) ?? of[0];
      });
    },
  };
}
