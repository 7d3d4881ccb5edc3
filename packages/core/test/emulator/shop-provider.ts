/** A provider with what emulators must cope with: several auth kinds, hosts per tenant, one path for many operations. */
import { z } from 'zod';

import { apiKey, basicAuth, clientCredentials, incomingWebhook, oauth2 } from '../../src/auth/methods.ts';
import { basic, header, unsigned } from '../../src/auth/sign.ts';
import { encodeBase64, encodeUtf8 } from '../../src/bytes.ts';
import { defineProvider } from '../../src/define-provider.ts';
import type { EmulatorExtension } from '../../src/emulator/contract.ts';
import { endpoint } from '../../src/endpoint.ts';
import { secret, text } from '../../src/fields.ts';
import { hmac } from '../../src/hash.ts';
import { member, text as textOf } from '../../src/json.ts';

export const exampleAccount = { id: 'shop-1', name: 'First Shop' };

const api = {
  baseUrl: 'https://api.shop.example/v{version}',
  version: '2',
  requestId: 'x-request-id',
  errors: {
    examples: {
      invalidCredentials: { status: 401, body: { error: 'bad key' }, is: { kind: 'auth', code: 'unauthorized' } },
      expiredToken: { status: 401, body: { error: 'expired' }, is: { kind: 'auth', code: 'token_expired' } },
      missingScope: { status: 403, body: { error: 'scope' }, is: { kind: 'permission', code: 'forbidden' } },
      rateLimited: { status: 429, headers: { 'retry-after': '7' }, is: { kind: 'rate_limited', code: 'rate_limited' } },
      badInput: { status: 422, body: { error: 'bad input' }, is: { kind: 'invalid_request', code: 'invalid' } },
    },
  },
} as const;

const list = endpoint('GET /lists/{listId}/items', {
  summary: 'Lists items.',
  input: z.strictObject({ listId: z.string(), cursor: z.string().optional(), limit: z.number().optional() }),
  output: z.looseObject({
    data: z.array(z.looseObject({ id: z.string() })),
    links: z.looseObject({ next: z.string().nullable() }),
  }),
  scopes: ['read'],
  paging: {
    items: (page) => page.data,
    next: (page, input) =>
      page.links.next === null ? undefined : { ...input, cursor: page.links.next.split('=')[1]! },
  },
  example: {
    input: { listId: 'l1' },
    answer: { data: [{ id: 'i1' }], links: { next: 'https://api.shop.example/v2/lists/l1/items?cursor=abc' } },
  },
});
const search = endpoint('GET /lists/search/items', {
  summary: 'Finds a list.',
  input: z.strictObject({}),
  output: z.unknown(),
  example: { input: {}, answer: { found: 'by search' } },
});
const create = endpoint('POST /orders', {
  summary: 'Creates an order.',
  input: z.strictObject({ total: z.number(), note: z.string().optional() }),
  output: z.looseObject({ id: z.string() }),
  scopes: ['write'],
  example: { input: { total: 1 }, answer: { id: 'o1', shop: { id: 'shop-1', name: 'First Shop' } }, status: 201 },
});
const query = (operationName: string, variables: Record<string, string>) =>
  endpoint('POST /query', {
    summary: 'Asks.',
    input: z.looseObject({}),
    output: z.unknown(),
    encode: (input) => ({ json: { query: `query ${operationName}`, variables: input } }),
    example: { input: variables, answer: { operation: operationName } },
  });
const upload = endpoint('POST /forms/{name}:submit', {
  summary: 'Sends a form.',
  input: z.strictObject({ name: z.string(), value: z.string() }),
  output: z.unknown(),
  encode: ({ name, value }) => ({ path: { name }, form: { value } }),
  example: { input: { name: 'f', value: 'v' }, answer: 'stored', headers: { 'content-type': 'text/plain' } },
});
const close = endpoint('POST /orders/{id}/close', {
  summary: 'Closes an order.',
  input: z.strictObject({ id: z.string(), reason: z.string().optional() }),
  output: z.undefined(),
  example: { input: { id: 'o1', reason: 'sold out' }, status: 204 },
});
const note = endpoint('POST /notes', {
  summary: 'Leaves a note.',
  input: z.strictObject({ text: z.string().optional() }),
  output: z.undefined(),
  encode: (input) => ({ form: input }),
  example: { input: { text: 'hi' }, status: 204 },
});
const remove = endpoint('DELETE /orders/{id}', {
  summary: 'Deletes an order.',
  input: z.strictObject({ id: z.string() }),
  output: z.undefined(),
  example: { input: { id: 'o1' }, status: 204 },
});
const tenant = endpoint('GET /admin/info', {
  summary: 'Asks a tenant host.',
  baseUrl: ({ metadata }) => `https://${textOf(metadata['shop'])}.myshop.example/api`,
  input: z.strictObject({}),
  output: z.unknown(),
  example: { input: {}, answer: { tenant: true } },
});
const notify = endpoint('POST', {
  summary: 'Posts to a hook.',
  baseUrl: (context) => context.credentials(hookFields).url,
  input: z.strictObject({ text: z.string() }),
  output: z.unknown(),
  example: { input: { text: 'hi' }, answer: 'ok' },
});

