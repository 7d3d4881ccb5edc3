/** A21: what `verifyIdToken` accepts and refuses. Beside a second implementation: see the generic OpenID Connect provider. */
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWK } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';

import { verifyIdToken, type IdTokenRules } from '../src/auth/id-token.ts';
import { claimsOf } from '../src/auth/jwt.ts';
import type { OAuthRequest } from '../src/auth/vendor-call.ts';
import { encodeBase64url, encodeUtf8 } from '../src/bytes.ts';
import { isPlugboardError, PlugboardError } from '../src/errors.ts';
import { hash } from '../src/hash.ts';
import type { JsonObject } from '../src/json.ts';
import { createAnswer } from '../src/transport/answer.ts';
import { createKeyCache } from '../src/webhooks/key-cache.ts';

const now = Date.UTC(2026, 0, 1);
const seconds = now / 1000;
const issuer = 'https://id.example.com';
const rules: IdTokenRules = { issuer, audience: 'client', jwksUrl: `${issuer}/jwks`, nonce: 'n-1' };
const truth = { iss: issuer, sub: 'u1', aud: 'client', iat: seconds, exp: seconds + 300, nonce: 'n-1' };

let keys: { private: CryptoKey; jwk: JWK };
beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  keys = { private: pair.privateKey, jwk: { ...(await exportJWK(pair.publicKey)), kid: 'k1' } };
});

/** A client whose issuer publishes the key, or fails. */
function createClient(answer: () => JsonObject = () => ({ keys: [keys.jwk as JsonObject] })) {
  const asked: string[] = [];
  const request = async ({ url }: OAuthRequest) => {
    asked.push(url);
    const body = encodeUtf8(JSON.stringify(answer()));
    return createAnswer({ status: 200, headers: new Headers() }, body);
  };
  return { app: {}, keys: createKeyCache(), now, request, asked };
}

const sign = (claims: object, header: object = {}) =>
  new SignJWT(claims as never).setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header }).sign(keys.private);

async function verdict(token: string, change: Partial<IdTokenRules> = {}, client = createClient()): Promise<string> {
  try {
    return (await verifyIdToken(token, { ...rules, ...change }, client))['sub'] as string;
  } catch (error) {
    if (!isPlugboardError(error)) throw error;
    return error.code;
  }
}

describe('A21 an id token', () => {
  test('passes, and hands out its claims', async () => {
    expect(await verifyIdToken(await sign(truth), rules, createClient())).toEqual(truth);
  });

  test.each([
    ['one of several spellings of the issuer', {}, { issuer: ['https://a.example', issuer] }],
    ['no nonce where none was sent', { nonce: undefined }, { nonce: undefined }],
    ['a time of issue that was long ago, where it renews one', { iat: 0, nonce: undefined }, { nonce: undefined }],
    ['a time of issue that was yesterday', { iat: seconds - 86_400 }, {}],
    ['an audience among others that azp names', { aud: ['x', 'client'], azp: 'client' }, {}],
    ['the same user again', { nonce: undefined }, { nonce: undefined, renews: truth }],
    ['the same user and nonce again', {}, { nonce: undefined, renews: truth }],
    ['a sign-in that is young enough', { auth_time: seconds - 89 }, { maxAgeSeconds: 60 }],
  ])('passes with %s', async (_name, claims, change) => {
    expect(await verdict(await sign({ ...truth, ...claims }), change as Partial<IdTokenRules>)).toBe('u1');
  });

  test.each([
    ['another issuer', { iss: `${issuer}/` }, {}],
    ['another client', { aud: 'other' }, {}],
    ['another azp', { azp: 'other' }, {}],
    ['several audiences without azp', { aud: ['x', 'client'] }, {}],
    ['no subject', { sub: '' }, {}],
    ['another nonce', { nonce: 'n-2' }, {}],
    ['no nonce', { nonce: undefined }, {}],
    ['an end that is past', { exp: seconds - 31 }, {}],
    ['a beginning that is to come', { nbf: seconds + 31 }, {}],
    ['no time of issue', { iat: undefined }, {}],
    ['a time of issue before the flow began', { iat: seconds - 86_401 }, {}],
    ['another user than before', {}, { renews: { ...truth, sub: 'u2' } }],
    ['another nonce than before', {}, { nonce: undefined, renews: { ...truth, nonce: 'n-0' } }],
    ['a sign-in that is too old', { auth_time: seconds - 91 }, { maxAgeSeconds: 60 }],
    ['no time of sign-in', {}, { maxAgeSeconds: 60 }],
    ['a hash of another access token', { at_hash: 'x' }, { accessToken: 'at' }],
    ['an algorithm that is not allowed', {}, { algorithms: ['ES256', 'PS256'] }],
  ])('is refused with %s', async (_name, claims, change) => {
    const token = await sign({ ...truth, ...claims });
    expect(await verdict(token, change as Partial<IdTokenRules>)).toBe('id_token_refused');
  });

  test('binds the access token by the left half of its hash', async () => {
    const at_hash = encodeBase64url((await hash('sha256', 'at')).slice(0, 16));
    expect(await verdict(await sign({ ...truth, at_hash }), { accessToken: 'at' })).toBe('u1');
    expect(await verdict(await sign({ ...truth, at_hash }), { accessToken: 'at2' })).toBe('id_token_refused');
  });

  test('is no text that a lenient decoder would take for it', async () => {
    const token = await sign(truth);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const last = signature.at(-1)!;
    const twin = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const aliased = signature.slice(0, -1) + twin[twin.indexOf(last) ^ 1]!;
    const others = [
      '',
      '.',
      'a.b',
      `${token}.`,
      `${token}=`,
      `${token}\n`,
      ` ${token}`,
      `${header}.${payload}.${aliased}`,
    ];
    for (const text of [...others, new UnsecuredJWT(truth as never).encode(), `${header}.${payload}.`]) {
      expect(await verdict(text), text.slice(0, 20)).toBe('id_token_refused');
    }
  });

  test('names neither address nor key of its own', async () => {
    const client = createClient();
    const header = { jku: 'https://evil.example/jwks', x5u: 'https://evil.example/x', jwk: keys.jwk, kid: 'unknown' };
    expect(await verdict(await sign(truth, header), {}, client)).toBe('id_token_refused');
    expect(client.asked).toEqual([`${issuer}/jwks`]);
  });

  test('is not judged while the keys cannot be had', async () => {
    const client = createClient(() => {
      throw new PlugboardError({ kind: 'unavailable', code: 'down', message: 'Down.' });
    });
    expect(await verdict(await sign(truth), {}, client)).toBe('keys_unavailable');
  });
});

test('keys of one address are kept for each organization by itself', async () => {
  const cache = createKeyCache();
  const clients = ['org-a', 'org-b', 'org-a'].map((organizationId) => ({
    ...createClient(),
    keys: cache,
    organizationId,
  }));
  for (const client of clients) expect(await verdict(await sign(truth), {}, client)).toBe('u1');
  expect(clients.map(({ asked }) => asked.length)).toEqual([1, 1, 0]);
});

test('the claims of what is no token are none', async () => {
  expect(claimsOf(await sign(truth))).toEqual(truth);
  for (const text of ['', 'a', 'a.b.c', `e30.${encodeBase64url(encodeUtf8('[]'))}.x`])
    expect(claimsOf(text)).toBeUndefined();
});
