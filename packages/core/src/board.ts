/** `createPlugboard`: providers, store and keys in, one object out. */
import { createAccounts } from './accounts.ts';
import {
  checkLabel,
  checkTimes,
  checkUrl,
  jobsOf,
  memoryStoreError,
  noCapability,
  reconnectUrlAt,
  stopWithin,
  warnOfNoInbox,
} from './board-options.ts';
import { createChannels } from './channels/channels.ts';
import { createClient } from './client/client.ts';
import { createCredentialBreaker } from './client/credential-breaker.ts';
import { createAttempts } from './connections/attempts.ts';
import { createSdkCache } from './client/sdk-cache.ts';
import { endsWithin, systemClock } from './clock.ts';
import { checkRestored, resolveMode } from './config.ts';
import { authorize, callback, type AuthorizeInput } from './connections/authorize.ts';
import { prepare } from './connections/browser-step.ts';
import { connect, type ConnectInput } from './connections/connect.ts';
import { disconnect } from './connections/disconnect.ts';
import { resealAll } from './connections/reseal.ts';
import { refreshNow } from './connections/refresh-now.ts';
import { createRefresher } from './connections/refresh.ts';
import { createUnreadable } from './connections/unreadable.ts';
import { createSessions } from './connections/session.ts';
import { sessionKey } from './connections/session-key.ts';
import { viewOf, type Connection } from './connections/view.ts';
import { checkId, checkTarget, providerOf, type Engine } from './engine.ts';
import { processEnvironment } from './env.ts';
import { createEvents, errorFields, type BoardEventName } from './events.ts';
import { createFlags } from './flags.ts';
import { createHealth } from './health.ts';
import { createJobs, startRunner, type Runner } from './jobs.ts';
import { createNotifier, type ClientOf } from './notifier.ts';
import { createKeyGate } from './key-gate.ts';
import { guardedLog, plainConsole } from './log.ts';
import { createOperator } from './operator/operator.ts';
import { createPresence } from './operator/presence.ts';
import { printable } from './printable.ts';
import type { AnyProvider } from './provider.ts';
import { redactedLog } from './redacted-log.ts';
import { createRuntimes, setupOf } from './runtimes.ts';
import { secretTexts } from './secret.ts';
import { createSettings } from './settings.ts';
import { createSyncJob } from './sync/job.ts';
import { createSyncService } from './sync/service.ts';
import { createVault } from './vault/create-vault.ts';
import { assertRemovable, vaultStatus } from './vault/status.ts';
import { makeWebhookAddress } from './webhooks/address.ts';
import { createDeadLetters } from './webhooks/dead-letters.ts';
import { planWebhooks } from './webhooks/dispatch-options.ts';
import { createHandlers } from './webhooks/handlers.ts';
import { createInboxJob } from './webhooks/inbox-job.ts';
import { createIntakeByInbox } from './webhooks/intake-by-inbox.ts';
import { createIntakeByMarks } from './webhooks/intake-by-marks.ts';
import { createKeyCache } from './webhooks/key-cache.ts';
import { createWebhooks } from './webhooks/receive.ts';
import { checkOptions } from './option-shapes.ts';
import type { PlugboardOptions, Plugboard, Target } from './plugboard.ts';

/**
 * @throws PlugboardError kind `configuration` for every wrong or missing option, by name: `invalid_option`, `unknown_option`,
 * `invalid_url`, `invalid_provider`, `duplicate_provider`, `mode_conflict`, `missing_credentials`, `memory_store_in_production`, `bad_key` ...
 */
