/** Compare-and-set, versions, soft disconnect and hard delete. */
import { expect } from 'vitest';

import { atOnce, connection, insert, minute, organization, stranger, unread, type StoreCase } from './subject.ts';

const lease = { credentialsVersion: 1, leaseMs: minute };
const missing = () => crypto.randomUUID();

export const writeCases: readonly StoreCase[] = [
  {
    name: 'changes what is given and nothing else',
    async run(subject) {
      const { store, clock } = subject;
      const row = await insert(subject);
      await clock.advance(minute);
      const change = {
        status: 'degraded',
        statusReason: 'vendor_outage',
        settings: { digest: false },
        failCount: 3,
      } as const;
      const written = await store.connections.update(organization, row.id, {}, change);
      const now = new Date(clock.now());
      expect(written).toEqual({ ...row, ...change, version: 2, updatedAt: now, readAt: now });
      expect(await store.connections.get(organization, row.id)).toEqual(written);
    },
  },
  {
    name: 'sets every column that callers may set',
    async run(subject) {
      const row = await insert(subject);
      const at = (days: number) => new Date(subject.clock.now() + days * 24 * 60 * minute);
      const {
        id: _id,
        provider: _provider,
        label: _label,
        ...change
      } = connection({
        method: 'api_key',
        status: 'error',
        statusReason: 'revoked',
        credentials: Uint8Array.of(9, 8, 7),
        tokenExpiresAt: at(1),
        refreshAt: at(2),
        refreshExpiresAt: at(3),
        account: { id: 'acct_2', name: 'Other' },
        scopes: ['admin'],
        metadata: { a: 1 },
        settings: { b: 2 },
        health: { status: 'healthy' },
        lastError: { code: 'example' },
        lastSyncAt: at(4),
        connectedAt: at(5),
        disconnectedAt: at(6),
        stub: true,
        attemptHash: 'hash',
        attemptAt: at(7),
        failCount: 8,
        writeId: 'write',
      });
      const full = { ...row, ...change, version: 2, credentialsVersion: 2 };
      expect(await subject.store.connections.update(organization, row.id, {}, change)).toEqual(full);
      const none = {
        statusReason: null,
        credentials: null,
        tokenExpiresAt: null,
        refreshAt: null,
        refreshExpiresAt: null,
        account: null,
        scopes: null,
        health: null,
        lastError: null,
        lastSyncAt: null,
        connectedAt: null,
        disconnectedAt: null,
        attemptHash: null,
        attemptAt: null,
        writeId: null,
      };
      const empty = { ...full, ...none, version: 3, credentialsVersion: 3 };
      expect(await subject.store.connections.update(organization, row.id, {}, none)).toEqual(empty);
    },
  },
  {
    name: 'writes only when every given guard equals the stored one',
    async run(subject) {
      const { connections } = subject.store;
      const { id } = await insert(subject);
      await connections.lease(organization, id, lease);
      const before = await connections.get(organization, id);
      const current = { version: 2, credentialsVersion: 1, leaseFence: 1 };
      const wrong = [
        { version: 1 },
        { version: 3 },
        { credentialsVersion: 0 },
        { credentialsVersion: 2 },
        { leaseFence: 0 },
        { leaseFence: 2 },
      ];
      for (const guard of [...wrong, ...wrong.map((guard) => ({ ...current, ...guard }))]) {
        expect(await connections.update(organization, id, guard, { status: 'error' })).toBeNull();
      }
      expect(await connections.get(organization, id)).toEqual(before);
      expect(await connections.update(organization, id, current, { status: 'degraded' })).toMatchObject({ version: 3 });
    },
  },
  {
    name: 'lets one of many writers of the same version through',
    async run(subject) {
      const row = await insert(subject);
      const written = await atOnce(20, (writer) =>
        subject.store.connections.update(organization, row.id, { version: 1 }, { metadata: { writer } }),
      );
      const winners = written.filter((result) => result !== null);
      expect(winners).toHaveLength(1);
      expect(unread(await subject.store.connections.get(organization, row.id))).toEqual(unread(winners[0] ?? null));
    },
  },
  {
    name: 'loses no version when many write without a guard',
    async run(subject) {
      const row = await insert(subject);
      const written = await atOnce(20, () =>
        subject.store.connections.update(organization, row.id, {}, { failCount: 1 }),
      );
      expect(written.map((result) => result?.version).toSorted((a = 0, b = 0) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, index) => index + 2),
      );
    },
  },
  {
    name: 'C05 counts credentials by themselves, and never back: through other writes, disconnect and reconnect',
    async run(subject) {
      const { connections } = subject.store;
      const row = await insert(subject);
      const versions: (number | undefined)[] = [];
      for (const change of [
        { settings: {} },
        { credentials: Uint8Array.of(4) },
        { status: 'disconnected', credentials: null },
        { metadata: {} },
        { status: 'active', credentials: Uint8Array.of(5) },
      ] as const) {
        versions.push((await connections.update(organization, row.id, {}, change))?.credentialsVersion);
      }
      expect(versions).toEqual([1, 2, 3, 3, 4]);
    },
  },
  {
    name: 'ends the lease with a write of credentials, and with no other write',
    async run(subject) {
      const { connections } = subject.store;
      const { id } = await insert(subject);
      const leased = await connections.lease(organization, id, lease);
      const other = await connections.update(organization, id, {}, { status: 'degraded' });
      expect(other?.leaseUntil).toEqual(leased?.leaseUntil);
      const written = await connections.update(organization, id, { leaseFence: 1 }, { credentials: Uint8Array.of(4) });
      expect(written).toMatchObject({ leaseUntil: null, leaseFence: 1 });
    },
  },
  {
    name: 'writes a batch like so many single writes, and says in the order given which took effect',
    async run(subject) {
      const { connections } = subject.store;
      const mine = await insert(subject);
      const theirs = await insert(subject, {}, stranger);
      const moved = await insert(subject);
      const write = (organizationId: string, id: string) => ({
        organizationId,
        id,
        guard: {},
        change: { failCount: 7 },
      });
      const written = await connections.updateMany([
        { ...write(organization, moved.id), guard: { version: 5 } },
        write(stranger, theirs.id),
        write(organization, missing()),
        { ...write(organization, mine.id), change: { credentials: Uint8Array.of(4), writeId: 'mine' } },
        write(organization, 'not an id'),
      ]);
      expect(written).toEqual([false, true, false, true, false]);
      expect(await connections.get(organization, moved.id)).toEqual(moved);
      expect(await connections.get(stranger, theirs.id)).toEqual({ ...theirs, failCount: 7, version: 2 });
      const credentials = Uint8Array.of(4);
      const changed = { credentials, writeId: 'mine', version: 2, credentialsVersion: 2 };
      expect(await connections.get(organization, mine.id)).toEqual({ ...mine, ...changed });
      expect(await connections.updateMany([])).toEqual([]);
    },
  },
  {
    name: 'keeps a disconnected row and its key, without a byte of its credentials',
    async run(subject) {
      const { store, probe, clock } = subject;
      const row = await insert(subject, { label: 'default' });
      if (probe?.connection)
        expect(await probe.connection(row.id)).toEqual({ credentials: row.credentials, status: 'active' });
      const disconnectedAt = new Date(clock.now());
      const change = { status: 'disconnected', credentials: null, refreshAt: null, disconnectedAt } as const;
      await store.connections.update(organization, row.id, {}, change);
      expect(await store.connections.find(organization, row)).toMatchObject({ id: row.id, ...change });
      expect(await store.connections.insert(organization, connection())).toBeNull();
      if (probe?.connection)
        expect(await probe.connection(row.id)).toEqual({ credentials: null, status: 'disconnected' });
    },
  },
  {
    name: 'deletes a row for good and frees its key',
    async run(subject) {
      const { store, probe } = subject;
      const row = await insert(subject, { label: 'default' });
      expect(await store.connections.remove(organization, row.id)).toBe(true);
      expect(await store.connections.remove(organization, row.id)).toBe(false);
      expect(await store.connections.get(organization, row.id)).toBeNull();
      expect(await store.connections.find(organization, row)).toBeNull();
      expect((await probe?.connection?.(row.id)) ?? null).toBeNull();
      expect(await store.connections.insert(organization, connection())).toMatchObject({ version: 1 });
    },
  },
  {
    name: 'D15 never brings a row back: a refresh that ends after a disconnect or a delete writes nothing',
    async run(subject) {
      const { connections } = subject.store;
      const gone = await insert(subject);
      const ended = await insert(subject);
      const refreshed = { credentials: Uint8Array.of(4), status: 'active' } as const;
      const seen = { credentialsVersion: 1, leaseFence: 1 };
      for (const { id } of [gone, ended]) await connections.lease(organization, id, lease);
      await connections.remove(organization, gone.id);
      await connections.update(organization, ended.id, {}, { status: 'disconnected', credentials: null });
      for (const { id } of [gone, ended]) {
        expect(await connections.update(organization, id, seen, refreshed)).toBeNull();
        expect(await connections.release(organization, id, 1, null)).toBe(false);
      }
      expect(await connections.get(organization, gone.id)).toBeNull();
      const row = await connections.get(organization, ended.id);
      expect(row).toMatchObject({ status: 'disconnected', credentials: null });
    },
  },
];
