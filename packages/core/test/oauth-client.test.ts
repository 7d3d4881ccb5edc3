/** The calls of a flow: what is sent, how answers are read and judged, and what is known to be secret of them. */
import { describe, expect, test } from 'vitest';

import type { AuthMethod, Grant, OAuth2Method } from '../src/auth/auth.ts';
import {
  atVersion,
  callsVendor,
  createOAuthClient,
  discoverEndpoints,
  refreshGrant,
  sendOAuth,
  type OAuthContext,
  type OAuthState,
} from '../src/auth/oauth-client.ts';
import type { JsonObject } from '../src/json.ts';
import { Secret } from '../src/secret.ts';
import type { TransportRequest } from '../src/transport/transport.ts';
import { app, createCalls, methodOf, url } from './support/oauth-calls.ts';

describe('a token call', () => {
  test('is one post with the client’s proof, never repeated, and all of its secrets are known', async () => {
    const { asked, context, sent } = createCalls();
    const credentials = { refreshToken: new Secret('refresh-1') };
    const grant = await createOAuthClient(context, methodOf(), { credentials }).token({ code: 'code-1', other: 'x' });
    expect(grant).toEqual({ credentials: { accessToken: new Secret('token-1') }, scopes: ['a', 'b'] });
    const [{ headers, body, ...where }] = sent as [(typeof sent)[0]];
    expect(where).toEqual({ method: 'POST', url });
    expect(Object.fromEntries(headers)).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': 'plugboard',
    });
    expect(body).toBe('code=code-1&other=x&client_id=client&client_secret=app-secret-1');
    const [request] = asked as [TransportRequest];
    expect(request).toMatchObject({
      provider: 'acme',
      operation: 'oauth.token',
      purpose: 'token',
      repeat: 'never',
      limitKey: 'acme/oauth auth.acme.example',
      hosts: ['auth.acme.example'],
    });
    expect(request).not.toHaveProperty('organizationId');
    expect(request).not.toHaveProperty('signal');
    expect(request.secrets).toEqual(expect.arrayContaining(['app-secret-1', 'refresh-1', 'code-1']));
    expect(request.secrets).not.toContain('x');
    expect(request.secrets).toBe(request.secrets);
  });

  test('says for whom it is, ends with its signal, and is repeated where that costs nothing', async () => {
    const { asked, context, sent } = createCalls({ organizationId: 'org-1', userAgent: 'host/1' });
    const { signal } = new AbortController();
    const client = createOAuthClient(context, methodOf(), { repeat: 'safe', signal, input: { server: 'one.example' } });
    expect(client.organizationId).toBe('org-1');
    await client.token({});
    expect(asked[0]).toMatchObject({ organizationId: 'org-1', repeat: 'safe', signal });
    expect(asked[0]!.hosts).toEqual(['auth.acme.example', 'one.example']);
    expect(sent[0]!.headers.get('user-agent')).toBe('host/1');
  });

  test('knows as secrets what stands in a header, an address or a JSON body', async () => {
    const { asked, context } = createCalls();
    const client = createOAuthClient(context, methodOf());
    const headers = { authorization: 'Bearer bearer-1' };
    await client.request({ method: 'GET', url: `${url}?token=query-1`, headers });
    await client.request({ method: 'POST', url, json: { inner: { client_secret: 'json-1' } } });
    expect(asked[0]!.secrets).toEqual(expect.arrayContaining(['query-1', 'bearer-1', 'Bearer bearer-1']));
    expect(asked[1]!.secrets).toEqual(['app-secret-1', 'json-1']);
  });

  test('goes in the encoding of its endpoint, to the version in use', async () => {
    const { context, sent } = createCalls({ apiVersion: 'v2' });
    const token = { url: 'https://auth.acme.example/{version}/token', encoding: 'json' } as const;
    await createOAuthClient(context, methodOf({ token })).token({ code: 'c' });
    const query = { url, encoding: 'query', clientAuth: 'none' } as const;
    await createOAuthClient(context, methodOf({ token: query })).token({ code: 'c' });
    expect(sent.map((call) => [call.method, call.url, call.headers.get('content-type'), call.body])).toEqual([
      [
        'POST',
        'https://auth.acme.example/v2/token',
        'application/json',
        '{"code":"c","client_id":"client","client_secret":"app-secret-1"}',
      ],
      ['GET', `${url}?code=c&client_id=client`, null, ''],
    ]);
    expect([atVersion('a/{version}/{version}', 'v1'), atVersion('a{version}')]).toEqual(['a/v1/v1', 'a']);
  });

  test('is read as the method reads it', async () => {
    const { context } = createCalls({}, () => Response.json({ access_token: 't', scope: 'a b,c' }));
    const comma = methodOf({ scopes: { separator: ',' } as OAuth2Method['scopes'] });
    expect((await createOAuthClient(context, comma).token({})).scopes).toEqual(['a b', 'c']);
    const mint = {
      kind: 'client_credentials',
      token: { url },
      mint: () => expect.unreachable(),
    } as unknown as OAuth2Method;
    expect((await createOAuthClient(context, mint).token({})).scopes).toEqual(['a', 'b,c']);
    const read = methodOf({ read: (answer, { input }) => ({ credentials: {}, metadata: { answer, input } }) });
    expect(await createOAuthClient(context, read, { input: { x: 1 } }).token({})).toEqual({
      credentials: {},
      metadata: { answer: { access_token: 't', scope: 'a b,c' }, input: { x: 1 } },
    });
  });

  test('is judged as the method judges it', async () => {
    const { context } = createCalls({}, () => Response.json({ error: 'invalid_client' }, { status: 401 }));
    const refusal = async (change: object, over: Partial<OAuthContext> = {}) => {
      const client = createOAuthClient({ ...context, ...over }, methodOf(change as Partial<OAuth2Method>));
      return client.token({}).catch((error: unknown) => error);
    };
    const ofHost = { kind: 'configuration', code: 'invalid_client' };
    expect(await refusal({})).toMatchObject(ofHost);
    const classify = () => ({ kind: 'conflict', code: 'own' }) as const;
    expect(await refusal({ classify })).toMatchObject({ kind: 'conflict', code: 'own' });
    const mint = { kind: 'client_credentials', mint: () => expect.unreachable() };
    expect(await refusal(mint)).toMatchObject(ofHost);
    // A client that nobody registered is the organization's own: it has mistyped it.
    const theirs = { kind: 'auth', code: 'invalid_client', hint: 'Enter the client again.' };
    expect(await refusal(mint, { app: {} })).toMatchObject(theirs);
    expect(await refusal({}, { app: {} })).toMatchObject(ofHost);
    const { context: sound } = createCalls({ app: {} });
    expect(await createOAuthClient(sound, methodOf(mint as never)).token({})).toHaveProperty('credentials');
  });

  test('may go to hosts that the connection’s own credentials and facts name', async () => {
    const { asked, context } = createCalls({
      hostsFor: ({ credentials, metadata, input }) => [
        'auth.acme.example',
        ...[credentials['server'], metadata['instance'], input['region']].filter((host) => typeof host === 'string'),
      ],
    });
    await sendOAuth(context, { method: 'GET', url });
    const state = {
      credentials: { server: 'c.example' },
      metadata: { instance: 'm.example' },
      input: { region: 'i.example' },
    };
    await sendOAuth(context, { method: 'GET', url }, state);
    expect(asked.map(({ hosts }) => hosts.slice(1))).toEqual([[], ['c.example', 'm.example', 'i.example']]);
  });

  test('that a mint makes with a scope that is refused is no mistyped client', async () => {
    const { context } = createCalls({ app: {} }, () => Response.json({ error: 'invalid_scope' }, { status: 400 }));
    const mint = methodOf({ kind: 'client_credentials', mint: () => expect.unreachable() } as never);
    await expect(createOAuthClient(context, mint).token({})).rejects.toMatchObject({ kind: 'permission' });
  });

  test('needs an endpoint', async () => {
    const { context, sent } = createCalls();
    const refused = createOAuthClient(context, { kind: 'browser' } as never).token({});
    await expect(refused).rejects.toMatchObject({ kind: 'configuration', code: 'no_token_endpoint' });
    expect(sent).toEqual([]);
  });

  test('is one of a client that holds what its flow knows, and no more', () => {
    const { clock, context } = createCalls();
    const keys = ['app', 'input', 'credentials', 'metadata', 'now', 'token', 'request', 'keys'];
    const bare = createOAuthClient(context, methodOf());
    expect(Object.keys(bare)).toEqual(keys);
    expect(bare).toMatchObject({ app, input: {}, credentials: {}, metadata: {}, now: clock.now() });
    const callback = new URLSearchParams('a=b');
    const state: OAuthState = { callback, nonce: 'n', input: { x: 1 }, credentials: {}, metadata: { y: 2 } };
    expect(createOAuthClient(context, methodOf(), state)).toMatchObject(state);
  });
});

