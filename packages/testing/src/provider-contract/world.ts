/** One provider on a real board, its emulator behind the network edge, and time that only a case moves. */
import {
  createMemoryStore,
  createPlugboard,
  fetchWire,
  isPlugboardError,
  type AnyDefinition,
  type Api,
  type CallOptions,
  type Channel,
  type Connection,
  type Log,
  type PlugboardError,
  type Prepared,
  type SyncResult,
} from '@plugboard/core';
import { createEmulator, type Consent, type Emulator } from '@plugboard/core/emulator';
import { expect } from 'vitest';

import type { Canaries } from '../canary.ts';
import type { FakeClock } from '../clock.ts';
import { isStream, readAll } from './answers.ts';
import type { Subject } from './case.ts';
import { createPatientClock } from './clock.ts';
import { exampleFields } from './declared.ts';
import { expectNoSecret } from './no-secret.ts';
import { withEdge, type Edge, type Respond } from './edge.ts';
import { anything, appSecrets, appValuesFor, issuedTokens, probeGroup, typedSecrets, underTest } from './under-test.ts';

export interface World {
  readonly definition: AnyDefinition;
  readonly board: LooseBoard;
  readonly vendor: Emulator;
  readonly edge: Edge;
  readonly clock: FakeClock;
  /** Values of the app fields. */
  readonly app: Readonly<Record<string, string>>;
  /** Connects by a method of any kind. Default: the first. */
  connect(method?: string, credentials?: unknown): Promise<Connection>;
  /** Begins a step in the browser. */
  prepare(method: string): Promise<Prepared>;
  /** Goes through an OAuth flow up to the callback's result. */
  authorize(method: string, options?: FlowOptions): Promise<CallbackOutcome>;
  /** Calls `group.operation`; a paged one is awaited, a stream read to its end. */
  call(name: string, input?: unknown, options?: CallOptions): Promise<unknown>;
  client(): LooseClient;
  /** Calls an operation on no connection: the platform's own credentials, or the stub. */
  platform(name: string, input?: unknown): Promise<unknown>;
  /** What the board wrote to its log. */
  readonly logged: readonly unknown[];
  /** The connection's view of its vendor, as operations get it. */
  api(): Promise<Api>;
  /** The failure of something that must fail: one of ours, and without any secret. */
  refusal(work: Promise<unknown>): Promise<PlugboardError>;
  /** From now on every declared operation is answered like this; what a flow calls by itself stays the vendor's. */
  answerApi(answer: Respond): void;
  /** What the connection was given: typed in, or issued. */
  credentials(): Canaries;
  /** Every text that must never be shown: the credentials, and the secrets of the app. */
  secrets(): Canaries;
}

export interface FlowOptions {
  readonly consent?: Consent;
  /** Default: what the provider asks by default. */
  readonly scopes?: readonly string[];
}

export interface CallbackOutcome {
  readonly status: 'connected' | 'choose_account' | 'denied';
  readonly connection?: Connection;
  readonly missingScopes?: readonly string[];
}

export type LooseClient = Readonly<Record<string, Readonly<Record<string, (...args: readonly unknown[]) => unknown>>>>;

type Work = (provider: string, input?: unknown) => Promise<unknown>;
/** The board without the types that a provider's own definition would give it. */
export interface LooseBoard {
  client(provider: string, target?: object): LooseClient;
  connect: Work;
  prepare(provider: string, input: unknown): Promise<Prepared>;
  authorize(provider: string, input: unknown): Promise<{ url: string; cookie: { name: string; value: string } }>;
  callback: Work;
  disconnect(provider: string, input: unknown): Promise<{ connection: Connection; revoked: string }>;
  health(provider: string, input: unknown): Promise<{ status: string; reason: string | null; detail: string | null }>;
  readonly connections: { get(provider: string, target: object): Promise<Connection | null> };
  readonly accounts: { choices: Work; choose: Work };
  readonly settings: { update: Work; choices: Work };
  readonly channels: {
    open(provider: string, input: unknown): Promise<ListedChannel>;
    list(provider: string, target: unknown): Promise<readonly ListedChannel[]>;
    close(provider: string, input: unknown): Promise<void>;
  };
  sync(provider: string, input: unknown): Promise<SyncResult>;
  readonly jobs: readonly { readonly name: string; run(): Promise<unknown> }[];
  readonly webhooks: { receive(provider: string, request: Request, target?: object): Promise<Response> };
  on(...args: readonly unknown[]): () => void;
  stop(): Promise<void>;
}

export type ListedChannel = Channel;

export const organizationId = 'org-1';
export const boardUrl = 'https://app.example.com/integrations';
const userId = 'user-1';

/** A world in which the organization is connected. */
export function withConnection(subject: Subject, use: (world: World) => Promise<void>): Promise<void> {
  return withWorld(subject, async (world) => {
    await world.connect(subject.by);
    if (subject.options.settings !== undefined) {
      await world.board.settings.update(world.definition.id, { organizationId, settings: subject.options.settings });
    }
    world.edge.forget();
    await use(world);
  });
}

/**
 * `configured`: every app field has a value. `unconfigured`: none has. `stubbed`: none has, and the board may stand in for
 * the vendor, as a developer starts with it.
 */
export type Setup = 'configured' | 'unconfigured' | 'stubbed' | Misconfigured;

/** Configured, except that the board has other values for some app fields than its vendor. */
export interface Misconfigured {
  readonly app: Readonly<Record<string, string>>;
}

