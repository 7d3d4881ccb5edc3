import { expect, test } from 'vitest';

import { encodeBase64url, encodeUtf8 } from '../../src/bytes.ts';
import { createAuthorizationServer } from '../../src/emulator/oauth/authorization-server.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { basicHeader, origin, type Params, profileOf, read, serve, textOf } from './oauth-client.ts';

const client = { client_id: 'client', client_secret: 'secret' };
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

test('a live access token can be exchanged under any name', async () => {
  const { server, connect, token } = serve({ rotation: 'none', exchange: true });
  const { accessToken } = await connect();
  const answer = await token({ ...client, grant_type: 'vendor_exchange_token', vendor_exchange_token: accessToken });
  expect(answer.status).toBe(200);
  expect(answer.json['access_token']).not.toBe(accessToken);
  expect(answer.json).not.toHaveProperty('refresh_token');
  expect(server.ledger.families()).toMatchObject([{ refreshes: 1 }]);
  expect(server.ledger.current('family-1')?.reveal()).toBe(answer.json['access_token']);
});

test('a dead or unknown token cannot be exchanged', async () => {
  const { clock, connect, token } = serve({ rotation: 'none', exchange: true });
  const { accessToken } = await connect();
  await clock.advance(3_600_000);
  for (const text of [accessToken, 'nonsense']) {
    const answer = await token({ ...client, grant_type: 'vendor_exchange_token', token: text });
    expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_grant']);
  }
});

test('an unknown grant without a token is unsupported', async () => {
  const { token } = serve();
  expect((await token({ ...client, grant_type: 'other' })).json['error']).toBe('unsupported_grant_type');
});

test('client credentials bring an access token and no refresh token', async () => {
  const { server, token } = serve({ kind: 'client_credentials', clientAuth: 'basic' });
  const answer = await token(
    { grant_type: 'client_credentials', scope: 'read write' },
    basicHeader('client', 'secret'),
  );
  expect(answer.json).toMatchObject({ token_type: 'Bearer', scope: 'read write' });
  expect(answer.json).not.toHaveProperty('refresh_token');
  expect(server.use(textOf(answer.json, 'access_token'))).toMatchObject({ state: 'live', scopes: ['read', 'write'] });
});

test('client credentials may come under a name of the vendor, and are judged', async () => {
  const { token } = serve({ kind: 'client_credentials' });
  expect((await token({ ...client, grant_type: 'account_credentials' })).status).toBe(200);
  expect((await token({ ...client, grant_type: 'client_credentials', scope: 'all' })).json['error']).toBe(
    'invalid_scope',
  );
  const dead = { ...client, client_secret: 'revoked-secret', grant_type: 'client_credentials' };
  expect((await token(dead)).status).toBe(401);
});

const jwt = (
  claims: object,
  { header = { alg: 'RS256' }, signature = 'c2ln' }: { header?: object; signature?: string } = {},
) => [...[header, claims].map((part) => encodeBase64url(encodeUtf8(JSON.stringify(part)))), signature].join('.');

function serviceAccount() {
  const { clock, server, token } = serve({ kind: 'service_account', clientAuth: 'none' });
  const now = clock.now() / 1000;
  const claims = { iss: 'bot@project.example', scope: 'write', aud: `${origin}/token`, iat: now, exp: now + 3600 };
  const send = (assertion: string, more: Params = {}) => token({ grant_type: jwtBearer, assertion, ...more });
  return { clock, server, claims, send };
}

test('a signed JWT is a grant', async () => {
  const { server, claims, send } = serviceAccount();
  const answer = await send(jwt(claims));
  expect(answer.json).toMatchObject({ scope: 'write' });
  expect(server.ledger.families()).toMatchObject([{ clientId: 'bot@project.example', scopes: ['write'] }]);
  expect((await send(jwt({ ...claims, aud: ['https://elsewhere.example', origin] }))).status).toBe(200);
});

test.each([
  ['no JWT', () => 'nonsense'],
  ['no signature', (claims: object) => jwt(claims, { signature: '' })],
  ['alg none', (claims: object) => jwt(claims, { header: { alg: 'none' } })],
  ['another audience', (claims: object) => jwt({ ...claims, aud: 'https://elsewhere.example/token' })],
  ['no audience', (claims: object) => jwt({ ...claims, aud: undefined })],
  ['no issuer', (claims: object) => jwt({ ...claims, iss: '' })],
  ['an issuer declared dead', (claims: object) => jwt({ ...claims, iss: 'wrong@project.example' })],
  ['no expiry', (claims: object) => jwt({ ...claims, exp: undefined })],
  ['a past expiry', (claims: { iat: number }) => jwt({ ...claims, exp: claims.iat })],
])('an assertion with %s is refused', async (_name, make) => {
  const { claims, send } = serviceAccount();
  const answer = await send(make(claims));
  expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_grant']);
});

test('methods of one vendor share a token endpoint, each with its own client authentication', async () => {
  const clock = createFakeClock();
  const server = createAuthorizationServer({
    clock,
    profiles: [
      profileOf({ name: 'oauth', clientAuth: 'basic' }),
      profileOf({ name: 'machine', kind: 'client_credentials', clientAuth: 'post', authorizeUrl: () => false }),
      profileOf({ name: 'robot', kind: 'service_account', clientAuth: 'none', authorizeUrl: () => false }),
    ],
  });
  const send = async (params: Params) =>
    read(await server.handle(new Request(`${origin}/token`, { method: 'POST', body: new URLSearchParams(params) })));
  const exp = clock.now() / 1000 + 60;
  expect((await send({ ...client, grant_type: 'client_credentials' })).status).toBe(200);
  expect((await send({ grant_type: jwtBearer, assertion: jwt({ iss: 'bot', aud: origin, exp }) })).status).toBe(200);
  expect((await send({ ...client, grant_type: 'refresh_token', refresh_token: 'x' })).json['error']).toBe(
    'invalid_request',
  );
  expect(server.ledger.families().map(({ profile }) => profile)).toEqual(['machine', 'robot']);
});

test('issue gives tokens without a flow, with every scope', () => {
  const { server } = serve();
  const answer = server.issue({ account: 'a7' });
  expect(answer['scope']).toBe('read write');
  expect(server.use(textOf(answer, 'access_token'))).toMatchObject({ state: 'live', account: { id: 'a7' } });
});

test('what is issued without a flow is good for every client, or for the one that is named or registered', async () => {
  const refresh = { grant_type: 'refresh_token', client_id: 'any', client_secret: 's' };
  const attempt = async (owner?: string, registered?: { id: string; secret: string }) => {
    const { server, token } = serve({}, registered && { client: registered });
    const refreshToken = textOf(server.issue(owner === undefined ? {} : { clientId: owner }), 'refresh_token');
    return (await token({ ...refresh, refresh_token: refreshToken })).status;
  };
  expect(await attempt()).toBe(200);
  expect(await attempt('any')).toBe(200);
  expect(await attempt('other')).toBe(400);
  expect(await attempt(undefined, { id: 'any', secret: 's' })).toBe(200);
  expect(await attempt(undefined, { id: 'other', secret: 's' })).toBe(401);
});
