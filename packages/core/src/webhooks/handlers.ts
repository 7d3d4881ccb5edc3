/** The host's handlers, and what one event does: they hear it, then the connection ends or is checked where it says so. */
import { endConnection } from '../connections/disconnect.ts';
import type { Sessions } from '../connections/session.ts';
import { viewOf, type Connection } from '../connections/view.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { providerOf } from '../engine.ts';
import { configurationError } from '../errors.ts';
import type { Unsubscribe } from '../events.ts';
import type { HealthService } from '../health.ts';
import type { Json, JsonObject } from '../json.ts';
import { printable } from '../printable.ts';
import type { WebhookDefinition } from '../provider.ts';
import { checkAnswer, type Schema } from '../schema.ts';
import type { ConnectionRow } from '../store.ts';
import { inTime } from './handler-time.ts';
import { checkReply } from './reply.ts';
import type { WebhookEvent, WebhookReply } from './webhook.ts';

/** What a handler learns besides the event's data. */
export interface WebhookContext {
  readonly provider: string;
  readonly type: string;
  /**
   * The vendor's id of the event, or one derived from the signed body. An event that comes again has the same: with that
   * of the connection it is what a handler knows its own work by.
   */
  readonly id: string;
  /** Null for events of the platform's own account. */
  readonly organizationId: string | null;
  readonly connection: Connection | null;
  readonly accountId: string | null;
  readonly occurredAt: Date | null;
  /** Through which channel it came, for vendors that have them. */
  readonly channel: EventChannel | null;
}

export interface EventChannel {
  readonly id: string;
  readonly params: JsonObject;
}

/** What a handler returns becomes the answer to the vendor; of several the first. Most return nothing. */
export type WebhookHandler<Data = Json> = (
  data: Data,
  context: WebhookContext,
) => HandlerResult | Promise<HandlerResult>;
// `void` lets handlers be written as functions without a result.
// oxlint-disable-next-line typescript/no-invalid-void-type
type HandlerResult = WebhookReply | undefined | void;

/** A verified event, before anybody heard it. */
export interface Item {
  readonly event: WebhookEvent;
  readonly id: string;
  readonly channel: EventChannel | null;
}

export interface Handlers {
  on(provider: string, type: string, handler: WebhookHandler): Unsubscribe;
  /** False in a process that hears nothing: one that runs jobs alone, or a command. */
  any(): boolean;
  /**
   * Runs the handlers of an event, one after the other.
   * @throws what a handler throws, PlugboardError code `handler_late`, and kind `invalid_response` for data of another shape.
   */
  dispatch(runtime: ProviderRuntime, item: Item, row: ConnectionRow | null): Promise<WebhookReply | undefined>;
}

export function createHandlers(engine: Engine, sessions: Sessions, health: HealthService): Handlers {
  const handlers = new Map<string, Set<WebhookHandler>>();

  return {
    on(provider, type, handler) {
      if (typeof handler !== 'function') {
        throw configurationError(
          'invalid_handler',
          `\`on('${printable(provider)}', ...)\` got no function to call.`,
          "Pass one last: on('connection.attention', handler), on('acme', 'order.created', handler).",
        );
      }
      hintAt(engine, providerOf(engine, provider), type);
      const key = `${provider}/${type}`;
      const set = handlers.get(key) ?? new Set();
      handlers.set(key, set.add(handler));
      return () => void set.delete(handler);
    },
    any: () => [...handlers.values()].some((set) => set.size > 0),
    async dispatch(runtime, { event, id, channel }, row) {
      const provider = runtime.definition.id;
      const webhooks = runtime.definition.webhooks as WebhookDefinition;
      const schema = Object.hasOwn(webhooks.events, event.type) ? (webhooks.events[event.type] as Schema) : undefined;
      const data =
        schema === undefined
          ? event.data
          : (checkAnswer(schema, event.data, `The event ${provider} ${event.type}`) as Json);
      const context: WebhookContext = {
        provider,
        type: event.type,
        id,
        organizationId: row?.organizationId ?? null,
        connection: row === null ? null : viewOf(row),
        accountId: event.accountId ?? null,
        occurredAt: event.occurredAt ?? null,
        channel,
      };
      let asked: WebhookReply | undefined;
      for (const name of [`${provider}/${event.type}`, `${provider}/*`]) {
        for (const handler of handlers.get(name) ?? []) {
          const reply = checkReply(await inTime(engine.clock, provider, () => handler(data, context)));
          asked ??= reply;
        }
      }
      const ends = typeof webhooks.ends === 'function' ? webhooks.ends(event) : webhooks.ends?.includes(event.type);
      if (row !== null && ends === true) {
        await endConnection(engine, runtime, row, { actor: 'vendor', reason: 'uninstalled', revoke: false });
        sessions.forget(row);
      } else if (row !== null && webhooks.checks?.includes(event.type) === true) {
        // What the vendor says when it is asked, not what the event says.
        await health.checkRow(runtime, row);
      }
      return asked;
    },
  };
}

/** A misspelt type compiles, because vendors send more than is declared; it would be waited for in silence. */
function hintAt({ mode, log }: Engine, { definition }: ProviderRuntime, type: string): void {
  const { id: provider } = definition;
  const webhooks = definition.webhooks as WebhookDefinition | undefined;
  if (mode !== 'development' || type === '*') return;
  const declared = Object.keys(webhooks?.events ?? {});
  if (webhooks === undefined) log.info({ provider, type }, 'a handler waits for webhooks of a provider that has none');
  else if (!declared.includes(type))
    log.info(
      { provider, type, declared },
      'a handler waits for a type of event that the provider does not declare: its data is not checked',
    );
}
