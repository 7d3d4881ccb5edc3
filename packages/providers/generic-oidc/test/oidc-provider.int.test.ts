/**
 * Against oidc-provider, an independent and strict implementation, over real HTTP: discovery, PKCE, nonce, id tokens,
 * rotation with family revocation, revocation, logout in both directions.
 */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  createMemoryStore,
  createPlugboard,
  exampleRsaKey,
  exampleRsaPem,
  handlerWire,
  signJwt,
  silentLog,
} from '@plugboard/core';
import { decodeJwt } from 'jose';
import Oidc from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { genericOidc } from '../src/index.ts';
import { browse, type Jar } from './browser.ts';
import { appUrl, organizationId, refusal, userId } from './rig.ts';

const issuer = 'https://id.example.com';
const clientSecret = 'a:b%+u ~/=?&';
const redirectUri = `${appUrl}/callback/generic-oidc`;
const afterLogout = 'https://app.example.com/bye';

let server: Server;
let origin: string;
/** Logout tokens that the issuer sent. */
const logouts: string[] = [];
/** Forms that the token and revocation endpoints were sent. */
const sent: URLSearchParams[] = [];

const common = { redirect_uris: [redirectUri], post_logout_redirect_uris: [afterLogout] };
const grants = { grant_types: ['authorization_code', 'refresh_token'] };
const backchannel = { backchannel_logout_uri: `${appUrl}/webhooks/generic-oidc` };

const { n, e } = createPublicKey(exampleRsaPem).export({ format: 'jwk' });
const publicKey = { kty: 'RSA' as const, n: n!, e: e!, kid: 'k1', use: 'sig' as const };
const longSecret = 'a secret that is as long as its hash';
const otherPem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string;
const formHeaders = { 'content-type': 'application/x-www-form-urlencoded' };

