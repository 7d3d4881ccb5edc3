/** The client that has a key: which way it takes, and what the issuer is sent. */
import { inspect } from 'node:util';

import { isPlugboardError } from '@plugboard/core';
import { exportPKCS8, generateKeyPair, jwtVerify, type CryptoKey } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';

import { clientId, createKey, createRig, issuer, organizationId, refusal, type Key } from './rig.ts';

const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
const longSecret = 'a secret that is as long as its hash';
let key: Key;
/** Of the client, by algorithm. */
let keys: Record<string, { readonly pem: string; readonly publicKey: CryptoKey }>;
beforeAll(async () => {
  key = await createKey();
  const made = algorithms.map(async (alg) => {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    return [alg, { pem: await exportPKCS8(privateKey), publicKey }] as const;
  });
  keys = Object.fromEntries(await Promise.all(made));
});

const announcing = (...methods: string[]) => ({ document: { token_endpoint_auth_methods_supported: methods } });
const keyed = (more: Record<string, string> = {}) => ({ clientSecret: '', privateKey: keys['RS256']!.pem, ...more });
/** `private_key_jwt` whatever the issuer announces. */
const forced = (more: Record<string, string> = {}) => keyed({ tokenEndpointAuthMethod: 'private_key_jwt', ...more });

describe('a client with a private key', () => {
  test.each(algorithms)('signs with %s, for the issuer and anew each time', async (alg) => {
    const app = keyed({ privateKey: keys[alg]!.pem, privateKeyAlgorithm: alg, privateKeyId: 'client-key' });
    const lies = announcing('client_secret_basic', 'private_key_jwt');
    const { board, clock, signIn, calls } = await createRig(key, { lies, app });
    await signIn();
    await clock.advance(3_600_000);
    await board.health('generic-oidc', { organizationId });
    await board.disconnect('generic-oidc', { organizationId });
    const forms = [...calls('/token'), ...calls('/revoke')];
    expect(forms).toHaveLength(4);
    const ids = new Set<unknown>();
    for (const { form, authorization } of forms) {
      expect([authorization, form.get('client_secret'), form.get('client_id')]).toEqual([null, null, clientId]);
      const { payload, protectedHeader } = await jwtVerify(form.get('client_assertion') ?? '', keys[alg]!.publicKey, {
        issuer: clientId,
        subject: clientId,
        audience: issuer,
        currentDate: new Date(clock.now()),
        clockTolerance: 3600,
      });
      expect(protectedHeader).toEqual({ alg, kid: 'client-key' });
      expect(payload.exp! - payload.iat!).toBe(60);
      ids.add(payload.jti);
    }
    expect(ids.size).toBe(4);
  });

  test('names the token endpoint where the deployment says that the issuer insists', async () => {
    const { signIn, calls, clock } = await createRig(key, { app: forced({ assertionAudience: 'token_endpoint' }) });
    await signIn();
    const assertion = calls('/token')[0]?.form.get('client_assertion') ?? '';
    const rules = { audience: `${issuer}/token`, currentDate: new Date(clock.now()) };
    await expect(jwtVerify(assertion, keys['RS256']!.publicKey, rules)).resolves.toBeDefined();
  });

  test('and a secret takes what the issuer announces, the key first', async () => {
    const app = { ...keyed(), clientSecret: longSecret };
    for (const [methods, shown] of [
      [['client_secret_basic', 'private_key_jwt'], 'client_assertion'],
      [['client_secret_post'], 'client_secret'],
      [['client_secret_jwt'], 'client_assertion'],
    ] as const) {
      const { signIn, calls } = await createRig(key, { lies: announcing(...methods), app });
      await signIn();
      const sent = [...(calls('/token')[0]?.form.keys() ?? [])];
      expect(
        sent.filter((name) => ['client_assertion', 'client_secret'].includes(name)),
        methods.join(' '),
      ).toEqual([shown]);
    }
  });

  test('that proves itself by nothing sends neither', async () => {
    const app = { ...keyed(), clientSecret: longSecret, tokenEndpointAuthMethod: 'none' };
    const { signIn, calls } = await createRig(key, { app });
    await signIn();
    expect(calls('/token')[0]?.authorization).toBeNull();
    expect([...(calls('/token')[0]?.form.keys() ?? [])]).not.toContain('client_assertion');
  });
});

test('a secret signs what proves that the client has it, and stays here', async () => {
  const app = { clientSecret: longSecret, tokenEndpointAuthMethod: 'client_secret_jwt' };
  const { signIn, requests, calls, clock } = await createRig(key, { app });
  await signIn();
  expect(requests.map(({ form, url }) => `${url.href} ${form.toString()}`).join('\n')).not.toContain('a+secret');
  const assertion = calls('/token')[0]?.form.get('client_assertion') ?? '';
  const rules = { audience: issuer, currentDate: new Date(clock.now()), algorithms: ['HS256'] };
  await expect(jwtVerify(assertion, new TextEncoder().encode(longSecret), rules)).resolves.toBeDefined();
});

