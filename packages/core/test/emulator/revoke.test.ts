import { expect, test } from 'vitest';

import { basicHeader, origin, read, serve } from './oauth-client.ts';

const client = { client_id: 'client', client_secret: 'secret' };

test('D22 a refresh token ends the whole grant', async () => {
  const { server, connect, refresh, revoke } = serve();
  const { refreshToken, accessToken } = await connect();
  const answer = await revoke({ ...client, token: refreshToken, token_type_hint: 'refresh_token' });
  expect([answer.status, answer.text]).toEqual([200, '']);
  expect(server.use(accessToken)?.state).toBe('revoked');
  expect((await refresh(refreshToken)).json['error']).toBe('invalid_grant');
  expect(server.ledger.revocations).toEqual([
    { at: expect.any(Number) as number, family: 'family-1', by: 'request', what: 'family' },
  ]);
  expect(server.ledger.reuses).toEqual([]);
});

test('an access token ends alone', async () => {
  const { server, connect, refresh, revoke } = serve();
  const { refreshToken, accessToken } = await connect();
  expect((await revoke({ ...client, token: accessToken })).status).toBe(200);
  expect(server.use(accessToken)?.state).toBe('revoked');
  expect((await refresh(refreshToken)).status).toBe(200);
  expect(server.ledger.revocations).toMatchObject([{ by: 'request', what: 'access_token' }]);
});

test('an unknown token, and one revoked before, are revoked already', async () => {
  const { server, connect, revoke } = serve();
  const { refreshToken } = await connect();
  for (const token of ['nonsense', refreshToken, refreshToken])
    expect((await revoke({ ...client, token })).status).toBe(200);
  expect(server.ledger.revocations).toHaveLength(1);
});

test.each([
  ['no client', 401, 'invalid_client', { token: 'x' }],
  ['a wrong secret', 401, 'invalid_client', { token: 'x', client_id: 'client', client_secret: 'wrong' }],
  ['no token', 400, 'invalid_request', client],
])('%s is refused', async (_name, status, error, params) => {
  const answer = await serve().revoke(params);
  expect([answer.status, answer.json['error']]).toEqual([status, error]);
});

test("another client's token is refused and stays", async () => {
  const { server, connect, revoke } = serve();
  const { refreshToken, accessToken } = await connect();
  expect((await revoke({ ...client, client_id: 'other', token: refreshToken })).json['error']).toBe('invalid_grant');
  expect(server.use(accessToken)?.state).toBe('live');
});

test('the client authentication of the endpoint is its own', async () => {
  const { connect, revoke } = serve({ clientAuth: 'post', revokeAuth: 'basic' });
  const { refreshToken } = await connect();
  expect((await revoke({ ...client, token: refreshToken })).status).toBe(400);
  expect((await revoke({ token: refreshToken }, basicHeader('client', 'secret'))).status).toBe(200);
});

test('without client authentication the token may come alone, and in the query', async () => {
  const { server, connect } = serve({ revokeAuth: 'none' });
  const { refreshToken, accessToken } = await connect();
  const answer = await read(
    await server.handle(new Request(`${origin}/revoke?token=${refreshToken}`, { method: 'POST' })),
  );
  expect(answer.status).toBe(200);
  expect(server.use(accessToken)?.state).toBe('revoked');
});

test('D22 the endpoint can be down twice', async () => {
  const { server, connect, revoke } = serve();
  const { refreshToken } = await connect();
  server.switches.revoke.next({ status: 503 }, 2);
  const statuses = [];
  for (let turn = 0; turn < 3; turn++) statuses.push((await revoke({ ...client, token: refreshToken })).status);
  expect(statuses).toEqual([503, 503, 200]);
  expect(server.ledger.revocations).toHaveLength(1);
});

test('a test can revoke a token, or a grant, itself', async () => {
  const { server, connect } = serve();
  const { refreshToken, accessToken } = await connect();
  server.revoke('nonsense');
  server.revoke(accessToken);
  expect(server.use(accessToken)?.state).toBe('revoked');
  expect(server.ledger.current('family-1')?.reveal()).toBe(refreshToken);
  server.revoke(refreshToken);
  expect(server.ledger.current('family-1')).toBeUndefined();
});
