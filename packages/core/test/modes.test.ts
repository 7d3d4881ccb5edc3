import { inspect } from 'node:util';
import { expect, test } from 'vitest';

import { createPlugboard } from '../src/board.ts';
import type { PlugboardOptions } from '../src/plugboard.ts';
import { isPlugboardError } from '../src/errors.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import type { AnyProvider } from '../src/provider.ts';
import type { Limiter } from '../src/transport/limiter.ts';
import type { Wire } from '../src/transport/transport.ts';
import { acmeProvider, createRig, key, organizationId, userId } from './support/rig.ts';

type Options = PlugboardOptions<readonly AnyProvider[]>;

function create(options: Partial<Options> = {}) {
  return createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [acmeProvider()()],
    store: createMemoryStore(),
    keys: { k1: key },
    env: {},
    log: silentLog,
    ...options,
  });
}

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'fine';
  } catch (error) {
    return isPlugboardError(error) ? error.code : `foreign: ${String(error)}`;
  }
}

const oauthOnly = () => {
  const { definition } = acmeProvider();
  const { oauth } = definition.auth;
  return { definition: { ...definition, auth: { oauth } }, options: {} } as unknown as AnyProvider;
};

test('G10 whatever is not development or test by name is production, and production has no stubs', () => {
  for (const node of ['production', 'prod', '', undefined, 'Production ', 'staging', 'DEVELOPMENT']) {
    const env = node === undefined ? {} : { NODE_ENV: node };
    expect(
      codeOf(() => create({ env })),
      node,
    ).toBe('memory_store_in_production');
    expect(
      codeOf(() => create({ env, acknowledgeSingleProcess: true, providers: [oauthOnly()] })),
      node,
    ).toBe('missing_credentials');
    expect(create({ env, acknowledgeSingleProcess: true }).sandbox, node).toBeNull();
  }
  expect(create({ env: { NODE_ENV: 'development' } }).sandbox).not.toBeNull();
});

test('what is optional alone configures nothing: the stub still stands in', async () => {
  const { definition } = acmeProvider();
  const app = { ...definition.app, model: { title: 'Model', env: 'ACME_MODEL', set: 'model', optional: true } };
  const provider = { definition: { ...definition, app }, options: {} } as unknown as AnyProvider;
  const board = create({ mode: 'development', env: { ACME_MODEL: 'acme-7' }, providers: [provider] });
  expect(await board.health('acme', { organizationId })).toMatchObject({ status: 'stubbed' });
});

test('G10 half a set of credentials is an error in every mode', () => {
  for (const mode of ['production', 'development', 'test'] as const) {
    const env = { ACME_CLIENT_ID: 'only-the-id' };
    expect(codeOf(() => create({ mode, env, acknowledgeSingleProcess: true }))).toBe('half_configured');
  }
  try {
    create({ mode: 'test', env: { ACME_CLIENT_SECRET: 'canary-secret-value' } });
  } catch (error) {
    expect(String(error)).toContain('ACME_CLIENT_ID');
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary-secret-value');
  }
});

test('G10 development inside a production process is refused', () => {
  expect(codeOf(() => create({ mode: 'development', env: { NODE_ENV: 'production' } }))).toBe('mode_conflict');
});

test('G10 what a stub made is invisible to production', async () => {
  const store = createMemoryStore();
  const development = create({ mode: 'development', store, environment: 'one' });
  await development.connect('acme', { organizationId, credentials: { apiKey: 'acme-key' } } as never);
  expect((await development.connections.list({ organizationId })).items).toMatchObject([{ stub: true }]);
  const production = create({ mode: 'production', store, environment: 'one', acknowledgeSingleProcess: true });
  expect((await production.connections.list({ organizationId })).items).toEqual([]);
  expect(await production.connections.get('acme', { organizationId })).toBeNull();
  expect(await production.health('acme', { organizationId })).toMatchObject({ status: 'not_connected' });
});

test('C04 a database of another environment is refused before anything is read or written', async () => {
  const store = createMemoryStore();
  await create({ mode: 'test', store, environment: 'production' }).ready();
  const staging = create({ mode: 'test', store, environment: 'staging' });
  await expect(staging.ready()).rejects.toMatchObject({ kind: 'configuration' });
  await expect(staging.connections.list({ organizationId })).rejects.toMatchObject({ kind: 'configuration' });
});

