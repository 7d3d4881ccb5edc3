/** A provider of an invented vendor that keeps the whole contract. The broken ones differ from it in one thing each. */
import {
  apiKey,
  checkInput,
  defineProvider,
  endpoint,
  header,
  hmacSignature,
  hmacSigner,
  oauth2,
  operation,
  parseJson,
  signatureList,
  type Choice,
  type ProviderFactory,
  type WebhookDefinition,
  streamOf,
} from '@plugboard/core';
import { secret, text } from '@plugboard/core/fields';
import { z } from 'zod';

const id = z.string().min(1);
const item = z.looseObject({ id: z.string(), name: z.string().nullish() });
const tea = { id: 'it_1', name: 'Tea' };

const get = endpoint('GET /items/{id}', {
  summary: 'Reads an item.',
  input: z.strictObject({ id }),
  output: item,
  scopes: ['items:read'],
  example: { input: { id: 'it_1' }, answer: tea },
});

const list = endpoint('GET /items', {
  summary: 'Lists items.',
  input: z.strictObject({ cursor: id.optional(), since: id.optional() }),
  output: z.looseObject({ data: z.array(item), next: z.string().nullish() }),
  paging: {
    items: ({ data }) => data,
    next: ({ next }, input) =>
      next ? { ...input, cursor: new URL(next).searchParams.get('cursor') ?? '' } : undefined,
  },
  scopes: ['items:read'],
  limits: [{ requests: 10, perMs: 1000 }],
  example: { input: {}, answer: { data: [tea], next: 'https://api.acme.example/v1/items?cursor=c2' } },
});

const add = endpoint('POST /items', {
  summary: 'Adds an item.',
  input: z.strictObject({ name: id, note: z.string().optional() }),
  output: item,
  scopes: ['items:write'],
  example: { input: { name: 'Tea' }, status: 201, answer: tea },
});

const addTwice = operation({
  summary: 'Adds an item and reads it back.',
  input: z.strictObject({ name: id }),
  run: async (api, { name }) => api.call(get, { id: (await api.call(add, { name })).id }),
  example: { input: { name: 'Tea' } },
});

const picture = endpoint('GET /items/{id}/pictures/{+path}', {
  summary: 'Describes a picture by its path.',
  input: z.strictObject({ id, path: id }),
  output: item,
  example: { input: { id: 'it_1', path: 'front/small.png' }, answer: tea },
});

export const items = { get, list, add, addTwice, picture };

export const me = endpoint('GET /me', {
  summary: 'Reads the account.',
  input: z.strictObject({}),
  output: z.looseObject({ id: z.string(), company: z.string() }),
  example: { input: {}, answer: { id: 'ac_1', company: 'Example Ltd' } },
});

export const send = endpoint('POST /emails', {
  summary: 'Sends an email.',
  input: z.strictObject({ to: id, subject: id }),
  output: item,
  example: { input: { to: 'a@example.com', subject: 'Hello' }, answer: tea },
});

const signature = {
  header: 'acme-signature',
  form: signatureList({ timestamp: 't', signature: 'v1' }),
  algorithm: 'sha256',
  encoding: 'hex',
  timestamp: { unit: 'seconds' },
  content: ({ body }, timestamp) => [`${timestamp}.`, body],
} satisfies Parameters<typeof hmacSignature>[0];

const delivery = z.looseObject({ id: z.string(), type: z.string(), account: z.string(), item });

export const webhooks: WebhookDefinition = {
  docs: 'https://docs.acme.example/webhooks',
  secrets: ({ app }) => [app['webhookSecret']],
  verify: hmacSignature(signature),
  parse: ({ body }) => {
    const event = checkInput(delivery, parseJson(new TextDecoder().decode(body)), 'The webhook body');
    return [{ type: event.type, id: event.id, accountId: event.account, data: { item: { id: event.item.id } } }];
  },
  events: { 'item.added': z.looseObject({ item }) },
  vectors: [
    {
      name: 'an item that was added',
      source: 'computed',
      secret: 'whsec_acme',
      headers: { 'acme-signature': 't=1767225600,v1=22c8579fa51ce42cc505f810b06c59e499777f20b41b12a1f19191d3adb39f2c' },
      body: '{"id":"ev_1","type":"item.added","account":"ac_1","item":{"id":"it_1"}}',
      at: '2026-01-01T00:00:00.000Z',
      ok: true,
      events: ['item.added'],
    },
  ],
  sign: hmacSigner(signature),
};

