/** To whom the secret of the app may go, and what a revocation takes for done. */
import { describe, expect, test } from 'vitest';

import type { AuthMethod, OAuth2Method } from '../src/auth/auth.ts';
import {
  canRevoke,
  createOAuthClient,
  revokeGrant,
  type OAuthContext,
  type OAuthState,
} from '../src/auth/oauth-client.ts';
import { PlugboardError } from '../src/errors.ts';
import { member, text, type JsonObject } from '../src/json.ts';
import { Secret } from '../src/secret.ts';
import { app, codeOf, createCalls, methodOf, type Handle } from './support/oauth-calls.ts';

describe('F06 the secret of the app', () => {
  const elsewhere = 'https://one.example/token';
  const theirs: JsonObject = { server: 'one.example' };
  const call = async (method: Partial<OAuth2Method>, input: JsonObject, change: Partial<OAuthContext> = {}) => {
    const { context, sent } = createCalls(change);
    return [await codeOf(createOAuthClient(context, methodOf(method), { input }).token({})), sent.length];
  };

  test('goes to no host that the organization named', async () => {
    expect(await call({ token: { url: elsewhere } }, theirs)).toEqual(['secret_to_tenant_host', 0]);
    for (const clientAuth of ['basic', 'raw_basic'] as const)
      expect(await call({ token: { url: elsewhere, clientAuth } }, theirs)).toEqual(['secret_to_tenant_host', 0]);
    const assertion = { algorithm: 'HS256', key: 'clientSecret', audience: 'x' } as const;
    expect(await call({ token: { url: elsewhere, clientAuth: assertion } }, theirs)).toEqual([
      'secret_to_tenant_host',
      0,
    ]);
  });

  test('is not what is sent where there is none, or the client is public', async () => {
    expect(await call({ token: { url: elsewhere, clientAuth: 'none' } }, theirs)).toEqual(['resolved', 1]);
    expect(await call({ token: { url: elsewhere } }, theirs, { app: { clientId: 'client' } })).toEqual(['resolved', 1]);
  });

  test('goes to a host that the deployment names, whatever the organization does', async () => {
    const hostsFor: OAuthContext['hostsFor'] = ({ app: { server }, input }) =>
      [server, member(input, 'server')].filter((host): host is string => typeof host === 'string');
    const own = { hosts: [], hostsFor, app: { ...app, server: 'one.example' } };
    expect(await call({ token: { url: elsewhere } }, theirs, own)).toEqual(['resolved', 1]);
    expect(await call({ token: { url: 'https://two.example/token' } }, { server: 'two.example' }, own)).toEqual([
      'secret_to_tenant_host',
      0,
    ]);
  });

  test('goes where the deployment’s server says, and not where one of an organization does', async () => {
    const hostsFor: OAuthContext['hostsFor'] = ({ input }) =>
      [
        'auth.acme.example',
        text(member(input, 'server')),
        text(member(member(input, 'discovered'), 'token_host')),
      ].filter((host) => host !== undefined);
    const discovered = { token_host: 'one.example' };
    const method = { token: { url: elsewhere } };
    expect(await call(method, { discovered }, { hostsFor })).toEqual(['resolved', 1]);
    expect(await call(method, { discovered, region: 'eu' }, { hostsFor })).toEqual(['resolved', 1]);
    expect(await call(method, { discovered, server: 'two.example' }, { hostsFor })).toEqual([
      'secret_to_tenant_host',
      0,
    ]);
  });

  test('has no host but the declared ones where hosts cannot be told without the organization', async () => {
    const failing =
      (error: Error): OAuthContext['hostsFor'] =>
      ({ input }) => {
        const server = text(member(input, 'server'));
        if (server === undefined) throw error;
        return ['auth.acme.example', server];
      };
    const missing = new PlugboardError({ kind: 'invalid_request', code: 'invalid_input', message: 'Missing.' });
    expect(await call({ token: { url: elsewhere } }, theirs, { hostsFor: failing(missing) })).toEqual([
      'secret_to_tenant_host',
      0,
    ]);
    expect(await call({}, theirs, { hostsFor: failing(missing) })).toEqual(['resolved', 1]);
    const mistake = await call({ token: { url: elsewhere } }, theirs, { hostsFor: failing(new TypeError('mistake')) });
    expect(mistake).toEqual(['foreign: TypeError: mistake', 0]);
  });
});