export async function withWorld(
  subject: Subject,
  use: (world: World) => Promise<void>,
  given: Setup = 'configured',
): Promise<void> {
  const { factory, options } = subject;
  const clock = createPatientClock();
  const { definition } = factory();
  const { setup, change } =
    typeof given === 'string' ? { setup: given, change: {} } : { setup: 'configured', change: given.app };
  const app = setup === 'configured' ? appValuesFor(definition, options.app ?? {}) : {};
  const provider = factory(setup === 'unconfigured' ? { stub: false } : app);
  const vendor = createEmulator(provider, { clock, ...(options.account && { accounts: [options.account] }) });
  await withEdge(vendor, async (edge) => {
    const logged: unknown[] = [];
    const board = createPlugboard({
      url: boardUrl,
      providers: [{ definition: underTest(definition), options: { ...provider.options, ...change } }],
      store: createMemoryStore({ clock }),
      keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
      mode: setup === 'configured' ? 'production' : setup === 'stubbed' ? 'test' : 'development',
      acknowledgeSingleProcess: true,
      env: {},
      wire: fetchWire,
      clock,
      log: collectingLog(logged),
    }) as unknown as LooseBoard;
    const world = createWorld({ subject, definition, board, vendor, edge, clock, app, logged });
    try {
      await use(world);
      await settle();
      expect(edge.strangers.map(String), 'hosts that are not declared were called').toEqual([]);
      expectNoSecret(logged, world.secrets(), 'the log');
    } finally {
      await board.stop();
    }
  });
}

interface Parts extends Pick<World, 'definition' | 'board' | 'vendor' | 'edge' | 'clock' | 'logged' | 'app'> {
  readonly subject: Subject;
}

function createWorld({ subject, ...parts }: Parts): World {
  const { definition, board, vendor, app } = parts;
  const { id } = definition;
  let typed: Canaries = {};

  const world: World = {
    ...parts,
    client: () => board.client(id, { organizationId }),
    async connect(name = Object.keys(definition.auth)[0]!, credentials?: unknown) {
      const method = definition.auth[name]!;
      if (method.kind === 'oauth2') {
        const outcome = await world.authorize(name, { scopes: Object.keys(method.scopes.known) });
        expect(outcome.status, 'the OAuth flow ends in a connection').not.toBe('denied');
        return chosen(world, outcome.connection!);
      }
      const given = credentials ?? subject.options.credentials?.[name] ?? exampleFields(method);
      typed = typedSecrets(method, given);
      const asked = { organizationId, userId, method: name, credentials: given };
      if (method.kind !== 'browser') return chosen(world, (await board.connect(id, asked)) as Connection);
      const { flow } = await world.prepare(name);
      // What begins a step is not what connects by it.
      parts.edge.forget();
      const connection = await chosen(world, (await board.connect(id, { ...asked, flow })) as Connection);
      typed = { ...typed, ...(await grantedSecrets(world, connection)) };
      return connection;
    },
    prepare: (name) =>
      board.prepare(id, { organizationId, userId, method: name, input: subject.options.input?.[name] ?? {} }),
    async authorize(name, { consent, scopes } = {}) {
      const input = subject.options.input?.[name] ?? {};
      const asked = { organizationId, userId, method: name, input, ...(scopes && { scopes }) };
      const { url, cookie } = await board.authorize(id, asked);
      const params = await vendor.oauth.approve(url, consent);
      const cookies = `${cookie.name}=${cookie.value}`;
      return (await board.callback(id, { params, cookies, organizationId, userId })) as CallbackOutcome;
    },
    call: (name, input, options) => run(world.client(), name, [input, options]),
    platform: (name, input) => run(board.client(id), name, [input]),
    api: () => world.call(`${probeGroup}.api`) as Promise<Api>,
    async refusal(work) {
      const error = await work.then(
        () => expect.unreachable('this must be refused, and was not'),
        (reason: unknown) => reason,
      );
      if (!isPlugboardError(error)) throw error;
      expectNoSecret(error, world.secrets(), `the error ${error.code}`);
      return error;
    },
    answerApi: (answer) =>
      parts.edge.respond((request) =>
        vendor.operationAt(request.method, new URL(request.url)) === null ? undefined : answer(request),
      ),
    credentials: () => ({ ...typed, ...issuedTokens(vendor) }),
    secrets: () => ({ ...appSecrets(definition, app), ...world.credentials() }),
  };
  return world;
}

/** What a step brought is in no ledger where the provider's own routes hand it out. */
async function grantedSecrets(world: World, { account }: Connection): Promise<Canaries> {
  const granted = (await world.api()).credentials(anything) as Readonly<Record<string, string>>;
  // Who is connected is shown everywhere; some vendors want no more from who acts for an account.
  const secret = Object.entries(granted).filter(([, text]) => text !== account?.id);
  return Object.fromEntries(secret.map(([name, text]) => [`granted ${name}`, text]));
}

/** Lets requests that nobody waits for reach the edge. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function run(client: LooseClient, name: string, args: readonly unknown[]): Promise<unknown> {
  const [group = '', member = ''] = name.split('.');
  const result = client[group]![member]!(...args);
  return isStream(result) ? readAll(result) : result;
}

/** Takes the first account where the vendor lets the user choose. */
async function chosen(world: World, connection: Connection): Promise<Connection> {
  if (connection.status !== 'pending') return connection;
  const { id } = world.definition;
  const choices = (await world.board.accounts.choices(id, { organizationId })) as readonly { id: string }[];
  expect(choices.length, 'there is an account to choose').toBeGreaterThan(0);
  return (await world.board.accounts.choose(id, { organizationId, accountId: choices[0]!.id })) as Connection;
}

function collectingLog(lines: unknown[]): Log {
  const keep = (fields: object, message: string) => void lines.push({ ...fields, message });
  return { info: keep, warn: keep, error: keep };
}
