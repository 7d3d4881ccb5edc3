/** The queue of due rows: who gets which, how fairly, and what comes back. */
import { expect } from 'vitest';

import type { ConnectionRow } from '@plugboard/core/store-kit';

import {
  atOnce,
  dueNow,
  insert,
  minute,
  organization,
  second,
  stranger,
  type StoreCase,
  type Subject,
} from './subject.ts';

const batch = { limit: 100, leaseMs: minute };

export const claimCases: readonly StoreCase[] = [
  {
    name: 'claims the rows that are due, the longest due first, and no others',
    async run(subject) {
      const { store, clock } = subject;
      const due = await insertDue(subject, 3);
      await insert(subject, { refreshAt: new Date(clock.now() + 1) });
      await insert(subject, { refreshAt: null });
      await insert(subject, { ...dueNow(clock), status: 'disconnected' });
      const leased = await insert(subject);
      await store.connections.lease(organization, leased.id, { credentialsVersion: 1, leaseMs: 10 * minute });
      await store.connections.update(organization, leased.id, {}, dueNow(clock));
      const first = await store.connections.claimDue({ ...batch, limit: 2 });
      expect(idsOf(first)).toEqual(idsOf(due.slice(0, 2)));
      expect(idsOf(await store.connections.claimDue(batch))).toEqual(idsOf(due.slice(2)));
      expect(await store.connections.claimDue(batch)).toEqual([]);
    },
  },
  {
    name: 'leases what it claims: a new fence, and lease and refresh point at the end of the lease',
    async run(subject) {
      const { store, clock } = subject;
      const row = await insert(subject, dueNow(subject.clock));
      const claimed = await store.connections.claimDue(batch);
      const until = new Date(clock.now() + minute);
      expect(claimed).toEqual([{ ...row, version: 2, leaseFence: 1, leaseUntil: until, refreshAt: until }]);
      expect(await store.connections.get(organization, row.id)).toEqual(claimed[0]);
      expect(
        await store.connections.lease(organization, row.id, { credentialsVersion: 1, leaseMs: minute }),
      ).toBeNull();
    },
  },
  {
    name: 'gives no row to two of many claimers at once',
    async run(subject) {
      const rows = await insertDue(subject, 60);
      const claimed: string[] = [];
      for (let round = 0; claimed.length < 60 && round < 60; round++) {
        const batches = await atOnce(8, () => subject.store.connections.claimDue({ ...batch, limit: 5 }));
        claimed.push(...batches.flat().map((row) => row.id));
      }
      expect(claimed.toSorted()).toEqual(idsOf(rows).toSorted());
    },
  },
  {
    name: 'gives an abandoned claim to the next claimer, under a new fence',
    async run(subject) {
      const { store, clock } = subject;
      const row = await insert(subject, dueNow(clock));
      await store.connections.claimDue(batch);
      await clock.advance(minute - 1);
      expect(await store.connections.claimDue(batch)).toEqual([]);
      await clock.advance(1);
      expect(await store.connections.claimDue(batch)).toMatchObject([{ id: row.id, leaseFence: 2 }]);
    },
  },
  {
    name: 'claims for one provider when asked to',
    async run(subject) {
      const { connections } = subject.store;
      const mine = await insert(subject, { ...dueNow(subject.clock), provider: 'acme' });
      const other = await insert(subject, { ...dueNow(subject.clock), provider: 'other' });
      expect(idsOf(await connections.claimDue({ ...batch, provider: 'nobody' }))).toEqual([]);
      expect(idsOf(await connections.claimDue({ ...batch, provider: 'acme' }))).toEqual([mine.id]);
      expect(idsOf(await connections.claimDue(batch))).toEqual([other.id]);
    },
  },
  {
    name: 'D23 fills a batch with other organizations when one has the head of the queue to itself',
    async run(subject) {
      const { store, clock } = subject;
      await insertDue(subject, 150);
      await clock.advance(minute);
      for (let index = 0; index < 12; index++) await insert(subject, dueNow(clock), `org_small_${index % 6}`);
      const claimed = await store.connections.claimDue({ limit: 14, leaseMs: minute, perOrganization: 3 });
      const counts = Map.groupBy(claimed, (row) => row.organizationId);
      expect(counts.get(organization)).toHaveLength(3);
      expect(claimed).toHaveLength(14);
      expect(Math.max(...Array.from(counts.values(), (rows) => rows.length))).toBe(3);
      expect(new Set(idsOf(claimed)).size).toBe(14);
    },
  },
  {
    name: 'D23 keeps the cap of an organization among those who share the head of the queue, for one provider too',
    async run(subject) {
      const { store, clock } = subject;
      for (const owner of [organization, stranger]) {
        for (let index = 0; index < 5; index++)
          await insert(subject, { ...dueNow(clock), provider: index < 4 ? 'acme' : 'other' }, owner);
      }
      const claimed = await store.connections.claimDue({ ...batch, provider: 'acme', perOrganization: 2 });
      const owners = claimed.map((row) => row.organizationId).toSorted();
      expect(owners).toEqual([organization, organization, stranger, stranger]);
      expect(new Set(claimed.map((row) => row.provider))).toEqual(new Set(['acme']));
    },
  },
];

/** Rows of one organization, the longest due first; inserted the other way round, so that no order is a gift. */
async function insertDue(subject: Subject, count: number): Promise<ConnectionRow[]> {
  const start = subject.clock.now();
  await subject.clock.advance(count * second);
  const rows: ConnectionRow[] = [];
  for (let age = 0; age < count; age++) {
    rows.unshift(await insert(subject, { refreshAt: new Date(start + (count - age) * second) }));
  }
  return rows;
}

function idsOf(rows: readonly ConnectionRow[]): string[] {
  return rows.map((row) => row.id);
}
