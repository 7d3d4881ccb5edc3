/** C02, C03, C05, C09: what becomes of a connection whose stored credentials do not open. */
import { describe, expect, test } from 'vitest';

import { encodeBase64 } from '../src/bytes.ts';
import { isPlugboardError } from '../src/errors.ts';
import { randomBytes } from '../src/random.ts';
import type { ConnectionRow, ConnectionStore, Store } from '../src/store.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { createRig, drive, key, organizationId } from './support/rig.ts';

type Alter = (row: ConnectionRow) => ConnectionRow;

/** A store whose rows somebody else changes, without the version that every write of the store gives. */
function altering(inner: Store, alter: () => Alter): Store {
  const { find, get, claimDue, lease, lock } = inner.connections;
  const changed = (row: ConnectionRow | null) => (row === null ? null : alter()(row));
  const connections: ConnectionStore = {
    ...inner.connections,
    find: async (...args) => changed(await find(...args)),
    get: async (...args) => changed(await get(...args)),
    lease: async (...args) => changed(await lease(...args)),
    claimDue: async (...args) => (await claimDue(...args)).map((row) => alter()(row)),
    lock: async (organization, id, run) => lock!(organization, id, async (row, update) => run(alter()(row), update)),
  };
  return { ...inner, connections };
}

async function alteredRig(alter: Alter) {
  const state: { alter: Alter } = { alter: (row) => row };
  const rig = createRig({}, { cacheMs: 0 }, (inner) => altering(inner, () => state.alter));
  await rig.connect();
  const heard: string[] = [];
  rig.board.on('connection.attention', ({ reason }) => void heard.push(reason));
  rig.board.on('connection.recovered', () => void heard.push('recovered'));
  rig.board.on('vault.attention', ({ keyId, reason }) => void heard.push(`${keyId} ${reason}`));
  const list = () => codeOf(rig.board.client('acme', { organizationId }).orders.list());
  const putBack = () => (state.alter = (row) => row);
  const tamper = () => (state.alter = alter);
  const vendorCalls = () => rig.calls.length + rig.tokenCalls().length;
  return { ...rig, heard, list, tamper, putBack, vendorCalls };
}

const codeOf = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : `foreign: ${String(error)}`),
  );

const flipped: Alter = (row) => {
  const credentials = Uint8Array.from(row.credentials ?? []);
  credentials[credentials.length - 1]! ^= 1;
  return { ...row, credentials };
};

const refreshJob = (rig: Awaited<ReturnType<typeof alteredRig>>) =>
  rig.board.jobs.find(({ name }) => name === 'refresh')!.run();

describe('credentials that are not those that were sealed for the row', () => {
  test('C02 are sent nowhere, and the connection is flagged once until they are put back', async () => {
    const rig = await alteredRig(flipped);
    rig.tamper();
    const before = rig.vendorCalls();
    for (let call = 0; call < 3; call++) expect(await rig.list()).toBe('vault_auth_failed');
    expect(rig.vendorCalls()).toBe(before);
    expect(await rig.row()).toMatchObject({ status: 'error', statusReason: 'credentials_altered' });
    expect(rig.heard).toEqual(['credentials_altered']);

    rig.putBack();
    expect(await rig.list()).toBe('resolved');
    expect(await rig.row()).toMatchObject({ status: 'active', statusReason: null });
    expect(rig.heard).toEqual(['credentials_altered', 'recovered']);
    const { items } = await rig.board.audit.list({ organizationId });
    expect(items.map(({ type, data }) => [type, data['after']]).slice(0, 2)).toEqual([
      ['connection.status', 'active'],
      ['connection.status', 'error'],
    ]);
  });

  test('C02 are not refreshed in the background either, and not looked at again and again', async () => {
    const rig = await alteredRig(flipped);
    rig.tamper();
    await rig.clock.advance(3_600_000);
    const before = rig.vendorCalls();
    await refreshJob(rig);
    expect(rig.vendorCalls()).toBe(before);
    expect(rig.heard).toEqual(['credentials_altered']);
    expect(await rig.row()).toMatchObject({ status: 'error', failCount: 0 });
    await rig.clock.advance(3_600_000);
    expect(await refreshJob(rig)).toMatchObject({ processed: 0 });

    rig.putBack();
    expect(await rig.list()).toBe('resolved');
    expect(rig.heard).toEqual(['credentials_altered', 'recovered']);
    expect(await rig.row()).toMatchObject({ status: 'active', statusReason: null });
  });

  const narrow = { status: 'degraded', statusReason: 'scopes_missing' } as const;

  async function degradedRig(change: Partial<ConnectionRow> = narrow) {
    const rig = await alteredRig(flipped);
    const { id } = (await rig.row())!;
    await rig.store.connections.update(organizationId, id, {}, change);
    rig.tamper();
    return rig;
  }

  test('C02 that were degraded are degraded again once they are put back, for the same reason', async () => {
    const rig = await degradedRig();
    await rig.list();
    await rig.list();
    expect(await rig.row()).toMatchObject({ status: 'error', statusReason: 'credentials_altered' });
    rig.putBack();
    expect(await rig.list()).toBe('resolved');
    const row = await rig.row();
    expect(row).toMatchObject({ ...narrow, lastError: { code: 'vault_auth_failed' } });
    expect(row?.lastError).not.toHaveProperty('degraded');
    expect(rig.heard).toEqual(['credentials_altered', 'scopes_missing']);
  });

  test('C02 that were degraded are so again after a refresh as well, however often it failed meanwhile', async () => {
    const rig = await degradedRig();
    await rig.clock.advance(3_600_000);
    await refreshJob(rig);
    expect(rig.heard).toEqual(['credentials_altered']);
    rig.putBack();
    for (const failure of [{ status: 503 }, { error: 'invalid_grant' }] as const) {
      rig.oauth.switches.token.always(failure);
      await rig.clock.advance(24 * 3_600_000);
      await drive(rig, refreshJob(rig));
      expect(await rig.row()).toMatchObject({ status: 'error', statusReason: 'credentials_altered' });
    }
    expect((await rig.row())?.lastError).toMatchObject({ code: 'refresh_refused' });
    rig.oauth.switches.token.clear();
    await rig.clock.advance(24 * 3_600_000);
    await refreshJob(rig);
    expect(await rig.row()).toMatchObject({ ...narrow, failCount: 0, lastError: null });
    expect(rig.heard).toEqual(['credentials_altered', 'scopes_missing']);
  });

  test('C02 that were degraded by failing refreshes are active after one that succeeds', async () => {
    const rig = await degradedRig({ status: 'degraded', statusReason: 'refresh_failing', failCount: 3 });
    await rig.list();
    rig.putBack();
    await rig.clock.advance(3_600_000);
    expect(await rig.list()).toBe('resolved');
    expect(await rig.row()).toMatchObject({ status: 'active', statusReason: null, lastError: null });
    expect(rig.heard).toEqual(['credentials_altered', 'recovered']);
  });

  test('C05 a ciphertext that was rolled back alone is flagged like one that was altered', async () => {
    const old: { row?: ConnectionRow } = {};
    const rig = await alteredRig((row) => ({ ...row, credentials: old.row?.credentials ?? null }));
    old.row = (await rig.row())!;
    await rig.clock.advance(3_600_000);
    await rig.list();
    rig.tamper();
    expect(await rig.list()).toBe('credentials_rolled_back');
    expect(rig.heard).toEqual(['credentials_altered']);
  });
});

