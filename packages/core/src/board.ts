/** `createPlugboard`: providers, store and keys in, one object out. */
import { createAccounts, type AccountsService } from './accounts.ts';
import type { CapabilityMap, CapabilityName } from './capabilities.ts';
import { createClient } from './client/client.ts';
import { systemClock, type Clock } from './clock.ts';
import { resolveMode } from './config.ts';
import {
  authorize,
  callback,
  type Authorization,
  type AuthorizeInput,
  type CallbackInput,
  type CallbackResult,
} from './connections/authorize.ts';
import { connect, prepare, type ConnectInput, type PrepareInput } from './connections/connect.ts';
import type { JsonObject } from './json.ts';
import { disconnect, type DisconnectInput, type DisconnectResult } from './connections/disconnect.ts';
import { resealAll, type ResealOptions, type ResealReport } from './connections/reseal.ts';
import { createRefresher } from './connections/refresh.ts';
import { createSessions } from './connections/session.ts';
import { viewOf, type Connection } from './connections/view.ts';
import { checkId, providerOf, type Engine, type Mode } from './engine.ts';
import { processEnvironment, type Environment } from './env.ts';
import { configurationError } from './errors.ts';
import { createEvents, type BoardEventName, type BoardEvents, type Handler, type Unsubscribe } from './events.ts';
import { createFlags, type FlagClient, type FlagsService } from './flags.ts';
import { createHealth, type Health, type HealthInput } from './health.ts';
import { createJobs, startRunner, type Job, type Runner } from './jobs.ts';
import { consoleLog, type Log } from './log.ts';
import type {
  AnyProvider,
  ClientOf,
  ConnectCredentials,
  EventsOf,
  Provider,
  SettingsInputOf,
  SettingsOf,
} from './provider.ts';
import type { Output } from './schema.ts';
import { createRuntimes, setupOf, type ProviderSetup, type RuntimeOptions } from './runtimes.ts';
import { createSettings } from './settings.ts';
import type { AuditEntry, ConnectionFilter, Page, Store } from './store.ts';
import { checkKeys } from './vault/check-keys.ts';
import { createVault } from './vault/create-vault.ts';
import { assertRemovable, vaultStatus, type VaultStatus } from './vault/status.ts';
import type { KeyRing } from './vault/vault.ts';
import type { Choice } from './provider.ts';
import { createWebhooks, type WebhookContext, type WebhookTarget } from './webhooks/receive.ts';

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
  readonly log?: Log;
  /** Milliseconds an opened credential may be served from memory, so how long a disconnect elsewhere may go unnoticed. Default 5,000. */
  readonly cacheMs?: number;
  /** Further origins to which a finished connect flow may return. */
  readonly returnOrigins?: readonly string[];
  /** An OpenFeature client. Default: the global API of @openfeature/server-sdk. */
  readonly flags?: FlagClient;
  /** A memory store in production loses everything at restart and knows one process only. */
  readonly acknowledgeSingleProcess?: boolean;
}

type Ids<P extends readonly AnyProvider[]> = P[number]['definition']['id'];
/** A board of unknown providers is judged at run time alone. */
type DefinitionOf<P extends readonly AnyProvider[], Id extends string> =
  string extends Ids<P>
    ? AnyProvider['definition']
    : Extract<P[number], Provider<{ id: Id } & AnyProvider['definition']>>['definition'];

type ProvidersWith<P extends readonly AnyProvider[], Name extends CapabilityName> = {
  [Index in keyof P]: Name extends keyof NonNullable<P[Index]['definition']['capabilities']>
    ? P[Index]['definition']['id']
    : never;
}[number];

interface Target {
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
  /** For vendors whose page opens a widget of theirs: what the page needs. The widget's result goes to `connect`. */
  prepare(provider: Ids<P>, input: PrepareInput): Promise<JsonObject>;
  /** Starts an OAuth flow: where to send the browser, and the cookie to set. */
  authorize(provider: Ids<P>, input: AuthorizeInput): Promise<Authorization>;
  /** Finishes an OAuth flow. */
  callback(provider: Ids<P>, input: CallbackInput): Promise<CallbackResult>;
  /** Revokes at the vendor as far as it allows, and drops the credentials. */
  disconnect(provider: Ids<P>, input: DisconnectInput): Promise<DisconnectResult>;

