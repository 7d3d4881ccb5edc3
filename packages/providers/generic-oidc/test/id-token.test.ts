/**
 * A21: the id token in the whole flow, by the names of the relying-party modules of the OpenID conformance suite, and beside
 * oauth4webapi, a certified client that shares no code with this one.
 * @see https://openid.net/certification/connect_op_testing/ (2026-11-28)
 */
import { encodeBase64url, hash } from '@plugboard/core';
import * as oauth from 'oauth4webapi';
import { beforeAll, describe, expect, test } from 'vitest';

import { clientId, createKey, createRig, issuer, refusal, unsigned, type Key, type Lies } from './rig.ts';

let rsa: Key;
let other: Key;
let curve: Key;
let edwards: Key;
let pss: Key;
beforeAll(async () => {
  [rsa, other, curve, edwards, pss] = await Promise.all([
    createKey('RS256'),
    createKey('RS256', 'key-other'),
    createKey('ES256'),
    createKey('EdDSA'),
    createKey('PS256'),
  ]);
});

type Rig = Awaited<ReturnType<typeof createRig>>;

/** Whether the other client takes the same answer. */
async function oracleTakes(rig: Rig, nonce: string, algorithm = 'RS256'): Promise<boolean> {
  const token = rig.calls('/token').at(-1);
  expect(token, 'the code was exchanged').toBeDefined();
  const as: oauth.AuthorizationServer = { issuer, jwks_uri: `${issuer}/jwks` };
  const client: oauth.Client = {
    client_id: clientId,
    id_token_signed_response_alg: algorithm,
    [oauth.clockSkew]: Math.floor((rig.clock.now() - Date.now()) / 1000),
  };
  try {
    const copy = Response.json(rig.answers.at(-1));
    const response = copy.clone();
    await oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true });
    await oauth.validateApplicationLevelSignature(as, response, {
      [oauth.customFetch]: async (url) => rig.fetch(new Request(url)),
    });
    return true;
  } catch {
    return false;
  }
}

interface Module {
  readonly name: string;
  readonly lies: () => Lies;
  /** Where we are stricter than the other client, and why. */
  readonly stricter?: string;
}

const claims = (change: Record<string, unknown>): Lies => ({ claims: (truth) => ({ ...truth, ...change }) });
const without = (...names: readonly string[]): Lies => ({
  claims: (truth) => Object.fromEntries(Object.entries(truth).filter(([name]) => !names.includes(name))),
});

const refused: readonly Module[] = [
  { name: 'oidcc-client-test-invalid-iss', lies: () => claims({ iss: 'https://evil.example' }) },
  { name: 'the issuer with a slash more', lies: () => claims({ iss: `${issuer}/` }) },
  { name: 'oidcc-client-test-missing-iss', lies: () => without('iss') },
  { name: 'oidcc-client-test-missing-sub', lies: () => without('sub') },
  { name: 'an empty sub', lies: () => claims({ sub: '' }), stricter: 'Nobody can be told apart by it.' },
  { name: 'a sub that is a number', lies: () => claims({ sub: 7 as never }) },
  { name: 'oidcc-client-test-missing-aud', lies: () => without('aud') },
  { name: 'oidcc-client-test-invalid-aud', lies: () => claims({ aud: 'another-client' }) },
  { name: 'several audiences without azp', lies: () => claims({ aud: [clientId, 'another-client'] }) },
  {
    name: 'several audiences and another azp',
    lies: () => claims({ aud: [clientId, 'another-client'], azp: 'another-client' }),
  },
  {
    name: 'one audience and another azp',
    lies: () => claims({ azp: 'another-client' }),
    stricter: 'Core 3.1.3.7 says SHOULD; a token that was issued to another client is none of ours.',
  },
  { name: 'oidcc-client-test-missing-iat', lies: () => without('iat') },
  { name: 'a missing exp', lies: () => without('exp') },
  { name: 'a token that expired 31 seconds ago', lies: () => ({ claims: (t) => ({ ...t, exp: t.iat! - 31 }) }) },
  { name: 'a token that is valid in 31 seconds', lies: () => ({ claims: (t) => ({ ...t, nbf: t.iat! + 31 }) }) },
  { name: 'oidcc-client-test-nonce-invalid', lies: () => claims({ nonce: 'another-nonce' }) },
  { name: 'a missing nonce', lies: () => without('nonce') },
  { name: 'oidcc-client-test-idtoken-sig-none', lies: () => ({ sign: (truth) => unsigned(truth) }) },
  {
    name: 'alg none with the signature left on',
    lies: () => ({
      sign: async (truth, honest) =>
        `${unsigned(truth).split('.', 2).join('.')}.${(await honest(truth)).split('.')[2]}`,
    }),
  },
  { name: 'HS256 with the public key as its secret', lies: () => ({ sign: (truth) => withMac(truth, rsa) }) },
  {
    name: 'oidcc-client-test-invalid-sig-rs256',
    lies: () => ({ sign: async (truth, honest) => spoil(await honest(truth)) }),
  },
  { name: 'a key of somebody else', lies: () => ({ keys: [{ ...other.jwk, kid: rsa.jwk.kid! }] }) },
  { name: 'an unknown kid', lies: () => ({ header: { kid: 'nobody' } }) },
  {
    name: 'oidcc-client-test-kid-absent-multiple-jwks',
    lies: () => ({ header: { kid: undefined }, keys: [rsa.jwk, other.jwk] }),
  },
  {
    name: 'a key that is for encryption',
    lies: () => ({ keys: [{ ...rsa.jwk, use: 'enc' }] }),
  },
  {
    name: 'a wrong at_hash',
    lies: () => claims({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }),
    stricter: 'Core 3.1.3.8 leaves it to the client.',
  },
  { name: 'a token that is none', lies: () => ({ sign: () => 'a.b' }) },
  { name: 'a token of one megabyte', lies: () => claims({ padding: 'x'.repeat(20_000) }), stricter: 'A cap of 16 KB.' },
];