test('C02 a database that takes no flag does not hide why the call failed', async () => {
  const state: { alter: Alter } = { alter: (row) => row };
  const rig = createRig({}, { cacheMs: 0 }, (inner) => altering(inner, () => state.alter));
  await rig.connect();
  state.alter = flipped;
  Object.assign(rig.store.connections, { update: () => Promise.reject(new Error('away')) });
  expect(await codeOf(rig.board.client('acme', { organizationId }).orders.list())).toBe('vault_auth_failed');
});

test('C02 a connection that waits for the choice of an account waits for it still', async () => {
  const state: { alter: Alter } = { alter: (row) => row };
  const accounts = [
    { id: 'a1', name: 'One' },
    { id: 'a2', name: 'Two' },
  ];
  const rig = createRig({ accounts }, { cacheMs: 0 }, (inner) => altering(inner, () => state.alter));
  await rig.connect();
  expect(await rig.row()).toMatchObject({ status: 'pending' });
  state.alter = flipped;
  await rig.clock.advance(3_600_000);
  await rig.board.jobs.find(({ name }) => name === 'refresh')!.run();
  expect(await rig.row()).toMatchObject({ status: 'pending', statusReason: 'account_choice' });
});

describe('C09 credentials under a key that is not in the ring', () => {
  async function withoutKey() {
    const rig = await alteredRig((row) => row);
    const other = encodeBase64(randomBytes(32));
    const options = {
      store: rig.store,
      keys: { k2: other },
      cacheMs: 0,
      wire: handlerWire(rig.handle),
      clock: rig.clock,
    };
    const { board } = createRig({}, options);
    const heard: string[] = [];
    board.on('connection.attention', ({ reason }) => void heard.push(reason));
    board.on('vault.attention', ({ keyId, reason }) => void heard.push(`${keyId} ${reason}`));
    return { ...rig, board, heard, before: rig.vendorCalls() };
  }

  test('are an operator’s problem: one alarm, and the connection stays active', async () => {
    const rig = await withoutKey();
    const list = () => codeOf(rig.board.client('acme', { organizationId }).orders.list());
    for (let call = 0; call < 5; call++) expect(await list()).toBe('key_unavailable');
    expect(rig.heard).toEqual(['k1 key_unavailable']);
    expect(await rig.row()).toMatchObject({ status: 'active', statusReason: null });
  });

  test('stay active however often the background comes by', async () => {
    const rig = await withoutKey();
    for (let hour = 0; hour < 5; hour++) {
      await rig.clock.advance(3_600_000);
      await rig.board.jobs.find(({ name }) => name === 'refresh')!.run();
    }
    expect(rig.heard).toEqual(['k1 key_unavailable']);
    expect(rig.vendorCalls()).toBe(rig.before);
    expect(await rig.row()).toMatchObject({ status: 'active', failCount: 0 });
    // A process that has the key goes on as if nothing had been.
    const { board } = createRig(
      {},
      { store: rig.store, keys: { k1: key }, wire: handlerWire(rig.handle), clock: rig.clock },
    );
    expect(await codeOf(board.client('acme', { organizationId }).orders.list())).toBe('resolved');
  });
});
