import { describe, expect, test } from 'vitest';

import { serve, textOf } from './oauth-client.ts';

describe('stable', () => {
  test('the refresh token stays, whatever it is used for', async () => {
    const { server, connect, refresh } = serve({ rotation: 'stable' });
    const { refreshToken, accessToken } = await connect();
    for (let turn = 0; turn < 3; turn++) {
      const { status, json } = await refresh(refreshToken);
      expect([status, json['refresh_token']]).toEqual([200, refreshToken]);
      expect(json['access_token']).not.toBe(accessToken);
    }
    expect(server.ledger.reuses).toEqual([]);
    expect(server.ledger.families()[0]?.refreshes).toBe(3);
    expect(server.ledger.current('family-1')?.reveal()).toBe(refreshToken);
  });
});

describe.each(['strict', 'unknown'] as const)('%s', (rotation) => {
  test('every refresh brings a successor', async () => {
    const { server, connect, refresh } = serve({ rotation });
    let { refreshToken } = await connect();
    for (let turn = 0; turn < 3; turn++) {
      const { json } = await refresh(refreshToken);
      expect(json['refresh_token']).not.toBe(refreshToken);
      refreshToken = textOf(json, 'refresh_token');
      expect(server.ledger.current('family-1')?.reveal()).toBe(refreshToken);
    }
  });

  test('D02 a reuse revokes the whole family, the newest tokens included', async () => {
    const { server, connect, refresh } = serve({ rotation });
    const { refreshToken } = await connect();
    const { json } = await refresh(refreshToken);
    const reuse = await refresh(refreshToken);
    expect([reuse.status, reuse.json['error']]).toEqual([400, 'invalid_grant']);
    expect((await refresh(textOf(json, 'refresh_token'))).json['error']).toBe('invalid_grant');
    expect(server.use(textOf(json, 'access_token'))?.state).toBe('revoked');
    expect(server.ledger.reuses).toEqual([
      { at: expect.any(Number) as number, kind: 'refresh_token', family: 'family-1' },
    ]);
    expect(server.ledger.current('family-1')).toBeUndefined();
    expect(server.ledger.families()[0]).toMatchObject({ revokedBy: 'reuse', refreshes: 1 });
  });

  test('other families live on', async () => {
    const { server, connect, refresh } = serve({ rotation });
    const [bad, good] = [await connect(), await connect()];
    await refresh(bad.refreshToken);
    await refresh(bad.refreshToken);
    expect((await refresh(good.refreshToken)).status).toBe(200);
    expect(server.ledger.families().map(({ revokedBy }) => revokedBy)).toEqual(['reuse', null]);
  });

  test.each([2, 8, 32])('D02 of %i parallel uses exactly one is good, and then nothing is', async (count) => {
    const { server, connect, refresh } = serve({ rotation });
    const { refreshToken } = await connect();
    const answers = await Promise.all(Array.from({ length: count }, () => refresh(refreshToken)));
    const winners = answers.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    expect((await refresh(textOf(winners[0]?.json, 'refresh_token'))).status).toBe(400);
    expect(server.ledger.reuses).toHaveLength(1);
  });
});

describe('grace', () => {
  const rotation = { graceSeconds: 30 };

  test('within the window the old token yields one more successor', async () => {
    const { clock, server, connect, refresh } = serve({ rotation });
    const { refreshToken } = await connect();
    const first = await refresh(refreshToken);
    await clock.advance(30_000);
    const second = await refresh(refreshToken);
    expect(second.status).toBe(200);
    expect(second.json['refresh_token']).not.toBe(first.json['refresh_token']);
    expect((await refresh(textOf(first.json, 'refresh_token'))).status).toBe(200);
    expect(server.ledger.reuses).toEqual([]);
  });

  test('after the window it ends the family', async () => {
    const { clock, server, connect, refresh } = serve({ rotation });
    const { refreshToken } = await connect();
    await refresh(refreshToken);
    await clock.advance(30_001);
    expect((await refresh(refreshToken)).json['error']).toBe('invalid_grant');
    expect(server.ledger.reuses).toHaveLength(1);
  });
});

test('none: no refresh token is issued, and the grant is not taken', async () => {
  const { server, connect, refresh } = serve({ rotation: 'none' });
  const { answer, accessToken } = await connect();
  expect(answer.json).not.toHaveProperty('refresh_token');
  expect((await refresh('anything')).json['error']).toBe('unsupported_grant_type');
  expect(server.ledger.current('family-1')?.reveal()).toBe(accessToken);
});

