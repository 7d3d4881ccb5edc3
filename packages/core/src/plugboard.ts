/** What `createPlugboard` takes and gives: every type is inferred from the providers array. */
import type { AccountsService } from './accounts.ts';
import type { CapabilityMap, CapabilityName } from './capabilities.ts';
import type { Channel } from './channels/channels.ts';
import type { Clock } from './clock.ts';
import type { Authorization, AuthorizeInput, CallbackInput, CallbackResult } from './connections/authorize.ts';
import type { Prepared, PrepareInput } from './connections/browser-step.ts';
import type { ConnectInput } from './connections/connect.ts';
import type { DisconnectInput, DisconnectResult } from './connections/disconnect.ts';
import type { ResealOptions, ResealReport } from './connections/reseal.ts';
import type { Connection } from './connections/view.ts';
import type { Mode, Restored } from './engine.ts';
import type { NotificationOptions } from './notifier.ts';
import type { Environment } from './env.ts';
import type { BoardEventName, BoardEvents, Handler, Unsubscribe } from './events.ts';
import type { FlagClient, FlagsService } from './flags.ts';
import type { Health, HealthInput } from './health.ts';
import type { Job, JobName } from './job.ts';
import type { BackgroundOptions } from './jobs.ts';
import type { Json, JsonObject } from './json.ts';
import type { Log } from './log.ts';
import type {
  AnyProvider,
  Choice,
  ClientOf,
  ConnectCredentials,
  EventsOf,
  OAuthMethodNames,
  Provider,
  SettingsInputOf,
  SettingsOf,
} from './provider.ts';
import type { Operator } from './operator/operator.ts';
import type { Output } from './schema.ts';
import type { ProviderSetup, RuntimeOptions } from './runtimes.ts';
import type { StreamsOf } from './provider-streams.ts';
import type { AuditEntry, ConnectionFilter, Page, Store } from './store.ts';
import type { StreamOptions, StreamStatus, SyncInput } from './sync/service.ts';
import type { StreamHandler, SyncResult } from './sync/task.ts';
import type { VaultStatus } from './vault/status.ts';
import type { KeyRing } from './vault/vault.ts';
import type { DeadLetters } from './webhooks/dead-letters.ts';
import type { WebhookOptions } from './webhooks/dispatch-options.ts';
import type { WebhookHandler } from './webhooks/handlers.ts';
import type { WebhookTarget } from './webhooks/receive.ts';

export interface PlugboardOptions<Providers extends readonly AnyProvider[]> extends RuntimeOptions {
  /** Public base URL of the mounted routes: `https://app.example.com/integrations`. Never taken from a request. */
  readonly url: string;
  readonly providers: Providers;
  readonly store: Store;
  /** The key ring: the first entry seals, all entries open. Each value is 32 bytes, as base64 or raw. */
  readonly keys: KeyRing;
  /** Stubs need `development` or `test`, here or in NODE_ENV; anything else is production. */
  readonly mode?: Mode;
  /** Name of the deployment, bound into every sealed value. Default: the mode. */
  readonly environment?: string;
  /** Environment variables to read provider credentials from. Default: those of the process. */
  readonly env?: Environment;
  readonly clock?: Clock;
  /** Where the library speaks. Default: the console. Secrets are taken out of each line before it gets there. */
  readonly log?: Log;
  /** Milliseconds an opened credential may be served from memory, so how long a disconnect elsewhere may go unnoticed. Default 5,000. */
  readonly cacheMs?: number;
  /**
   * Milliseconds from the start of an OAuth flow to its callback, in whole minutes. Default 600,000, which is ten; an
   * hour at most.
   */
  readonly flowMs?: number;
  /** The page where an organization connects anew, for messages and events. Default: the route `connect` of this board. */
  readonly reconnectUrl?: (connection: Connection) => string;
  /** Who is told that a connection needs somebody, or works again. Default: nobody; the events are emitted all the same. */
  readonly notifications?: NotificationOptions;
  /** The database was restored from a backup: `hold` first, `resume` once the first connections are seen to work. */
  readonly restored?: Restored;
  /** Whether webhook events are handled while the vendor waits, or later. Default: while it waits. */
  readonly webhooks?: WebhookOptions;
  /** Bounds of what the jobs do at once. */
  readonly background?: BackgroundOptions;
  /** Further origins to which a finished connect flow may return. */
  readonly returnOrigins?: readonly string[];
  /** An OpenFeature client. Default: the global API of @openfeature/server-sdk. */
  readonly flags?: FlagClient;
  /** What this process is called on the list of live processes: `web-1`, the name of a pod. */
  readonly processLabel?: string;
  /** A memory store in production loses everything at restart and knows one process only. */
  readonly acknowledgeSingleProcess?: boolean;
}

