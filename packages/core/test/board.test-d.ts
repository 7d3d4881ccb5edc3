/** What users see of the types: inferred from the providers array, and never `any`. */
import { z } from 'zod';

import {
  apiKey,
  createMemoryStore,
  createPlugboard,
  defineProvider,
  endpoint,
  header,
  oauth2,
  stream,
} from '../src/index.ts';
import type { AnyProvider, ChatCapability, ChatEvent, Connection, Json } from '../src/index.ts';
import { secret } from '../src/fields.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const expectType = <Actual, Expected>(_same: Equal<Actual, Expected>): void => undefined;

const docs = {
  home: 'https://a.example',
  keys: 'https://a.example',
  reference: 'https://a.example',
  checked: '2026-11-20',
};
const errors = {
  examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } },
} as const;

const mail = defineProvider({
  id: 'mail',
  name: 'Mail',
  category: 'email',
  summary: 'Sends.',
  docs,
  hosts: ['api.mail.example'],
  auth: {
    key: apiKey({
      credentials: z.strictObject({ apiKey: secret('Key') }),
      sign: header('x-key', 'apiKey'),
      example: { apiKey: 'k' },
    }),
  },
  api: { baseUrl: 'https://api.mail.example', errors },
  account: async () => ({ kind: 'derived', name: 'Mail' }),
  healthCheck: async () => ({ status: 'unknown' }),
  settings: { schema: z.strictObject({ from: z.string().optional() }) },
  webhooks: {
    docs: 'https://a.example',
    secrets: () => [],
    verify: () => ({ ok: false, reason: 'signature_missing' }),
    parse: () => [],
    events: { bounced: z.object({ to: z.string(), hard: z.boolean() }) },
    vectors: [],
    sign: async () => ({}),
  },
  operations: {
    emails: {
      get: endpoint('GET /emails/{id}', {
        summary: 'Reads one.',
        input: z.strictObject({ id: z.string() }),
        output: z.object({ id: z.string(), sentAt: z.number() }),
        example: { input: { id: 'e1' }, answer: { id: 'e1', sentAt: 1 } },
      }),
      list: endpoint('GET /emails', {
        summary: 'Lists.',
        input: z.strictObject({ cursor: z.string().optional() }),
        output: z.object({ data: z.array(z.object({ id: z.string() })) }),
        paging: { items: (page) => page.data, next: () => undefined },
        example: { input: {}, answer: { data: [] } },
      }),
      follow: stream({
        summary: 'Follows.',
        input: z.strictObject({}),
        async *run() {
          yield 1;
        },
        example: { input: {} },
      }),
    },
  },
  capabilities: { email: () => ({ send: async () => ({ id: 'x' }) }) },
});

const crm = defineProvider({
  id: 'crm',
  name: 'Crm',
  category: 'crm',
  summary: 'Keeps.',
  docs,
  hosts: ['api.crm.example'],
  app: { clientId: { title: 'Id', env: 'CRM_ID' }, clientSecret: { title: 'Secret', env: 'CRM_SECRET', secret: true } },
  auth: {
    oauth: oauth2({
      authorize: { url: 'https://api.crm.example/a' },
      token: { url: 'https://api.crm.example/t' },
      scopes: { ask: [], known: {} },
      pkce: 'required',
      refresh: 'none',
      example: {},
    }),
  },
  api: { baseUrl: 'https://api.crm.example', errors },
  account: async () => ({ kind: 'derived', name: 'Crm' }),
  healthCheck: async () => ({ status: 'unknown' }),
  operations: {},
  capabilities: {
    chat: (): ChatCapability => ({
      complete: async () => Promise.reject(new Error('not called')),
      async *stream() {
        yield { type: 'text', text: '' };
      },
    }),
    track: () => ({
      async capture(event) {
        expectType<typeof event.personId, string>(true);
      },
      identify: async () => undefined,
      alias: async () => undefined,
      group: async () => undefined,
      flush: async () => undefined,
    }),
  },
  sdk: async () => new URL('https://sdk.example'),
  async closeSdk(sdk) {
    expectType<typeof sdk, URL>(true);
  },
});

const board = createPlugboard({
  url: 'https://app.example.com/integrations',
  providers: [mail(), crm({ clientId: 'x', clientSecret: 'y' })],
  store: createMemoryStore(),
  keys: {},
});
const organizationId = 'o';