const hookFields = z.strictObject({ url: z.string() });

/** Orders that are remembered, a way to end tokens, and refusals in the vendor's own shape. */
const emulator: EmulatorExtension = (vendor) => {
  const orders = vendor.table('orders');
  vendor.shapeOAuthFailures(({ error }) =>
    error === 'invalid_grant' ? { json: { ok: false, reason: error } } : undefined,
  );
  return {
    'POST /orders': ({ json, account }) => {
      const note = textOf(member(json, 'note'));
      if (note === undefined) return undefined;
      const order = { id: vendor.id('o'), note, shop: account.id };
      orders.set(order.id, order);
      return { status: 201, json: order };
    },
    'GET /orders/{id}': ({ params }) => {
      const order = orders.get(params['id'] ?? '');
      return order === undefined ? { status: 404, json: { error: 'no order' } } : { json: order };
    },
    'GET /limits': () => vendor.failure('rateLimited'),
    'GET /copy': () => vendor.example('orders.create'),
    'POST /auth/end': {
      open: true,
      reply: ({ form }) => {
        vendor.oauth.revoke(form.get('token') ?? '');
        return { json: { ended: true } };
      },
    },
  };
};

export const shop = defineProvider({
  id: 'shop',
  name: 'Shop',
  category: 'commerce',
  summary: 'A shop for tests.',
  docs: {
    home: 'https://shop.example',
    keys: 'https://shop.example',
    reference: 'https://shop.example',
    checked: '2026-01-01',
  },
  hosts: ['api.shop.example', '*.myshop.example', 'hooks.shop.example', 'auth.shop.example'],
  app: {
    clientId: { title: 'Client', env: 'SHOP_ID' },
    clientSecret: { title: 'Secret', env: 'SHOP_SECRET', secret: true },
  },
  auth: {
    key: apiKey({
      credentials: z.strictObject({ apiKey: secret('API key', { pattern: /^key_\w+$/ }) }),
      sign: header('authorization', 'apiKey', 'Shop-Key '),
      example: { apiKey: 'key_example' },
    }),
    oauth: oauth2({
      authorize: { url: ({ shop: name }) => `https://${textOf(name)}.myshop.example/oauth/authorize` },
      token: { url: ({ shop: name }) => `https://${textOf(name)}.myshop.example/oauth/token`, encoding: 'json' },
      input: z.strictObject({ shop: text('Shop', { example: 'acme' }) }) as never,
      scopes: { ask: ['read'], known: { read: 'Read.', write: 'Write.' } },
      pkce: 'none',
      refresh: { rotation: 'strict' },
      revoke: { url: 'https://auth.shop.example/revoke', clientAuth: 'none' },
      example: {
        access_token: 'shpat_1',
        refresh_token: 'shprt_1',
        expires_in: 3600,
        scope: 'read',
        shop: { id: 'shop-1', name: 'First Shop' },
      },
    }),
    login: basicAuth({
      credentials: z.strictObject({ user: text('User'), password: secret('Password') }),
      sign: basic('user', 'password'),
      example: { user: 'someone', password: 'example' },
    }),
    machine: clientCredentials({
      credentials: z.strictObject({ id: text('Id'), key: secret('Key') }),
      token: { url: 'https://auth.shop.example/token', clientAuth: 'basic' },
      sign: header('x-machine-token', 'accessToken'),
      mint: (client) => client.token({ grant_type: 'client_credentials' }),
      example: { id: 'm1', key: 'k1' },
    }),
    hook: incomingWebhook({
      credentials: hookFields,
      sign: unsigned,
      example: { url: 'https://hooks.shop.example/services/T0/B0/XX' },
    }),
  },
  api,
  account: async () => ({ kind: 'known', account: exampleAccount }),
  healthCheck: async () => ({ status: 'healthy' }),
  webhooks: {
    docs: 'https://shop.example',
    secrets: () => [],
    verify: () => ({ ok: true, secretIndex: 0 }),
    parse: () => [],
    events: {},
    vectors: [
      { name: 'bad', source: 'computed', secret: 's', headers: {}, body: 'bad', ok: false, events: ['order.created'] },
      {
        name: 'good',
        source: 'computed',
        secret: 's',
        headers: {},
        body: '{"type":"order.created"}',
        ok: true,
        events: ['order.created'],
      },
    ],
    sign: async ({ body, url, at }, key) => ({
      'x-shop-time': at.toISOString(),
      'x-shop-signature': encodeBase64(await hmac('sha256', key, `${url}${at.toISOString()}${body}`)),
    }),
  },
  operations: {
    lists: { list, search },
    orders: { create, close, remove },
    queries: { shops: query('shops', { first: '1' }), products: query('products', { id: 'p1' }) },
    forms: { upload, note },
    tenants: { tenant },
    hooks: { notify },
  },
  emulator,
});

export const keyHeaders = { authorization: 'Shop-Key key_example' };
export const loginHeaders = { authorization: `Basic ${encodeBase64(encodeUtf8('someone:example'))}` };
