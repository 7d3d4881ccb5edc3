/**
 * A provider that connects by a widget in the browser, or mints tokens at no token endpoint of OAuth, signs in the body, and
 * keeps the whole contract.
 */
import {
  bodyMember,
  browserStep,
  clientCredentials,
  defineProvider,
  endpoint,
  need,
  readTokenAnswer,
  text,
  at,
  type OAuthClient,
} from '@plugboard/core';
import { like, secret, text as fieldText } from '@plugboard/core/fields';
import { z } from 'zod';

const api = 'https://api.stepping.example';

const item = endpoint('POST /item/get', {
  summary: 'Reads the item.',
  input: z.strictObject({}),
  output: like({ id: 'item-1', bank: 'First Bank' }),
  repeat: 'safe',
});

const find = endpoint('POST /items/find', {
  summary: 'Finds what is like a text.',
  input: z.strictObject({ like: z.string().min(1).max(100) }),
  output: like({ found: ['it_1'] }),
  repeat: 'safe',
  methods: ['link', 'proxy'],
  example: { input: { like: 'tea' } },
});

const rights = endpoint('POST /rights/get', {
  summary: 'Reads what the proxy may do.',
  input: z.strictObject({}),
  output: like({ rights: ['read'] }),
  methods: ['proxy'],
});

/** What the vendor is asked by the host itself. */
async function post(client: OAuthClient, path: string, json: Readonly<Record<string, string>>) {
  const headers = { 'client-id': need(client.app, 'clientId'), 'client-secret': need(client.app, 'clientSecret') };
  return (
    await client.request({ method: 'POST', url: `${api}${path}`, headers, json, classify: () => undefined })
  ).json();
}

export const stepping = defineProvider({
  id: 'stepping',
  name: 'Stepping',
  category: 'payments',
  summary: 'Accounts of a bank that does not exist.',
  docs: {
    home: 'https://stepping.example',
    keys: 'https://stepping.example/keys',
    reference: 'https://docs.stepping.example',
    checked: '2026-11-20',
  },
  hosts: ['api.stepping.example'],
  app: {
    clientId: { title: 'Client id', env: 'STEPPING_CLIENT_ID' },
    clientSecret: { title: 'Client secret', env: 'STEPPING_CLIENT_SECRET', secret: true },
  },
  auth: {
    link: browserStep({
      credentials: z.strictObject({ publicToken: secret('Public token', { pattern: /^public-\w{1,40}$/ }) }),
      async start(client, { userId }) {
        const { accessToken } = client.credentials;
        const repairs = accessToken === undefined ? {} : { access_token: need(client.credentials, 'accessToken') };
        const answer = await post(client, '/link', { user: userId, ...repairs });
        return {
          page: { linkToken: text(at(answer, 'link_token')) ?? '' },
          keep: { repairs: accessToken !== undefined },
        };
      },
      async complete(client) {
        if (client.input['repairs'] === true) return 'keep';
        return readTokenAnswer(
          await post(client, '/exchange', { public_token: need(client.credentials, 'publicToken') }),
        );
      },
      refresh: {
        rotation: 'stable',
        run: async (client) =>
          readTokenAnswer(await post(client, '/renew', { access_token: need(client.credentials, 'accessToken') })),
      },
      async revoke(client) {
        await post(client, '/remove', { access_token: need(client.credentials, 'accessToken') });
      },
      sign: bodyMember('access_token', 'accessToken'),
      example: { publicToken: 'public-1' },
    }),
    proxy: clientCredentials({
      credentials: z.strictObject({ role: fieldText('Role', { pattern: /^role-\w{1,40}$/ }) }),
      appSet: 'oauth',
      mint: async (client) =>
        readTokenAnswer(await post(client, '/assume', { role: need(client.credentials, 'role') })),
      sign: bodyMember('access_token', 'accessToken'),
      example: { role: 'role-1' },
      grant: { accessToken: 'a-token-of-the-role' },
    }),
  },
  api: {
    baseUrl: api,
    errors: {
      examples: {
        invalidCredentials: {
          status: 401,
          body: { error: { code: 'bad_token' } },
          is: { kind: 'auth', code: 'unauthorized' },
        },
      },
    },
  },
  async account(view) {
    const { id, bank } = await view.call(item, {});
    return { kind: 'known', account: { id, name: bank } };
  },
  async healthCheck(view) {
    await view.call(item, {});
    return { status: 'healthy' };
  },
  operations: { items: { item, find, rights } },
  emulator(vendor) {
    const grant = () => ({ json: vendor.oauth.issue({ profile: 'link' }) });
    const assumed = () => ({ json: vendor.oauth.issue({ profile: 'proxy' }) });
    const done = () => ({ json: { done: true } });
    return {
      'POST /link': { open: true, reply: () => ({ json: { link_token: vendor.id('link-') } }) },
      'POST /exchange': { open: true, reply: grant },
      'POST /renew': { open: true, reply: grant },
      'POST /assume': { open: true, reply: assumed },
      'POST /remove': done,
    };
  },
});

export const steppingOptions = { account: { id: 'item-1', name: 'First Bank' } };