  readonly connections: {
    get(provider: Ids<P>, target: Target): Promise<Connection | null>;
    list(input: { organizationId: string } & ConnectionFilter): Promise<Page<Connection>>;
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
  health(provider: Ids<P>, input?: HealthInput): Promise<Health>;
  readonly audit: {
    list(input: {
      organizationId: string;
      connectionId?: string;
      limit?: number;
      cursor?: string;
    }): Promise<Page<AuditEntry>>;
  };

  readonly webhooks: {
    /** Verifies, de-duplicates, dispatches, and answers as the vendor wants. */
    receive(provider: string, request: Request, target?: WebhookTarget): Promise<Response>;
  };

  /** Hears what happens to connections. */
  on<Name extends BoardEventName>(event: Name, handler: Handler<BoardEvents[Name]>): Unsubscribe;
  /** Hears a vendor's verified webhook events; `*` hears all of them, raw. */
  on<Id extends Ids<P>, Type extends Extract<keyof EventsOf<DefinitionOf<P, Id>>, string> | '*'>(
    provider: Id,
    type: Type,
    handler: (
      data: Type extends keyof EventsOf<DefinitionOf<P, Id>> ? Output<EventsOf<DefinitionOf<P, Id>>[Type]> : unknown,
      context: WebhookContext,
    ) => void | Promise<void>,
  ): Unsubscribe;

  /** Key rotation: how many rows each key holds, and sealing all of them under the first key of the ring. */
  readonly vault: {
    status(): Promise<VaultStatus>;
    reseal(options?: Omit<ResealOptions, 'store' | 'vault'>): Promise<ResealReport>;
    /** @throws PlugboardError code `key_in_use` while any row needs the key. */
    assertRemovable(keyId: string): Promise<void>;
  };

  /** What must run in the background; `start` runs it in this process. */
  readonly jobs: readonly Job[];
  start(): void;
  /** Stops the jobs, lets refreshes in flight finish, closes sockets. The store stays the host's. */
  stop(): Promise<void>;

  /** Stand-ins of the stubbed vendors, for the routes that serve their consent pages. Null in production. */
  readonly sandbox: ((request: Request) => Promise<Response>) | null;
}

/**
 * @throws PlugboardError kind `configuration` for every wrong or missing option, by name: `invalid_url`,
 * `duplicate_provider`, `half_configured`, `mode_conflict`, `missing_credentials`, `memory_store_in_production`, `bad_key` ...
 */
export function createPlugboard<const Providers extends readonly AnyProvider[]>(
  options: PlugboardOptions<Providers>,
): Plugboard<Providers> {
  const environmentVariables = options.env ?? processEnvironment();
  const mode = resolveMode(options.mode, environmentVariables);
  const { store, log = consoleLog, clock = systemClock } = options;
  const url = checkUrl(options.url, mode);
  if (mode === 'production' && !store.shared && options.acknowledgeSingleProcess !== true)
    throw memoryStoreError(store.name);
  const environment = options.environment ?? mode;
  const vault = createVault({ environment, keys: options.keys, clock });
  const events = createEvents(store, log);
  const { runtimes, sandbox, close } = createRuntimes(options.providers, {
    ...options,
    mode,
    url,
    clock,
    log,
    environmentVariables,
  });
  const engine: Engine = {
    mode,
    url,
    environment,
    clock,
    store,
    vault,
    events,
    log,
    providers: runtimes,
    cacheMs: options.cacheMs ?? 5_000,
    returnOrigins: options.returnOrigins ?? [],
  };

  let checked: Promise<void> | undefined;
  const ready = () =>
    (checked ??= checkKeys(vault, store).catch((error: unknown) => {
      checked = undefined;
      throw error;
    }));
  /** Nothing touches the store before the keys are known to fit it. */
  const gate =
    <Args extends readonly unknown[], R>(run: (...args: Args) => Promise<R>) =>
    async (...args: Args) => {
      await ready();
      return run(...args);
    };

  const refresher = createRefresher(engine, { changed: (connectionId) => sessions.forget(connectionId) });
  const sessions = createSessions(engine, refresher, ready);
  const health = createHealth(engine, sessions);
  const settings = createSettings(engine, sessions);
  const accounts = createAccounts(engine, sessions);
  const flags = createFlags(engine, options.flags);
  const webhooks = createWebhooks(engine, sessions);
  const jobs = createJobs(engine, { refresher, health }).map((job) => ({ ...job, run: gate(job.run.bind(job)) }));
  let runner: Runner | undefined;

  const client = (provider: string, target?: Target) => {
    const runtime = providerOf(engine, provider);
    const session =
      target === undefined
        ? sessions.platform(runtime)
        : sessions.of(runtime, {
            organizationId: checkId(target.organizationId, 'organizationId'),
            label: checkId(target.label ?? 'default', 'label'),
          });
    return createClient(engine, session, runtime.definition);
  };

  const forgetting = async (connection: Connection) => {
    sessions.forget(connection.id);
    return connection;
  };

  const board: Plugboard<readonly AnyProvider[]> = {
    mode,
    url,
    providers: options.providers,
    setup: Object.fromEntries([...runtimes].map(([id, runtime]) => [id, setupOf(runtime)])),
    ready,
    client: client as never,
    capability(name, { provider, organizationId, label }) {
      const target =
        organizationId === undefined ? undefined : { organizationId, ...(label !== undefined && { label }) };
      const found = (client(provider as string, target) as Record<string, unknown>)[name];
      if (found === undefined)
        throw configurationError(
          'no_capability',
          `Provider \`${String(provider)}\` has no capability \`${name}\`.`,
          'Name a provider that has it.',
        );
      return found as never;
    },
    connect: gate(async (provider: string, input: ConnectInput) =>
      forgetting(await connect(engine, provider, input)),
    ) as never,
    prepare: gate((provider, input) => prepare(engine, provider, input)),
    authorize: gate((provider, input) => authorize(engine, provider, input)),
    callback: gate(async (provider, input) => {
      const result = await callback(engine, provider, input);
      if ('connection' in result) sessions.forget(result.connection.id);
      return result;
    }),
    disconnect: gate(async (provider, input) => {
      const result = await disconnect(engine, provider, input);
      sessions.forget(result.connection.id);
      return result;
    }),
    connections: {
      get: gate(async (provider, target) => {
        const runtime = providerOf(engine, provider);
        const key = { provider, label: checkId(target.label ?? 'default', 'label') };
        const row = await store.connections.find(checkId(target.organizationId, 'organizationId'), key);
        return row === null || (row.stub && !runtime.stub) ? null : viewOf(row);
      }),
      list: gate(async ({ organizationId, ...filter }) => {
        const page = await store.connections.list(checkId(organizationId, 'organizationId'), filter);
        const visible = page.items.filter((row) => !row.stub || engine.providers.get(row.provider)?.stub === true);
        return { items: visible.map(viewOf), nextCursor: page.nextCursor };
      }),
    },
    accounts: { choices: gate(accounts.choices), choose: gate(accounts.choose) },
    settings: {
      get: gate(settings.get) as never,
      update: gate(settings.update) as never,
      choices: gate(settings.choices) as never,
    },
    flags: { enabled: gate(flags.enabled), list: gate(flags.list) },
    health: gate((provider, input = {}) => health.check(provider, input)),
    audit: {
      list: gate(({ organizationId, ...filter }) =>
        store.audit.list(checkId(organizationId, 'organizationId'), filter),
      ),
    },
    webhooks: { receive: gate(webhooks.receive) },
    on: ((first: string, second: unknown, third?: unknown) =>
      typeof second === 'function'
        ? events.on(first as BoardEventName, second as never)
        : webhooks.on(first, second as string, third as never)) as never,
    vault: {
      status: gate(() => vaultStatus({ store, vault })),
      reseal: gate((asked = {}) => resealAll({ ...asked, store, vault })),
      assertRemovable: gate((keyId) => assertRemovable(keyId, { store, vault })),
    },
    jobs,
    start() {
      runner ??= startRunner(engine, jobs);
    },
    async stop() {
      await runner?.stop();
      runner = undefined;
      await refresher.drain();
      await close();
    },
    sandbox,
  };
  return board as unknown as Plugboard<Providers>;
}

function checkUrl(url: unknown, mode: Mode): string {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  const problem =
    parsed === undefined
      ? 'is not an absolute URL'
      : parsed.search !== '' || parsed.hash !== '' || parsed.username !== ''
        ? 'must have no query, fragment or user'
        : parsed.protocol !== 'https:' && (mode === 'production' || parsed.protocol !== 'http:')
          ? 'must be https'
          : undefined;
  if (problem === undefined && parsed !== undefined) return parsed.href.replace(/\/+$/, '');
  throw configurationError(
    'invalid_url',
    `Option \`url\` ${problem}.`,
    'Pass the public address where the routes are mounted: https://app.example.com/integrations',
  );
}

function memoryStoreError(name: string) {
  return configurationError(
    'memory_store_in_production',
    `The store \`${name}\` keeps connections in this process only.`,
    'Use @plugboard/storage-postgres, or set acknowledgeSingleProcess: true if losing them at restart is fine.',
  );
}