beforeAll(async () => {
  const provider = new Oidc(issuer, {
    clients: [
      { client_id: 'the client', client_secret: clientSecret, ...common, ...grants, ...backchannel },
      {
        client_id: 'poster',
        client_secret: clientSecret,
        token_endpoint_auth_method: 'client_secret_post',
        ...common,
        ...grants,
      },
      { client_id: 'public', token_endpoint_auth_method: 'none', ...common, ...grants },
      {
        client_id: 'keyed',
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [publicKey] },
        ...common,
        ...grants,
      },
      {
        client_id: 'narrow',
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'RS256',
        jwks: { keys: [publicKey] },
        ...common,
        ...grants,
      },
      {
        client_id: 'hashed',
        client_secret: longSecret,
        token_endpoint_auth_method: 'client_secret_jwt',
        ...common,
        ...grants,
      },
    ],
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    pkce: { required: () => true },
    features: {
      revocation: { enabled: true },
      devInteractions: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      backchannelLogout: { enabled: true },
    },
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, name: `The ${id}`, email: `${id}@example.com`, email_verified: true }),
    }),
    fetch: async (url, options) => {
      expect(new Request(url).url).toBe(`${appUrl}/webhooks/generic-oidc`);
      logouts.push(await new Response(options?.body ?? null).text());
      return new Response(null, { status: 200 });
    },
    cookies: { keys: ['a test key of some length'] },
    ttl: {
      AccessToken: 5,
      AuthorizationCode: 60,
      Grant: 3600,
      IdToken: 60,
      Interaction: 600,
      RefreshToken: 3600,
      Session: 600,
    },
  });
  // The issuer is https for everybody; what stands between is ours.
  provider.proxy = true;
  server = createServer((request, response) => void provider.callback()(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

/** A request to the issuer, through what ends its TLS. */
async function ask(request: Request): Promise<Response> {
  const { pathname, search, host } = new URL(request.url);
  const headers = new Headers(request.headers);
  headers.set('x-forwarded-proto', 'https');
  headers.set('x-forwarded-host', host);
  const body = request.method === 'POST' ? await request.text() : undefined;
  if (pathname.startsWith('/token')) sent.push(new URLSearchParams(body));
  return fetch(origin + pathname + search, {
    method: request.method,
    headers,
    redirect: 'manual',
    ...(body !== undefined && { body }),
  });
}

type AppOptions = Readonly<Record<string, string>>;

function createBoard(clientId = 'the client', secret = clientSecret, options: AppOptions = {}) {
  return createPlugboard({
    url: appUrl,
    providers: [genericOidc({ issuer, clientId, ...(secret !== '' && { clientSecret: secret }), ...options })],
    store: createMemoryStore(),
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env: {},
    log: silentLog,
    cacheMs: 0,
    wire: handlerWire(ask),
  });
}

type Board = ReturnType<typeof createBoard>;
async function signIn(board: Board, jar: Jar = new Map(), scopes = ['openid', 'profile', 'email', 'offline_access']) {
  const input = { prompt: 'consent' };
  const { url, cookie } = await board.authorize('generic-oidc', { organizationId, userId, scopes, input });
  const params = await browse(url, jar, ask);
  const cookies = `${cookie.name}=${cookie.value}`;
  return { params, finish: () => board.callback('generic-oidc', { params, cookies, organizationId, userId }) };
}

test.each<[string, string, string, AppOptions]>([
  ['Basic', 'the client', clientSecret, { tokenEndpointAuthMethod: 'client_secret_basic' }],
  ['post', 'poster', clientSecret, { tokenEndpointAuthMethod: 'client_secret_post' }],
  ['nothing but PKCE', 'public', '', {}],
  ['its private key', 'keyed', '', { privateKey: exampleRsaPem, privateKeyId: 'k1' }],
  ['its private key and PS256', 'keyed', '', { privateKey: exampleRsaPem, privateKeyAlgorithm: 'PS256' }],
  [
    'its private key for the token endpoint',
    'keyed',
    '',
    { privateKey: exampleRsaPem, assertionAudience: 'token_endpoint' },
  ],
  ['what its secret signs', 'hashed', longSecret, { tokenEndpointAuthMethod: 'client_secret_jwt' }],
])(
  'A26 a client that proves itself by %s signs a user in, refreshes and revokes',
  async (_way, clientId, secret, app) => {
    sent.length = 0;
    const board = createBoard(clientId, secret, app);
    const { params, finish } = await signIn(board);
    expect(params.searchParams.get('iss')).toBe(issuer);
    const result = await finish();
    expect(result).toMatchObject({
      status: 'connected',
      missingScopes: [],
      connection: { account: { id: `${issuer} alice`, name: 'The alice' } },
    });
    // Access tokens live five seconds, less than the skew: every round needs a new one, and a reuse would end the family.
    for (let round = 0; round < 3; round++) {
      const healths = await Promise.all(
        Array.from({ length: 5 }, () => board.health('generic-oidc', { organizationId })),
      );
      expect(healths.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'healthy'));
    }
    const { email, sub } = await board.client('generic-oidc', { organizationId }).identity.userinfo({});
    expect([sub, email]).toEqual(['alice', 'alice@example.com']);
    expect(await board.disconnect('generic-oidc', { organizationId })).toMatchObject({ revoked: 'revoked' });
    await board.stop();
    if (clientId !== 'keyed' && clientId !== 'hashed') return;
    // The exchange, a refresh for each round, and the revocation of two tokens: each proved anew, none by the secret.
    const ids = sent.map((form) => decodeJwt(form.get('client_assertion')!).jti);
    expect(ids.length).toBeGreaterThanOrEqual(5);
    expect(new Set(ids).size).toBe(ids.length);
    expect(sent.filter((form) => form.has('client_secret'))).toEqual([]);
  },
);

describe('an assertion', () => {
  const refreshing = async (assertion: string) => {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: 'unknown',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    });
    const answer = await ask(
      new Request(`${issuer}/token`, { method: 'POST', headers: formHeaders, body: form.toString() }),
    );
    return ((await answer.json()) as { error: string }).error;
  };
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: 'keyed', sub: 'keyed', aud: issuer, iat: now, exp: now + 60 };
  const signed = (change: object, key = exampleRsaKey()) =>
    signJwt({ alg: 'RS256' }, { ...claims, jti: crypto.randomUUID(), ...change }, key);

  test('is believed once: `invalid_grant` says that the client is known, `invalid_client` that it is not', async () => {
    const assertion = await signed({});
    expect(await refreshing(assertion)).toBe('invalid_grant');
    expect(await refreshing(assertion)).toBe('invalid_client');
  });

  test('for somebody else, by somebody else or of yesterday is refused', async () => {
    for (const change of [{ aud: 'https://other.example.com' }, { iss: 'the client' }, { exp: now - 3600 }]) {
      expect(await refreshing(await signed(change)), JSON.stringify(change)).toBe('invalid_client');
    }
  });

  test.each<[string, string, AppOptions]>([
    ['another key', '', { privateKey: otherPem }],
    ['another secret', `${longSecret}!`, { tokenEndpointAuthMethod: 'client_secret_jwt' }],
    ['another algorithm than is registered', '', { privateKey: exampleRsaPem, privateKeyAlgorithm: 'PS256' }],
  ])('signed with %s is a fault of the deployment', async (name, secret, app) => {
    const clientId = name === 'another secret' ? 'hashed' : name === 'another key' ? 'keyed' : 'narrow';
    const board = createBoard(clientId, secret, app);
    const { finish } = await signIn(board);
    expect(await refusal(finish())).toMatchObject({ kind: 'configuration', code: 'invalid_client' });
    await board.stop();
  });
});

