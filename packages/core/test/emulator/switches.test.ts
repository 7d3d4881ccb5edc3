import { describe, expect, test } from 'vitest';

import { isConnectionDropped } from '../../src/emulator/oauth/run-endpoint.ts';
import type { JunkBody, TokenSwitches } from '../../src/emulator/oauth/switches.ts';
import { until } from '../support/fake-clock.ts';
import { codeParams, serve } from './oauth-client.ts';

/** A connected client whose next refresh meets the switches. */
async function refreshUnder(switches: TokenSwitches) {
  const rig = serve();
  const { refreshToken, accessToken } = await rig.connect();
  rig.server.switches.token.next(switches);
  return { ...rig, refreshToken, accessToken };
}

describe('time', () => {
  test('a delay before the work: the token is spent only after it', async () => {
    const { clock, server, refresh, refreshToken } = await refreshUnder({ delayBeforeMs: 5000 });
    const answer = refresh(refreshToken);
    await clock.untilPending(1);
    await clock.advance(4999);
    expect(server.ledger.find(refreshToken)).toMatchObject({ uses: 0, spentAt: null });
    await clock.advance(1);
    expect((await answer).status).toBe(200);
  });

  test('a delay after the work: the token is spent before the answer comes', async () => {
    const { clock, server, refresh, refreshToken } = await refreshUnder({ delayAfterMs: 5000 });
    let answered = false;
    const answer = refresh(refreshToken).finally(() => (answered = true));
    await clock.untilPending(1);
    expect(server.ledger.find(refreshToken)).toMatchObject({ uses: 1, spentAt: clock.now() });
    expect([answered, server.ledger.tokenCalls.at(-1)?.outcome]).toEqual([false, 'pending']);
    await clock.advance(5000);
    expect((await answer).status).toBe(200);
  });

  test.each([
    ['before', 0],
    ['after', 1],
  ] as const)('held %s the work until released', async (hold, uses) => {
    const { server, refresh, refreshToken } = await refreshUnder({ hold });
    const answer = refresh(refreshToken);
    await server.gate.whenHeld();
    expect(server.gate.held).toBe(1);
    expect(server.ledger.find(refreshToken)?.uses).toBe(uses);
    server.gate.release();
    expect((await answer).status).toBe(200);
    expect(server.gate.held).toBe(0);
  });

  test('held requests go on one by one, the first first', async () => {
    const { server, code, token } = serve();
    server.switches.token.always({ hold: 'before' });
    const finished: string[] = [];
    const codes = [await code(), await code(), await code()];
    const answers = codes.map((text, index) => token(codeParams(text)).then(() => finished.push(`${index}`)));
    await server.gate.whenHeld(3);
    server.gate.release(1);
    await until(() => finished.length === 1);
    expect([finished, server.gate.held]).toEqual([['0'], 2]);
    server.gate.release();
    await Promise.all(answers);
    expect(finished).toEqual(['0', '1', '2']);
  });
});

describe('lost answers', () => {
  test.each([
    ['before', 'live'],
    ['after', 'spent'],
  ] as const)('dropped %s the work, the token is %s', async (drop, state) => {
    const { server, refresh, refreshToken } = await refreshUnder({ drop });
    const error: unknown = await refresh(refreshToken).catch((reason: unknown) => reason);
    expect(isConnectionDropped(error)).toBe(true);
    const token = server.ledger.find(refreshToken)!;
    expect(server.ledger.stateOf(token)).toBe(state);
    expect(server.ledger.tokenCalls.at(-1)).toMatchObject({ outcome: 'dropped', issued: drop === 'after' });
  });

  test('a status before the work, or after it', async () => {
    for (const processed of [false, true]) {
      const { server, refresh, refreshToken } = await refreshUnder({ status: 503, retryAfter: '120', processed });
      const answer = await refresh(refreshToken);
      expect([answer.status, answer.headers.get('retry-after'), answer.json]).toEqual([503, '120', {}]);
      expect(server.ledger.find(refreshToken)?.uses).toBe(processed ? 1 : 0);
      expect(server.ledger.tokenCalls.at(-1)).toMatchObject({ outcome: 'failed', issued: processed, error: null });
    }
  });

  test.each([
    ['invalid_client', 401],
    ['invalid_grant', 400],
  ])('the error %s at will, without any work', async (error, status) => {
    const { server, refresh, refreshToken } = await refreshUnder({ error });
    const answer = await refresh(refreshToken);
    expect([answer.status, answer.json['error']]).toEqual([status, error]);
    expect(server.ledger.tokenCalls.at(-1)).toMatchObject({ outcome: 'refused', issued: false, error });
    expect((await refresh(refreshToken)).status).toBe(200);
  });

  test('an error with a status of its own', async () => {
    const { refresh, refreshToken } = await refreshUnder({
      error: 'temporarily_unavailable',
      status: 503,
      retryAfter: '1',
    });
    const answer = await refresh(refreshToken);
    expect([answer.status, answer.json['error'], answer.headers.get('retry-after')]).toEqual([
      503,
      'temporarily_unavailable',
      '1',
    ]);
  });
});

