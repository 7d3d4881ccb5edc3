/** What each kind of failure writes into the row, under the lease and under the row lock alike, to the millisecond. */
import { describe, expect, test } from 'vitest';

import { isPlugboardError, PlugboardError } from '../src/errors.ts';
import { until } from './support/fake-clock.ts';
import { createRig, drive, failedAt, organizationId } from './support/rig.ts';
import { createStepRig } from './support/step-rig.ts';

const hourMs = 3_600_000;
const rotations = ['stable', 'strict'] as const;

/** A connection whose token has just ended; chance adds nothing to any pause, and draws them out by a tenth when asked. */
async function expired(rotation: (typeof rotations)[number]) {
  const rig = createRig({ rotation }, { cacheMs: 0 });
  await rig.connect();
  await rig.clock.advance(hourMs);
  const heard: string[] = [];
  rig.board.on('connection.attention', ({ reason }) => void heard.push(reason));
  rig.board.on('connection.recovered', () => void heard.push('recovered'));
  rig.board.on('connection.refreshed', () => void heard.push('refreshed'));
  const row = async () => (await rig.row())!;
  return {
    ...rig,
    heard,
    row,
    /** What a call fails with, and how long after that the next refresh is due. */
    async failure(begun: (list: Promise<unknown>) => Promise<void> = async () => undefined) {
      const list = Promise.resolve(rig.board.client('acme', { organizationId }).orders.list());
      await begun(list);
      const error: unknown = await drive(rig, list).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error === undefined || isPlugboardError(error), String(error)).toBe(true);
      const failed = await row();
      const { refreshAt } = failed;
      return {
        error: error as PlugboardError | undefined,
        pauseMs: (refreshAt?.getTime() ?? 0) - failedAt(failed),
        refreshAt,
      };
    },
  };
}

describe.each(rotations)('a failure with %s rotation', (rotation) => {
  test('of the server pauses twice as long each time, up to five minutes; the third is told', async () => {
    const rig = await expired(rotation);
    rig.oauth.switches.token.always({ status: 503 });
    const pauses: number[] = [];
    for (let turn = 1; turn <= 6; turn++) {
      const { error, pauseMs, refreshAt } = await rig.failure();
      expect(error).toMatchObject({ status: 503, retryable: true });
      pauses.push(pauseMs);
      expect(await rig.row()).toMatchObject({
        status: turn < 3 ? 'active' : 'degraded',
        statusReason: turn < 3 ? null : 'refresh_failing',
        failCount: turn,
        leaseUntil: null,
      });
      await rig.clock.advance(refreshAt!.getTime() - rig.clock.now());
    }
    expect(pauses).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    expect(rig.heard).toEqual(['refresh_failing']);
    rig.oauth.switches.token.clear();
    expect((await rig.failure()).error).toBeUndefined();
    const cleared = { status: 'active', statusReason: null, failCount: 0, lastError: null, attemptHash: null };
    expect(await rig.row()).toMatchObject(cleared);
    expect(rig.heard).toEqual(['refresh_failing', 'refreshed', 'recovered']);
  });

  test('is drawn out by a tenth each way', async () => {
    for (const [chance, share] of [
      [0, 0.9],
      [1, 1.1],
    ] as const) {
      const rig = await expired(rotation);
      rig.clock.setRandom(chance);
      rig.oauth.switches.token.always({ status: 503 });
      expect((await rig.failure()).pauseMs).toBe(30_000 * share);
    }
  });

  test('waits as long as the vendor asks', async () => {
    const rig = await expired(rotation);
    rig.oauth.switches.token.always({ status: 503, retryAfter: '200' });
    expect((await rig.failure()).pauseMs).toBe(200_000);
  });

  test('of a server that answers others is soon tried again', async () => {
    const rig = await expired(rotation);
    const { id } = await rig.row();
    await rig.store.connections.update(organizationId, id, {}, { failCount: 5 });
    await rig.connect('other');
    await rig.clock.advance(hourMs);
    await drive(rig, rig.board.client('acme', { organizationId, label: 'other' }).orders.list());
    rig.oauth.switches.token.always({ status: 503 });
    expect((await rig.failure()).pauseMs).toBe(30_000);
    expect(await rig.row()).toMatchObject({ failCount: 6 });
  });

  test('that refuses the grant counts once it is repeated a minute later', async () => {
    const rig = await expired(rotation);
    rig.oauth.switches.token.always({ error: 'invalid_grant' });
    const { error, pauseMs } = await rig.failure();
    expect(error).toMatchObject({
      kind: 'auth',
      code: 'refresh_refused',
      retryable: true,
      retryAfterMs: 60_000,
      provider: 'acme',
    });
    expect(pauseMs).toBe(66_000);
    const { lastError } = await rig.row();
    expect(lastError).toMatchObject({ code: 'refresh_refused', kind: 'auth' });
    expect(lastError).not.toHaveProperty('unknown');
    expect(await rig.row()).toMatchObject({ status: 'active', failCount: 1, attemptHash: null, attemptAt: null });
    await rig.clock.advance(66_000);
    expect((await rig.failure()).error).toMatchObject({ kind: 'auth', code: 'reconnect_required' });
    const ended = { status: 'expired', statusReason: 'revoked', refreshAt: null, attemptHash: null, leaseUntil: null };
    expect(await rig.row()).toMatchObject(ended);
    expect(rig.heard).toEqual(['revoked']);
    const { items } = await rig.board.audit.list({ organizationId });
    expect(items[0]).toMatchObject({
      type: 'connection.expired',
      actor: 'vendor',
      provider: 'acme',
      connectionId: (await rig.row()).id,
      data: { reason: 'revoked', before: 'active' },
    });
  });

  test('that refuses the grant after another failure is the first refusal all the same', async () => {
    const rig = await expired(rotation);
    rig.oauth.switches.token.always({ status: 503 });
    const { refreshAt } = await rig.failure();
    await rig.clock.advance(refreshAt!.getTime() - rig.clock.now());
    rig.oauth.switches.token.clear();
    rig.oauth.switches.token.always({ error: 'invalid_grant' });
    expect((await rig.failure()).error).toMatchObject({ code: 'refresh_refused' });
    expect(await rig.row()).toMatchObject({ status: 'active', failCount: 2 });
  });

  test('that refuses the host touches no connection', async () => {
    const rig = await expired(rotation);
    rig.oauth.switches.token.always({ error: 'invalid_client' });
    const before = rig.clock.now();
    const { error, refreshAt } = await rig.failure();
    expect(error).toMatchObject({ kind: 'configuration', code: 'invalid_client' });
    expect(refreshAt!.getTime() - before).toBe(33_000);
    const untouched = { status: 'active', failCount: 0, lastError: null, attemptHash: null, attemptAt: null };
    expect(await rig.row()).toMatchObject(untouched);
    expect((await rig.failure()).error).toMatchObject({ code: 'invalid_client' });
    expect(rig.tokenCalls()).toHaveLength(2);
  });

  test('that our own limit makes waits as long as the limit', async () => {
    const rig = await expired(rotation);
    await rig.connect('other');
    await rig.clock.advance(hourMs);
    rig.oauth.switches.token.next({ status: 429, retryAfter: '500' });
    const other = rig.board.client('acme', { organizationId, label: 'other' }).orders.list();
    await expect(drive(rig, other)).rejects.toMatchObject({ code: 'rate_limited' });
    const { error, refreshAt } = await rig.failure();
    expect(error).toMatchObject({ kind: 'rate_limited', code: 'limit_reached' });
    expect(error!.retryAfterMs).toBeGreaterThan(400_000);
    const leftMs = refreshAt!.getTime() - rig.clock.now();
    expect(leftMs).toBeGreaterThan(400_000);
    expect(leftMs).toBeLessThanOrEqual(500_000);
    expect(await rig.row()).toMatchObject({ failCount: 0, lastError: null, attemptHash: null, attemptAt: null });
  });

  test('without an answer leaves the mark of the token that may have been spent', async () => {
    const rig = await expired(rotation);
    rig.oauth.switches.token.next({ drop: 'after' });
    // Time goes on between the calls alone: one that takes long here must not run into its deadline.
    const { error } = await rig.failure(async (list) => {
      const state = { settled: false };
      void list.catch(() => undefined).finally(() => (state.settled = true));
      await until(() => rig.tokenCalls().at(-1)?.outcome === 'dropped');
      const { length } = rig.tokenCalls();
      for (let turn = 0; turn < 60 && !state.settled && rig.tokenCalls().length === length; turn++)
        await rig.clock.advance(500);
      await list.catch(() => undefined);
    });
    const { attemptHash, attemptAt, failCount } = await rig.row();
    expect(error).toMatchObject(rotation === 'strict' ? { code: 'outcome_unknown' } : {});
    if (rotation === 'stable') return expect([attemptHash, failCount]).toEqual([null, 0]);
    expect(attemptHash).toMatch(/^k1\.[0-9a-f]{32}$/);
    expect([attemptAt, failCount]).toEqual([expect.any(Date), 1]);
  });
});

