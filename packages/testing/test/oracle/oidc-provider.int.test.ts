/**
 * The OAuth engine against oidc-provider, an independent and strict authorization server, over real HTTP: PKCE, state,
 * issuer, form-encoded Basic, rotation with family revocation, revocation.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  createMemoryStore,
  createPlugboard,
  defineProvider,
  isPlugboardError,
  oauth2,
  silentLog,
} from '@plugboard/core';
import Oidc from 'oidc-provider';
import { afterAll, beforeAll, expect, test } from 'vitest';

// Every character that a wrong encoding would spoil (RFC 6749, section 2.3.1).
const clientSecret = 'a:b%+u ~/=?&';
const organizationId = 'org-1';
const userId = 'user-1';

let server: Server;
let issuer: string;
let fail: number | undefined;
const redirectUri = 'http://127.0.0.1:3999/integrations/callback/oidc';

beforeAll(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Oidc(issuer, {
    clients: [
      {
        client_id: 'the client',
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    rotateRefreshToken: true,
    pkce: { required: () => true },
    features: { revocation: { enabled: true }, devInteractions: { enabled: true } },
    issueRefreshToken: async () => true,
    findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    ttl: {
      AccessToken: 5,
      AuthorizationCode: 60,
      Grant: 3600,
      Interaction: 600,
      Session: 600,
      RefreshToken: 3600,
      IdToken: 60,
    },
    cookies: { keys: ['a test key of some length'] },
  });
  const handle = provider.callback();
  server.on('request', (request, response) => {
    if (fail !== undefined && request.url?.startsWith('/token') === true) {
      response.writeHead(fail).end('no');
      return;
    }
    void handle(request, response);
  });
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

function createBoard() {
  const oidc = defineProvider({
    id: 'oidc',
    name: 'OpenID provider',
    category: 'identity',
    summary: 'An authorization server.',
    docs: { home: issuer, keys: issuer, reference: issuer, checked: '2026-11-20' },
    hosts: ['127.0.0.1'],
    app: {
      clientId: { title: 'Id', env: 'OIDC_ID' },
      clientSecret: { title: 'Secret', env: 'OIDC_SECRET', secret: true },
    },
    auth: {
      oauth: oauth2({
        authorize: { url: `${issuer}/auth`, params: { prompt: 'consent' } },
        token: { url: `${issuer}/token`, clientAuth: 'basic' },
        scopes: {
          ask: ['openid', 'offline_access'],
          known: { openid: 'Identify.', offline_access: 'Stay connected.' },
        },
        pkce: 'required',
        issuer,
        issuerAlwaysSent: true,
        refresh: { rotation: 'strict' },
        revoke: { url: `${issuer}/token/revocation`, clientAuth: 'basic' },
        example: {},
      }),
    },
    api: {
      baseUrl: () => issuer,
      errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
    },
    async account(api) {
      const me = (await api.request({ method: 'GET', url: '/me' })).json() as { sub: string };
      return { kind: 'known', account: { id: me.sub, name: me.sub } };
    },
    async healthCheck(api) {
      await api.request({ method: 'GET', url: '/me' });
      return { status: 'healthy' };
    },
    operations: {},
  });
  return createPlugboard({
    url: 'http://127.0.0.1:3999/integrations',
    providers: [oidc({ clientId: 'the client', clientSecret })],
    store: createMemoryStore(),
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env: {},
    log: silentLog,
    cacheMs: 0,
    egress: { allowOrigins: [issuer] },
  });
}

/** A browser without a screen: follows redirects with cookies, submits the login and consent forms. */
async function consent(start: string, login: string): Promise<URL> {
  const jar = new Map<string, string>();
  let url = start;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < 15; step++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(form && { method: 'POST', body: form }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';')[0]?.split(/=(.*)/s) ?? [];
      jar.set(name, value);
    }
    const location = response.headers.get('location');
    const page = await response.text();
    form = undefined;
    if (location !== null) {
      url = new URL(location, url).href;
      if (url.startsWith(redirectUri)) return new URL(url);
      continue;
    }
    const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1];
    const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1];
    if (action === undefined || prompt === undefined) throw new Error(`no form on the page: ${response.status}`);
    url = new URL(action, url).href;
    form = new URLSearchParams({ prompt, ...(prompt === 'login' && { login, password: 'x' }) });
  }
  throw new Error('the flow did not end');
}

