/** How far streams were read: one reader at a time, and checkpoints under its fence. */
import { expect } from 'vitest';

import type { StreamData } from '@plugboard/core/store-kit';

import { atOnce, minute, organization, second, stranger, type StoreCase } from './subject.ts';
import { untouched, streamOf, leased, scheduled, request } from './sync-subject.ts';

export const syncCases: readonly StoreCase[] = [
  {
    name: 'makes a stream with its first lease, with nothing read',
    async run(subject) {
      const { store, clock } = subject;
      const { organizationId, ...key } = await streamOf(subject);
      expect(await store.sync.get(organizationId, key)).toBeNull();
      const now = new Date(clock.now());
      const made = await store.sync.lease(organizationId, key, minute);
      expect(made).toEqual({
        ...key,
        ...untouched,
        organizationId,
        provider: 'acme',
        leaseFence: 1,
        leaseUntil: new Date(clock.now() + minute),
        createdAt: now,
        updatedAt: now,
        readAt: now,
      });
      await clock.advance(second);
      expect(await store.sync.get(organizationId, key)).toEqual({ ...made, readAt: new Date(clock.now()) });
      const unknown = { connectionId: crypto.randomUUID(), stream: 'orders' };
      expect(await store.sync.lease(organizationId, unknown, minute)).toBeNull();
      expect(await store.sync.get(organizationId, unknown)).toBeNull();
    },
  },
  {
    name: 'gives a stream to one of many who ask at once, also when it was abandoned',
    async run(subject) {
      const { organizationId, ...key } = await streamOf(subject);
      for (const fence of [1, 2]) {
        const rows = await atOnce(20, () => subject.store.sync.lease(organizationId, key, minute));
        expect(rows.filter((row) => row !== null)).toMatchObject([{ leaseFence: fence }]);
        await subject.clock.advance(minute);
      }
    },
  },
  {
    name: 'refuses a second lease of a stream until the first runs out',
    async run(subject) {
      const { store, clock } = subject;
      const { organizationId, ...key } = await streamOf(subject);
      await leased(subject, { organizationId, ...key });
      await clock.advance(minute - 1);
      expect(await store.sync.lease(organizationId, key, minute)).toBeNull();
      expect(await store.sync.lease(organizationId, { ...key, stream: 'customers' }, minute)).not.toBeNull();
      await clock.advance(1);
      expect(await store.sync.lease(organizationId, key, minute)).toMatchObject({ leaseFence: 2 });
    },
  },
  {
    name: 'keeps what is saved of a stream, nothing else changes, and the lease goes on',
    async run(subject) {
      const { store, clock } = subject;
      const key = await streamOf(subject);
      const before = await leased(subject, key);
      await clock.advance(minute - 1);
      const whole: Omit<StreamData, 'dueAt'> = {
        accountId: 'acct_é',
        cursor: Uint8Array.from({ length: 300 }, (_, index) => index),
        mark: new Date(1001),
        startedAt: new Date(1_763_650_000_123),
        finishedAt: new Date(253_402_300_799_999),
        records: Number.MAX_SAFE_INTEGER,
        pages: 2 ** 31,
        lastError: { code: 'x', nested: { list: [1, null] } },
        failCount: 3,
      };
      const hold = { leaseFence: 1, leaseMs: minute };
      const times = { leaseUntil: new Date(clock.now() + minute), updatedAt: new Date(clock.now()) };
      const expected = { ...before, ...whole, ...times, readAt: new Date(clock.now()) };
      expect(await store.sync.save(organization, key, hold, whole)).toEqual(expected);
      expect(await store.sync.get(organization, key)).toEqual(expected);
      expect(await store.sync.save(organization, key, hold, {})).toEqual(expected);
      const cleared = { accountId: null, cursor: null, mark: null, lastError: null };
      expect(await store.sync.save(organization, key, hold, cleared)).toEqual({ ...expected, ...cleared });
    },
  },
  {
    name: 'D05 refuses the save of a reader whose stream has another one, and of one who has ended its lease',
    async run(subject) {
      const { store, clock } = subject;
      const key = await streamOf(subject);
      await leased(subject, key);
      const save = (leaseFence: number, leaseMs: number | null = minute) =>
        store.sync.save(organization, key, { leaseFence, leaseMs }, { pages: leaseFence });
      await clock.advance(2 * minute);
      expect(await save(1), 'a lease that ran out unnoticed').toMatchObject({ pages: 1 });
      await clock.advance(minute);
      await leased(subject, key);
      expect(await save(1)).toBeNull();
      expect(await save(3)).toBeNull();
      expect(await store.sync.get(organization, key)).toMatchObject({ pages: 1, leaseFence: 2 });
      expect(await save(2, null)).toMatchObject({ pages: 2, leaseUntil: null });
      expect(await save(2)).toBeNull();
      expect(await save(2, null)).toBeNull();
      expect(await store.sync.get(organization, key)).toMatchObject({ pages: 2, leaseUntil: null });
    },
  },
  {
    name: 'lists the streams of one connection by name',
    async run(subject) {
      const { store } = subject;
      const key = await streamOf(subject);
      for (const stream of ['orders', 'ads', 'orders-2', 'Zebra']) await leased(subject, { ...key, stream });
      await leased(subject, await streamOf(subject));
      const rows = await store.sync.list(organization, key.connectionId);
      expect(rows.map((row) => row.stream)).toEqual(['Zebra', 'ads', 'orders', 'orders-2']);
      expect(rows[2]).toEqual(await store.sync.get(organization, key));
      expect(await store.sync.list(organization, crypto.randomUUID())).toEqual([]);
    },
  },
  {
    name: 'G01 knows no stream of another organization in any call',
    async run(subject) {
      const { sync } = subject.store;
      const theirs = await streamOf(subject, 'orders', stranger);
      const before = await leased(subject, theirs);
      expect(await sync.get(organization, theirs)).toBeNull();
      expect(await sync.list(organization, theirs.connectionId)).toEqual([]);
      expect(await sync.save(organization, theirs, { leaseFence: 1, leaseMs: null }, { pages: 1 })).toBeNull();
      await sync.schedule([{ ...theirs, organizationId: organization }]);
      await sync.schedule([{ ...theirs, organizationId: organization, stream: 'customers' }]);
      expect(await sync.lease(organization, { ...theirs, stream: 'customers' }, minute)).toBeNull();
      expect(await sync.list(stranger, theirs.connectionId)).toEqual([before]);
      await subject.clock.advance(minute);
      expect(await sync.lease(organization, theirs, minute)).toBeNull();
      expect(await sync.get(stranger, theirs)).toMatchObject({ leaseFence: 1, dueAt: null });
    },
  },
  {
    name: 'removes the streams of a connection with it, and no others',
    async run(subject) {
      const { connections, sync } = subject.store;
      const gone = await scheduled(subject);
      await leased(subject, { ...gone, stream: 'customers' });
      const kept = await streamOf(subject);
      await leased(subject, kept);
      expect(await connections.remove(stranger, gone.connectionId)).toBe(false);
      expect(await sync.list(organization, gone.connectionId)).toHaveLength(2);
      await connections.remove(organization, gone.connectionId);
      expect(await sync.list(organization, gone.connectionId)).toEqual([]);
      expect(await sync.get(organization, gone)).toBeNull();
      expect(await sync.lease(organization, gone, minute)).toBeNull();
      expect(
        await sync.save(organization, { ...gone, stream: 'customers' }, { leaseFence: 1, leaseMs: minute }, {}),
      ).toBeNull();
      expect(await sync.claimDue(request)).toEqual([]);
      expect(await sync.list(organization, kept.connectionId)).toHaveLength(1);
    },
  },
];