export async function use(): Promise<void> {
  const client = board.client('mail', { organizationId });
  expectType<Awaited<ReturnType<typeof client.emails.get>>, { id: string; sentAt: number }>(true);
  for await (const item of client.emails.list()) expectType<typeof item, { id: string }>(true);
  for await (const item of client.emails.follow()) expectType<typeof item, number>(true);
  expectType<Awaited<ReturnType<typeof client.email.send>>['id'], string>(true);
  const sdk = await board.client('crm').sdk();
  expectType<typeof sdk, URL>(true);
  const { output, reply } = await board.client('crm').chat.complete({ messages: [{ role: 'user', content: 'Hi' }] });
  expectType<typeof output, Json | undefined>(true);
  expectType<(typeof reply)['role'], 'assistant'>(true);
  for await (const event of board.client('crm').chat.stream({ messages: [] }))
    expectType<typeof event, ChatEvent>(true);
  const { track } = board.client('crm');
  await track.capture({ name: 'feature_used', personId: 'p', properties: { feature: 'export' } });
  await track.capture({ name: 'my_own_event', personId: 'p', properties: { anything: [1] } });
  await track.capture({ name: 'my_own_event', personId: 'p' });
  // @ts-expect-error -- a known event tells what it is about
  await track.capture({ name: 'feature_used', personId: 'p' });
  // @ts-expect-error -- and in its own words
  await track.capture({ name: 'user_activated', personId: 'p', properties: { feature: 'export' } });

  // @ts-expect-error -- no such provider
  board.client('mial', { organizationId });
  // @ts-expect-error -- no such operation
  client.emails.remove;
  // @ts-expect-error -- no such capability
  client.sms;
  // @ts-expect-error -- only providers with an SDK have one
  client.sdk;
  // @ts-expect-error -- the input is required
  await client.emails.get();
  // @ts-expect-error -- and of the declared shape
  await client.emails.get({ id: 1 });

  const connected = await board.connect('mail', { organizationId, credentials: { apiKey: 'k' } });
  expectType<typeof connected, Connection>(true);
  await board.connect('mail', { organizationId, method: 'key', credentials: { apiKey: 'k' } });
  // @ts-expect-error -- wrong field
  await board.connect('mail', { organizationId, credentials: { apikey: 'k' } });
  // @ts-expect-error -- no such method
  await board.connect('mail', { organizationId, method: 'oauth', credentials: { apiKey: 'k' } });
  // @ts-expect-error -- connects by OAuth only
  await board.connect('crm', { organizationId, credentials: {} });

  await board.settings.update('mail', { organizationId, settings: { from: 'a@b.c' } });
  await board.settings.update('mail', { organizationId, settings: { from: null } });
  // @ts-expect-error -- no such setting
  await board.settings.update('mail', { organizationId, settings: { form: 'a@b.c' } });

  const who = { organizationId, userId: 'u' };
  await board.authorize('crm', { ...who, method: 'oauth', returnTo: '/settings' });
  await board.authorize('crm', who);
  // @ts-expect-error -- no such way to connect
  await board.authorize('crm', { ...who, method: 'oath' });
  // @ts-expect-error -- its ways to connect are typed in
  await board.authorize('mail', { ...who, method: 'key' });
  // A board of providers that nobody knows takes any name.
  const providers: readonly AnyProvider[] = [crm()];
  const unknown = createPlugboard({ url: board.url, providers, store: createMemoryStore(), keys: {} });
  await unknown.authorize('crm', { ...who, method: String('oauth') });

  board.on('mail', 'bounced', (event, { organizationId: organization }) => {
    expectType<typeof event, { to: string; hard: boolean }>(true);
    expectType<typeof organization, string | null>(true);
  });
  board.on('mail', '*', (event) => expectType<typeof event, Json>(true));
  // Of a type that the provider does not declare: whatever the vendor sends.
  board.on('mail', 'opened', (event) => expectType<typeof event, Json>(true));
  // @ts-expect-error -- the schema of the event has no such member
  board.on('mail', 'bounced', ({ subject }) => void subject);
  // @ts-expect-error -- no such provider
  board.on('fax', 'bounced', () => undefined);
  board.on('connection.attention', ({ connection, reason }) => {
    expectType<typeof connection, Connection>(true);
    expectType<typeof reason, string>(true);
  });
  // @ts-expect-error -- no such event of the board
  board.on('connection.lost', () => undefined);

  await board.capability('email', { provider: 'mail' }).send({ from: 'a@b.c', to: 'd@e.f', subject: 's', text: 't' });
  // @ts-expect-error -- the provider lacks the capability
  board.capability('email', { provider: 'crm' });
  // @ts-expect-error -- unknown option of a provider
  crm({ clientID: 'x' });
}
