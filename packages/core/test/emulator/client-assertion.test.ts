/** The server verifies what a client signs as strictly as the client is declared, and takes no other way of proof. */
import { generateKeyPairSync } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { assertionType } from '../../src/auth/client-assertion.ts';
import { signJwt, type SigningAlgorithm } from '../../src/auth/sign-jwt.ts';
import { encodeUtf8 } from '../../src/bytes.ts';
import { createEmulator } from '../../src/emulator/create-emulator.ts';
import { exampleRsaKey, exampleRsaPem } from '../../src/example-key.ts';
import { Secret } from '../../src/secret.ts';
import { issuer, selfHosted } from '../support/self-hosted.ts';
import { basicHeader, origin, read, serve, type Params, type TestServer } from './oauth-client.ts';

const clientAuth = { algorithm: 'RS256', audience: origin, keyId: 'k1', clientKey: new Secret(exampleRsaPem) } as const;
const client = { id: 'client' };
const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'der' });
/** With a token that nobody knows: `invalid_grant` says that the client is believed. */
const unknown = { grant_type: 'refresh_token', refresh_token: 'unknown' };

interface Change {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly alg?: SigningAlgorithm;
  readonly kid?: string;
  readonly key?: Uint8Array;
  readonly params?: Params;
}

async function signed({ clock }: TestServer, { claims, alg = 'RS256', kid = 'k1', key, params }: Change = {}) {
  const iat = Math.floor(clock.now() / 1000);
  const honest = { iss: 'client', sub: 'client', aud: origin, jti: crypto.randomUUID(), iat, exp: iat + 60 };
  const assertion = await signJwt({ alg, kid }, { ...honest, ...claims }, key ?? exampleRsaKey());
  return { client_assertion_type: assertionType, client_assertion: assertion, ...params };
}

const judged = async ({ token }: TestServer, params: Params, headers?: Params) =>
  (await token({ ...unknown, ...params }, headers)).json['error'];