test('every wrong option is named, with the way to mend it', () => {
  const wrong: [Partial<Options> | Record<string, unknown>, string][] = [
    [{ url: 'not a url' }, 'invalid_url'],
    [{ url: 'https://app.example.com/x?y=1' }, 'invalid_url'],
    [{ url: 'http://app.example.com', mode: 'production', acknowledgeSingleProcess: true }, 'invalid_url'],
    [{ url: undefined }, 'invalid_url'],
    [{ limiter: { enter: () => () => undefined } }, 'invalid_limiter'],
    [{ keys: {} }, 'no_keys'],
    [{ keys: { k1: 'too-short' } }, 'bad_key'],
    [{ providers: [acmeProvider()(), acmeProvider()()] }, 'duplicate_provider'],
    [{ providers: [acmeProvider()({ clientIdd: 'x' } as never)] }, 'unknown_option'],
    [{ providers: [acmeProvider()({ clientId: 'a\r\nb', clientSecret: 'c' })] }, 'invalid_option'],
    [{ env: { ACME_API_KEY: 'line\nbreak' } }, 'invalid_platform_credentials'],
    [
      { mode: 'production', acknowledgeSingleProcess: true, sandbox: { origin: 'http://127.0.0.1:1' } },
      'sandbox_in_production',
    ],
    [
      { mode: 'production', acknowledgeSingleProcess: true, providers: [acmeProvider()({ stub: true })] },
      'stub_in_production',
    ],
  ];
  for (const [options, code] of wrong)
    expect(
      codeOf(() => create({ mode: 'test', ...(options as Partial<Options>) })),
      code,
    ).toBe(code);
});

test('the limiter of the host is asked about calls to vendors, not to stand-ins', async () => {
  const asked: string[] = [];
  const limiter: Limiter = {
    enter({ request }) {
      asked.push(request.limitKey);
      return () => undefined;
    },
    pause: () => undefined,
  };
  const wire: Wire = async () => ({ status: 503, headers: new Headers(), body: (async function* () {})() });
  for (const stub of [true, false]) {
    const board = create({ mode: 'test', limiter, wire, providers: [acmeProvider()({ stub })] });
    const credentials = { apiKey: 'acme-key-1' };
    await board
      .connect('acme', { organizationId, userId, method: 'apiKey', credentials } as never)
      .catch(() => undefined);
    expect(asked.length > 0).toBe(!stub);
    await board.stop();
  }
});

test('ids and labels are refused by field before anything happens', async () => {
  const { board, calls } = createRig();
  for (const bad of ['', '\0', 'a\0b', '\ud800', 'x'.repeat(257), 5, null, undefined, {}]) {
    const target = { organizationId: bad as string };
    await expect(board.connect('acme', { ...target, credentials: { apiKey: 'acme-key' } })).rejects.toMatchObject({
      fields: [{ path: 'organizationId' }],
    });
    await expect(board.authorize('acme', { ...target, userId })).rejects.toMatchObject({
      fields: [{ path: 'organizationId' }],
    });
    await expect(board.connections.get('acme', target)).rejects.toMatchObject({ fields: [{ path: 'organizationId' }] });
    expect(() => board.client('acme', target)).toThrow(/organizationId/);
  }
  expect(calls).toHaveLength(0);
});

test('G01 another organization sees what a random id sees: nothing', async () => {
  const { board, connect } = createRig();
  await connect();
  for (const stranger of ['org-2', 'org-1 ', 'ORG-1', 'org-']) {
    expect(await board.connections.get('acme', { organizationId: stranger })).toBeNull();
    expect((await board.connections.list({ organizationId: stranger })).items).toEqual([]);
    expect((await board.audit.list({ organizationId: stranger })).items).toEqual([]);
    await expect(board.client('acme', { organizationId: stranger }).orders.list()).rejects.toMatchObject({
      code: 'not_connected',
    });
    await expect(board.disconnect('acme', { organizationId: stranger })).rejects.toMatchObject({
      code: 'not_connected',
    });
    await expect(board.settings.get('acme', { organizationId: stranger })).rejects.toMatchObject({
      code: 'not_connected',
    });
    await expect(board.accounts.choices('acme', { organizationId: stranger })).rejects.toMatchObject({
      code: 'not_connected',
    });
    expect(await board.flags.enabled('acme', 'sync', { organizationId: stranger })).toBe(false);
  }
});