describe('junk', () => {
  const looks: Readonly<Record<JunkBody, (text: string) => boolean>> = {
    html: (text) => text.startsWith('<!doctype html>'),
    empty: (text) => text === '',
    truncated: (text) => text.startsWith('{"access_token"') && !text.endsWith('}'),
    array: (text) => Array.isArray(JSON.parse(text)),
    null: (text) => text === 'null',
    bad_expiry: (text) => (JSON.parse(text) as { expires_in: string }).expires_in === 'abc',
    huge_token: (text) => (JSON.parse(text) as { access_token: string }).access_token.length === 2 * 1024 * 1024,
    prototype_keys: (text) =>
      text.includes('"__proto__"') && Object.keys(JSON.parse(text) as object).includes('refresh_token'),
  };

  test.each(Object.entries(looks))('%s: the work is done, the answer is useless or odd', async (body, isRight) => {
    const { server, refresh, refreshToken } = await refreshUnder({ body: body as JunkBody });
    const answer = await refresh(refreshToken);
    expect(answer.status).toBe(200);
    expect(isRight(answer.text)).toBe(true);
    expect(server.ledger.find(refreshToken)?.spentAt).not.toBeNull();
  });

  test('any text with any type', async () => {
    const { refresh, refreshToken } = await refreshUnder({ body: { text: 'a=b', contentType: 'text/plain' } });
    const answer = await refresh(refreshToken);
    expect([answer.text, answer.headers.get('content-type')]).toEqual(['a=b', 'text/plain']);
  });
});

describe('which requests', () => {
  test('the next one, the next three, or all until cleared', async () => {
    const { server, refresh, connect } = serve({ rotation: 'stable' });
    const { refreshToken } = await connect();
    server.switches.token.always({ status: 500 });
    server.switches.token.next({ status: 429 });
    server.switches.token.next({ status: 503 }, 2);
    const statuses = [];
    for (let turn = 0; turn < 5; turn++) statuses.push((await refresh(refreshToken)).status);
    expect(statuses).toEqual([429, 503, 503, 500, 500]);
    server.switches.token.clear();
    expect((await refresh(refreshToken)).status).toBe(200);
  });

  test('the n-th request gets the n-th switch, also in parallel', async () => {
    const { server, refresh, connect } = serve({ rotation: 'stable' });
    const { refreshToken } = await connect();
    for (const status of [501, 502, 503]) server.switches.token.next({ status });
    const answers = await Promise.all([1, 2, 3, 4].map(() => refresh(refreshToken)));
    expect(answers.map(({ status }) => status)).toEqual([501, 502, 503, 200]);
  });

  test('lasting switches add up, and the next ones come on top of them', async () => {
    const { server, refresh, connect } = serve({ rotation: 'stable' });
    const { refreshToken } = await connect();
    server.switches.token.always({ expiresIn: 5 });
    server.switches.token.always({ omitRefreshToken: true });
    server.switches.token.next({ expiresIn: 6 });
    expect((await refresh(refreshToken)).json).toEqual(
      expect.not.objectContaining({ refresh_token: expect.anything() as unknown }),
    );
    expect((await refresh(refreshToken)).json['expires_in']).toBe(5);
  });

  test('every call is in the ledger, also those that switches refuse', async () => {
    const { server, refresh } = serve();
    server.switches.token.next({ status: 500 });
    await refresh('x');
    server.switches.token.next({ drop: 'before' });
    await refresh('x').catch(() => undefined);
    await refresh('x');
    expect(server.ledger.tokenCalls.map(({ outcome, grantType }) => `${outcome} ${grantType}`)).toEqual([
      'failed refresh_token',
      'dropped refresh_token',
      'refused refresh_token',
    ]);
  });

  test('reset forgets tokens, switches and calls, and lets held requests go', async () => {
    const { server, code, token } = serve();
    server.switches.token.always({ hold: 'before' });
    const params = codeParams(await code());
    const answer = token(params);
    await server.gate.whenHeld();
    server.reset();
    expect((await answer).json['error']).toBe('invalid_grant');
    expect(server.ledger.snapshot()).toEqual({ tokenCalls: [], reuses: [], revocations: [], families: [] });
    expect((await token(codeParams(await code()))).status).toBe(200);
  });
});
