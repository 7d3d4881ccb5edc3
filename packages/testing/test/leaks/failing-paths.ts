/** Every way in which something goes wrong while a secret is at hand. */
import { once } from 'node:events';
import { createServer } from 'node:net';

import {
  configurationError,
  createMemoryStore,
  createPlugboard,
  hostOf,
  parseJson,
  silentLog,
  type Store,
} from '@plugboard/core';
import type { RemoteOAuthServer } from '@plugboard/testing/oauth-server';
import { postgresStore } from '@plugboard/storage-postgres';
import { Pool } from 'pg';

import { newConnection } from '../../src/new-connection.ts';
import { organizationId, userId } from '../processes/vendor.ts';
import { createLeakyBoard, type LeakyBoard, type LeakyOptions, type Secrets } from './leaky-board.ts';

export interface World {
  readonly board: LeakyBoard;
  readonly options: LeakyOptions;
  readonly store: Store;
  readonly secrets: Secrets;
  readonly vendor: RemoteOAuthServer;
}

export type FailingPath = readonly [name: string, run: (world: World) => Promise<unknown>];

const keyed = ({ board }: World) => board.client('keyed', { organizationId }).calls;
const queried = ({ board }: World) => board.client('queried', { organizationId }).calls;
const basic = ({ board }: World) => board.client('basic', { organizationId }).calls;
const all = [
  [keyed, 'apiKey'],
  [queried, 'queryKey'],
  [basic, 'password'],
] as const;

/** The same request by every kind of credential; the last failure is handed on, so that each must fail. */
const asked =
  (url: string, more: { method?: 'POST'; said?: boolean } = {}) =>
  async (world: World): Promise<unknown> => {
    const errors = await Promise.all(
      all.map(([calls, name]) => {
        const said = more.said === true ? { said: world.secrets[name] } : {};
        const asking = calls(world).ask({ url, ...(more.method && { method: more.method }), ...said });
        return asking.then(
          () => undefined,
          (error: unknown) => error,
        );
      }),
    );
    if (errors.includes(undefined)) throw new Error('answered');
    throw new AggregateErrors(errors);
  };

/** Several failures of one path, or what it answers instead of failing. */
export class AggregateErrors extends Error {
  readonly errors: readonly unknown[];

  constructor(errors: readonly unknown[]) {
    super('several');
    this.errors = errors;
  }
}

const statuses = [400, 401, 403, 404, 409, 410, 413, 422, 429, 500, 501, 502, 503, 504];

const measured: readonly FailingPath[] = [
  ['measured: a URL that is none', (world) => keyed(world).ask({ url: `https://[${world.secrets.pasted}` })],
  ['measured: credentials in a URL', (world) => keyed(world).ask({ url: `https://user:${encodeURIComponent(world.secrets.pasted)}@127.0.0.1/` })],
  ['measured: JSON that is none', asked('/text')],
  ['measured: a unique violation', async ({ store, secrets }) => {
    // What reads the other database along sees every command: there the label must hold nothing.
    const label = store.name === 'postgres' ? secrets.pasted : 'once';
    const row = newConnection({ label, provider: 'keyed' });
    await store.connections.insert(organizationId, row);
    try {
      // The id is there already, and the database says in which row.
      const again = await store.connections.insert(organizationId, { ...row, label: `${label} again` });
      if (again === null) throw configurationError('conflict', 'The row is there already.', 'None.');
    } finally {
      await store.connections.remove(organizationId, row.id);
    }
  }],
]; // prettier-ignore