export const sound = defineProvider({
  id: 'acme',
  name: 'Acme',
  category: 'commerce',
  summary: 'Items of a shop that does not exist.',
  docs: {
    home: 'https://acme.example',
    keys: 'https://acme.example/keys',
    reference: 'https://docs.acme.example/api',
    checked: '2026-11-20',
  },
  hosts: ['api.acme.example'],
  app: {
    clientId: { title: 'Client id', env: 'ACME_CLIENT_ID' },
    clientSecret: { title: 'Client secret', env: 'ACME_CLIENT_SECRET', secret: true },
    webhookSecret: { title: 'Webhook secret', env: 'ACME_WEBHOOK_SECRET', secret: true, set: 'webhooks' },
  },
  auth: {
    key: apiKey({
      credentials: z.strictObject({
        key: secret('API key', { pattern: /^ak_\w+$/ }),
        region: text('Region').optional(),
      }),
      env: { key: 'ACME_API_KEY' },
      sign: header('x-acme-key', 'key'),
      example: { key: 'ak_0123456789abcdef' },
    }),
    oauth: oauth2({
      authorize: { url: 'https://acme.example/authorize', params: { prompt: 'consent' } },
      token: { url: 'https://api.acme.example/oauth/token', clientAuth: 'basic' },
      pkce: 'required',
      scopes: {
        ask: ['items:read', 'items:write'],
        known: { 'items:read': 'Read items.', 'items:write': 'Add items.', admin: 'Settings.' },
      },
      refresh: { rotation: 'strict' },
      revoke: { url: 'https://api.acme.example/oauth/revoke', clientAuth: 'basic' },
      example: {
        access_token: 'acme-access-token',
        refresh_token: 'acme-refresh-token',
        expires_in: 3600,
        token_type: 'Bearer',
        scope: 'items:read items:write',
      },
    }),
  },
  api: {
    baseUrl: 'https://api.acme.example/v1',
    requestId: 'x-request-id',
    errors: {
      classify: (answer) =>
        answer.status === 402 ? { kind: 'rate_limited', code: 'quota_used_up', retryable: false } : undefined,
      examples: {
        invalidCredentials: {
          status: 401,
          body: { error: { code: 'bad_key', message: 'This key is not known.' } },
          is: { kind: 'auth', code: 'unauthorized' },
        },
        missingScope: {
          status: 403,
          body: { error: { code: 'scope' } },
          is: { kind: 'permission', code: 'forbidden' },
        },
        quota: {
          status: 402,
          body: { error: { code: 'quota', message: 'The plan is used up.' } },
          is: { kind: 'rate_limited', code: 'quota_used_up', retryable: false },
        },
      },
    },
  },
  async account(api) {
    const { id: accountId, company } = await api.call(me, {});
    return { kind: 'known', account: { id: accountId, name: company } };
  },
  async healthCheck(api) {
    await api.call(me, {});
    return { status: 'healthy' };
  },
  settings: {
    schema: z.strictObject({ itemId: z.string().optional() }),
    choices: {
      async itemId(api): Promise<readonly Choice[]> {
        const { data } = await api.call(items.list, {});
        return data.map(({ id: value, name }) => ({ value, label: name ?? value }));
      },
    },
  },
  flags: { orders: { description: 'Send orders.', default: true, requiresConnection: true } },
  webhooks,
  streams: {
    items: streamOf(list, { summary: 'Items.', since: (since) => ({ since }) }),
    everything: streamOf(list, { summary: 'Items, all of them.' }),
  },
  operations: { items, account: { me }, emails: { send } },
  capabilities: {
    email: (api) => ({
      async send({ to, subject }) {
        const first = [to].flat()[0]!;
        return { id: (await api.call(send, { to: typeof first === 'string' ? first : first.email, subject })).id };
      },
    }),
  },
});

export const soundOptions = { account: { id: 'ac_1', name: 'Example Ltd' } };

export type Sound = typeof sound.definition;

/** A factory for a definition that `defineProvider` may not even accept. */
export function factoryOf(definition: object): ProviderFactory<Sound> {
  return Object.assign((options: object = {}) => ({ definition, options }), {
    definition,
  }) as unknown as ProviderFactory<Sound>;
}