async function connect(board: ReturnType<typeof createBoard>, label = 'default', login = 'alice') {
  const { url, cookie } = await board.authorize('oidc', { organizationId, userId, label });
  const back = await consent(url, login);
  return { back, cookies: `${cookie.name}=${cookie.value}` };
}

test('A11 A26 a code is exchanged with PKCE, issuer and form-encoded Basic; tokens rotate; disconnecting revokes', async () => {
  const board = createBoard();
  const { back, cookies } = await connect(board);
  expect(back.searchParams.get('iss')).toBe(issuer);
  const result = await board.callback('oidc', { params: back, cookies, organizationId, userId });
  expect(result).toMatchObject({ status: 'connected', connection: { account: { id: 'alice' } }, missingScopes: [] });
  // Access tokens live five seconds, less than the skew: every round of calls needs a new one, and only one.
  const healths = await Promise.all(Array.from({ length: 20 }, () => board.health('oidc', { organizationId })));
  expect(healths.map((health) => health.status)).toEqual(Array.from({ length: 20 }, () => 'healthy'));
  for (let round = 0; round < 3; round++)
    expect(await board.health('oidc', { organizationId })).toMatchObject({ status: 'healthy' });
  expect(await board.disconnect('oidc', { organizationId })).toMatchObject({ revoked: 'revoked' });
  await board.stop();
});

test('A08 a callback that names another issuer is refused', async () => {
  const board = createBoard();
  const { back, cookies } = await connect(board);
  back.searchParams.set('iss', 'https://evil.example');
  await expect(board.callback('oidc', { params: back, cookies, organizationId, userId })).rejects.toMatchObject({
    code: 'issuer_mismatch',
  });
  await board.stop();
});

test('A10 swapped codes are refused by the server, and nothing is stored', async () => {
  const board = createBoard();
  const first = await connect(board, 'first');
  const second = await connect(board, 'second', 'bob');
  first.back.searchParams.set('code', second.back.searchParams.get('code') ?? '');
  const swapped = board.callback('oidc', { params: first.back, cookies: first.cookies, organizationId, userId });
  await expect(swapped).rejects.toMatchObject({ kind: 'auth', code: 'code_rejected' });
  expect((await board.connections.list({ organizationId })).items).toEqual([]);
  await board.stop();
});

test('D02 D07 many callers and an outage cost no grant at a server that revokes the family on reuse', async () => {
  const board = createBoard();
  const { back, cookies } = await connect(board);
  await board.callback('oidc', { params: back, cookies, organizationId, userId });
  fail = 400;
  const during = await board.health('oidc', { organizationId });
  fail = undefined;
  expect(during.status).not.toBe('healthy');
  expect(await board.connections.get('oidc', { organizationId })).toMatchObject({ status: 'active' });
  await board.stop();
});

test('B03 a refusal of the server says what happened and none of its secrets', async () => {
  const board = createBoard();
  const { back, cookies } = await connect(board);
  const code = back.searchParams.get('code') ?? '';
  await board.callback('oidc', { params: back, cookies, organizationId, userId });
  const again = await connect(board, 'again');
  again.back.searchParams.set('code', code);
  const error: unknown = await board
    .callback('oidc', { params: again.back, cookies: again.cookies, organizationId, userId })
    .catch((caught: unknown) => caught);
  expect(isPlugboardError(error)).toBe(true);
  const { inspect } = await import('node:util');
  const shown = `${inspect(error, { depth: 10, showHidden: true })}${JSON.stringify(error)}${String(error)}`;
  for (const secret of [code, clientSecret, encodeURIComponent(clientSecret)]) expect(shown).not.toContain(secret);
  await board.stop();
});