describe('A21 an id token is refused, and nothing is stored', () => {
  test.each(refused.map((module) => [module.name, module] as const))('%s', async (_name, { lies, stricter }) => {
    const rig = await createRig(rsa, { lies: lies() });
    const { url, params, cookies } = await rig.begin();
    const finished = rig.finish(params, cookies);
    const error = await refusal(finished);
    expect(error).toMatchObject({ kind: 'invalid_response', code: 'id_token_refused' });
    expect(error.message).not.toMatch(/another-|evil|nobody/);
    expect(await rig.row()).toBeNull();
    expect(await oracleTakes(rig, url.searchParams.get('nonce')!), 'the other client').toBe(stricter !== undefined);
  });

  test('a token answer without one', async () => {
    const rig = await createRig(rsa, { lies: { tokens: ({ id_token: _gone, ...answer }) => answer } });
    expect(await refusal(rig.signIn())).toMatchObject({ code: 'id_token_refused' });
  });

  test('auth_time is missing, or too long ago, although maxAge was asked for', async () => {
    for (const lies of [without('auth_time'), claims({ auth_time: 1 })]) {
      const rig = await createRig(rsa, { lies });
      expect(await refusal(rig.signIn({ maxAge: 60 }))).toMatchObject({ code: 'id_token_refused' });
    }
  });
});