test('other calls of a flow carry what they are given: a form, JSON, JSON as it is, or nothing', async () => {
  const { context, sent } = createCalls();
  const calls = [{ form: { a: 'b c' } }, { json: { a: 1 } }, { jsonText: '{"a": 1}', json: { other: true } }, {}];
  for (const init of calls) await sendOAuth(context, { method: 'POST', url, ...init });
  expect(sent.map(({ headers, body }) => [headers.get('content-type'), body])).toEqual([
    ['application/x-www-form-urlencoded', 'a=b+c'],
    ['application/json', '{"a":1}'],
    ['application/json', '{"a": 1}'],
    [null, ''],
  ]);
  const judged = sendOAuth(context, { method: 'GET', url, classify: () => ({ kind: 'conflict', code: 'own' }) });
  await expect(judged).rejects.toMatchObject({ code: 'own' });
});

describe('a refresh', () => {
  const refreshed = async (method: object, credentials = { refreshToken: new Secret('refresh-1') }) => {
    const { context, sent } = createCalls();
    const given = { ...methodOf(), ...method } as OAuth2Method;
    await refreshGrant(createOAuthClient(context, given, { credentials }), given);
    return sent.map(({ body }) => body.replace('&client_id=client&client_secret=app-secret-1', ''));
  };

  test('is that of RFC 6749, or what the method declares', async () => {
    expect(await refreshed({})).toEqual(['grant_type=refresh_token&refresh_token=refresh-1']);
    expect(await refreshed({}, {} as never)).toEqual(['grant_type=refresh_token']);
    const params = ({ credentials }: { credentials: object }) => ({ a: Object.keys(credentials).join() });
    expect(await refreshed({ refresh: { rotation: 'strict', params } })).toEqual(['a=refreshToken']);
  });

  test('is made by the method where it says how', async () => {
    const grant: Grant = { credentials: { accessToken: new Secret('own') } };
    const { context, sent } = createCalls();
    const client = createOAuthClient(context, methodOf());
    const run = async () => grant;
    expect(await refreshGrant(client, methodOf({ refresh: { rotation: 'strict', run } }))).toBe(grant);
    expect(await refreshGrant(client, { kind: 'service_account', mint: run } as never)).toBe(grant);
    const none = refreshGrant(client, methodOf({ refresh: 'none' }));
    await expect(none).rejects.toMatchObject({ kind: 'configuration', code: 'not_refreshable' });
    expect(sent).toEqual([]);
  });
});

test('a server is asked for its endpoints where the method asks, and what it says is judged', async () => {
  const { context } = createCalls();
  const input = { server: 'one.example' };
  expect(await discoverEndpoints(context, methodOf(), input)).toBe(input);
  const announced = { token_endpoint: 'https://one.example/token' };
  const discover = async (client: { input: JsonObject }) => ({ ...announced, asked: client.input });
  const found = await discoverEndpoints(context, methodOf({ discover }), input);
  expect(found).toEqual({ ...input, discovered: { ...announced, asked: input } });
  const bad = discoverEndpoints(context, methodOf({ discover: async () => ({ x: 'http://one.example/' }) }), input);
  await expect(bad).rejects.toMatchObject({ code: 'bad_discovery' });
});

test('methods that call their vendor are those of OAuth, of the browser, and those that mint', () => {
  const methods = [{ kind: 'oauth2' }, { kind: 'browser' }, { kind: 'service_account', mint: 1 }, { kind: 'api_key' }];
  expect((methods as unknown as AuthMethod[]).map(callsVendor)).toEqual([true, true, true, false]);
});