export type Ids<P extends readonly AnyProvider[]> = P[number]['definition']['id'];
/** A board of unknown providers is judged at run time alone. */
export type DefinitionOf<P extends readonly AnyProvider[], Id extends string> =
  string extends Ids<P>
    ? AnyProvider['definition']
    : Extract<P[number], Provider<{ id: Id } & AnyProvider['definition']>>['definition'];

/** Types of events that a provider declares come as suggestions; a vendor may send others. */
type EventName<D extends AnyProvider['definition']> =
  | Extract<keyof EventsOf<D>, string>
  | '*'
  // Not `string` alone, which would swallow the suggestions.
  | (string & Record<never, never>);

type EventData<D extends AnyProvider['definition'], Type extends string> = Type extends keyof EventsOf<D>
  ? Output<EventsOf<D>[Type]>
  : Json;

type ProvidersWith<P extends readonly AnyProvider[], Name extends CapabilityName> = {
  [Index in keyof P]: Name extends keyof NonNullable<P[Index]['definition']['capabilities']>
    ? P[Index]['definition']['id']
    : never;
}[number];

export interface Target {
  readonly organizationId: string;
  readonly label?: string;
}

export interface Plugboard<P extends readonly AnyProvider[]> {
  readonly mode: Mode;
  readonly url: string;
  /** The providers of this board, as given. */
  readonly providers: P;
  /** How each of them is configured here, by id. */
  readonly setup: Readonly<Record<Ids<P>, ProviderSetup>>;

  /** Checks keys, database and environment. Every other call waits for it; call it at start-up to fail early. */
  ready(): Promise<void>;

  /** A typed client. Nothing happens until one of its functions is called; it never holds a stale token. */
  client<Id extends Ids<P>>(provider: Id, target?: Target): ClientOf<DefinitionOf<P, Id>>;
  /** The capability of whichever provider is named: swapping vendors is changing a string. */
  capability<Name extends CapabilityName>(
    name: Name,
    target: Partial<Target> & { provider: ProvidersWith<P, Name> },
  ): CapabilityMap[Name];

  /** Stores credentials that the vendor accepts. */
  connect<Id extends Ids<P>>(
    provider: Id,
    input: Omit<ConnectInput, 'credentials' | 'method'> & ConnectCredentials<DefinitionOf<P, Id>>,
  ): Promise<Connection>;
  /** For vendors whose page opens a widget of theirs: what the page needs. Its result goes to `connect` with `flow`. */
  prepare(provider: Ids<P>, input: PrepareInput): Promise<Prepared>;
  /** Starts an OAuth flow: where to send the browser, and the cookie to set. */
  authorize<Id extends Ids<P>>(
    provider: Id,
    input: Omit<AuthorizeInput, 'method'> & { readonly method?: OAuthMethodNames<DefinitionOf<P, Id>> },
  ): Promise<Authorization>;
  /** Finishes an OAuth flow. */
  callback(provider: Ids<P>, input: CallbackInput): Promise<CallbackResult>;
  /** Revokes at the vendor as far as it allows, and drops the credentials. */
  disconnect(provider: Ids<P>, input: DisconnectInput): Promise<DisconnectResult>;

  readonly connections: {
    get(provider: Ids<P>, target: Target): Promise<Connection | null>;
    list(input: { organizationId: string } & ConnectionFilter): Promise<Page<Connection>>;
    /**
     * Gets a new token now, due or not; once in 30 seconds for each connection, over all processes.
     * @throws PlugboardError codes `not_connected`, `reconnect_required`, `not_refreshable`, `refresh_too_soon` ...
     */
    refresh(provider: Ids<P>, target: Target): Promise<Connection>;
  };
  readonly accounts: AccountsService;
  readonly settings: {
    get<Id extends Ids<P>>(provider: Id, target: Target): Promise<SettingsOf<DefinitionOf<P, Id>>>;
    update<Id extends Ids<P>>(
      provider: Id,
      input: Target & {
        userId?: string;
        settings: {
          [K in keyof SettingsInputOf<DefinitionOf<P, Id>>]?: SettingsInputOf<DefinitionOf<P, Id>>[K] | null;
        };
      },
    ): Promise<Connection>;
    choices<Id extends Ids<P>>(
      provider: Id,
      input: Target & { field: Extract<keyof SettingsInputOf<DefinitionOf<P, Id>>, string> },
    ): Promise<readonly Choice[]>;
  };
  readonly flags: FlagsService;

