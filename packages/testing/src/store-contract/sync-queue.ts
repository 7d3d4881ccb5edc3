/** The queue of due streams: what jobs read, when, and for whom. */
import { expect } from 'vitest';

import type { OwnedStream } from '@plugboard/core/store-kit';

import { atOnce, minute, organization, second, stranger, type StoreCase } from './subject.ts';
import { untouched, streamOf, leased, scheduled, request, idsOf } from './sync-subject.ts';

export const syncQueueCases: readonly StoreCase[] = [
  {
    name: 'moves the time at which a stream is due along with its lease, and only for streams that jobs read',
    async run(subject) {
      const { store, clock } = subject;
      const key = await scheduled(subject);
      expect(await store.sync.get(organization, key)).toMatchObject({ dueAt: new Date(clock.now()) });
      expect(await leased(subject, key)).toMatchObject({ dueAt: new Date(clock.now() + minute) });
      await clock.advance(second);
      const saved = await store.sync.save(organization, key, { leaseFence: 1, leaseMs: 2 * minute }, {});
      expect(saved).toMatchObject({ dueAt: new Date(clock.now() + 2 * minute) });
      const later = new Date(clock.now() + 60 * minute);
      const end = { leaseFence: 1, leaseMs: null };
      expect(await store.sync.save(organization, key, end, { dueAt: later })).toMatchObject({ dueAt: later });
      expect(await leased(subject, key)).toMatchObject({ dueAt: new Date(clock.now() + minute) });
      const parked = await store.sync.save(organization, key, { leaseFence: 2, leaseMs: null }, { dueAt: null });
      expect(parked).toMatchObject({ dueAt: null });
      expect(await leased(subject, key)).toMatchObject({ dueAt: null });
      expect(await store.sync.save(organization, key, { leaseFence: 3, leaseMs: minute }, {})).toMatchObject({
        dueAt: null,
      });
    },
  },
  {
    name: 'schedules streams that nobody knows or reads, leaves the others, and passes over unknown connections',
    async run(subject) {
      const { store, clock } = subject;
      const fresh = await streamOf(subject);
      const parked = await streamOf(subject, 'orders', stranger);
      const { leaseFence } = await leased(subject, parked);
      await store.sync.save(stranger, parked, { leaseFence, leaseMs: null }, { pages: 7 });
      const planned = await scheduled(subject);
      const plannedFor = new Date(clock.now());
      await clock.advance(second);
      const now = new Date(clock.now());
      const unknown = { organizationId: organization, connectionId: crypto.randomUUID(), stream: 'orders' };
      await store.sync.schedule([]);
      await store.sync.schedule([fresh, parked, planned, unknown, fresh]);
      expect(await store.sync.get(organization, fresh)).toMatchObject({ ...untouched, dueAt: now, provider: 'acme' });
      expect(await store.sync.get(stranger, parked)).toMatchObject({ pages: 7, dueAt: now });
      expect(await store.sync.get(organization, planned)).toMatchObject({ dueAt: plannedFor });
      expect(await store.sync.get(organization, unknown)).toBeNull();
      expect(await store.sync.claimDue(request)).toHaveLength(3);
    },
  },
  {
    name: 'claims the due streams of one name and provider, the longest due first, under a lease',
    async run(subject) {
      const { store, clock } = subject;
      const due: OwnedStream[] = [];
      for (let index = 0; index < 3; index++) {
        due.push(await scheduled(subject));
        await clock.advance(second);
      }
      await scheduled(subject, 'customers');
      await leased(subject, await scheduled(subject));
      await leased(subject, await streamOf(subject));
      const claimed = await store.sync.claimDue({ ...request, limit: 2 });
      expect(idsOf(claimed)).toEqual(idsOf(due.slice(0, 2)));
      const until = new Date(clock.now() + minute);
      expect(claimed[0]).toMatchObject({ ...due[0], leaseFence: 1, leaseUntil: until, dueAt: until });
      const { organizationId: owner = '', ...first } = due[0] ?? { connectionId: '', stream: '' };
      expect(await store.sync.get(owner, first)).toEqual(claimed[0]);
      expect(await store.sync.claimDue({ ...request, provider: 'other' })).toEqual([]);
      expect(idsOf(await store.sync.claimDue(request))).toEqual(idsOf(due.slice(2)));
      expect(await store.sync.claimDue(request)).toEqual([]);
    },
  },
  {
    name: 'D23 passes over organizations that have enough streams running',
    async run(subject) {
      const { store, clock } = subject;
      for (let index = 0; index < 5; index++) await scheduled(subject);
      await clock.advance(second);
      const small = await scheduled(subject, 'orders', stranger);
      const claimed = await store.sync.claimDue({ ...request, limit: 1, except: [organization, 'org_3'] });
      expect(idsOf(claimed)).toEqual([small.connectionId]);
      expect(await store.sync.claimDue({ ...request, except: [organization, stranger] })).toEqual([]);
    },
  },
  {
    name: 'gives no stream to two of many claimers, and an abandoned one to the next, under a new fence',
    async run(subject) {
      const { store, clock } = subject;
      const streams = await Promise.all(Array.from({ length: 30 }, () => scheduled(subject)));
      const claimed: string[] = [];
      for (let round = 0; claimed.length < 30 && round < 30; round++) {
        const batches = await atOnce(8, () => store.sync.claimDue({ ...request, limit: 3 }));
        claimed.push(...idsOf(batches.flat()));
      }
      expect(claimed.toSorted()).toEqual(idsOf(streams).toSorted());
      await clock.advance(minute - 1);
      expect(await store.sync.claimDue(request)).toEqual([]);
      await clock.advance(1);
      const again = await store.sync.claimDue(request);
      expect(again).toHaveLength(30);
      expect(new Set(again.map((row) => row.leaseFence))).toEqual(new Set([2]));
    },
  },
];
