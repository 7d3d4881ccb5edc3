/** One provider on a real board, its emulator behind the network edge, and time that only a case moves. */
import {
  createMemoryStore,
  createPlugboard,
  fetchWire,
  isPlugboardError,
  operation,
  type AnyDefinition,
  type Api,
  type AppValues,
  type CallOptions,
  type Connection,
  type Json,
  type Log,
  type OAuth2Method,
  type PlugboardError,
} from '@plugboard/core';
import { createEmulator, type Consent, type Emulator } from '@plugboard/core/emulator';
import { hostMatches, secretTexts, type Schema } from '@plugboard/core/provider-kit';
import { expect } from 'vitest';

import type { FakeClock } from '../clock.ts';
import { createPatientClock } from './clock.ts';
import type { Subject } from './case.ts';
import { exampleFields } from './declared.ts';
import { withEdge, type Edge, type Respond } from './edge.ts';
import { everythingShownOf, holdsSecret } from './secrets.ts';

export interface World {
  readonly definition: AnyDefinition;
  readonly board: LooseBoard;
  readonly vendor: Emulator;
  readonly edge: Edge;
  readonly clock: FakeClock;
  /** Values of the app fields. */
  readonly app: AppValues;
  /** Connects by a method of any kind but a browser step. Default: the first. */
  connect(method?: string, options?: ConnectOptions): Promise<Connection>;
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
  /** From now on every API request is answered like this; the OAuth endpoints stay the vendor's. */
  answerApi(answer: Respond): void;
  /** Every text that must never be shown. */
  secrets(): readonly string[];
}

export interface ConnectOptions {
  readonly organizationId?: string;
  readonly credentials?: unknown;
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
  authorize(provider: string, input: unknown): Promise<{ url: string; cookie: { name: string; value: string } }>;
  callback: Work;
  disconnect(provider: string, input: unknown): Promise<{ connection: Connection; revoked: string }>;
  health(provider: string, input: unknown): Promise<{ status: string; reason: string | null; detail: string | null }>;
  readonly connections: { get(provider: string, target: object): Promise<Connection | null> };
  readonly accounts: { choices: Work; choose: Work };
  readonly settings: { update: Work; choices: Work };
  readonly webhooks: { receive(provider: string, request: Request, target?: object): Promise<Response> };
  on(...args: readonly unknown[]): () => void;
  stop(): Promise<void>;
}

export const organizationId = 'org-1';
export const boardUrl = 'https://app.example.com/integrations';
const userId = 'user-1';
const probeGroup = 'contractSuite';