test('the access token dies at refresh only where that is declared', async () => {
  for (const [oldAccessTokenDies, state] of [
    [true, 'revoked'],
    [false, 'live'],
  ] as const) {
    const { server, connect, refresh } = serve({ oldAccessTokenDies });
    const { refreshToken, accessToken } = await connect();
    const { json } = await refresh(refreshToken);
    expect(server.use(accessToken)?.state).toBe(state);
    expect(server.use(textOf(json, 'access_token'))?.state).toBe('live');
  }
});

test('a refused refresh retires no access token', async () => {
  const { server, connect, token } = serve({ oldAccessTokenDies: true });
  const { accessToken, refreshToken } = await connect();
  const wrong = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: 'other', client_secret: 's' };
  expect((await token(wrong)).json['error']).toBe('invalid_grant');
  expect(server.use(accessToken)?.state).toBe('live');
});

test('a refresh may narrow the scopes, and never widen them', async () => {
  const { connect, token, server, authorizeUrl } = serve();
  const { refreshToken } = await connect();
  const refresh = { grant_type: 'refresh_token', client_id: 'client', client_secret: 'secret' };
  const wide = await token({ ...refresh, refresh_token: refreshToken, scope: 'read write' });
  expect(wide.json['error']).toBe('invalid_scope');
  const same = await token({ ...refresh, refresh_token: refreshToken, scope: 'read' });
  expect(same.json['scope']).toBe('read');
  expect((await server.approve(authorizeUrl())).searchParams.has('code')).toBe(true);
});

test('a refresh token with a life of its own expires', async () => {
  const example = {
    access_token: 'shpat_1',
    refresh_token: 'shprt_1',
    expires_in: 3600,
    refresh_token_expires_in: 7_776_000,
  };
  const { clock, connect, refresh } = serve({ example });
  const { refreshToken } = await connect();
  await clock.advance(7_775_999_000);
  const { json } = await refresh(refreshToken);
  await clock.advance(7_776_000_000);
  expect((await refresh(textOf(json, 'refresh_token'))).json['error']).toBe('invalid_grant');
});

test('access tokens expire as their answer says', async () => {
  const { clock, server, connect } = serve();
  const { accessToken } = await connect();
  await clock.advance(3_599_999);
  expect(server.use(accessToken)?.state).toBe('live');
  await clock.advance(1);
  expect(server.use(accessToken)?.state).toBe('expired');
});

describe('on demand', () => {
  test('D13 an answer without refresh token leaves the old one good, also at a strict server', async () => {
    const { server, connect, refresh } = serve({ rotation: 'strict' });
    const { refreshToken } = await connect();
    server.switches.token.next({ omitRefreshToken: true });
    expect((await refresh(refreshToken)).json).not.toHaveProperty('refresh_token');
    expect((await refresh(refreshToken)).status).toBe(200);
    expect(server.ledger.reuses).toEqual([]);
  });

  test('rotation can be changed while the server runs', async () => {
    const { server, connect, refresh } = serve({ rotation: 'stable' });
    const { refreshToken } = await connect();
    server.switches.token.always({ rotation: 'strict' });
    expect((await refresh(refreshToken)).json['refresh_token']).not.toBe(refreshToken);
    expect((await refresh(refreshToken)).json['error']).toBe('invalid_grant');
  });

  test('scopes, account and life can change at a refresh', async () => {
    const { clock, server, connect, refresh } = serve();
    const { refreshToken } = await connect();
    server.switches.token.next({ scopes: [], account: 'a2', expiresIn: 2 });
    const { json } = await refresh(refreshToken);
    expect(json).toMatchObject({ scope: '', expires_in: 2 });
    expect(server.use(textOf(json, 'access_token'))).toMatchObject({
      state: 'live',
      scopes: [],
      account: { id: 'a2' },
    });
    await clock.advance(2000);
    expect(server.use(textOf(json, 'access_token'))?.state).toBe('expired');
  });

  test('expireTokens leaves refresh tokens alive; revokeAll leaves nothing', async () => {
    const { server, connect, refresh } = serve();
    const { accessToken, refreshToken } = await connect();
    server.expireTokens();
    expect(server.use(accessToken)?.state).toBe('expired');
    const { json } = await refresh(refreshToken);
    expect(server.use(textOf(json, 'access_token'))?.state).toBe('live');
    server.revokeAll();
    expect((await refresh(textOf(json, 'refresh_token'))).json['error']).toBe('invalid_grant');
    expect(server.ledger.families()[0]?.revokedBy).toBe('operator');
  });
});