describe('A21 an id token is accepted', () => {
  const accepted: readonly Module[] = [
    { name: 'oidcc-client-test', lies: () => ({}) },
    { name: 'oidcc-client-test-kid-absent-single-jwks', lies: () => ({ header: { kid: undefined } }) },
    { name: 'an array of one audience', lies: () => claims({ aud: [clientId] }) },
    { name: 'several audiences and our azp', lies: () => claims({ aud: ['another', clientId], azp: clientId }) },
    { name: 'expired 29 seconds ago', lies: () => ({ claims: (truth) => ({ ...truth, exp: truth.iat! - 29 }) }) },
    { name: 'valid in 29 seconds', lies: () => ({ claims: (truth) => ({ ...truth, nbf: truth.iat! + 29 }) }) },
    { name: 'other keys beside the right one', lies: () => ({ keys: [other.jwk, curve.jwk, rsa.jwk] }) },
    { name: 'a key without alg', lies: () => ({ keys: [{ ...rsa.jwk, alg: undefined as never }] }) },
    { name: 'no expires_in', lies: () => ({ tokens: ({ expires_in: _gone, ...answer }) => answer }) },
    {
      name: 'expires_in as a text',
      lies: () => ({ tokens: (answer) => ({ ...answer, expires_in: '3600' }) }),
    },
    {
      name: 'a token type in other letters',
      lies: () => ({ tokens: (answer) => ({ ...answer, token_type: 'bEARER' }) }),
    },
  ];

  test.each(accepted.map((module) => [module.name, module] as const))('%s', async (_name, { lies }) => {
    const rig = await createRig(rsa, { lies: lies() });
    const { url, params, cookies } = await rig.begin();
    expect(await rig.finish(params, cookies)).toMatchObject({
      status: 'connected',
      connection: { account: { id: `${issuer} user-7`, name: 'Jane Doe' }, status: 'active' },
    });
    expect(await oracleTakes(rig, url.searchParams.get('nonce')!), 'the other client').toBe(true);
  });

  test.each(['ES256', 'PS256', 'EdDSA'])('oidcc-client-test-idtoken-sig-%s', async (algorithm) => {
    const key = { ES256: curve, PS256: pss, EdDSA: edwards }[algorithm]!;
    const digest = await hash(algorithm === 'EdDSA' ? 'sha512' : 'sha256', 'at-token');
    const at_hash = encodeBase64url(digest.slice(0, digest.length / 2));
    const lies: Lies = { ...claims({ at_hash }), tokens: (answer) => ({ ...answer, access_token: 'at-token' }) };
    const rig = await createRig(key, { lies });
    const { url, params, cookies } = await rig.begin();
    expect(await rig.finish(params, cookies)).toMatchObject({ status: 'connected' });
    expect(await oracleTakes(rig, url.searchParams.get('nonce')!, algorithm)).toBe(true);
    // The same hash beside another token.
    rig.lie({ ...lies, tokens: (answer) => answer });
    expect(await refusal(rig.signIn())).toMatchObject({ code: 'id_token_refused' });
  });
});

describe('A21 the keys of the issuer', () => {
  test('oidcc-client-test-signing-key-rotation: a new key is asked for, once a minute at most', async () => {
    const rig = await createRig(other, { lies: { keys: [rsa.jwk] } });
    expect(await refusal(rig.signIn())).toMatchObject({ code: 'id_token_refused' });
    rig.lie({ keys: [rsa.jwk, other.jwk] });
    expect(await refusal(rig.signIn())).toMatchObject({ code: 'id_token_refused' });
    expect(rig.calls('/jwks')).toHaveLength(1);
    await rig.clock.advance(60_000);
    expect(await rig.signIn()).toMatchObject({ status: 'connected' });
    expect(await rig.signIn()).toMatchObject({ status: 'connected' });
    expect(rig.calls('/jwks')).toHaveLength(2);
  });

  test('1,000 unknown kids cost the issuer one question', async () => {
    const rig = await createRig(rsa);
    let count = 0;
    rig.lie({ sign: async (truth, honest) => relabel(await honest(truth), `kid-${count++}`) });
    for (let turn = 0; turn < 1000; turn++) await refusal(rig.signIn());
    expect(rig.calls('/jwks')).toHaveLength(1);
  }, 60_000);

  test('that cannot be had are an outage, not a forgery', async () => {
    const rig = await createRig(rsa, {
      lies: {
        answer: (_request, url) => (url.pathname.endsWith('/jwks') ? new Response('down', { status: 503 }) : undefined),
      },
    });
    expect(await refusal(rig.signIn())).toMatchObject({
      kind: 'unavailable',
      code: 'keys_unavailable',
      retryable: true,
    });
  });
});

function spoil(token: string): string {
  const [header, payload, signature = ''] = token.split('.');
  return [header, payload, (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)].join('.');
}

function relabel(token: string, kid: string): string {
  const [, payload, signature] = token.split('.');
  return [encodeBase64url(new TextEncoder().encode(JSON.stringify({ alg: 'RS256', kid }))), payload, signature].join(
    '.',
  );
}

/** The classic confusion: the public key, which everybody has, taken for a shared secret. */
async function withMac(truth: object, key: Key): Promise<string> {
  const part = (value: object) => encodeBase64url(new TextEncoder().encode(JSON.stringify(value)));
  const text = `${part({ alg: 'HS256', kid: key.jwk.kid })}.${part(truth)}`;
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const secret = await crypto.subtle.importKey('raw', new TextEncoder().encode(key.jwk.n), algorithm, false, ['sign']);
  const mac = await crypto.subtle.sign('HMAC', secret, new TextEncoder().encode(text));
  return `${text}.${encodeBase64url(new Uint8Array(mac))}`;
}
