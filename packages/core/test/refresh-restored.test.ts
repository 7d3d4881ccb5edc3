/** D17: a database that came from a backup holds tokens that were spent since. */
import { describe, expect, test } from 'vitest';

import { isPlugboardError } from '../src/errors.ts';
import { allRows, refreshJob } from './support/fleet.ts';
import { populate } from './support/populate.ts';
import { createRig, drive, organizationId } from './support/rig.ts';

const hourMs = 3_600_000;

const codeOf = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : `foreign: ${String(error)}`),
  );

async function connected(rotation: 'strict' | 'stable', restored: 'hold' | 'resume') {
  const rig = createRig({ rotation }, { cacheMs: 0, restored });
  await rig.connect();
  const list = () => codeOf(drive(rig, rig.board.client('acme', { organizationId }).orders.list()));
  return { ...rig, list };
}

describe('D17 while refreshes are held', () => {
  test('a token that is good is used, and renewed by nobody', async () => {
    const rig = await connected('stable', 'hold');
    await rig.clock.advance(0.8 * hourMs);
    expect((await rig.row())!.refreshAt!.getTime()).toBeLessThan(rig.clock.now());
    expect(await rig.list()).toBe('resolved');
    await rig.clock.advance(1);
    expect(await refreshJob(rig).run()).toEqual({ processed: 0, more: false });
    expect(rig.tokenCalls()).toHaveLength(1);
  });

  test('one that has ended is renewed for whoever asks', async () => {
    const rig = await connected('stable', 'hold');
    await rig.clock.advance(hourMs);
    expect(await rig.list()).toBe('resolved');
    expect(rig.tokenCalls()).toHaveLength(2);
  });
});

describe('D17 when refreshes go on', () => {
  test('they go one by one, so that whoever watches can stop them', async () => {
    const rig = createRig({ rotation: 'stable' }, { restored: 'resume' });
    await populate(rig, { count: 3 });
    await rig.clock.advance(hourMs);
    rig.oauth.switches.token.next({ hold: 'before' });
    const run = refreshJob(rig).run();
    await rig.clock.advance(0);
    expect(rig.tokenCalls()).toHaveLength(1);
    rig.oauth.gate.release();
    expect(await drive(rig, run)).toEqual({ processed: 3, more: false });
    expect((await allRows(rig.store)).map(({ credentialsVersion }) => credentialsVersion)).toEqual([2, 2, 2]);
  });

  test('a token that rotates and is refused is not sent again: it was spent after the backup', async () => {
    const rig = await connected('strict', 'resume');
    await rig.clock.advance(hourMs);
    rig.oauth.switches.token.next({ error: 'invalid_grant' });
    expect(await rig.list()).toBe('reconnect_required');
    expect(await rig.row()).toMatchObject({ status: 'expired', statusReason: 'rotation_lost' });
    expect(rig.tokenCalls()).toHaveLength(2);
  });

  test('one that stays the same is asked about twice, as ever', async () => {
    const rig = await connected('stable', 'resume');
    await rig.clock.advance(hourMs);
    rig.oauth.switches.token.next({ error: 'invalid_grant' });
    expect(await rig.list()).toBe('refresh_refused');
    expect(await rig.row()).toMatchObject({ status: 'active' });
  });
});