const answers: readonly FailingPath[] = [
  ...statuses.map((status): FailingPath => [`an answer with ${status}`, asked(`/${status}`)]),
  ['a POST whose body is quoted', asked('/400', { method: 'POST', said: true })],
  ['a POST that may have been done', asked('/502', { method: 'POST', said: true })],
  ...['html', 'short', 'cut', 'junk', 'redirect/', 'away', 'large', 'gzip', 'encoding'].map(
    (way): FailingPath => [`an answer: ${way}`, way === 'redirect/' ? asked('/redirect', { method: 'POST' }) : asked(`/${way}`)],
  ),
  ['an answer of another shape', (world) => queried(world).shape({})],
  ['an answer whose reader throws', (world) => keyed(world).decoded({})],
  ['an answer that does not come', (world) => queried(world).silent({}, { deadlineMs: 300 })],
  ['a caller who gives up', (world) => queried(world).me({}, { signal: AbortSignal.abort(new Error(world.secrets.pasted)) })],
  ['nobody who listens', async (world) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, 'close');
    const origins = { ...world.options.origins, gossip: `http://127.0.0.1:${port}` };
    const board = createLeakyBoard({ ...world.options, origins });
    try {
      await board.client('queried', { organizationId }).calls.me({});
    } finally {
      await board.stop();
    }
  }],
]; // prettier-ignore

const inputs: readonly FailingPath[] = [
  ['a key with a line break', ({ board, secrets }) => board.connect('keyed', { organizationId, label: 'x', credentials: { apiKey: `${secrets.pasted}\r\nx: y` } })],
  ['a key of 1 MB', ({ board, secrets }) => board.connect('keyed', { organizationId, label: 'x', credentials: { apiKey: secrets.pasted.repeat(20_000) } })],
  ['a key in a field that there is not', ({ board, secrets }) => board.connect('keyed', { organizationId, label: 'x', credentials: { key: secrets.pasted } as never })],
  ['a path that climbs', (world) => keyed(world).thing({ id: `${world.secrets.pasted}\0` })],
  ['an input too long', (world) => keyed(world).thing({ id: world.secrets.pasted.repeat(10) })],
  ['a header that is none', (world) => keyed(world).heading({ name: 'x-note', value: `${world.secrets.pasted}\u0001` })],
  ['a header of the transport', (world) => keyed(world).heading({ name: 'host', value: world.secrets.pasted })],
  ['a host that is not declared', (world) => keyed(world).ask({ url: `https://${'a'.repeat(8)}.example/${encodeURIComponent(world.secrets.pasted)}?key=${encodeURIComponent(world.secrets.pasted)}` })],
  ['plain http', (world) => keyed(world).ask({ url: `http://127.0.0.1:1/?key=${encodeURIComponent(world.secrets.pasted)}` })],
  ['a host with a key in it', async ({ secrets }) => hostOf(`${secrets.pasted}@evil.example`, 'server')],
  ['text that is no JSON', async ({ secrets }) => parseJson(`${secrets.pasted}{`)],
  ['a key of the vault that is none', async ({ options, secrets }) => createLeakyBoard({ ...options, key: secrets.pasted }).ready()],
  ['another key of the vault', async ({ options }) => createLeakyBoard({ ...options, key: Buffer.alloc(32, 'otherKey').toString('base64') }).ready()],
  ['an address of the board that is none', async ({ secrets }) => {
    return createPlugboard({ url: `ftp://user:${secrets.pasted}@app.example.com`, providers: [], store: createMemoryStore(), keys: {}, mode: 'test', env: {}, log: silentLog });
  }],
  ['an egress policy with a key in it', async ({ options, secrets }) => {
    return createPlugboard({ url: 'https://app.example.com', providers: [], store: createMemoryStore(), keys: { k1: options.key }, mode: 'test', env: {}, log: silentLog, egress: { allowOrigins: [secrets.pasted] } });
  }],
]; // prettier-ignore

const callback = (board: LeakyBoard, params: string | URL, cookies: string) =>
  board.callback('vendor', { params, cookies, organizationId, userId });

/** A flow up to its end, which then goes wrong in the way that is told. */
const flow =
  (spoil: (world: World, back: URL) => Promise<void> | void, consent: object = {}) =>
  async (world: World) => {
    const { url, cookie } = await world.board.authorize('vendor', { organizationId, userId, label: 'flow' });
    const back = await world.vendor.approve(url, consent);
    await spoil(world, back);
    return callback(world.board, back, `${cookie.name}=${cookie.value}`);
  };

