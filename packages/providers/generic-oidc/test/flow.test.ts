import { beforeAll, describe, expect, test } from 'vitest';

import {
  appUrl,
  clientId,
  clientSecret,
  createKey,
  createRig,
  issuer,
  organizationId,
  refusal,
  type Key,
} from './rig.ts';

let key: Key;
beforeAll(async () => void (key = await createKey()));

const document = (change: Record<string, unknown>) => ({ lies: { document: change } });
const form = (text: string) => new URLSearchParams({ v: text }).toString().slice(2);

describe('an authorization', () => {
  test('asks for a code with PKCE, nonce and what the caller and the deployment add', async () => {
    const { begin } = await createRig(key, { app: { authorizeParams: 'access_type=offline&prompt=consent' } });
    const { url } = await begin({ maxAge: 60, loginHint: 'jane@example.com', prompt: 'login' });
    expect(url.href.startsWith(`${issuer}/authorize?`)).toBe(true);
    const { state, nonce, code_challenge: challenge, ...rest } = Object.fromEntries(url.searchParams);
    for (const drawn of [nonce, challenge]) expect(drawn).toMatch(/^[\w-]{43}$/);
    expect(state?.length).toBeGreaterThan(43);
    expect(rest).toEqual({
      access_type: 'offline',
      prompt: 'login',
      max_age: '60',
      login_hint: 'jane@example.com',
      response_type: 'code',
      client_id: clientId,
      redirect_uri: `${appUrl}/callback/generic-oidc`,
      scope: 'openid profile email',
      code_challenge_method: 'S256',
    });
  });

  test('A14 lets nobody set what the flow is bound by', async () => {
    const { begin } = await createRig(key, { app: { authorizeParams: 'redirect_uri=https://evil.example' } });
    expect(await refusal(begin())).toMatchObject({ code: 'reserved_parameter' });
    const other = await createRig(key);
    expect(await refusal(other.begin({ nonce: 'x' }))).toMatchObject({ code: 'invalid_input' });
  });

  test('keeps the query of an endpoint that has one', async () => {
    const { begin } = await createRig(key, document({ authorization_endpoint: `${issuer}/authorize?p=b2c_1_signin` }));
    expect((await begin()).url.searchParams.get('p')).toBe('b2c_1_signin');
  });
});

describe('the client', () => {
  const basic = (id: string, secret: string) => `Basic ${btoa(`${id}:${secret}`)}`;

  test.each([
    ['Basic where the issuer says nothing', {}, {}, basic(form(clientId), form(clientSecret))],
    [
      'Basic before post',
      { list: ['client_secret_post', 'client_secret_basic'] },
      { clientId: 'client', clientSecret: 'plain.secret_-*' },
      basic('client', 'plain.secret_-*'),
    ],
    [
      'post before Basic, where its encoding would matter',
      { list: ['client_secret_basic', 'client_secret_post'] },
      {},
      null,
    ],
    ['post where there is nothing else', { list: ['client_secret_post'] }, {}, null],
    ['what the deployment says', {}, { tokenEndpointAuthMethod: 'raw_basic' }, basic(clientId, clientSecret)],
    ['post where the deployment says so', {}, { tokenEndpointAuthMethod: 'client_secret_post' }, null],
  ])(
    'proves itself by %s',
    async (_name, { list }: { list?: string[] }, app: Record<string, string>, authorization) => {
      const lies = list === undefined ? {} : { document: { token_endpoint_auth_methods_supported: list } };
      const { signIn, calls } = await createRig(key, { lies, app });
      await signIn();
      const [exchange] = calls('/token');
      expect(exchange?.authorization).toBe(authorization);
      expect(exchange?.form.get('client_secret')).toBe(authorization === null ? clientSecret : null);
      expect(exchange?.form.get('code_verifier')).toMatch(/^[\w-]{43}$/);
    },
  );

  test('has no secret where it is public', async () => {
    const { signIn, calls } = await createRig(key, { app: { clientSecret: '' } });
    expect(await signIn()).toMatchObject({ status: 'connected' });
    expect(calls('/token')[0]).toMatchObject({ authorization: null });
    expect(calls('/token')[0]?.form.get('client_id')).toBe(clientId);
    expect(calls('/token')[0]?.form.has('client_secret')).toBe(false);
  });

  test('is told at once when the issuer takes no secret, or the deployment is misspelt', async () => {
    const keyed = await createRig(key, document({ token_endpoint_auth_methods_supported: ['private_key_jwt'] }));
    expect(await refusal(keyed.begin())).toMatchObject({ code: 'client_auth_unsupported' });
    const misspelt = await createRig(key, { app: { tokenEndpointAuthMethod: 'basik' } });
    expect((await refusal(misspelt.begin())).fields?.map(({ path }) => path)).toEqual([
      'OIDC_TOKEN_ENDPOINT_AUTH_METHOD',
    ]);
  });
});

