/** A vendor with every kind of thing that the routes show or call. */
import {
  apiKey,
  at,
  defineProvider,
  endpoint,
  header,
  hmacSignature,
  hmacSigner,
  oauth2,
  parseJson,
  PlugboardError,
  streamBy,
  text,
} from '@plugboard/core';
import { secret } from '@plugboard/core/fields';
import { z } from 'zod';

const auth = 'https://auth.acme.example.com';
const scheme = { header: 'x-acme-signature', algorithm: 'sha256', encoding: 'hex' } as const;
const me = endpoint('GET /me', {
  summary: 'Reads the owner of the credential.',
  input: z.strictObject({}),
  output: z.looseObject({
    id: z.string(),
    name: z.string(),
    others: z.array(z.looseObject({ id: z.string(), name: z.string() })),
  }),
  example: { input: {}, answer: { id: 'acct-1', name: 'Acme One', others: [] } },
});

export const acme = defineProvider({
  id: 'acme',
  name: 'Acme',
  category: 'crm',
  summary: 'A vendor for tests.',
  docs: {
    home: 'https://acme.example.com',
    keys: 'https://acme.example.com/keys',
    reference: 'https://acme.example.com/docs',
    checked: '2026-01-01',
  },
  hosts: ['api.acme.example.com', 'auth.acme.example.com'],
  app: {
    clientId: { title: 'Client id', env: 'ACME_CLIENT_ID' },
    clientSecret: { title: 'Client secret', env: 'ACME_CLIENT_SECRET', secret: true },
    signingSecret: { title: 'Signing secret', env: 'ACME_SIGNING_SECRET', secret: true, set: 'webhooks' },
  },
  auth: {
    oauth: oauth2({
      authorize: { url: `${auth}/authorize` },
      token: { url: `${auth}/token` },
      scopes: { ask: ['read', 'write'], known: { read: 'Read orders.', write: 'Create orders.' } },
      pkce: 'required',
      refresh: { rotation: 'strict' },
      revoke: { url: `${auth}/revoke` },
      example: { access_token: 'at', refresh_token: 'rt', expires_in: 3600, token_type: 'Bearer', scope: 'read write' },
    }),
    apiKey: apiKey({
      credentials: z.strictObject({
        apiKey: secret('API key', { help: 'Under Settings.' }),
        webhookSecret: secret('Signing secret').optional(),
      }),
      sign: header('x-api-key', 'apiKey'),
      example: { apiKey: 'acme-key' },
    }),
  },
  api: {
    baseUrl: 'https://api.acme.example.com/v1',
    errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
  },
  async account(api) {
    const { id, name, others } = await api.call(me, {});
    return others.length === 0
      ? { kind: 'known', account: { id, name } }
      : { kind: 'choose', choices: [{ id, name }, ...others] };
  },
  async healthCheck(api) {
    await api.call(me, {});
    return { status: 'healthy' };
  },
  settings: {
    schema: z.strictObject({ channel: z.string().max(20).optional(), digest: z.boolean().optional() }),
    choices: { channel: async () => [{ value: 'c1', label: 'General' }] },
  },
  flags: { sync: { description: 'Synchronise orders.', default: true, requiresConnection: true } },
  webhooks: {
    docs: 'https://acme.example.com/webhooks',
    secrets: ({ app, credentials }) => [credentials['webhookSecret'], app['signingSecret']],
    verify: hmacSignature(scheme),
    parse: ({ body }) => {
      const event = parseJson(new TextDecoder().decode(body));
      return [{ type: text(at(event, 'type')) ?? 'unknown', id: text(at(event, 'id')) ?? 'none', data: event }];
    },
    events: { 'order.created': z.looseObject({ id: z.string() }) },
    vectors: [],
    sign: hmacSigner(scheme),
  },
  streams: {
    orders: streamBy({
      summary: 'Two orders, each on a page of its own.',
      cursor: z.strictObject({ page: z.number() }),
      async *read(api, { cursor }) {
        for (let page = cursor?.page ?? 1; page <= 2; page++) {
          await api.call(me, {});
          yield { records: [{ id: `o${page}` }], cursor: page === 2 ? null : { page: page + 1 } };
        }
      },
    }),
  },
  operations: { account: { me } },
});

/** A vendor that needs a value before the redirect, refuses every callback, and has neither settings nor webhooks. */
export const shop = defineProvider({
  id: 'shop',
  name: 'Shop',
  category: 'commerce',
  summary: 'Another vendor for tests.',
  docs: {
    home: 'https://shop.example.com',
    keys: 'https://shop.example.com/keys',
    reference: 'https://shop.example.com/docs',
    checked: '2026-01-01',
  },
  hosts: ['*.shop.example.com'],
  app: {
    clientId: { title: 'Client id', env: 'SHOP_CLIENT_ID' },
    clientSecret: { title: 'Client secret', env: 'SHOP_CLIENT_SECRET', secret: true },
  },
  auth: {
    oauth: oauth2({
      authorize: { url: (input) => `https://${text(input['shop'])}.shop.example.com/oauth` },
      token: { url: (input) => `https://${text(input['shop'])}.shop.example.com/token` },
      input: z.strictObject({ shop: z.string().regex(/^[a-z0-9-]{1,40}$/) }),
      scopes: { ask: [], known: {} },
      pkce: 'supported',
      verifyCallback() {
        throw new PlugboardError({ kind: 'permission', code: '<b>Refused</b>', message: 'Never.' });
      },
      refresh: 'none',
      example: { access_token: 'at', token_type: 'Bearer' },
    }),
  },
  api: {
    baseUrl: 'https://one.shop.example.com/v1',
    errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
  },
  account: async () => ({ kind: 'derived', name: 'A shop' }),
  healthCheck: async () => ({ status: 'unknown' }),
  operations: {},
});
