/** A refresh that somebody asks for. */
import { expect, test } from 'vitest';

import { isPlugboardError } from '../src/errors.ts';
import { createRig, drive, organizationId } from './support/rig.ts';

const second = 1000;
const apiKey = { organizationId, credentials: { apiKey: 'acme-key' }, method: 'apiKey' } as const;

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : String(error)),
  );
}

test('a refresh is asked for once in 30 seconds, over all processes', async () => {
  const rig = createRig();
  await rig.connect();
  const target = { organizationId };
  const before = await rig.row();
  const refreshed = await rig.board.connections.refresh('acme', target);
  expect((await rig.row())?.credentialsVersion).toBe((before?.credentialsVersion ?? 0) + 1);
  expect(refreshed).toMatchObject({ status: 'active', provider: 'acme' });
  const other = createRig({}, { store: rig.store, clock: rig.clock }).board;
  await expect(other.connections.refresh('acme', target)).rejects.toMatchObject({
    kind: 'rate_limited',
    code: 'refresh_too_soon',
    retryAfterMs: 30_000,
    provider: 'acme',
  });
  await rig.clock.advance(29 * second);
  expect(await codeOf(other.connections.refresh('acme', target))).toBe('refresh_too_soon');
  await rig.clock.advance(second);
  await rig.board.connections.refresh('acme', target);
  expect(rig.tokenCalls()).toHaveLength(3);
});

test('a client made before the refresh uses the new token at once', async () => {
  const rig = createRig();
  await rig.connect();
  const client = rig.board.client('acme', { organizationId });
  await client.orders.list();
  await rig.board.connections.refresh('acme', { organizationId });
  await client.orders.list();
  const [first, last] = rig.calls.filter(({ path }) => path === '/v1/orders').map((call) => call.authorization);
  expect(last).not.toBe(first);
});

test('a refresh says why it cannot be: nothing to refresh, ended, not there', async () => {
  const rig = createRig();
  await rig.board.connect('acme', { ...apiKey, label: 'key' });
  await rig.connect('oauth');
  const refresh = (label: string) => codeOf(rig.board.connections.refresh('acme', { organizationId, label }));
  const key = rig.board.connections.refresh('acme', { organizationId, label: 'key' });
  await expect(key).rejects.toMatchObject({ kind: 'invalid_request', code: 'not_refreshable', provider: 'acme' });
  expect(await refresh('nobody')).toBe('not_connected');
  const row = await rig.row('oauth');
  await rig.store.connections.update(organizationId, row?.id ?? '', {}, { status: 'expired', statusReason: 'revoked' });
  const ended = rig.board.connections.refresh('acme', { organizationId, label: 'oauth' });
  await expect(ended).rejects.toThrow('has ended: revoked.');
  await rig.store.connections.update(organizationId, row?.id ?? '', {}, { statusReason: null });
  expect(await refresh('oauth')).toBe('reconnect_required');
  await rig.store.connections.update(organizationId, row?.id ?? '', {}, { status: 'active', credentials: null });
  expect(await refresh('oauth')).toBe('reconnect_required');
  expect(rig.tokenCalls()).toHaveLength(1);
});

test('a refresh that fails ends nothing and is told', async () => {
  const rig = createRig();
  await rig.connect();
  rig.oauth.switches.token.next({ status: 503 });
  expect(await codeOf(drive(rig, rig.board.connections.refresh('acme', { organizationId })))).not.toBe('resolved');
  expect(await rig.row()).toMatchObject({ status: 'active', failCount: 1 });
});