  /**
   * Reads a stream of a connection from where it was left, page by page: the next is asked for once `handle` has
   * resolved, and only then is the place remembered. Every record comes at least once. Without `handle` the one that is
   * registered with `streams.on` is called: «sync now».
   * @throws PlugboardError code `sync_busy` while another process reads the stream; what `handle` throws; the vendor's failure.
   */
  sync<Id extends Ids<P>, Name extends Extract<keyof StreamsOf<DefinitionOf<P, Id>>, string>>(
    provider: Id,
    input: Omit<SyncInput, 'stream' | 'handle'> & {
      readonly stream: Name;
      readonly handle?: StreamHandler<StreamsOf<DefinitionOf<P, Id>>[Name]>;
    },
  ): Promise<SyncResult>;
  readonly streams: {
    /** Has the job `sync` read a stream of every connection. One handler a stream. */
    on<Id extends Ids<P>, Name extends Extract<keyof StreamsOf<DefinitionOf<P, Id>>, string>>(
      provider: Id,
      stream: Name,
      handle: StreamHandler<StreamsOf<DefinitionOf<P, Id>>[Name]>,
      options?: StreamOptions,
    ): Unsubscribe;
    /** How far each stream of a connection was read. */
    list(provider: Ids<P>, target: Target): Promise<readonly StreamStatus[]>;
  };

  health(provider: Ids<P>, input?: HealthInput): Promise<Health>;
  readonly audit: {
    list(input: {
      organizationId: string;
      connectionId?: string;
      limit?: number;
      cursor?: string;
    }): Promise<Page<AuditEntry>>;
  };

  /** `failed`, `replay` and `discard` are for those who run the deployment: they cross organizations. */
  readonly webhooks: DeadLetters & {
    /** Verifies, de-duplicates, dispatches, and answers as the vendor wants. */
    receive(provider: string, request: Request, target?: WebhookTarget): Promise<Response>;
    /**
     * A new address for one connection, to enter at its vendor: for signing secrets that belong to the connection. It
     * holds an unguessable key of which the store keeps a hash, so it is not shown again; the address before works for
     * another week. Gone when the connection is disconnected.
     * @throws PlugboardError kind `auth`, code `not_connected`; kind `configuration`, code `no_webhooks`.
     */
    address(provider: Ids<P>, input: Target & { readonly userId?: string }): Promise<string>;
  };

  /** What a vendor notifies through for a while: a watch on a calendar. The job `channels` keeps it open. */
  readonly channels: {
    /** One with the same params that is open already is returned as it is: safe to call at each start. */
    open(
      provider: Ids<P>,
      input: Target & { readonly params?: JsonObject; readonly userId?: string },
    ): Promise<Channel>;
    list(provider: Ids<P>, target: Target): Promise<readonly Channel[]>;
    /** Nothing is accepted from it any more, and the vendor is told. */
    close(provider: Ids<P>, input: Target & { readonly id: string; readonly userId?: string }): Promise<void>;
  };

  /** Hears what happens to connections. */
  on<Name extends BoardEventName>(event: Name, handler: Handler<BoardEvents[Name]>): Unsubscribe;
  /**
   * Hears a vendor's verified webhook events. Data of a type that the provider declares is validated by its schema;
   * that of any other type is what the vendor sent, as JSON. `*` hears all events. A handler that returns a reply answers
   * the vendor with it; a delivery that was handled before gets the vendor's default answer.
   */
  on<Id extends Ids<P>, Type extends EventName<DefinitionOf<P, Id>>>(
    provider: Id,
    type: Type,
    handler: WebhookHandler<EventData<DefinitionOf<P, Id>, Type>>,
  ): Unsubscribe;

  /** Key rotation: how many rows each key holds, and sealing all of them under the first key of the ring. */
  readonly vault: {
    status(): Promise<VaultStatus>;
    reseal(options?: Omit<ResealOptions, 'store' | 'vault'>): Promise<ResealReport>;
    /** @throws PlugboardError code `key_in_use` while any row needs the key, or a live process is behind in the rotation. */
    assertRemovable(keyId: string): Promise<void>;
  };

  /** Where the board speaks; what runs its jobs elsewhere speaks there too. */
  readonly log: Log;

  /** For whoever runs the deployment. Never for its users: nothing here is bound to one organization. */
  readonly operator: Operator;

  /** What must run in the background; `start` runs it in this process, @plugboard/jobs-* run it in many. */
  readonly jobs: readonly Job[];
  /**
   * Runs jobs in this process, default all, and lists the process among the live ones. A process that leaves the jobs to
   * others starts with `jobs: []`, so that the rotation of a key knows of it.
   */
  start(options?: { readonly jobs?: readonly JobName[] }): void;
  /**
   * Claims nothing more, lets what is in flight finish, has SDKs send what they hold, closes sockets. The store stays the
   * host's. `deadlineMs` (default 60,000: a token call may take 45 s) bounds the wait; `drained` is false where it was not
   * enough, and what was in flight then comes back when its lease ends.
   */
  stop(options?: { readonly deadlineMs?: number }): Promise<{ readonly drained: boolean }>;

  /** Stand-ins of the stubbed vendors, for the routes that serve their consent pages. Null in production. */
  readonly sandbox: ((request: Request) => Promise<Response>) | null;
}
