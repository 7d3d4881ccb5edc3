import { expect, test } from 'vitest';
import { z } from 'zod';

import { apiKey, clientCredentials } from '../src/auth/methods.ts';
import { basic, bearer, header } from '../src/auth/sign.ts';
import { createPlugboard } from '../src/board.ts';
import { defineProvider } from '../src/define-provider.ts';
import { createEmulator } from '../src/emulator/create-emulator.ts';
import { endpoint, operation } from '../src/endpoint.ts';
import { like, secret, text } from '../src/fields.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { key } from './support/rig.ts';

const nothing = z.strictObject({});
const pong = like({ pong: true });
const all = { summary: 'Answers.', input: nothing, output: pong };
const ping = endpoint('GET /ping', all);
const keyed = endpoint('GET /keyed', { ...all, methods: ['key', 'role'] });
const roles = endpoint('GET /roles', { ...all, methods: ['role'] });
const both = operation({ ...all, methods: ['role'], run: (api) => api.call(ping, {}) });
const inside = operation({ ...all, run: (api) => api.call(roles, {}) });

/** A vendor of which a role can do some things, and a key others; a role is assumed, not exchanged. */
const vendorOf = defineProvider({
  id: 'roles',
  name: 'Roles',
  category: 'crm',
  summary: 'A vendor for tests.',
  docs: { home: 'https://m.example', keys: 'https://m.example', reference: 'https://m.example', checked: '2026-01-01' },
  hosts: ['api.m.example.com'],
  app: { assumer: { title: 'Key that assumes', env: 'ROLES_ASSUMER', secret: true, set: 'assume' } },
  auth: {
    key: apiKey({
      title: 'Key',
      credentials: z.strictObject({ key: secret('Key') }),
      sign: header('x-key', 'key'),
      example: { key: 'key-1' },
    }),
    role: clientCredentials({
      title: 'Role',
      credentials: z.strictObject({ role: text('Role') }),
      appSet: 'assume',
      async mint({ request, organizationId = 'nobody', credentials }) {
        const form = { role: String(credentials['role']), for: organizationId };
        const answer = (await request({ method: 'POST', url: 'https://api.m.example.com/v1/assume', form })).json();
        const { token } = z.object({ token: z.string() }).parse(answer);
        return { credentials: { accessToken: token }, expiresInMs: 3_600_000 };
      },
      sign: bearer(),
      example: { role: 'role-1' },
      grant: { accessToken: 'token-of-the-role' },
    }),
  },
  api: {
    baseUrl: 'https://api.m.example.com/v1',
    errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
  },
  account: () => Promise.resolve({ kind: 'derived', name: 'Roles' }),
  healthCheck: async (api) => {
    await api.call(ping, {});
    return { status: 'healthy' };
  },
  operations: { things: { ping, keyed, roles, both, inside } },
  emulator: (vendor) => ({
    'POST /assume': {
      open: true,
      reply: ({ form }) => {
        if (form.get('for') !== 'org-1') return vendor.failure('invalidCredentials');
        const { access_token: token = '' } = vendor.oauth.issue({ profile: 'role' });
        return { json: { token } };
      },
    },
  }),
});

async function rig(assumer?: string) {
  const clock = createFakeClock();
  const vendor = createEmulator(vendorOf(), { clock });
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [vendorOf(assumer === undefined ? { stub: false } : { assumer })],
    store: createMemoryStore({ clock }),
    keys: { k1: key },
    mode: 'development',
    env: {},
    log: silentLog,
    wire: handlerWire(vendor.fetch),
    clock,
  });
  const organizationId = 'org-1';
  const connect = (method: 'key' | 'role') =>
    board.connect('roles', { organizationId, method, credentials: { [method]: `${method}-1` } as never });
  return { board, vendor, clock, connect, client: board.client('roles', { organizationId }) };
}

test('what a way to connect cannot do is refused before anything is sent, and the ways that can are named', async () => {
  const { vendor, connect, client } = await rig();
  await connect('key');
  await client.things.keyed();
  const before = vendor.requests.length;
  for (const name of ['roles', 'both', 'inside'] as const) {
    await expect(client.things[name](), name).rejects.toMatchObject({
      kind: 'permission',
      code: 'wrong_method',
      hint: 'Connect by `role` (Role).',
      operation: `things.${name}`,
    });
  }
  expect(vendor.requests.length).toBe(before);
});

test('a token that is minted at no token endpoint serves, ends, and is minted anew', async () => {
  const { vendor, clock, connect, client } = await rig('assumer-1');
  await connect('role');
  for (const name of ['ping', 'keyed', 'roles', 'both', 'inside'] as const) await client.things[name]();
  const minted = () => vendor.requests.filter(({ path }) => path === '/v1/assume').length;
  expect(minted()).toBe(1);
  await clock.advance(3_600_000);
  await Promise.all([client.things.ping(), client.things.roles()]);
  expect(minted()).toBe(2);
});

test('without the app fields that it takes, nothing is minted', async () => {
  const { vendor, connect } = await rig();
  await expect(connect('role')).rejects.toMatchObject({ kind: 'configuration', code: 'app_credentials_missing' });
  expect(vendor.requests).toEqual([]);
});

test('the stub of a host without any connection stands for every way to connect', async () => {
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [vendorOf()],
    store: createMemoryStore(),
    keys: { k1: key },
    mode: 'test',
    env: {},
    log: silentLog,
  });
  await expect(board.client('roles').things.roles()).resolves.toEqual({ pong: true });
  await board.connect('roles', { organizationId: 'org-1', credentials: { key: 'key-1' } });
  await expect(board.client('roles', { organizationId: 'org-1' }).things.roles()).rejects.toMatchObject({
    code: 'wrong_method',
  });
});

test.each([[[]], [['kee']], [['role', 'toString']]])('methods %j are no ways to connect', (methods) => {
  const operations = { things: { ping: endpoint('GET /ping', { ...all, methods }) } };
  expect(() => defineProvider({ ...vendorOf.definition, operations } as never)).toThrow(/`methods` of `ping`/);
});

test('Basic leaves the password empty where a vendor takes a key alone as the user name', async () => {
  const request = { method: 'GET', url: new URL('https://api.example.com'), headers: new Headers() };
  await basic('apiKey').apply(request, { credentials: { apiKey: 'test_k' }, app: {}, now: 0 });
  // printf 'test_k:' | base64
  expect(request.headers.get('authorization')).toBe('Basic dGVzdF9rOg==');
});