export function createPlugboard<const Providers extends readonly AnyProvider[]>(
  options: PlugboardOptions<Providers>,
): Plugboard<Providers> {
  checkOptions(options);
  const environmentVariables = options.env ?? processEnvironment();
  const mode = resolveMode(options.mode, environmentVariables);
  const { store, clock = systemClock } = options;
  let deployed: readonly string[] = [];
  const log = guardedLog(redactedLog(options.log ?? plainConsole, { secrets: () => deployed }));
  const url = checkUrl(options.url, mode);
  if (mode === 'production' && !store.shared && options.acknowledgeSingleProcess !== true)
    throw memoryStoreError(store.name);
  const environment = options.environment ?? mode;
  const vault = createVault({ environment, keys: options.keys, clock });
  const { reconnectUrl = reconnectUrlAt(url) } = options;
  const events = createEvents({ store, log, clock, reconnectUrl });
  const { runtimes, sandbox, close } = createRuntimes(options.providers, {
    ...options,
    mode,
    url,
    clock,
    log,
    environmentVariables,
  });
  deployed = [...runtimes.values()].flatMap(({ app, platform }) => secretTexts([app, platform?.credentials]));
  const engine: Engine = {
    mode,
    url,
    environment,
    clock,
    store,
    vault,
    events,
    keys: createKeyCache(),
    log,
    reconnectUrl,
    providers: runtimes,
    sdks: createSdkCache((provider, error) =>
      log.warn({ provider, ...errorFields(error) }, 'an SDK could not be closed'),
    ),
    credentialBreaker: createCredentialBreaker(() => clock.monotonic()),
    attempts: createAttempts(() => clock.monotonic()),
    unreadable: createUnreadable({ store, events, log }),
    ...checkRestored(options.restored, log),
    ...checkTimes(options),
    returnOrigins: options.returnOrigins ?? [],
  };

  const { ready, pending, gate } = createKeyGate(vault, store);
  /** What is asked of one organization. */
  const about = <In, R>(run: (provider: string, input: In) => Promise<R>) =>
    gate(async (provider: string, input: In) =>
      run(provider, checkTarget(input, `The call for ${printable(provider)}`)),
    );

  const refresher = createRefresher(engine, { changed: (row) => sessions.forget(row) });
  const sessions = createSessions(engine, refresher, pending);
  const health = createHealth(engine, sessions);
  const settings = createSettings(engine, sessions);
  const accounts = createAccounts(engine, sessions);
  const flags = createFlags(engine, options.flags);
  const { inbox } = store;
  const plan = planWebhooks(options.webhooks, runtimes, inbox !== undefined);
  if (inbox === undefined) warnOfNoInbox(engine);
  const handlers = createHandlers(engine, sessions, health);
  const wake = () => runner?.wake('webhooks');
  const intake =
    inbox === undefined
      ? createIntakeByMarks(engine, handlers)
      : createIntakeByInbox({ engine, inbox, handlers, plan, wake });
  const webhooks = createWebhooks(engine, { sessions, handlers, intake });
  const deadLetters = createDeadLetters(engine, wake);
  const channels = createChannels(engine, sessions);
  const presence = createPresence(engine, { ready, label: checkLabel(options.processLabel) });
  const operator = createOperator(engine, presence);
  /** As `gate`, for what only reads: whoever looks lays nothing down. */
  const looking =
    <Args extends readonly unknown[], R>(run: (...args: Args) => Promise<R>) =>
    async (...args: Args) => {
      await operator.checkKeys();
      return run(...args);
    };

  const streams = createSyncService({ engine, sessions });
  const client = (provider: string, target?: Target) => {
    const runtime = providerOf(engine, provider);
    const session =
      target === undefined
        ? sessions.platformClient(runtime)
        : sessions.of(runtime, {
            organizationId: checkId(checkTarget(target, `The client of ${provider}`).organizationId, 'organizationId'),
            label: checkId(target.label ?? 'default', 'label'),
          });
    return createClient(engine, session, runtime.definition);
  };

  const notifier = options.notifications && createNotifier(engine, client as ClientOf, options.notifications);
  const parts = { refresher, channels, health, notifier, background: options.background };
  const allJobs = [
    ...createJobs(engine, parts),
    createSyncJob({ engine, sessions }, streams),
    createInboxJob({ engine, inbox, handlers, plan }),
  ];
  const jobs = allJobs.map((job) => {
    const run = gate(job.run.bind(job));
    return {
      ...job,
      run(signal?: AbortSignal) {
        // A job engine runs them in processes that start no board: one that got none for an hour is no worker any more.
        presence.join(3_600_000);
        return run(signal);
      },
      ...(job.due && { due: gate(job.due) }),
    };
  });
  let runner: Runner | undefined;

  const forgetting = async (connection: Connection) => {
    sessions.forget(connection);
    await engine.sdks.drop(sessionKey(connection.provider, connection));
    return connection;
  };

  const board: Plugboard<readonly AnyProvider[]> = {
    mode,
    url,
    providers: options.providers,
    setup: Object.fromEntries([...runtimes].map(([id, runtime]) => [id, setupOf(runtime)])),
    ready,
    client: client as never,
    capability(name, asked) {
      const { provider, organizationId, label } = checkTarget(asked, `The capability \`${printable(name)}\``);
      const target =
        organizationId === undefined ? undefined : { organizationId, ...(label !== undefined && { label }) };
      const found = (client(provider as string, target) as Record<string, unknown>)[name];
      if (found === undefined) throw noCapability(provider, name);
      return found as never;
    },
    connect: about(async (provider: string, input: ConnectInput) =>
      forgetting(await connect(engine, provider, input)),
    ) as never,
    prepare: about((provider, input) => prepare(engine, provider, input)),
    authorize: about((provider: string, input: AuthorizeInput) => authorize(engine, provider, input)),
    callback: about(async (provider, input) => {
      const result = await callback(engine, provider, input);
      if ('connection' in result) await forgetting(result.connection);
      return result;
    }),
    disconnect: about(async (provider, input) => {
      const result = await disconnect(engine, provider, input);
      sessions.forget(result.connection);
      return result;
    }),
    connections: {
      get: about(async (provider, target) => {
        const runtime = providerOf(engine, provider);
        const key = { provider, label: checkId(target.label ?? 'default', 'label') };
        const row = await store.connections.find(checkId(target.organizationId, 'organizationId'), key);
        return row === null || (row.stub && !runtime.stub) ? null : viewOf(row);
      }),
      list: gate(async (asked) => {
        const { organizationId, ...filter } = checkTarget(asked, 'The list of connections');
        const page = await store.connections.list(checkId(organizationId, 'organizationId'), filter);
        const visible = page.items.filter((row) => !row.stub || engine.providers.get(row.provider)?.stub === true);
        return { items: visible.map(viewOf), nextCursor: page.nextCursor };
      }),
      refresh: about((provider, target) => refreshNow(engine, refresher, { ...target, provider })),
    },
    accounts: { choices: about(accounts.choices), choose: about(accounts.choose) },
    settings: {
      get: about(settings.get) as never,
      update: about(settings.update) as never,
      choices: about(settings.choices) as never,
    },
    flags: { enabled: gate(flags.enabled), list: about(flags.list) },
    sync: about(streams.sync) as never,
    streams: { on: streams.on as never, list: about(streams.list) },
    health: gate((provider, input = {}) => health.check(provider, checkTarget(input, 'The health check'))),
    audit: {
      list: gate(async (asked) => {
        const { organizationId, ...filter } = checkTarget(asked, 'The list of the audit trail');
        return store.audit.list(checkId(organizationId, 'organizationId'), filter);
      }),
    },
    webhooks: {
      receive: gate(webhooks.receive),
      address: about((provider, target) => makeWebhookAddress(engine, provider, target)),
      failed: looking(deadLetters.failed),
      replay: gate(deadLetters.replay),
      discard: gate(deadLetters.discard),
    },
    channels: { open: about(channels.open), list: about(channels.list), close: about(channels.close) },
    on: ((first: string, second: unknown, third?: unknown) =>
      typeof second === 'function'
        ? events.on(first as BoardEventName, second as never)
        : webhooks.on(first, second as string, third as never)) as never,
    vault: {
      status: looking(() => vaultStatus({ store, vault })),
      reseal: gate((asked = {}) => resealAll({ ...asked, store, vault })),
      assertRemovable: looking(async (keyId) => {
        await assertRemovable(checkId(keyId, 'keyId'), { store, vault });
        await presence.assertNobodyNeeds(keyId);
      }),
    },
    log,
    operator,
    jobs,
    start(asked) {
      runner ??= startRunner(engine, jobsOf(jobs, asked));
      presence.join();
    },
    async stop(asked) {
      const deadlineMs = stopWithin(asked);
      const drain = async () => {
        // Both at once: no turn begins any more while jobs end.
        await Promise.all([runner?.stop(), refresher.drain()]);
        runner = undefined;
        await notifier?.drain();
      };
      const drained = await endsWithin(clock, deadlineMs, drain());
      await presence.leave();
      await engine.sdks.close();
      const closed = close();
      // Sockets of calls under way would be waited for as well.
      if (drained) await closed;
      else log.warn({ deadlineMs }, 'stopped with work under way: its rows are due again when their leases end');
      return { drained };
    },
    sandbox,
  };
  return board as unknown as Plugboard<Providers>;
}