/** Not every trouble is an error: a denied consent is an answer. */
const answered =
  (path: FailingPath[1]): FailingPath[1] =>
  async (world) => {
    throw new AggregateErrors([await path(world)]);
  };

type TokenSwitches = Parameters<RemoteOAuthServer['next']>[1];
const atToken = (switches: TokenSwitches) => flow(async ({ vendor }) => vendor.next('token', switches));
const junk = (said: string) => ({ body: { text: said, contentType: 'application/json' } });

const flows: readonly FailingPath[] = [
  ['a callback without its cookie', async ({ board, secrets }) => callback(board, `?code=${encodeURIComponent(secrets.pasted)}&state=${encodeURIComponent(secrets.pasted)}`, '')],
  ['a callback with a code of somebody else', flow(({ secrets }, back) => back.searchParams.set('code', secrets.pasted))],
  ['a callback with a state that was changed', flow((_world, back) => back.searchParams.set('state', `${back.searchParams.get('state')!}x`))],
  ['a callback that says what is wrong', answered(flow(({ secrets }, back) => {
    back.searchParams.delete('code');
    back.searchParams.set('error', 'server_error');
    back.searchParams.set('error_description', secrets.pasted);
  }))],
  ['a callback with two codes', flow(({ secrets }, back) => back.searchParams.append('code', secrets.pasted))],
  ['a callback of another issuer', answered(flow(({ secrets }, back) => back.searchParams.set('iss', `https://${encodeURIComponent(secrets.pasted)}.example`)))],
  ...(['html', 'empty', 'truncated', 'array', 'null'] as const).map((body): FailingPath => [`a token answer: ${body}`, atToken({ body })]),
  ['a token answer that quotes', (world) => atToken(junk(JSON.stringify({ error: 'invalid_client', error_description: `the secret ${world.secrets.clientSecret} is wrong` })))(world)],
  ['a token answer that is text', (world) => atToken(junk(world.secrets.clientSecret))(world)],
  ['a token answer without token', (world) => atToken(junk(JSON.stringify({ said: world.secrets.clientSecret })))(world)],
  ['a token endpoint with 500', atToken({ status: 500 })],
  ['a token endpoint that refuses', atToken({ error: 'invalid_grant' })],
  ['a token endpoint that hangs up', atToken({ drop: 'after' })],
]; // prettier-ignore

/** Of what can be refreshed. */
export async function expireTokens({ connections, now }: Store): Promise<void> {
  const time = (await now()).getTime();
  const dates = { tokenExpiresAt: new Date(time - 1000), refreshAt: new Date(time) };
  for (const { organizationId: owner, id, provider } of await connections.scan(null, 100))
    if (provider === 'vendor') await connections.update(owner, id, {}, dates);
}

const refreshed =
  (switches: TokenSwitches) =>
  async (world: World): Promise<unknown> => {
    await expireTokens(world.store);
    await world.vendor.next('token', switches, 4);
    try {
      return await world.board.client('vendor', { organizationId, label: 'refresh' }).account.get();
    } finally {
      await world.vendor.clear('token');
    }
  };

const refreshes: readonly FailingPath[] = [
  ['a refresh: 503', refreshed({ status: 503 })],
  ['a refresh: html', refreshed({ body: 'html' })],
  ['a refresh: hung up', refreshed({ drop: 'before' })],
  ['a refresh: invalid_client', refreshed({ error: 'invalid_client' })],
  ['a refresh: invalid_grant', refreshed({ error: 'invalid_grant' })],
]; // prettier-ignore

const stores: readonly FailingPath[] = [
  ['a database that is not there', async ({ options, secrets }) => {
    const pool = new Pool({ connectionString: `postgres://user:${encodeURIComponent(secrets.pasted)}@127.0.0.1:1/db`, connectionTimeoutMillis: 500 });
    try {
      await createLeakyBoard({ ...options, store: postgresStore(pool) }).ready();
    } finally {
      await pool.end();
    }
  }],
]; // prettier-ignore

export const failingPaths: readonly FailingPath[] = [
  ...measured,
  ...answers,
  ...inputs,
  ...flows,
  ...refreshes,
  ...stores,
];