describe('nobody is sent to the issuer when the client cannot come back', () => {
  const cases = (): readonly [string, object, Record<string, string>, object][] => [
    [
      'no such way',
      {},
      forced({ tokenEndpointAuthMethod: 'tls_client_auth' }),
      field('OIDC_TOKEN_ENDPOINT_AUTH_METHOD'),
    ],
    ['no key', {}, forced({ privateKey: '' }), field('OIDC_PRIVATE_KEY')],
    ['no secret', {}, keyed({ tokenEndpointAuthMethod: 'client_secret_jwt' }), field('OIDC_CLIENT_SECRET')],
    ['no such algorithm', {}, forced({ privateKeyAlgorithm: 'none' }), field('OIDC_PRIVATE_KEY_ALGORITHM')],
    ['no such audience', {}, forced({ assertionAudience: 'everybody' }), field('OIDC_ASSERTION_AUDIENCE')],
    ['a key of another algorithm', {}, forced({ privateKeyAlgorithm: 'ES256' }), field('privateKey')],
    ['no PEM', {}, forced({ privateKey: 'sesame-sesame-sesame' }), field('privateKey')],
    [
      'a secret that is too short',
      {},
      { clientSecret: 'sesame-sesame-sesame', tokenEndpointAuthMethod: 'client_secret_jwt' },
      field('clientSecret'),
    ],
    ['no way that the issuer takes', announcing('client_secret_basic'), keyed(), { code: 'client_auth_unsupported' }],
    [
      'no algorithm that the issuer verifies',
      { document: { token_endpoint_auth_signing_alg_values_supported: ['PS256'] } },
      forced(),
      { code: 'client_auth_unsupported' },
    ],
  ];
  const field = (path: string) => ({ fields: [{ path }] });

  test('with a reason, and without a word of the key', async () => {
    for (const [name, lies, app, expected] of cases()) {
      const { begin, requests } = await createRig(key, { lies, app });
      const error = await refusal(begin());
      expect(error, name).toMatchObject(expected);
      expect(error.hint, name).toMatch(/\w/);
      const shown = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error);
      for (const secret of ['sesame', keys['RS256']!.pem.slice(40, 80)]) expect(shown, name).not.toContain(secret);
      expect(
        requests.filter(({ url }) => !url.pathname.endsWith('openid-configuration')),
        name,
      ).toEqual([]);
    }
  });
});

describe('the discovery document in the place of its issuer', () => {
  const document = `${issuer}/.well-known/openid-configuration`;

  test.each([issuer, `${issuer}/`])('is read for %s', async (spelt) => {
    const lies = { document: { issuer: spelt }, claims: (claims: object) => ({ ...claims, iss: spelt }) };
    const { signIn, begin, finish, requests, client } = await createRig(key, { lies, app: { issuer: document } });
    const { params, cookies } = await begin();
    expect(requests.map(({ url }) => url.href)).toEqual([document]);
    params.set('iss', spelt);
    expect(await finish(params, cookies)).toMatchObject({ connection: { account: { id: `${spelt} user-7` } } });
    expect(await client().identity.userinfo({})).toMatchObject({ sub: 'user-7' });
    if (spelt !== issuer) expect(await refusal(signIn())).toMatchObject({ code: 'issuer_mismatch' });
  });

  test.each(['https://evil.example', `${issuer}//`, `${issuer}/other`])(
    'vouches for no other issuer: %s',
    async (spelt) => {
      const { begin } = await createRig(key, { lies: { document: { issuer: spelt } }, app: { issuer: document } });
      expect(await refusal(begin())).toMatchObject({ code: 'issuer_mismatch' });
    },
  );
});

describe('scopes', () => {
  const scopeOf = async (env: Record<string, string>) =>
    (await (await createRig(key, { env })).begin()).url.searchParams.get('scope');

  test('come from the environment, else from the provider', async () => {
    expect(await scopeOf({ OIDC_SCOPES: ' openid  offline_access https://api.example.com/read ' })).toBe(
      'openid offline_access https://api.example.com/read',
    );
    for (const env of [{}, { OIDC_SCOPES: ' ' }]) expect(await scopeOf(env)).toBe('openid profile email');
  });

  test('are refused by their name when they cannot be any', async () => {
    const error: unknown = await createRig(key, { env: { OIDC_SCOPES: 'openid "email"' } }).catch(
      (reason: unknown) => reason,
    );
    if (!isPlugboardError(error)) throw error;
    expect(error).toMatchObject({ kind: 'configuration', code: 'invalid_option' });
    expect(error.message).toContain('OIDC_SCOPES');
  });
});