describe('F06 discovery', () => {
  test('oidcc-client-test-discovery-openid-config: an issuer with a slash at the end is asked at the same place', async () => {
    const slashed = { ...document({ issuer: `${issuer}/` }), app: { issuer: `${issuer}/` } };
    const { begin, requests } = await createRig(key, slashed);
    await begin();
    expect(requests.map(({ url }) => url.href)).toEqual([`${issuer}/.well-known/openid-configuration`]);
  });

  test.each([
    ['oidcc-client-test-discovery-issuer-mismatch', { issuer: 'https://evil.example' }, 'issuer_mismatch'],
    ['a slash more', { issuer: `${issuer}/` }, 'issuer_mismatch'],
    ['the template of all tenants', { issuer: 'https://id.example.com/{tenantid}/v2.0' }, 'issuer_mismatch'],
    ['no keys', { jwks_uri: undefined }, 'unexpected_shape'],
    ['no token endpoint', { token_endpoint: null }, 'unexpected_shape'],
    ['A11 PKCE with plain alone', { code_challenge_methods_supported: ['plain'] }, 'pkce_unsupported'],
    [
      'signatures with the secret alone',
      { id_token_signing_alg_values_supported: ['HS256', 'none'] },
      'algorithm_unsupported',
    ],
    ['keys in a private network', { jwks_uri: 'https://192.168.0.1/jwks' }, 'bad_discovery'],
    ['a token endpoint without https', { token_endpoint: 'http://id.example.com/token' }, 'bad_discovery'],
  ])('%s is refused before anybody is sent anywhere', async (_name, change, code) => {
    const { begin, requests } = await createRig(key, document(change));
    const error = await refusal(begin());
    expect(error.code).toBe(code);
    expect(error.hint).toMatch(/\w/);
    expect(requests).toHaveLength(1);
  });

  test('endpoints may be elsewhere, as Google’s are', async () => {
    const { signIn, requests } = await createRig(key, document({ jwks_uri: 'https://keys.example.net/jwks' }));
    expect(await signIn()).toMatchObject({ status: 'connected' });
    expect(requests.map(({ url }) => url.host)).toContain('keys.example.net');
  });
});

describe('who signed in', () => {
  const identity = async (claims: Record<string, unknown>, userinfo?: Record<string, unknown>) => {
    const lies = { claims: (truth: object) => ({ ...truth, ...claims }) as never, ...(userinfo && { userinfo }) };
    const rig = await createRig(key, { lies });
    const result = await rig.signIn();
    return { rig, connection: 'connection' in result ? result.connection : undefined };
  };

  test('is issuer and subject, never an address', async () => {
    const { connection } = await identity({ email: 'jane@example.com', email_verified: true, sid: 's1' });
    expect(connection?.account).toEqual({ id: `${issuer} user-7`, name: 'Jane Doe' });
    expect(connection?.metadata['identity']).toEqual({
      issuer,
      subject: 'user-7',
      name: 'Jane Doe',
      email: 'jane@example.com',
      emailVerified: true,
      sid: 's1',
    });
  });

  test.each([['true'], [1], [false], [undefined]])(
    'an address with email_verified %j is not verified',
    async (value) => {
      const { connection } = await identity({ email: 'jane@example.com', email_verified: value });
      expect(connection?.metadata['identity']).toMatchObject({ emailVerified: false });
    },
  );

  test('is named by the userinfo endpoint where the token gives no name', async () => {
    const { connection } = await identity({ name: undefined });
    expect(connection?.account?.name).toBe('Jane Doe');
    const named = await identity({ name: undefined, preferred_username: 'jane' });
    expect(named.connection?.account?.name).toBe('jane');
    expect(named.rig.calls('/userinfo')).toEqual([]);
  });

  test('oidcc-client-test-invalid-sub: userinfo of another subject is discarded', async () => {
    const { rig } = await identity({}, { sub: 'somebody-else', name: 'Mallory' });
    expect(await refusal(rig.client().identity.userinfo({}))).toMatchObject({ code: 'other_subject' });
    expect((await rig.board.health('generic-oidc', { organizationId })).status).not.toBe('healthy');
    const unnamed = await createRig(key, {
      lies: { ...rig, claims: (t) => ({ ...t, name: undefined }), userinfo: { sub: 'x' } },
    });
    expect(await refusal(unnamed.signIn())).toMatchObject({ code: 'other_subject' });
    expect(await unnamed.row()).toBeNull();
  });

  test('A22 another user of the issuer does not take the connection over', async () => {
    const { rig } = await identity({});
    rig.lie({ claims: (truth) => ({ ...truth, sub: 'user-8' }) });
    expect(await refusal(rig.signIn())).toMatchObject({ code: 'account_mismatch' });
  });
});

