/** A vendor that everybody runs for themselves, on a board whose wire is its emulator. */
import { z } from 'zod';

import type { AppValues, OAuth2Options } from '../../src/auth/auth.ts';
import { apiKey, oauth2 } from '../../src/auth/methods.ts';
import { header } from '../../src/auth/sign.ts';
import { createPlugboard } from '../../src/board.ts';
import { defineProvider } from '../../src/define-provider.ts';
import { createEmulator } from '../../src/emulator/create-emulator.ts';
import { endpoint, operation } from '../../src/endpoint.ts';
import { host, secret, text } from '../../src/fields.ts';
import { hostOf } from '../../src/host-name.ts';
import { at, text as textOf, type JsonObject } from '../../src/json.ts';
import { silentLog } from '../../src/log.ts';
import { createMemoryStore } from '../../src/memory-store.ts';
import { reveal } from '../../src/secret.ts';
import { handlerWire } from '../../src/transport/handler-wire.ts';
import type { EgressOptions } from '../../src/url.ts';
import { createFakeClock } from './fake-clock.ts';
import { key } from './rig.ts';

export const organizationId = 'org-1';
export const userId = 'user-1';
export const issuer = 'https://login.acme.example/realms/main';

const fields = z.strictObject({
  key: secret('API key'),
  server: host('Server', { example: 'shop.acme.example:8443' }),
});
const issuerOf = (app: AppValues) => reveal(app['issuer'] ?? '');
const found = (name: string) => (input: JsonObject) => textOf(at(input, 'discovered', name)) ?? '';

export const me = endpoint('GET /me', {
  summary: 'Says who is connected.',
  input: z.strictObject({}),
  output: z.looseObject({ id: z.string(), name: z.string() }),
  example: { input: {}, answer: { id: 'acct-1', name: 'Acme One' } },
});

const anywhere = operation({
  summary: 'Asks any address.',
  input: z.strictObject({ url: z.string() }),
  run: async (api, { url }) => (await api.request({ method: 'GET', url })).json(),
  example: { input: { url: issuer } },
});

export function selfHosted(change: Partial<OAuth2Options> = {}) {
  return defineProvider({
    id: 'acme',
    name: 'Acme',
    category: 'crm',
    summary: 'A vendor for tests.',
    docs: { home: issuer, keys: issuer, reference: issuer, checked: '2026-01-01' },
    hosts: [],
    tenantHosts({ app, credentials, input }) {
      const { server } = credentials;
      if (server !== undefined) return [reveal(server)];
      const named = textOf(input['shop']);
      return [...(app['issuer'] === undefined ? [] : [hostOf(app['issuer'], 'issuer')]), ...(named ? [named] : [])];
    },
    app: {
      clientId: { title: 'Client id', env: 'ACME_CLIENT_ID' },
      clientSecret: { title: 'Client secret', env: 'ACME_CLIENT_SECRET', secret: true },
      issuer: { title: 'Issuer', env: 'ACME_ISSUER', example: issuer },
    },
    auth: {
      key: apiKey({
        credentials: fields,
        sign: header('x-acme-key', 'key'),
        example: { key: 'ak_0123456789', server: 'shop.acme.example:8443' },
      }),
      oauth: oauth2({
        async discover(client) {
          const url = `${issuerOf(client.app)}/.well-known/openid-configuration`;
          return (await client.request({ method: 'GET', url })).json() as JsonObject;
        },
        authorize: { url: found('authorization_endpoint') },
        token: { url: found('token_endpoint'), clientAuth: () => 'basic' },
        revoke: { url: found('revocation_endpoint'), clientAuth: () => 'basic' },
        issuer: (_input, app) => issuerOf(app),
        issuerAlwaysSent: (input) => at(input, 'discovered', 'authorization_response_iss_parameter_supported') === true,
        nonce: true,
        pkce: 'required',
        scopes: { ask: ['read'], known: { read: 'Read.' } },
        refresh: { rotation: 'strict' },
        example: {
          access_token: 'at',
          refresh_token: 'rt',
          id_token: 'e30.e30.x',
          expires_in: 3600,
          token_type: 'Bearer',
          scope: 'read',
        },
        ...change,
      }),
    },
    api: {
      baseUrl: (api) =>
        api.method === 'key'
          ? `https://${api.credentials(fields).server}/v1`
          : `https://${hostOf(api.app['issuer'], 'issuer')}/v1`,
      errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
    },
    async account(api) {
      const { id, name } = await api.call(me, {});
      return { kind: 'known', account: { id, name } };
    },
    async healthCheck(api) {
      await api.call(me, {});
      return { status: 'healthy' };
    },
    operations: { users: { me }, calls: { anywhere } },
  });
}

/** What tenants of a multi-tenant vendor give before the redirect. */
export const shopInput = z.strictObject({ shop: text('Shop', { example: 'tenant.acme.example' }) });

export function createSelfHosted(
  change: Partial<OAuth2Options> = {},
  options: { readonly egress?: EgressOptions; readonly app?: Readonly<Record<string, string>> } = {},
) {
  const clock = createFakeClock();
  const app = { clientId: 'client', clientSecret: 'client-secret', issuer, ...options.app };
  const provider = selfHosted(change)(app);
  const vendor = createEmulator(provider, { clock, accounts: [{ id: 'acct-1', name: 'Acme One' }] });
  const sent: URL[] = [];
  /** Addresses besides public ones that each request might have been sent to. */
  const addresses: unknown[] = [];
  let answer: (request: Request) => Response | undefined | Promise<Response | undefined> = () => undefined;
  const wire = handlerWire(async (request) => (await answer(request)) ?? vendor.fetch(request));
  const store = createMemoryStore({ clock });
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [provider],
    store,
    keys: { k1: key },
    cacheMs: 0,
    mode: 'test',
    env: {},
    log: silentLog,
    clock,
    wire(request) {
      sent.push(request.url);
      addresses.push(request.addresses ?? null);
      return wire(request);
    },
    ...(options.egress && { egress: options.egress }),
  });

  async function authorize(input?: JsonObject) {
    const { url, cookie } = await board.authorize('acme', { organizationId, userId, ...(input && { input }) });
    return { url: new URL(url), cookies: `${cookie.name}=${cookie.value}` };
  }

  return {
    board,
    clock,
    store,
    sent,
    addresses,
    vendor,
    authorize,
    answer: (next: typeof answer) => void (answer = next),
    async connect(input?: JsonObject) {
      const { url, cookies } = await authorize(input);
      const params = await vendor.oauth.approve(url);
      return board.callback('acme', { params, cookies, organizationId, userId });
    },
    row: () => store.connections.find(organizationId, { provider: 'acme', label: 'default' }),
  };
}