test('settings are validated as a whole, need their scopes, and leave an audit line', async () => {
  const { board, connect } = createRig();
  await connect();
  const target = { organizationId, userId };
  expect((await board.settings.update('acme', { ...target, settings: { channel: 'c1' } })).settings).toEqual({
    channel: 'c1',
  });
  await expect(board.settings.update('acme', { ...target, settings: { channel: 5 } as never })).rejects.toMatchObject({
    fields: [{ path: 'channel' }],
  });
  await expect(board.settings.update('acme', { ...target, settings: { nope: 1 } as never })).rejects.toMatchObject({
    code: 'invalid_input',
  });
  await expect(board.settings.update('acme', { ...target, settings: { admin: true } })).rejects.toMatchObject({
    missingScopes: ['admin'],
  });
  expect(await board.settings.choices('acme', { organizationId, field: 'channel' })).toEqual([
    { value: 'c1', label: 'General' },
  ]);
  expect(await board.settings.update('acme', { ...target, settings: { channel: null } })).toMatchObject({
    settings: {},
  });
  const { items } = await board.audit.list({ organizationId });
  expect(items[0]).toMatchObject({
    type: 'connection.settings_changed',
    actor: userId,
    data: { before: { channel: 'c1' }, after: { channel: null } },
  });
});

test('flags follow the host and the connection', async () => {
  const asked: unknown[] = [];
  const flags = {
    getBooleanValue: async (flag: string, fallback: boolean, context?: object) => (
      asked.push([flag, context]),
      fallback
    ),
  };
  const { board, connect } = createRig({}, { flags });
  expect(await board.flags.list('acme', { organizationId })).toMatchObject([
    { key: 'acme.sync', enabled: false, because: 'not_connected' },
  ]);
  await connect();
  expect(await board.flags.enabled('acme', 'sync', { organizationId })).toBe(true);
  expect(asked).toEqual([['acme.sync', { targetingKey: organizationId, provider: 'acme' }]]);
  await expect(board.flags.enabled('acme', 'nope', { organizationId })).rejects.toMatchObject({ code: 'unknown_flag' });
});

test('D21 health checks neither end a connection nor refresh it, and speak once each way', async () => {
  const { board, connect, answer, row, tokenCalls } = createRig({}, { cacheMs: 0 });
  await connect();
  const said: string[] = [];
  board.on('connection.attention', ({ reason }) => void said.push(reason));
  board.on('connection.recovered', () => void said.push('recovered'));
  const check = () => board.health('acme', { organizationId });
  expect(await check()).toMatchObject({ status: 'healthy', connection: { health: { status: 'healthy' } } });
  answer(() => Response.json({ error: 'forbidden' }, { status: 403 }));
  for (let times = 0; times < 2; times++) expect(await check()).toMatchObject({ status: 'degraded' });
  expect(await row()).toMatchObject({ status: 'active' });
  for (let times = 0; times < 4; times++) await check();
  expect(await row()).toMatchObject({ status: 'degraded', statusReason: 'health_failing' });
  answer(() => undefined);
  for (let times = 0; times < 4; times++) await check();
  expect(await row()).toMatchObject({ status: 'active', statusReason: null });
  expect(said).toEqual(['health_failing', 'recovered']);
  expect(tokenCalls()).toHaveLength(1);
});

test('C13 a flow that was started under the old key is finished under the new one', async () => {
  const store = createMemoryStore();
  const other = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64');
  const before = createRig({}, { store, keys: { k1: key }, environment: 'one' });
  const { back, cookies } = await before.consent();
  const after = createRig({}, { store, keys: { k2: other, k1: key }, environment: 'one' });
  // The other rig's vendor knows no such code: what counts is that the state was accepted and consumed.
  const finishing = after.board.callback('acme', { params: back, cookies, organizationId, userId });
  await expect(finishing).rejects.toMatchObject({ code: 'code_rejected' });
  const again = after.board.callback('acme', { params: back, cookies, organizationId, userId });
  await expect(again).rejects.toMatchObject({ code: 'state_consumed' });
});
