import { describe, expect, it, vi } from 'vitest';

import { encodeUtf8 } from '../src/bytes.ts';
import { systemClock } from '../src/clock.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import type { ConnectionRow } from '../src/store.ts';
import { createKey } from '../src/vault/key-bytes.ts';
import { resealAll, type ResealReport } from '../src/connections/reseal.ts';
import { vaultStatus } from '../src/vault/status.ts';
import type { Vault } from '../src/vault/vault.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { createRig, organizationId } from './support/rig.ts';
import { addConnection, contextOfRow, reread, secretOf } from './support/sealed-rows.ts';
import { outcomeOf, testVault } from './support/vault.ts';

const [k1, k2] = [createKey(), createKey()];

describe('resealAll', () => {
  const old = testVault({ k1 });
  const vault = testVault({ k2, k1 });

  it('C14 seals every row under the primary key and keeps the plaintext', async () => {
    const store = createMemoryStore();
    const rows: ConnectionRow[] = [];
    for (let index = 0; index < 25; index++) rows.push(await addConnection(store, old, `secret ${index}`));
    const current = await addConnection(store, vault, 'current');
    const empty = await addConnection(store, vault, null);
    const writeId = await store.connections.update(
      rows[0]!.organizationId,
      rows[0]!.id,
      {},
      { writeId: 'w1', failCount: 2 },
    );

    const report = await resealAll({ store, vault, batch: 4 });
    expect(report).toMatchObject({ complete: true, rows: 26, resealed: 25, current: 1, busy: 0, unreadable: 0 });
    expect(report.byKey).toEqual(
      new Map([
        ['k1', 25],
        ['k2', 1],
      ]),
    );
    for (const [index, row] of rows.entries()) {
      expect(await secretOf(store, testVault({ k2 }), row)).toBe(`secret ${index}`);
      expect((await reread(store, row)).credentialsVersion).toBe(row.credentialsVersion + 1);
    }
    // Nothing but the credentials has changed.
    const { credentials: _, version: __, credentialsVersion: ___, updatedAt: ____, readAt: _____, ...rest } = writeId!;
    expect(await reread(store, rows[0]!)).toMatchObject(rest);
    expect((await reread(store, current)).version).toBe(current.version);
    expect((await reread(store, empty)).version).toBe(empty.version);

    const write = vi.spyOn(store.connections, 'updateMany');
    const again = await resealAll({ store, vault });
    // Nothing to write is not written: a store may have no statement for it.
    expect(write).not.toHaveBeenCalled();
    expect(again).toMatchObject({ rows: 26, resealed: 0, current: 26, busy: 0 });
  });

  it('C14 never replaces what a refresh has written in between', async () => {
    const store = createMemoryStore();
    const row = await addConnection(store, old, 'refresh token 1');
    const { update, updateMany } = store.connections;
    vi.spyOn(store.connections, 'updateMany').mockImplementationOnce(async (...args) => {
      const fresh = await old.seal(contextOfRow(row), encodeUtf8('refresh token 2'));
      await update(row.organizationId, row.id, { credentialsVersion: row.credentialsVersion }, { credentials: fresh });
      return updateMany(...args);
    });
    expect(await resealAll({ store, vault })).toMatchObject({ resealed: 0, busy: 1 });
    expect(await secretOf(store, vault, row)).toBe('refresh token 2');
    expect(await resealAll({ store, vault })).toMatchObject({ resealed: 1, busy: 0 });
    expect(await secretOf(store, vault, row)).toBe('refresh token 2');
  });

  it('C14 never takes the row from a refresh that is under way', async () => {
    const store = createMemoryStore();
    const leased = await addConnection(store, old, 'refresh token 1');
    const leaseMs = 75_000;
    const lease = await store.connections.lease(leased.organizationId, leased.id, { credentialsVersion: 1, leaseMs });
    expect(await resealAll({ store, vault })).toMatchObject({ resealed: 0, busy: 1 });

    // The same when the lease begins between the read and the write of the reseal.
    const raced = await addConnection(store, old, 'refresh token 1');
    const { updateMany } = store.connections;
    let fence = 0;
    vi.spyOn(store.connections, 'updateMany').mockImplementationOnce(async (...args) => {
      const taken = await store.connections.lease(raced.organizationId, raced.id, { credentialsVersion: 1, leaseMs });
      fence = taken!.leaseFence;
      return updateMany(...args);
    });
    expect(await resealAll({ store, vault })).toMatchObject({ resealed: 0, busy: 2 });

    for (const [row, leaseFence] of [
      [leased, lease!.leaseFence],
      [raced, fence],
    ] as const) {
      const credentials = await old.seal(contextOfRow(row), encodeUtf8('refresh token 2'));
      const guard = { credentialsVersion: 1, leaseFence };
      expect(await store.connections.update(row.organizationId, row.id, guard, { credentials })).not.toBeNull();
      expect(await secretOf(store, vault, row)).toBe('refresh token 2');
    }
  });

  it('C14 takes a row whose lease was abandoned', async () => {
    let now = 1_800_000_000_000;
    const store = createMemoryStore({ clock: { ...systemClock, now: () => now } });
    const row = await addConnection(store, old, 'secret');
    await store.connections.lease(row.organizationId, row.id, { credentialsVersion: 1, leaseMs: 1000 });
    expect(await resealAll({ store, vault })).toMatchObject({ resealed: 0, busy: 1 });
    now += 1000;
    expect(await resealAll({ store, vault })).toMatchObject({ resealed: 1, busy: 0 });
  });

  it('C13 goes on while others read and refresh: no read fails, no refresh is lost', async () => {
    const store = createMemoryStore();
    const rows: ConnectionRow[] = [];
    for (let index = 0; index < 200; index++) rows.push(await addConnection(store, old, 'token 0'));
    const newest = new Map<string, string>();
    let working = true;

    // Half of the processes still seal with the old key.
    const processes = [testVault({ k1, k2 }), vault].map(async (own, index) => {
      for (let turn = 1; working; turn++) {
        const row = await reread(store, rows[(turn * 7 + index * 3) % rows.length]!);
        const held = await store.connections.lease(row.organizationId, row.id, {
          credentialsVersion: row.credentialsVersion,
          leaseMs: 75_000,
        });
        if (held === null) continue;
        expect(await secretOf(store, own, row)).toBe(newest.get(row.id) ?? 'token 0');
        const token = `token ${index}/${turn}`;
        const credentials = await own.seal(contextOfRow(row), encodeUtf8(token));
        const guard = { credentialsVersion: held.credentialsVersion, leaseFence: held.leaseFence };
        expect(await store.connections.update(row.organizationId, row.id, guard, { credentials })).not.toBeNull();
        newest.set(row.id, token);
      }
    });
    for (let pass = 0; pass < 3; pass++) await resealAll({ store, vault, batch: 10 });
    working = false;
    await Promise.all(processes);
    await resealAll({ store, vault });

    expect(newest.size).toBeGreaterThan(50);
    for (const row of rows) expect(await secretOf(store, testVault({ k2 }), row)).toBe(newest.get(row.id) ?? 'token 0');
    expect((await vaultStatus({ store, vault })).byKey.get('k1')).toBe(0);
  });

  it('C09 leaves what does not open as it is, and lists it', async () => {
    const store = createMemoryStore();
    const good = await addConnection(store, old, 'good');
    const moved = await addConnection(store, old, 'moved');
    const stranger = await addConnection(store, testVault({ lost: createKey() }), 'stranger');
    const plain = await addConnection(store, old, 'plain');
    await store.connections.update(moved.organizationId, moved.id, {}, { credentials: good.credentials });
    await store.connections.update(
      plain.organizationId,
      plain.id,
      {},
      { credentials: encodeUtf8('{"accessToken":"bare"}') },
    );
    const before = await Promise.all([moved, stranger, plain].map((row) => reread(store, row)));

    const report = await resealAll({ store, vault });
    expect(report).toMatchObject({ complete: true, rows: 4, resealed: 1, unreadable: 3 });
    expect(report.unreadableIds.toSorted()).toEqual([moved.id, stranger.id, plain.id].toSorted());
    expect(report.byKey).toEqual(
      new Map([
        ['k1', 2],
        ['lost', 1],
      ]),
    );
    for (const row of before)
      expect(await reread(store, row)).toMatchObject({ version: row.version, credentials: row.credentials });
  });

  it('C09 goes past what a newer version has sealed, and lists a hundred at most', async () => {
    const store = createMemoryStore();
    const rows: ConnectionRow[] = [];
    for (let index = 0; index < 101; index++) rows.push(await addConnection(store, old, `secret ${index}`));
    for (const { organizationId, id, credentials } of rows) {
      const newer = Uint8Array.from(credentials!).fill(2, 0, 1);
      await store.connections.update(organizationId, id, {}, { credentials: newer });
    }
    await addConnection(store, old, 'good');
    const report = await resealAll({ store, vault });
    expect(report).toMatchObject({ complete: true, rows: 102, resealed: 1, unreadable: 101 });
    expect(report.unreadableIds).toHaveLength(100);
  });

  it('C13 leaves connections that go on: what a board has sealed opens with the new key as with the old', async () => {
    const before = createRig({}, { keys: { k1 } });
    await before.connect();
    const { store } = before;
    expect(await resealAll({ store, vault })).toMatchObject({ resealed: 1 });
    const after = createRig({}, { store, keys: { k2 }, clock: before.clock, wire: handlerWire(before.handle) });
    expect(await after.board.client('acme', { organizationId }).orders.list()).toBeDefined();
  });

  it('C14 asks the store to pass over rows that somebody holds', async () => {
    const store = createMemoryStore();
    await addConnection(store, old, 'secret');
    const write = vi.spyOn(store.connections, 'updateMany');
    await resealAll({ store, vault });
    expect(write.mock.calls.map(([, options]) => options)).toEqual([{ skipHeld: true }]);
  });

  it('stops at an outage of a key source instead of calling every row unreadable', async () => {
    const store = createMemoryStore();
    for (let index = 0; index < 10; index++) await addConnection(store, old, 'secret');
    const down = testVault({ k2, k1: async () => Promise.reject(new Error('503')) });
    await expect(resealAll({ store, vault: down })).rejects.toMatchObject({ code: 'key_unavailable', retryable: true });
    const { updateMany } = store.connections;
    const failing = vi.spyOn(store.connections, 'updateMany').mockRejectedValue(new Error('connection lost'));
    await expect(resealAll({ store, vault, batch: 4 })).rejects.toThrow('connection lost');
    expect(failing).toHaveBeenCalledOnce();
    failing.mockReset();
    failing.mockImplementationOnce(updateMany).mockRejectedValueOnce(new Error('connection lost'));
    await expect(resealAll({ store, vault, batch: 4 })).rejects.toThrow('connection lost');
    failing.mockRestore();
    // What was written until then is good.
    expect((await vaultStatus({ store, vault })).byKey.get('k2')).toBe(4);
    expect(await resealAll({ store, vault })).toMatchObject({ complete: true, rows: 10, busy: 0, unreadable: 0 });
    expect((await vaultStatus({ store, vault })).byKey.get('k1')).toBe(0);
  });

  it('B12 overwrites the plaintexts it has seen', async () => {
    const store = createMemoryStore();
    await addConnection(store, old, 'secret');
    const opened: Uint8Array[] = [];
    const open: Vault['open'] = async (context, sealed) => {
      const plaintext = await vault.open(context, sealed);
      opened.push(plaintext);
      return plaintext;
    };
    await resealAll({ store, vault: { ...vault, open } });
    expect(opened).toEqual([new Uint8Array(6)]);
  });

  it('reports each batch, stops on demand, and continues behind the last one', async () => {
    const store = createMemoryStore();
    for (let index = 0; index < 10; index++) await addConnection(store, old, 'secret');
    const reports: ResealReport[] = [];
    const stop = new AbortController();
    const first = await resealAll({
      store,
      vault,
      batch: 3,
      signal: stop.signal,
      async onProgress(report) {
        reports.push(report);
        if (reports.length === 2) stop.abort();
      },
    });
    expect(reports.map(({ rows, complete }) => [rows, complete])).toEqual([
      [3, false],
      [6, false],
    ]);
    expect(first).toMatchObject({ complete: false, rows: 6, resealed: 6, lastId: reports[1]!.lastId });
    const rest = await resealAll({ store, vault, batch: 3, afterId: first.lastId });
    expect(rest).toMatchObject({ complete: true, rows: 4, resealed: 4 });
    expect((await vaultStatus({ store, vault })).byKey).toEqual(
      new Map([
        ['k2', 10],
        ['k1', 0],
      ]),
    );
  });

  it('refuses numbers that make no sense', async () => {
    const store = createMemoryStore();
    await addConnection(store, old, 'secret');
    for (const batch of [0, 1.5, Number.NaN]) {
      expect(await outcomeOf(resealAll({ store, vault, batch }))).toBe('invalid_input');
    }
  });
});
