/** What the host hears: every change of a connection once, and the verified events of its vendors. */
import { randomUuid } from './random.ts';
import type { Clock } from './clock.ts';
import type { JsonObject } from './json.ts';
import type { Log } from './log.ts';
import { PlugboardError, isPlugboardError } from './errors.ts';
import { late, orLate } from './patience.ts';
import type { Store } from './store.ts';
import type { Connection } from './connections/view.ts';
import type { SyncEvents } from './sync/events.ts';

/** Board events. Payloads hold ids, codes and connections without secrets. */
export interface BoardEvents extends SyncEvents {
  'connection.connected': { readonly connection: Connection; readonly reconnected: boolean };
  'connection.account_chosen': { readonly connection: Connection };
  'connection.refreshed': { readonly connection: Connection };
  /** The connection stopped working, in part or wholly, and somebody must act. Once per episode. */
  'connection.attention': { readonly connection: Connection; readonly reason: string; readonly reconnectUrl: string };
  'connection.recovered': { readonly connection: Connection };
  /** What the connection rests on ends on this day, and only the organization can renew it. Once for each end. */
  'connection.expiring': {
    readonly connection: Connection;
    readonly expiresAt: Date;
    readonly reconnectUrl: string;
  };
  'connection.disconnected': { readonly connection: Connection; readonly reason: string; readonly revoked: Revocation };
  'connection.settings_changed': { readonly connection: Connection; readonly changed: readonly string[] };
  /** Two refreshes of one connection both succeeded at the vendor; the newer stored one stands. */
  'connection.refresh_conflict': { readonly connection: Connection };
  /** The vendor refuses the host's own app credentials; no connection is touched. */
  'provider.attention': { readonly provider: string; readonly reason: string };
  'provider.recovered': { readonly provider: string };
  /** Stored credentials need a key that is not at hand: told once for each key. Their connections are untouched. */
  'vault.attention': { readonly keyId: string; readonly reason: string };
  /** Events or reports that were taken in and will not reach the vendor. */
  'provider.loss': {
    readonly provider: string;
    readonly organizationId: string | null;
    readonly count: number;
    readonly reason: string;
  };
  /** A callback named an issuer that the provider does not declare. */
  'provider.issuer_seen': { readonly provider: string; readonly issuer: string };
}

/**
 * Whether the vendor was told: `revoked`, `failed` after retries, `unsupported` by it, or `kept` because the vendor
 * would have ended other connections as well.
 */
export type Revocation = 'revoked' | 'failed' | 'unsupported' | 'kept';

export type BoardEventName = keyof BoardEvents;
export type Handler<Payload> = (payload: Payload) => void | Promise<void>;
export type Unsubscribe = () => void;

export interface AuditInput {
  readonly organizationId: string;
  readonly connectionId: string | null;
  readonly provider: string;
  readonly type: string;
  readonly actor: string;
  readonly data?: JsonObject;
}

export interface Events {
  on<Name extends BoardEventName>(name: Name, handler: Handler<BoardEvents[Name]>): Unsubscribe;
  /** Whether anybody listens: what nobody would hear need not be made. */
  heard(name: BoardEventName): boolean;
  /** Runs every handler; one that throws or hangs is logged and does not stop the others or the caller. */
  emit<Name extends BoardEventName>(name: Name, payload: BoardEvents[Name]): Promise<void>;
  /** Emits `connection.attention`, with the address where the organization connects anew. */
  attention(connection: Connection, reason: string): Promise<void>;
  /** Emits `connection.expiring`. */
  expiring(connection: Connection, expiresAt: Date): Promise<void>;
  /** Appends to the audit trail. An audit that cannot be written fails the change it belongs to. */
  audit(entry: AuditInput): Promise<void>;
}

/** Longest that anything waits for one handler, in milliseconds. */
const handlerMs = 10_000;

export interface EventsOptions {
  readonly store: Store;
  readonly log: Log;
  readonly clock: Clock;
  /** Where the organization connects anew. */
  readonly reconnectUrl: (connection: Connection) => string;
}

export function createEvents({ store, log, clock, reconnectUrl }: EventsOptions): Events {
  const handlers = new Map<string, Set<Handler<never>>>();
  const events: Events = {
    on(name, handler) {
      const set = handlers.get(name) ?? new Set();
      handlers.set(name, set.add(handler as Handler<never>));
      return () => void set.delete(handler as Handler<never>);
    },
    heard: (name) => (handlers.get(name)?.size ?? 0) > 0,
    async emit(name, payload) {
      const run = async (handler: Handler<typeof payload>) => {
        try {
          const told = await orLate(clock, handlerMs, () => handler(payload));
          if (told === late) log.error({ event: name }, 'an event handler takes too long and is not waited for');
        } catch (error) {
          log.error({ event: name, ...errorFields(error) }, 'an event handler failed');
        }
      };
      // Side by side: one that hangs keeps nothing from the others.
      await Promise.all([...(handlers.get(name) ?? [])].map((handler) => run(handler as Handler<typeof payload>)));
    },
    attention: (connection, reason) =>
      events.emit('connection.attention', { connection, reason, reconnectUrl: reconnectUrl(connection) }),
    expiring: (connection, expiresAt) =>
      events.emit('connection.expiring', { connection, expiresAt, reconnectUrl: reconnectUrl(connection) }),
    async audit(entry) {
      await store.audit.append({ id: randomUuid(), data: {}, ...entry });
    },
  };
  return events;
}

/** What a log line may say of any error: kind and code of ours, the class name of a foreign one. */
export function errorFields(error: unknown): JsonObject {
  if (isPlugboardError(error)) return { kind: error.kind, code: error.code, message: error.message };
  const described = new PlugboardError({ kind: 'configuration', code: 'foreign', message: '', cause: error }).cause;
  return { error: described instanceof Error ? described.message : 'unknown' };
}