/** A world in which the organization is connected. */
export function withConnection(subject: Subject, use: (world: World) => Promise<void>): Promise<void> {
  return withWorld(subject, async (world) => {
    await world.connect();
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
export type Setup = 'configured' | 'unconfigured' | 'stubbed';

export async function withWorld(
  subject: Subject,
  use: (world: World) => Promise<void>,
  setup: Setup = 'configured',
): Promise<void> {
  const { factory, options } = subject;
  const clock = createPatientClock();
  const { definition } = factory();
  const appTexts = setup === 'configured' ? appTextsOf(definition, options.app ?? {}) : {};
  const factoryOptions = setup === 'unconfigured' ? { stub: false } : appTexts;
  const provider = factory(factoryOptions);
  const vendor = createEmulator(provider, { clock, ...(options.account && { accounts: [options.account] }) });
  const isVendor = (url: URL) => definition.hosts.some((host) => hostMatches(host, url)) || vendor.oauth.serves(url);
  await withEdge({ isVendor, vendor: vendor.fetch }, async (edge) => {
    const logged: unknown[] = [];
    const log = collectingLog(logged);
    const board = createPlugboard({
      url: boardUrl,
      providers: [{ ...provider, definition: underTest(definition) }],
      store: createMemoryStore({ clock }),
      keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
      mode: setup === 'configured' ? 'production' : setup === 'stubbed' ? 'test' : 'development',
      acknowledgeSingleProcess: true,
      env: {},
      wire: fetchWire,
      clock,
      log,
    }) as unknown as LooseBoard;
    const world = createWorld({ subject, definition, board, vendor, edge, clock, appTexts, logged });
    try {
      await use(world);
      expect(edge.strangers.map(String), 'hosts that are not declared were called').toEqual([]);
      expect(holdsSecret(logged.map(everythingShownOf).join('\n'), world.secrets()), 'a log line holds a secret').toBe(
        false,
      );
    } finally {
      await board.stop();
    }
  });
}

interface Parts extends Pick<World, 'definition' | 'board' | 'vendor' | 'edge' | 'clock' | 'logged'> {
  readonly subject: Subject;
  readonly appTexts: Readonly<Record<string, string>>;
}

function createWorld({ subject, appTexts, ...parts }: Parts): World {
  const { definition, board, vendor } = parts;
  const { id } = definition;
  const target = { organizationId };
  const typed = new Set<string>();
  const app = Object.fromEntries(Object.entries(appTexts));

  const world: World = {
    ...parts,
    app,
    client: () => board.client(id, target),
    async connect(name = Object.keys(definition.auth)[0]!, { credentials, ...target } = {}) {
      const method = definition.auth[name]!;
      if (method.kind === 'oauth2') {
        const outcome = await world.authorize(name, { scopes: Object.keys(method.scopes.known) });
        expect(outcome.status, 'the OAuth flow ends in a connection').not.toBe('denied');
        return chosen(world, outcome.connection!);
      }
      const given = credentials ?? subject.options.credentials?.[name] ?? exampleFields(method);
      for (const text of secretTexts(readFields(method, given))) typed.add(text);
      const connection = await board.connect(id, {
        organizationId,
        userId,
        method: name,
        credentials: given,
        ...target,
      });
      return chosen(world, connection as Connection);
    },
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
      expect(holdsSecret(everythingShownOf(error), world.secrets()), `the error ${error.code} holds a secret`).toBe(
        false,
      );
      return error;
    },
    answerApi: (answer) =>
      parts.edge.respond((request) => (vendor.oauth.serves(new URL(request.url)) ? undefined : answer(request))),
    secrets: () => [...secretsOf(definition, appTexts), ...typed, ...tokensOf(vendor)],
  };
  return world;
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

/**
 * The definition with an operation that hands out the `Api` itself, and without limits: cases call more often than a
 * vendor would allow.
 */
function underTest(definition: AnyDefinition): AnyDefinition {
  const schema: Schema = { '~standard': { version: 1, vendor: 'plugboard', validate: (value) => ({ value }) } };
  const run = (api: Api) => Promise.resolve(api);
  const probe = operation({ summary: 'Hands out the api.', input: schema, run, example: { input: {} } });
  const groups = Object.entries(definition.operations).map(([group, members]) => [
    group,
    Object.fromEntries(Object.entries(members).map(([name, declared]) => [name, { ...declared, limits: [] }])),
  ]);
  const operations = { ...Object.fromEntries(groups), [probeGroup]: { api: probe } } as AnyDefinition['operations'];
  return { ...definition, api: { ...definition.api, limits: [] }, operations };
}

function appTextsOf({ id, app = {} }: AnyDefinition, given: Readonly<Record<string, string>>): Record<string, string> {
  const texts = Object.keys(app).map((name) => [name, given[name] ?? `suite-${id}-${name}-0123456789abcdef`]);
  return Object.fromEntries(texts) as Record<string, string>;
}

function secretsOf({ app = {} }: AnyDefinition, texts: Readonly<Record<string, string>>): string[] {
  return Object.entries(texts).flatMap(([name, text]) => (app[name]?.secret === true ? [text] : []));
}

function tokensOf({ oauth }: Emulator): string[] {
  return oauth.ledger.families().flatMap(({ id }) => oauth.ledger.tokens(id).map(({ text }) => text.reveal()));
}

function readFields(method: object, given: unknown): unknown {
  const { credentials } = method as { credentials?: Schema };
  const result = credentials?.['~standard'].validate(given);
  return result === undefined || result instanceof Promise || result.issues !== undefined ? {} : result.value;
}

function collectingLog(lines: unknown[]): Log {
  const keep = (fields: object, message: string) => void lines.push({ ...fields, message });
  return { info: keep, warn: keep, error: keep };
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && !('then' in value);
}

export async function readAll(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** Methods of a definition that are OAuth flows, by name. */
export function oauthMethods({ auth }: AnyDefinition): readonly (readonly [string, OAuth2Method])[] {
  return Object.entries(auth).filter((entry): entry is [string, OAuth2Method] => entry[1].kind === 'oauth2');
}

export function jsonResponse(body: Json | undefined, init: ResponseInit = {}): Response {
  const headers = new Headers(init.headers);
  if (body === undefined) return new Response(null, { ...init, headers });
  headers.set('content-type', headers.get('content-type') ?? 'application/json');
  return new Response(typeof body === 'string' ? body : JSON.stringify(body), { ...init, headers });
}