describe('a revocation', () => {
  const credentials = { refreshToken: new Secret('refresh-1'), accessToken: new Secret('access-1') };
  const endpoint = 'https://auth.acme.example/revoke';
  async function revoke(
    method: Partial<OAuth2Method>,
    handle: Handle = () => new Response(),
    state: OAuthState = { credentials },
  ) {
    const { context, sent } = createCalls({}, handle);
    const given = methodOf(method);
    const outcome = await revokeGrant(createOAuthClient(context, given, state), given, context).catch(
      (error: unknown) => error,
    );
    return { outcome, sent: sent.map((call) => `${call.method} ${call.url} ${call.body}`), headers: sent[0]?.headers };
  }

  test('tells the vendor of the refresh token first, and then of the access token', async () => {
    const { outcome, sent } = await revoke({ revoke: { url: endpoint } });
    expect(outcome).toBe(true);
    const proof = 'client_id=client&client_secret=app-secret-1';
    expect(sent).toEqual([
      `POST ${endpoint} token=refresh-1&token_type_hint=refresh_token&${proof}`,
      `POST ${endpoint} token=access-1&token_type_hint=access_token&${proof}`,
    ]);
    const one = await revoke({ revoke: { url: endpoint, clientAuth: 'basic' } }, undefined, {
      credentials: { accessToken: new Secret('access-1') },
    });
    expect(one.sent).toEqual([`POST ${endpoint} token=access-1&token_type_hint=access_token`]);
    expect(one.headers?.get('authorization')).toMatch(/^Basic /);
  });

  test.each<[string, () => Response, unknown]>([
    ['nothing', () => new Response(null, { status: 204 }), true],
    ['a page', () => new Response('<html>'), true],
    ['an object', () => Response.json({}), true],
    [
      'that the request is wrong',
      () => Response.json({ error: 'invalid_request' }, { status: 400 }),
      { code: 'invalid_request' },
    ],
    ['that the token is dead', () => Response.json({ error: 'invalid_grant' }, { status: 400 }), true],
    ['that it knows no such token', () => Response.json({ error: 'invalid_token' }, { status: 400 }), true],
    ['400 and a page', () => new Response('<html>', { status: 400 }), true],
    ['404 and a page', () => new Response('<html>', { status: 404 }), { code: 'not_an_oauth_error', status: 404 }],
    [
      'that the client is wrong',
      () => Response.json({ error: 'invalid_client' }, { status: 401 }),
      { code: 'invalid_client' },
    ],
    ['that it is down', () => new Response('', { status: 503 }), { status: 503 }],
  ])('where the vendor answers %s', async (_what, handle, expected) => {
    const { outcome } = await revoke({ revoke: { url: endpoint } }, handle);
    if (expected === true) expect(outcome).toBe(true);
    else expect(outcome).toMatchObject(expected as object);
  });

  test('that fails for a reason of this process is not taken for done, whatever it is called', async () => {
    const { context } = createCalls();
    const failure = Object.assign(new Error('a mistake'), { kind: 'auth', code: 'token_refused' });
    const broken = { ...context, transport: { ...context.transport, send: () => Promise.reject(failure) } };
    const method = methodOf({ revoke: { url: endpoint } });
    await expect(revokeGrant(createOAuthClient(broken, method, { credentials }), method, broken)).rejects.toBe(failure);
  });

  test('is made by the method where it says how, and by nobody where there is no way', async () => {
    let told = 0;
    const run = async () => void told++;
    expect(await revoke({ revoke: run })).toMatchObject({ outcome: true, sent: [] });
    expect(await revoke({ revoke: { run } })).toMatchObject({ outcome: true, sent: [] });
    expect(told).toBe(2);
    expect(await revoke({})).toMatchObject({ outcome: false, sent: [] });
    expect(await revoke({ revoke: { url: () => undefined } })).toMatchObject({ outcome: false, sent: [] });
    const methods = [{ revoke: run }, { revoke: undefined }, {}] as unknown as AuthMethod[];
    expect(methods.map(canRevoke)).toEqual([true, false, false]);
  });

  test('F06 gives the secret of the app to no host that the organization named', async () => {
    const state = { credentials, input: { server: 'one.example' } };
    const { outcome, sent } = await revoke({ revoke: { url: 'https://one.example/revoke' } }, undefined, state);
    expect(outcome).toMatchObject({ code: 'secret_to_tenant_host' });
    expect(sent).toEqual([]);
  });
});
