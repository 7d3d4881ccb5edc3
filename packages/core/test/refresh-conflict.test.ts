/** Two refreshes of one connection that both succeed: one is stored, the tokens of the other are not lost. */
import { expect, test } from 'vitest';

import { isPlugboardError } from '../src/errors.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { createRig, drive, key, organizationId } from './support/rig.ts';

const hourMs = 3_600_000;
const refusal = { error: 'invalid_grant' };

const codeOf = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : `foreign: ${String(error)}`),
  );

/** A rig between whose answer and its write another process takes the turn, and is quicker. */
async function conflicted() {
  const kept: string[] = [];
  let raced = false;
  const thief = { steals: false };
  const rig: ReturnType<typeof createRig> = createRig({ rotation: 'stable' }, { cacheMs: 0 }, (inner) => {
    const { connections, once } = inner;
    const update: typeof connections.update = async (organization, id, guard, change) => {
      if ('credentials' in change && guard.leaseFence !== undefined && !raced) {
        raced = true;
        await connections.release(organization, id, guard.leaseFence, null);
        const other = { store: inner, keys: { k1: key }, clock: rig.clock, wire: handlerWire(rig.handle) };
        const { board } = createRig({ rotation: 'stable' }, { cacheMs: 0, ...other });
        await board.client('acme', { organizationId }).orders.list();
      }
      if (thief.steals && 'credentials' in change && guard.leaseFence !== undefined) {
        await connections.release(organization, id, guard.leaseFence, null);
        const { credentialsVersion = 0 } = guard;
        await connections.lease(organization, id, { credentialsVersion, leaseMs: 75_000 });
      }
      return connections.update(organization, id, guard, change);
    };
    const set: typeof once.set = (name, value, ttlMs) => {
      if (name.startsWith('shadow:')) kept.push(name, value);
      return once.set(name, value, ttlMs);
    };
    return { ...inner, connections: { ...connections, update }, once: { ...once, set } };
  });
  await rig.connect();
  await rig.clock.advance(hourMs);
  const conflicts: string[] = [];
  rig.board.on('connection.refresh_conflict', ({ connection }) => void conflicts.push(connection.id));
  const list = () => codeOf(drive(rig, rig.board.client('acme', { organizationId }).orders.list()));
  expect(await list()).toBe('resolved');
  const row = async () => (await rig.row())!;
  return { ...rig, conflicts, kept, list, row, thief };
}

test('the newer stored one stands, its caller is served, and the host is told', async () => {
  const { conflicts, kept, row, tokenCalls, calls, board } = await conflicted();
  const { id, credentialsVersion, status } = await row();
  expect([credentialsVersion, status, tokenCalls().length]).toEqual([2, 'active', 3]);
  expect(conflicts).toEqual([id]);
  // Both processes go on with the token that was stored.
  expect(calls.at(-1)?.authorization).toBe(calls.at(-2)?.authorization);
  await board.client('acme', { organizationId }).orders.list();
  expect(calls.at(-1)?.authorization).toBe(calls.at(-2)?.authorization);
  expect(kept[0]).toBe(`shadow:${id}`);
  expect(kept[1]).toMatch(/^[\w-]{50,}$/);
});

test('the tokens that lost save the connection from a refusal, once', async () => {
  const { clock, list, oauth, row, calls, store, tokenCalls } = await conflicted();
  const stored = calls.at(-1)?.authorization;
  const { id, readAt } = await row();
  await store.connections.update(organizationId, id, {}, { tokenExpiresAt: readAt });
  oauth.switches.token.next(refusal);
  expect(await list()).toBe('resolved');
  expect(calls.at(-1)?.authorization).not.toBe(stored);
  expect(await row()).toMatchObject({ status: 'active', failCount: 0, credentialsVersion: 3, leaseUntil: null });
  // Two have spent the token before it, so it is marked; and it is renewed at once.
  expect((await row()).attemptHash).toMatch(/^k1\.[0-9a-f]{32}$/);
  expect(await list()).toBe('resolved');
  expect([(await row()).credentialsVersion, tokenCalls().length]).toEqual([4, 5]);

  await clock.advance(hourMs);
  oauth.switches.token.next(refusal);
  expect(await list()).toBe('refresh_refused');
  expect(await row()).toMatchObject({ status: 'active', failCount: 1, lastError: { code: 'refresh_refused' } });
});

test('and not a day later', async () => {
  const { clock, list, oauth } = await conflicted();
  await clock.advance(25 * hourMs);
  oauth.switches.token.next(refusal);
  expect(await list()).toBe('refresh_refused');
});

test('and not where the turn was lost meanwhile: the refusal stands', async () => {
  const { clock, list, oauth, row, thief } = await conflicted();
  await clock.advance(hourMs);
  oauth.switches.token.next(refusal);
  thief.steals = true;
  expect(await list()).toBe('refresh_refused');
  expect(await row()).toMatchObject({ status: 'active', credentialsVersion: 2 });
});
