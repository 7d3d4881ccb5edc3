/** One refresh of a connection at a time: leases, fences and who may write. */
import { expect } from 'vitest';

import { atOnce, insert, minute, organization, second, unread, type StoreCase } from './subject.ts';

const request = { credentialsVersion: 1, leaseMs: minute };

export const leaseCases: readonly StoreCase[] = [
  {
    name: 'leases a row: a new fence, and lease and refresh point at the end of the lease',
    async run(subject) {
      const { store, clock } = subject;
      const row = await insert(subject);
      const leased = await store.connections.lease(organization, row.id, request);
      const until = new Date(clock.now() + minute);
      expect(leased).toEqual({ ...row, version: 2, leaseFence: 1, leaseUntil: until, refreshAt: until });
      expect(await store.connections.get(organization, row.id)).toEqual(leased);
    },
  },
  {
    name: 'notes the attempt with the time of the store, clears it, or leaves it',
    async run(subject) {
      const { store, clock } = subject;
      const { id } = await insert(subject);
      const attempt = async (attemptHash?: string | null) => {
        await clock.advance(2 * minute);
        const given = attemptHash === undefined ? request : { ...request, attemptHash };
        const leased = await store.connections.lease(organization, id, given);
        return [leased?.attemptHash, leased?.attemptAt?.getTime() ?? null];
      };
      expect(await attempt('hash')).toEqual(['hash', clock.now()]);
      const noted = clock.now();
      expect(await attempt()).toEqual(['hash', noted]);
      expect(await attempt(null)).toEqual([null, null]);
    },
  },
  {
    name: 'gives the lease to one of many who ask at once',
    async run(subject) {
      const { id } = await insert(subject);
      const leases = await atOnce(20, () => subject.store.connections.lease(organization, id, request));
      const granted = leases.filter((row) => row !== null);
      expect(granted).toHaveLength(1);
      expect(unread(await subject.store.connections.get(organization, id))).toEqual(unread(granted[0] ?? null));
    },
  },
  {
    name: 'refuses a second lease until the first has ended, then counts its fence on',
    async run(subject) {
      const { store, clock } = subject;
      const { id } = await insert(subject);
      await store.connections.lease(organization, id, request);
      await clock.advance(minute - 1);
      expect(await store.connections.lease(organization, id, request)).toBeNull();
      await clock.advance(1);
      expect(await store.connections.lease(organization, id, request)).toMatchObject({ leaseFence: 2 });
    },
  },
  {
    name: 'refuses a lease of moved credentials and of a disconnected row, and changes nothing',
    async run(subject) {
      const { connections } = subject.store;
      const moved = await insert(subject);
      await connections.update(organization, moved.id, {}, { credentials: Uint8Array.of(4) });
      const ended = await insert(subject, { status: 'disconnected', credentials: null });
      for (const { id } of [moved, ended]) {
        const before = await connections.get(organization, id);
        expect(await connections.lease(organization, id, request)).toBeNull();
        expect(await connections.get(organization, id)).toEqual(before);
      }
      expect(await connections.lease(organization, moved.id, { ...request, credentialsVersion: 2 })).not.toBeNull();
    },
  },
  {
    name: 'refuses a lease of a row that has changed since the version that the caller names',
    async run(subject) {
      const { connections } = subject.store;
      const { id } = await insert(subject);
      const changed = await connections.update(organization, id, {}, { attemptHash: 'hash' });
      const now = changed?.version ?? 0;
      expect(
        await connections.lease(organization, id, { ...request, version: now - 1, attemptHash: 'other' }),
      ).toBeNull();
      expect(unread(await connections.get(organization, id))).toEqual(unread(changed));
      expect(await connections.lease(organization, id, { ...request, version: now })).not.toBeNull();
    },
  },
  {
    name: 'D05 refuses the write of a holder that slept through its lease',
    async run(subject) {
      const { store, clock } = subject;
      const { id } = await insert(subject);
      const slept = await store.connections.lease(organization, id, request);
      await clock.advance(2 * minute);
      const next = await store.connections.lease(organization, id, request);
      const credentials = Uint8Array.of(4);
      const late = { leaseFence: slept?.leaseFence ?? 0 };
      expect(await store.connections.update(organization, id, late, { credentials })).toBeNull();
      expect(await store.connections.release(organization, id, late.leaseFence, null)).toBe(false);
      const written = await store.connections.update(
        organization,
        id,
        { leaseFence: next?.leaseFence ?? 0 },
        { credentials },
      );
      expect(written).toMatchObject({ credentials, leaseFence: 2, leaseUntil: null });
    },
  },
  {
    name: 'D16 answers a lease with the row as it is stored, not as the caller last read it',
    async run(subject) {
      const { connections } = subject.store;
      const { id } = await insert(subject);
      await connections.update(organization, id, {}, { metadata: { changed: 'since' }, failCount: 2 });
      const leased = await connections.lease(organization, id, request);
      expect(leased).toMatchObject({ metadata: { changed: 'since' }, failCount: 2 });
    },
  },
  {
    name: 'releases a lease early and moves the refresh point',
    async run(subject) {
      const { store, clock } = subject;
      const { id } = await insert(subject);
      await store.connections.lease(organization, id, request);
      const refreshAt = new Date(clock.now() + 5 * second);
      expect(await store.connections.release(organization, id, 2, null)).toBe(false);
      expect(await store.connections.release(organization, id, 1, refreshAt)).toBe(true);
      expect(await store.connections.get(organization, id)).toMatchObject({
        leaseUntil: null,
        leaseFence: 1,
        refreshAt,
      });
      expect(await store.connections.release(organization, id, 1, null)).toBe(false);
      expect(await store.connections.lease(organization, id, request)).toMatchObject({ leaseFence: 2 });
      expect(await store.connections.release(organization, id, 2, null)).toBe(true);
      expect(await store.connections.get(organization, id)).toMatchObject({ refreshAt: null });
    },
  },
  {
    name: 'leaves the refresh point alone when a write of credentials has ended the lease already',
    async run(subject) {
      const { store, clock } = subject;
      const { id } = await insert(subject);
      await store.connections.lease(organization, id, request);
      const refreshAt = new Date(clock.now() + 30 * minute);
      await store.connections.update(organization, id, { leaseFence: 1 }, { credentials: Uint8Array.of(4), refreshAt });
      expect(await store.connections.release(organization, id, 1, null)).toBe(false);
      expect(await store.connections.get(organization, id)).toMatchObject({ refreshAt, version: 3 });
    },
  },
];
