/** C02, C03, C05, C09: what becomes of a connection whose stored credentials do not open. */
import { describe, expect, test } from 'vitest';

import { encodeBase64, encodeUtf8 } from '../src/bytes.ts';
import { isPlugboardError } from '../src/errors.ts';
import { silentLog } from '../src/log.ts';
import { randomBytes } from '../src/random.ts';
import type { ConnectionRow, ConnectionStore, Store } from '../src/store.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { createRig, drive, key, organizationId, type AcmeOptions } from './support/rig.ts';

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

async function alteredRig(alter: Alter, options: AcmeOptions = {}) {
  const state: { alter: Alter } = { alter: (row) => row };
  const rig = createRig(options, { cacheMs: 0 }, (inner) => altering(inner, () => state.alter));
  await rig.connect();
  const heard: string[] = [];
  rig.board.on('connection.attention', ({ reason }) => void heard.push(reason));
  rig.board.on('connection.recovered', ({ connection }) => void heard.push(`recovered ${connection.status}`));
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
    expect(rig.heard).toEqual(['credentials_altered', 'recovered active']);
    const { items } = await rig.board.audit.list({ organizationId });
    const { id: connectionId } = (await rig.row())!;
    const trail = { organizationId, connectionId, provider: 'acme', type: 'connection.status', actor: 'system' };
    expect(items.slice(0, 2)).toMatchObject([
      { ...trail, data: { before: 'error', after: 'active', reason: null } },
      { ...trail, data: { before: 'active', after: 'error', reason: 'credentials_altered' } },
    ]);
  });

  test('C02 are flagged as well where the connection works in part', async () => {
    const rig = await alteredRig(flipped);
    const { id } = (await rig.row())!;
    await rig.store.connections.update(organizationId, id, {}, { status: 'degraded', statusReason: 'scopes_missing' });
    rig.tamper();
    expect(await rig.list()).toBe('vault_auth_failed');
    expect(await rig.row()).toMatchObject({ status: 'error', statusReason: 'credentials_altered' });
    expect(rig.heard).toEqual(['credentials_altered']);
  });

  test.each([
    ['credentials', 'error'],
    ['flag', 'active'],
  ] as const)('C02 nothing is told of a %s that somebody else has changed by then', async (what, status) => {
    const rig = await alteredRig(flipped);
    rig.tamper();
    if (what === 'flag') {
      await rig.list();
      rig.putBack();
    }
    const told = rig.heard.length;
    const { connections } = rig.store;
    const { update } = connections;
    let turned = 0;
    connections.update = async (organization, id, guard, change) => {
      if (change.status !== undefined && turned++ === 0) await update(organization, id, {}, { failCount: 0 });
      return update(organization, id, guard, change);
    };
    const before = (await rig.board.audit.list({ organizationId })).items.length;
    expect(await rig.list()).toBe(what === 'flag' ? 'resolved' : 'vault_auth_failed');
    expect(rig.heard).toHaveLength(told);
    expect((await rig.board.audit.list({ organizationId })).items).toHaveLength(before);
    // Whoever reads it next judges it anew.
    await rig.list();
    expect(await rig.row()).toMatchObject({ status });
  });

  test('C02 a status of another reason stays when a row opens', async () => {
    const rig = await alteredRig(flipped);
    const { id } = (await rig.row())!;
    const change = { status: 'error', statusReason: 'by_the_host' } as const;
    await rig.store.connections.update(organizationId, id, {}, change);
    expect(await rig.list()).toBe('resolved');
    expect(await rig.row()).toMatchObject(change);
    expect(rig.heard).toEqual([]);
  });

  test('C02 are not refreshed in the background either, and not looked at again and again', async () => {
    const rig = await alteredRig(flipped);
    rig.tamper();
    await rig.clock.advance(3_600_000);
    const before = rig.vendorCalls();
    await refreshJob(rig);
    expect(rig.vendorCalls()).toBe(before);
    expect(rig.heard).toEqual(['credentials_altered']);
    const refreshAt = new Date(rig.clock.now() + 6 * 3_600_000);
    expect(await rig.row()).toMatchObject({ status: 'error', failCount: 0, attemptHash: null, refreshAt });
    await rig.clock.advance(3_600_000);
    expect(await refreshJob(rig)).toMatchObject({ processed: 0 });

    rig.putBack();
    expect(await rig.list()).toBe('resolved');
    expect(rig.heard).toEqual(['credentials_altered', 'recovered active']);
    expect(await rig.row()).toMatchObject({ status: 'active', statusReason: null });
  });

  test('C02 are found by the background once they are put back', async () => {
    const rig = await alteredRig(flipped);
    rig.tamper();
    await rig.clock.advance(3_600_000);
    await refreshJob(rig);
    rig.putBack();
    await rig.clock.advance(6 * 3_600_000);
    expect(await refreshJob(rig)).toMatchObject({ processed: 1 });
    expect(await rig.row()).toMatchObject({ status: 'active', statusReason: null });
    expect(rig.heard).toEqual(['credentials_altered', 'recovered active']);
  });

  test('C02 are flagged by nobody who has lost the row meanwhile', async () => {
    const rig = await alteredRig(flipped, { rotation: 'stable' });
    rig.tamper();
    await rig.clock.advance(3_600_000);
    const { connections } = rig.store;
    const { update } = connections;
    connections.update = (...args) => (args[3].status === 'error' ? Promise.resolve(null) : update(...args));
    await refreshJob(rig);
    expect(rig.heard).toEqual([]);
    expect(await rig.row()).toMatchObject({ status: 'active' });
  });

  const narrow = { status: 'degraded', statusReason: 'scopes_missing' } as const;

  async function degradedRig(change: Partial<ConnectionRow> = narrow) {
    const rig = await alteredRig(flipped);
    const { id } = (await rig.row())!;
    await rig.store.connections.update(organizationId, id, {}, change);
    rig.tamper();
    return rig;
  }

  test('C02 that were active keep no word of an earlier trouble', async () => {
    const rig = await alteredRig(flipped);
    rig.tamper();
    await rig.list();
    expect(await rig.row()).toMatchObject({ status: 'error', lastError: null });
  });

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
    expect(rig.heard).toEqual(['credentials_altered', 'recovered active']);
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

