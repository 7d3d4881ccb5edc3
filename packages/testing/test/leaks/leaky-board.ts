/** A board whose vendors repeat what they are sent, and whose every secret is a canary. */
import {
  apiKey,
  at,
  basic as basicSign,
  basicAuth,
  createPlugboard,
  defineProvider,
  endpoint,
  header,
  operation,
  query,
  text,
  type Answer,
  type Api,
  type Log,
  type Store,
} from '@plugboard/core';
import { secret, text as plain } from '@plugboard/core/fields';
import { z } from 'zod';

import { createVendor } from '../processes/vendor.ts';

/** Every one is put where it belongs, and must be found nowhere else. */
export const secretNames = ['apiKey', 'queryKey', 'password', 'clientSecret', 'signingSecret', 'pasted'] as const;
export type Secrets = Readonly<Record<(typeof secretNames)[number], string>>;

const me = endpoint('GET /ok', {
  summary: 'Says who is connected.',
  input: z.strictObject({}),
  output: z.looseObject({ id: z.string(), name: z.string() }),
  example: { input: {}, answer: { id: 'acct-1', name: 'Acme' } },
});
const shape = endpoint('GET /shape', {
  summary: 'Answers something else than it promises.',
  input: z.strictObject({}),
  output: z.strictObject({ id: z.string() }),
  example: { input: {}, answer: { id: 'x' } },
});
const silent = endpoint('GET /silent', {
  summary: 'Answers never.',
  input: z.strictObject({}),
  output: z.looseObject({}),
  example: { input: {}, answer: {} },
});
const thing = endpoint('GET /things/{id}', {
  summary: 'Gets a thing.',
  input: z.strictObject({ id: z.string().max(100) }),
  output: z.looseObject({}),
  example: { input: { id: '1' }, answer: {} },
});
const decoded = endpoint('GET /text', {
  summary: 'Is read by code that throws what it has read.',
  input: z.strictObject({}),
  output: z.looseObject({}),
  decode(answer) {
    throw new TypeError(`cannot read ${answer.text()}`, { cause: answer.text() });
  },
  example: { input: {}, answer: 'x' },
});
const call = z.strictObject({
  url: z.string(),
  method: z.enum(['GET', 'POST']).optional(),
  said: z.string().optional(),
});
const ask = operation({
  summary: 'Asks anything.',
  input: call,
  run: async (api, { url, method = 'GET', said }) =>
    (await api.request({ method, url, ...(said !== undefined && { json: { said } }) })).json(),
  example: { input: { url: '/ok' } },
});
const heading = operation({
  summary: 'Sends a header.',
  input: z.strictObject({ name: z.string(), value: z.string() }),
  run: async (api, { name, value }) =>
    (await api.request({ method: 'GET', url: '/ok', headers: { [name]: value } })).json(),
  example: { input: { name: 'x', value: 'y' } },
});
const classify = (answer: Answer) => {
  if (answer.status < 400) return undefined;
  const said = text(at(answer.tryJson(), 'error'));
  return {
    kind: 'invalid_request',
    code: 'said',
    message: said,
    hint: said,
    vendor: { code: said, message: said },
  } as const;
};

const shared = <const Id extends string>(id: Id, origin: string) =>
  ({
    id,
    name: id,
    category: 'crm',
    summary: 'A vendor that repeats what it is sent.',
    docs: { home: origin, keys: origin, reference: origin, checked: '2026-11-20' },
    hosts: ['127.0.0.1'],
    api: {
      baseUrl: () => origin,
      errors: {
        classify,
        examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } },
      },
    },
    account: async () => ({ kind: 'known' as const, account: { id: 'acct-1', name: 'Acme' } }),
    healthCheck: async (api: Api) => {
      await api.call(me, {});
      return { status: 'healthy' as const };
    },
    operations: { calls: { me, shape, silent, thing, decoded, ask, heading } },
  }) as const;

const keyed = (origin: string) =>
  defineProvider({
    ...shared('keyed', origin),
    auth: {
      apiKey: apiKey({
        credentials: z.strictObject({ apiKey: secret('API key'), note: plain('Note').optional() }),
        sign: header('x-key', 'apiKey'),
        example: { apiKey: 'key' },
      }),
    },
  })();

const queried = (origin: string) =>
  defineProvider({
    ...shared('queried', origin),
    auth: {
      apiKey: apiKey({
        credentials: z.strictObject({ apiKey: secret('API key') }),
        sign: query('key', 'apiKey'),
        example: { apiKey: 'key' },
      }),
    },
  })();

const basic = (origin: string) =>
  defineProvider({
    ...shared('basic', origin),
    auth: {
      basic: basicAuth({
        credentials: z.strictObject({ username: plain('User'), password: secret('Password') }),
        sign: basicSign('username', 'password'),
        example: { username: 'user', password: 'password' },
      }),
    },
  })();

export interface LeakyOptions {
  /** Of the authorization server, and of the vendor that repeats. */
  readonly origins: { readonly oauth: string; readonly gossip: string };
  readonly store: Store;
  readonly key: string;
  readonly secrets: Secrets;
  readonly log: Log;
}

export type LeakyBoard = ReturnType<typeof createLeakyBoard>;

export function createLeakyBoard({ origins, store, key, secrets, log }: LeakyOptions) {
  const vendor = createVendor(origins.oauth, 'strict')({ clientId: 'client', clientSecret: secrets.clientSecret });
  return createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [vendor, keyed(origins.gossip), queried(origins.gossip), basic(origins.gossip)] as const,
    store,
    keys: { k1: key },
    environment: 'leaks',
    mode: 'test',
    env: {},
    log,
    cacheMs: 0,
    egress: { allowOrigins: [origins.oauth, origins.gossip] },
  });
}