describe('health', () => {
  test('asks userinfo, and says so where there is none to ask', async () => {
    const asked = await createRig(key);
    await asked.signIn();
    expect(await asked.board.health('generic-oidc', { organizationId })).toMatchObject({ status: 'healthy' });
    const silent = await createRig(key, document({ userinfo_endpoint: undefined }));
    await silent.signIn();
    const before = silent.requests.length;
    expect(await silent.board.health('generic-oidc', { organizationId })).toMatchObject({
      status: 'unknown',
      reason: 'no_userinfo',
    });
    expect(silent.requests).toHaveLength(before);
    expect(await refusal(silent.client().identity.userinfo({}))).toMatchObject({ code: 'not_offered' });
  });
});

describe('a refresh', () => {
  const expire = async (rig: Awaited<ReturnType<typeof createRig>>) => rig.clock.advance(3_700_000);
  const spent = (rig: Awaited<ReturnType<typeof createRig>>) =>
    rig.calls('/token').flatMap((call) => call.form.get('refresh_token') ?? []);

  test('spends each token once where they rotate, and the same again where they do not', async () => {
    const rotating = await createRig(key);
    await rotating.signIn();
    for (let turn = 0; turn < 2; turn++) {
      await expire(rotating);
      await rotating.client().identity.userinfo({});
    }
    expect(new Set(spent(rotating)).size).toBe(2);

    const stable = await createRig(key);
    await stable.signIn();
    stable.lie({ tokens: ({ refresh_token: _gone, id_token: _none, ...answer }) => answer });
    for (let turn = 0; turn < 2; turn++) {
      await expire(stable);
      await stable.client().identity.userinfo({});
    }
    expect(spent(stable)).toHaveLength(2);
    expect(new Set(spent(stable)).size).toBe(1);
  });

  test.each([
    ['another subject', { sub: 'user-8' }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['another client', { aud: 'another-client' }],
    ['another nonce', { nonce: 'another-nonce' }],
  ])('D14 with an id token of %s hands out no token, and loses none', async (_name, change) => {
    const rig = await createRig(key);
    await rig.signIn();
    rig.lie({ claims: (truth) => ({ ...truth, ...change }) });
    await expire(rig);
    const before = rig.calls('/userinfo').length;
    expect(await refusal(rig.client().identity.userinfo({}))).toMatchObject({ code: 'no_access_token' });
    expect(rig.calls('/userinfo')).toHaveLength(before);
    rig.lie({});
    await expire(rig);
    await rig.client().identity.userinfo({});
    expect(new Set(spent(rig)).size, 'no token was spent twice').toBe(spent(rig).length);
  });

  test('without a refresh token ends with a call to sign in again', async () => {
    const rig = await createRig(key, { lies: { tokens: ({ refresh_token: _gone, ...answer }) => answer } });
    await rig.signIn();
    for (let turn = 0; turn < 3; turn++) {
      await expire(rig);
      expect(await refusal(rig.client().identity.userinfo({}))).toMatchObject({ kind: 'auth' });
    }
    expect((await rig.row())?.status).toBe('expired');
    expect(rig.calls('/token')).toHaveLength(1);
  });
});

describe('the end', () => {
  test('D22 is told to the issuer where it wants to know', async () => {
    const rig = await createRig(key);
    await rig.signIn();
    expect(await rig.board.disconnect('generic-oidc', { organizationId })).toMatchObject({ revoked: 'revoked' });
    expect(rig.calls('/revoke').map((call) => call.form.get('token_type_hint'))).toEqual([
      'refresh_token',
      'access_token',
    ]);
    const silent = await createRig(key, document({ revocation_endpoint: undefined }));
    await silent.signIn();
    expect(await silent.board.disconnect('generic-oidc', { organizationId })).toMatchObject({ revoked: 'unsupported' });
  });

  test('of the session is an address for the browser', async () => {
    const rig = await createRig(key);
    await rig.signIn();
    const bye = { postLogoutRedirectUri: 'https://app.example.com/bye', state: 's' };
    const { url } = await rig.client().session.logoutUrl(bye);
    expect(url.startsWith(`${issuer}/logout?`)).toBe(true);
    expect(Object.fromEntries(new URL(url).searchParams)).toEqual({
      id_token_hint: rig.answers[0]!['id_token'],
      post_logout_redirect_uri: 'https://app.example.com/bye',
      client_id: clientId,
      state: 's',
    });
    const bare = new URL((await rig.client().session.logoutUrl({ idTokenHint: false })).url);
    expect(Object.fromEntries(bare.searchParams)).toEqual({ client_id: clientId });
  });
});