test('C02 what a newer version has sealed is no damage: it waits for that version as it is', async () => {
  const rig = await alteredRig((row) => ({
    ...row,
    credentials: Uint8Array.from(row.credentials ?? []).fill(2, 0, 1),
  }));
  rig.tamper();
  expect(await rig.list()).toBe('vault_version');
  expect(await rig.row()).toMatchObject({ status: 'active', statusReason: null });
  expect(rig.heard).toEqual([]);
  rig.putBack();
  expect(await rig.list()).toBe('resolved');
});

test('C02 a database that takes no flag does not hide why the call failed', async () => {
  const state: { alter: Alter } = { alter: (row) => row };
  const lines: [object, string][] = [];
  const log = { ...silentLog, error: (fields: object, message: string) => void lines.push([fields, message]) };
  const rig = createRig({}, { cacheMs: 0, log }, (inner) => altering(inner, () => state.alter));
  await rig.connect();
  const { id } = (await rig.row())!;
  state.alter = flipped;
  Object.assign(rig.store.connections, { update: () => Promise.reject(new Error('away')) });
  expect(await codeOf(rig.board.client('acme', { organizationId }).orders.list())).toBe('vault_auth_failed');
  expect(lines).toEqual([
    [expect.objectContaining({ provider: 'acme', connectionId: id }), 'an altered row is not flagged'],
  ]);
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

  test('C09 of a hundred keys the host hears: whoever writes to the database could name any number', async () => {
    let named = '';
    const rig = await alteredRig((row) => {
      const credentials = Uint8Array.from(row.credentials ?? []);
      credentials.set(encodeUtf8(named), 2);
      return { ...row, credentials };
    });
    rig.tamper();
    // As long as the id of the key that seals.
    const ids = Array.from({ length: 101 }, (_, index) => (36 + index).toString(36));
    for (named of ids) expect(await rig.list()).toBe('key_unavailable');
    expect(rig.heard).toEqual(ids.slice(0, 100).map((id) => `${id} key_unavailable`));
    expect(await rig.row()).toMatchObject({ status: 'active' });
  });

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
      // Tried again soon, here or by a process that has the key.
      const refreshAt = new Date(rig.clock.now() + 60_000);
      expect(await rig.row()).toMatchObject({ refreshAt, attemptHash: null, leaseUntil: null });
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