test('A08 a callback without the issuer that was announced, or with another, is refused', async () => {
  for (const iss of [null, 'https://evil.example']) {
    const board = createBoard();
    const { params, finish } = await signIn(board);
    if (iss === null) params.searchParams.delete('iss');
    else params.searchParams.set('iss', iss);
    expect(await refusal(finish())).toMatchObject({ code: 'issuer_mismatch' });
    await board.stop();
  }
});

test('A10 swapped codes are refused by the issuer, and nothing is stored', async () => {
  const board = createBoard();
  const [first, second] = [await signIn(board), await signIn(board)];
  first.params.searchParams.set('code', second.params.searchParams.get('code') ?? '');
  expect(await refusal(first.finish())).toMatchObject({ code: 'code_rejected' });
  expect((await board.connections.list({ organizationId })).items).toEqual([]);
  await board.stop();
});

test('a wrong secret is a fault of the deployment, not of the user', async () => {
  const board = createBoard('the client', 'wrong');
  const { finish } = await signIn(board);
  expect(await refusal(finish())).toMatchObject({ kind: 'configuration', code: 'invalid_client' });
  await board.stop();
});

test('the browser ends the session at the issuer, and the issuer tells us so', async () => {
  const board = createBoard();
  const jar: Jar = new Map();
  const { finish } = await signIn(board, jar);
  await finish();
  const heard: unknown[] = [];
  board.on('generic-oidc', 'logout', (data, context) => void heard.push([data, context.organizationId]));
  const { session } = board.client('generic-oidc', { organizationId });
  const { url } = await session.logoutUrl({ postLogoutRedirectUri: afterLogout, state: 's' });
  expect((await browse(url, jar, ask)).href).toBe(`${afterLogout}?state=s`);
  const [body = ''] = logouts;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const delivery = new Request(`${appUrl}/webhooks/generic-oidc`, { method: 'POST', headers, body });
  expect((await board.webhooks.receive('generic-oidc', delivery)).status).toBe(200);
  expect(heard).toEqual([[{ issuer, subject: 'alice' }, organizationId]]);
  await board.stop();
});