describe('an assertion', () => {
  test('is believed once, at whichever endpoint', async () => {
    const server = serve({ clientAuth, revokeAuth: clientAuth }, { client });
    const proof = await signed(server);
    expect(await judged(server, proof)).toBe('invalid_grant');
    expect(await judged(server, proof)).toBe('invalid_client');
    expect((await server.revoke({ token: 'x', ...proof })).status).toBe(401);
    expect((await server.revoke({ token: 'x', ...(await signed(server)) })).status).toBe(200);
    expect(await judged(server, { ...(await signed(server)), client_id: 'client' })).toBe('invalid_grant');
  });

  test('that was never looked at is not spent', async () => {
    const server = serve({ clientAuth }, { client });
    server.server.switches.token.next({ status: 503 });
    const proof = await signed(server);
    expect((await server.token({ ...unknown, ...proof })).status).toBe(503);
    expect(await judged(server, proof)).toBe('invalid_grant');
  });

  test.each<[string, Change]>([
    ['another key', { key: other }],
    ['another algorithm', { alg: 'PS256' }],
    ['the public key as a secret', { alg: 'HS256', key: encodeUtf8(exampleRsaPem) }],
    ['another kid', { kid: 'k2' }],
    ['another audience', { claims: { aud: 'https://other.example.com' } }],
    ['the token endpoint, which is not declared', { claims: { aud: `${origin}/token` } }],
    ['several audiences', { claims: { aud: [origin, 'https://other.example.com'] } }],
    ['another issuer', { claims: { iss: 'other' } }],
    ['another subject', { claims: { sub: 'other' } }],
    ['another client', { claims: { iss: 'other', sub: 'other' } }],
    ['no jti', { claims: { jti: undefined } }],
    ['no exp', { claims: { exp: undefined } }],
    ['no iat', { claims: { iat: undefined } }],
    ['an end that is over', { claims: { exp: 1 } }],
    ['a long life', { claims: { exp: 9_999_999_999 } }],
    ['a beginning to come', { claims: { iat: 9_999_999_999 } }],
    ['another client_id beside it', { params: { client_id: 'other' } }],
    ['another type', { params: { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' } }],
    ['junk', { params: { client_assertion: 'e30.e30.e30' } }],
  ])('with %s is refused', async (_name, change) => {
    const server = serve({ clientAuth }, { client });
    expect(await judged(server, await signed(server, change))).toBe('invalid_client');
  });

  test('is the only proof: no secret beside it or instead, and none at all', async () => {
    const server = serve({ clientAuth }, { client: { ...client, secret: 'secret' } });
    expect(await judged(server, { ...(await signed(server)), client_secret: 'secret' })).toBe('invalid_request');
    expect(await judged(server, await signed(server), basicHeader('client', 'secret'))).toBe('invalid_client');
    expect(await judged(server, {}, basicHeader('client', 'secret'))).toBe('invalid_client');
    expect(await judged(server, { client_id: 'client', client_secret: 'secret' })).toBe('invalid_request');
    expect(await judged(server, { client_id: 'client' })).toBe('invalid_client');
  });

  test('by a shared secret is verified with it', async () => {
    const clientKey = 'a secret that is as long as its hash';
    const server = serve({ clientAuth: { ...clientAuth, algorithm: 'HS256', clientKey } }, { client });
    const by = (secret: string) => signed(server, { alg: 'HS256', key: encodeUtf8(secret) });
    expect(await judged(server, await by(clientKey))).toBe('invalid_grant');
    expect(await judged(server, await by(`${clientKey}!`))).toBe('invalid_client');
  });
});

describe('a client of another kind', () => {
  const pair = { client_id: 'client', client_secret: 'secret' };

  test.each(['basic', 'raw_basic', 'post', 'none'] as const)('%s is not proved by an assertion', async (kind) => {
    const server = serve({ clientAuth: kind });
    const headers = kind.endsWith('basic') ? basicHeader('client', 'secret') : {};
    const proper = kind === 'post' ? pair : kind === 'none' ? { client_id: 'client' } : {};
    expect(await judged(server, proper, headers)).toBe('invalid_grant');
    expect(await judged(server, { ...proper, ...(await signed(server)) }, headers)).toBe('invalid_request');
    expect(await judged(server, { ...proper, client_assertion_type: assertionType }, headers)).toBe('invalid_request');
  });

  test('shows nothing in the address (RFC 6749 section 2.3.1)', async () => {
    const { server } = serve();
    const post = async (path: string, params: Params) =>
      (
        await read(
          await server.handle(
            new Request(`${origin}${path}?client_secret=secret`, { method: 'POST', body: new URLSearchParams(params) }),
          ),
        )
      ).json['error'];
    expect(await post('/token', { ...unknown, ...pair })).toBe('invalid_request');
    expect(await post('/revoke', { token: 'x', ...pair })).toBe('invalid_request');
  });

  test('that must prove itself names the token in the form, not in the address', async () => {
    const { server } = serve({ revokeAuth: 'basic' });
    const headers = { ...basicHeader('client', 'secret'), 'content-type': 'application/x-www-form-urlencoded' };
    const status = async (url: string, body: string) =>
      (await server.handle(new Request(url, { method: 'POST', headers, body }))).status;
    expect(await status(`${origin}/revoke`, 'token=x')).toBe(200);
    expect(await status(`${origin}/revoke?token=x`, '')).toBe(400);
  });

  test('that proves nothing shows no header either', async () => {
    const { revoke } = serve({ revokeAuth: 'none' });
    expect((await revoke({ token: 'x' })).status).toBe(200);
    expect((await revoke({ token: 'x' }, basicHeader('client', 'secret'))).status).toBe(401);
    expect((await revoke({ token: 'x', client_secret: 'secret' })).status).toBe(401);
  });
});

test('an emulator knows the client that the options of its provider name', async () => {
  const vendor = createEmulator(selfHosted()({ clientId: 'id', clientSecret: new Secret('secret'), issuer }));
  const error = async (id: string, secret: string) => {
    const headers = basicHeader(id, secret);
    const sent = new Request(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(unknown), headers });
    return (await read(await vendor.fetch(sent))).json['error'];
  };
  expect(await error('id', 'secret')).toBe('invalid_grant');
  expect(await error('id', 'another')).toBe('invalid_client');
  expect(await error('another', 'secret')).toBe('invalid_client');
});