test('a mark of a lost answer makes the refusal a lost rotation, also when it was noted with the first refusal', async () => {
  const rig = await expired('strict');
  rig.oauth.switches.token.next({ drop: 'after' });
  await rig.failure();
  await rig.clock.advance(120_000);
  rig.oauth.switches.token.always({ error: 'invalid_grant' });
  await rig.failure();
  expect((await rig.row()).lastError).toMatchObject({ code: 'refresh_refused', unknown: true });
  await rig.clock.advance(120_000);
  await rig.failure();
  expect(await rig.row()).toMatchObject({ status: 'expired', statusReason: 'rotation_lost' });
});

test('what is no error of ours goes to the caller as it is, and leaves the turn to its lease', async () => {
  const thrown = new TypeError('a mistake in the provider');
  const rig = createStepRig({
    complete: async () => ({ credentials: { accessToken: 'token-0', refreshToken: 'r' }, expiresInMs: hourMs }),
    refresh: { rotation: 'stable', run: () => Promise.reject(thrown) },
  });
  await rig.connect();
  await rig.clock.advance(hourMs);
  await expect(drive(rig, rig.call())).rejects.toThrow();
  expect(await rig.row()).toMatchObject({ status: 'active', failCount: 0 });
});

test('a failure that comes after somebody has stored newer tokens is none', async () => {
  const rig: ReturnType<typeof createStepRig> = createStepRig({
    complete: async () => ({ credentials: { accessToken: 'token-0', refreshToken: 'r' }, expiresInMs: hourMs }),
    refresh: {
      rotation: 'stable',
      run: async () => {
        const { id, credentials } = (await rig.row())!;
        await rig.store.connections.update(organizationId, id, {}, { credentials });
        throw new PlugboardError({ kind: 'auth', code: 'invalid_grant', message: 'spent' });
      },
    },
  });
  await rig.connect();
  await rig.clock.advance(hourMs);
  // What was stored here is the older text again, which is seen; the refusal is not what the caller hears.
  await expect(drive(rig, rig.call())).rejects.toMatchObject({ code: 'credentials_rolled_back' });
  expect(await rig.row()).toMatchObject({ credentialsVersion: 2, failCount: 0, lastError: null });
});
