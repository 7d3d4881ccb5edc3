/** A21: the edges of what a token may say, and the reason that a refusal gives. */
import { CompactSign, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';

import { verifyIdToken, type IdTokenRules } from '../src/auth/id-token.ts';
import { claimsOf, issuerKeys, verifyJwt } from '../src/auth/jwt.ts';
import { challengeOf, createPkce } from '../src/auth/pkce.ts';
import { encodeBase64url } from '../src/bytes.ts';
import { newKey, platformKey, sessionKey } from '../src/connections/session-key.ts';
import { isPlugboardError, PlugboardError } from '../src/errors.ts';
import { hash } from '../src/hash.ts';
import type { JsonObject } from '../src/json.ts';
import { createAnswer } from '../src/transport/answer.ts';
import { createKeyCache, type JwtAlgorithm } from '../src/webhooks/key-cache.ts';

const now = Date.UTC(2026, 0, 1);
const seconds = now / 1000;
const issuer = 'https://id.example.com';
const truth = { iss: issuer, sub: 'u1', aud: 'client', iat: seconds, exp: seconds + 300 };
const algorithms = ['RS256', 'ES256', 'EdDSA'] as const;

const pairs = new Map<JwtAlgorithm, { readonly key: CryptoKey; readonly jwk: JWK }>();
beforeAll(async () => {
  for (const algorithm of algorithms) {
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
    pairs.set(algorithm, { key: privateKey, jwk: { ...(await exportJWK(publicKey)), alg: algorithm } });
  }
});

const jwkOf = (algorithm: JwtAlgorithm, more: object = {}) => ({ ...pairs.get(algorithm)!.jwk, ...more });
const sign = (claims: object, algorithm: JwtAlgorithm = 'RS256', header: object = { kid: 'k1' }) =>
  new SignJWT(claims as never).setProtectedHeader({ alg: algorithm, ...header }).sign(pairs.get(algorithm)!.key);

/** A client whose issuer publishes these keys. */
function clientOf(keys: readonly object[]) {
  const request = async () =>
    createAnswer({ status: 200, headers: new Headers() }, new TextEncoder().encode(JSON.stringify({ keys })));
  return { app: {}, keys: createKeyCache(), now, request };
}

async function refusal(token: string | undefined, change: Partial<IdTokenRules> = {}): Promise<PlugboardError> {
  const rules = { issuer, audience: 'client', jwksUrl: `${issuer}/jwks`, algorithms, ...change };
  const keys = algorithms.map((algorithm) => jwkOf(algorithm, { kid: algorithm === 'RS256' ? 'k1' : algorithm }));
  const error: unknown = await verifyIdToken(token, rules, clientOf(keys)).catch((reason: unknown) => reason);
  return isPlugboardError(error) ? error : expect.unreachable('this must be refused');
}

describe('A21 the reason of a refusal', () => {
  test.each<[string, string | undefined, string]>([
    ['no token', undefined, 'the answer holds none'],
    ['no JWT', 'a.b', 'it is no signed JWT'],
  ])('%s', async (_, token, reason) => expect((await refusal(token)).message).toContain(reason));

  test.each<[string, object, Partial<IdTokenRules>, string]>([
    ['another issuer', { iss: 'https://evil.example' }, {}, '`iss` is another issuer'],
    ['another client', { aud: 'other' }, {}, '`aud` is another client'],
    ['another party', { azp: 'other' }, {}, '`azp` is not this client'],
    ['a subject of 256 characters', { sub: 'x'.repeat(256) }, {}, '`sub` is no subject'],
    ['a subject that is no text', { sub: 7 }, {}, '`sub` is no subject'],
    ['a time of issue that is no number', { iat: '1' }, {}, 'a required claim is missing, or it is not valid yet'],
    ['another nonce', { nonce: 'n-2' }, { nonce: 'n-1' }, '`nonce` is not that of the authorization request'],
    [
      'a nonce that is no text',
      { nonce: ['n-1'] },
      { nonce: 'n-1' },
      '`nonce` is not that of the authorization request',
    ],
    ['no time of sign-in', {}, { maxAgeSeconds: 60 }, '`auth_time` is missing although it was asked for'],
    ['an old sign-in', { auth_time: seconds - 91 }, { maxAgeSeconds: 60 }, '`auth_time` is too long ago'],
    ['another user', {}, { renews: { ...truth, sub: 'u2' } }, '`sub` is another user than before'],
    [
      'another issuer than before',
      {},
      { renews: { ...truth, iss: 'https://b.example' } },
      '`iss` is another issuer than',
    ],
    [
      'another nonce than before',
      { nonce: 'b' },
      { renews: { ...truth, nonce: 'a' } },
      '`nonce` is another than before',
    ],
    ['the hash of another token', { at_hash: 'x' }, { accessToken: 'at' }, '`at_hash` is of another access token'],
    ['a list as long as the hash', { at_hash: Array(22).fill('A') }, { accessToken: 'at' }, '`at_hash` is of another'],
    ['a hash that is no text', { at_hash: 7 }, { accessToken: 'at' }, '`at_hash` is of another access token'],
    ['an end that is past', { exp: seconds - 31 }, {}, 'it is expired'],
    ['a beginning that is to come', { nbf: seconds + 31 }, {}, 'a required claim is missing, or it is not valid yet'],
    ['no end', { exp: undefined }, {}, 'a required claim is missing'],
  ])('%s', async (_, claims, change, reason) => {
    const error = await refusal(await sign({ ...truth, ...claims }), change);
    expect(error).toMatchObject({ kind: 'invalid_response', code: 'id_token_refused' });
    expect(error.message).toContain(reason);
  });

  test('a time of issue that no number can hold', async () => {
    const text = JSON.stringify(truth).replace(`"iat":${seconds}`, '"iat":1e400');
    const token = await new CompactSign(new TextEncoder().encode(text))
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .sign(pairs.get('RS256')!.key);
    expect((await refusal(token)).message).toContain('`iat` is no time');
  });

  test('an unknown key, another key, another algorithm', async () => {
    expect((await refusal(await sign(truth, 'RS256', { kid: 'k2' }))).message).toContain(
      'no key of the issuer has its `kid`',
    );
    const forged = await sign({ ...truth, sub: 'u2' });
    const [header, , signature] = (await sign(truth)).split('.');
    expect((await refusal(`${header}.${forged.split('.')[1]}.${signature}`)).message).toContain(
      'its signature is wrong',
    );
    expect((await refusal(await sign(truth), { algorithms: ['ES256'] })).message).toContain('not allowed');
  });

  test('RS256 alone is taken where nothing else was said', async () => {
    const rules = { issuer, audience: 'client', jwksUrl: `${issuer}/jwks` };
    const client = clientOf([jwkOf('RS256', { kid: 'k1' }), jwkOf('ES256', { kid: 'e1' })]);
    expect(await verifyIdToken(await sign(truth), rules, client)).toEqual(truth);
    await expect(verifyIdToken(await sign(truth, 'ES256', { kid: 'e1' }), rules, client)).rejects.toThrow(
      'not allowed',
    );
  });
});

describe('A21 what just passes', () => {
  const rules = { issuer, audience: 'client', jwksUrl: `${issuer}/jwks`, algorithms };
  const passes = (token: string, change: Partial<IdTokenRules> = {}) =>
    verifyIdToken(token, { ...rules, ...change }, clientOf(algorithms.map((name) => jwkOf(name, { kid: name }))));

  test('a subject of 255 characters, and an end, a beginning and a sign-in at the edge of the tolerance', async () => {
    const claims = { ...truth, sub: 'x'.repeat(255), exp: seconds - 29, nbf: seconds + 30, auth_time: seconds - 90 };
    expect(await passes(await sign(claims, 'RS256', { kid: 'RS256' }), { maxAgeSeconds: 60 })).toEqual(claims);
  });

  test.each([
    ['ES256', 'sha256', 16],
    ['EdDSA', 'sha512', 32],
  ] as const)('the hash of the access token by the algorithm of the signature: %s', async (algorithm, name, half) => {
    const at_hash = encodeBase64url((await hash(name, 'at')).slice(0, half));
    const claims = { ...truth, at_hash };
    const token = await sign(claims, algorithm, { kid: algorithm });
    expect(await passes(token, { accessToken: 'at' })).toEqual(claims);
    await expect(passes(token, { accessToken: 'at2' })).rejects.toThrow('`at_hash`');
    // Nothing to compare it with, or nothing that was claimed.
    expect(await passes(await sign(truth, algorithm, { kid: algorithm }), { accessToken: 'at' })).toEqual(truth);
    expect(await passes(token)).toEqual(claims);
  });
});

describe('A21 the header of a token', () => {
  const verify = async (token: string, keys: readonly object[]) => {
    const rules = { algorithms, keys: (name: JwtAlgorithm) => issuerKeys(name, `${issuer}/jwks`), now };
    const verdict = await verifyJwt(token, rules, clientOf(keys));
    return verdict.ok ? verdict.algorithm : verdict.reason;
  };

  test('may name no key where there is only one of its algorithm', async () => {
    const bare = await sign(truth, 'RS256', {});
    expect(await verify(bare, [jwkOf('RS256')])).toBe('RS256');
    expect(await verify(bare, [jwkOf('RS256', { kid: 'k1' })])).toBe('RS256');
    expect(await verify(bare, [jwkOf('RS256', { kid: 'k1' }), jwkOf('ES256', { kid: 'e1' })])).toBe('RS256');
    // Of two nobody can tell which.
    expect(await verify(bare, [jwkOf('RS256', { kid: 'k1' }), jwkOf('RS256', { kid: 'k2' })])).toBe('key_unknown');
    expect(await verify(bare, [jwkOf('RS256', { kid: 'k1' }), jwkOf('RS256')])).toBe('key_unknown');
    expect(await verify(bare, [])).toBe('key_unknown');
  });
  test('that names the only key still has to name it right', async () => {
    expect(await verify(await sign(truth), [jwkOf('RS256', { kid: 'k1' })])).toBe('RS256');
    expect(await verify(await sign(truth), [jwkOf('RS256')])).toBe('key_unknown');
  });
  test('is bounded, and so is the token', async () => {
    const keys = (kid: string) => [jwkOf('RS256', { kid })];
    const long = 'k'.repeat(128);
    expect(await verify(await sign(truth, 'RS256', { kid: long }), keys(long))).toBe('RS256');
    expect(await verify(await sign(truth, 'RS256', { kid: `${long}k` }), keys(`${long}k`))).toBe('malformed');
    const huge = await sign({ ...truth, more: 'x'.repeat(12_500) });
    expect(huge.length).toBeGreaterThan(16_384);
    expect(await verify(huge, keys('k1'))).toBe('malformed');
    // Base64url has no part of 4n + 1 characters, so the header helps.
    const tokens = ['', 'y', 'yy'].map(async (typ) => {
      const filled = (more: number) => sign({ ...truth, more: 'x'.repeat(more) }, 'RS256', { kid: 'k1', typ });
      return filled(Math.floor((16_384 - (await filled(0)).length) * 0.75));
    });
    const longest = (await Promise.all(tokens)).find(({ length }) => length === 16_384);
    expect(await verify(longest!, keys('k1'))).toBe('RS256');
    expect(await verify(`${longest}A`, keys('k1'))).toBe('malformed');
  });
  test.each([
    ['no algorithm', { kid: 'k1' }],
    ['an algorithm that is no text', { alg: 7, kid: 'k1' }],
    ['a key id that is no text', { alg: 'RS256', kid: 7 }],
    ['a list of key ids', { alg: 'RS256', kid: ['k1'] }],
  ])('with %s is malformed', async (_, header: JsonObject) => {
    const [, payload, signature] = (await sign(truth)).split('.');
    const odd = encodeBase64url(new TextEncoder().encode(JSON.stringify(header)));
    expect(await verify(`${odd}.${payload}.${signature}`, [jwkOf('RS256', { kid: 'k1' })])).toBe('malformed');
  });
  test('that is no JSON is malformed', async () => {
    const [, payload, signature] = (await sign(truth)).split('.');
    expect(await verify(`AAAA.${payload}.${signature}`, [])).toBe('malformed');
  });
});

test('A11 a verifier is 32 random bytes, its challenge the vector of RFC 7636 appendix B', async () => {
  const { verifier, challenge } = await createPkce();
  expect(verifier).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(challenge).toBe(await challengeOf(verifier));
  expect(await challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  );
});

test('G03 names of connections do not run into each other', () => {
  const of = (organizationId: string, label: string) => sessionKey('acme', { organizationId, label });
  const names = [
    of('a', 'b/c'),
    of('a/b', 'c'),
    of('a/1:b', 'c'),
    of('a', '1:b/c'),
    sessionKey('acm', { organizationId: 'e', label: 'x' }),
    newKey('acme', 'a'),
    newKey('acme', 'b'),
    newKey('bolt', 'a'),
    platformKey('acme'),
    platformKey('bolt'),
  ];
  expect(new Set(names).size).toBe(names.length);
});

test.each(['null', '"text"', '7', 'true', '[]', '{'])('A21 %s is no set of claims', (payload) => {
  expect(claimsOf(`e30.${encodeBase64url(new TextEncoder().encode(payload))}.x`)).toBeUndefined();
});

test('A21 keys that cannot be had are an outage, and no fault of the token', async () => {
  const down = new PlugboardError({ kind: 'unavailable', code: 'down', message: 'Down.' });
  const client = { ...clientOf([]), request: async () => Promise.reject(down) };
  const verdict = verifyIdToken(await sign(truth), { issuer, audience: 'client', jwksUrl: `${issuer}/jwks` }, client);
  await expect(verdict).rejects.toMatchObject({ kind: 'unavailable', code: 'keys_unavailable', retryable: true });
});

test('E14 A21 keys that an issuer does not have cost one question a minute', async () => {
  let asked = 0;
  const known = clientOf([jwkOf('RS256', { kid: 'k1' })]);
  const request: typeof known.request = async () => {
    asked++;
    return known.request();
  };
  const rules = { issuer, audience: 'client', jwksUrl: `${issuer}/jwks` };
  for (const kid of ['x1', 'x2', 'x3']) {
    const verdict = verifyIdToken(await sign(truth, 'RS256', { kid }), rules, { ...known, request });
    await expect(verdict).rejects.toThrow('no key of the issuer has its `kid`');
  }
  expect(asked).toBe(1);
});
