/** The row lock of stores that have interactive transactions. */
import { expect } from 'vitest';

import type { ConnectionStore } from '@plugboard/core/store-kit';

import { insert, minute, organization, stranger, type StoreCase, type Subject } from './subject.ts';

const credentials = Uint8Array.of(4, 5, 6);

export const lockCases: readonly StoreCase[] = [
  {
    name: 'hands the row to the work and the answer of the work to the caller',
    async run(subject) {
      const row = await insert(subject);
      const answer = await lockOf(subject)(organization, row.id, async (locked) => {
        expect(locked).toEqual(row);
        return 'answer';
      });
      expect(answer).toBe('answer');
      expect(await subject.store.connections.get(organization, row.id)).toEqual(row);
    },
  },
  {
    name: 'answers null without calling the work when there is no such row',
    async run(subject) {
      const row = await insert(subject);
      for (const [owner, id] of [
        [stranger, row.id],
        [organization, crypto.randomUUID()],
        [organization, 'not an id'],
      ] as const) {
        const work = async () => expect.unreachable('worked on a row that is not there');
        expect(await lockOf(subject)(owner, id, work)).toBeNull();
      }
    },
  },
  {
    name: 'passes over a row that somebody holds, where a batch is told to',
    async run(subject) {
      const { connections } = subject.store;
      const held = await insert(subject);
      const free = await insert(subject);
      const gate = Promise.withResolvers<void>();
      const locked = Promise.withResolvers<void>();
      const work = lockOf(subject)(organization, held.id, async () => {
        locked.resolve();
        await gate.promise;
      });
      await locked.promise;
      const write = ({ id }: { id: string }) => ({
        organizationId: organization,
        id,
        guard: {},
        change: { failCount: 7 },
      });
      let written: readonly boolean[] | undefined;
      const batch = connections.updateMany([write(held), write(free)], { skipHeld: true }).then((each) => {
        written = each;
      });
      // A batch that waits would do so as long as the lock is held.
      for (let turn = 0; written === undefined && turn < 1_000; turn++) await subject.store.now();
      gate.resolve();
      const meanwhile = written;
      await Promise.all([work, batch]);
      expect(meanwhile).toEqual([false, true]);
      expect((await connections.get(organization, held.id))?.failCount).toBe(held.failCount);
      expect((await connections.get(organization, free.id))?.failCount).toBe(7);
      expect(await connections.updateMany([write(held)], { skipHeld: true })).toEqual([true]);
    },
  },
  {
    name: 'lets one work on a row at a time, and others on other rows',
    async run(subject) {
      const row = await insert(subject);
      const other = await insert(subject);
      const gate = Promise.withResolvers<void>();
      const seen: string[] = [];
      const locked = Promise.withResolvers<void>();
      const first = lockOf(subject)(organization, row.id, async () => {
        seen.push('first in');
        locked.resolve();
        await gate.promise;
        seen.push('first out');
      });
      await locked.promise;
      const next = lockOf(subject)(organization, row.id, async () => seen.push('next in'));
      await lockOf(subject)(organization, other.id, async () => seen.push('other in'));
      await roundTrips(subject);
      expect(seen).toEqual(['first in', 'other in']);
      gate.resolve();
      await Promise.all([first, next]);
      expect(seen).toEqual(['first in', 'other in', 'first out', 'next in']);
    },
  },
  {
    name: 'commits an update before it resolves, and frees the row for the next one',
    async run(subject) {
      const { connections } = subject.store;
      const row = await insert(subject);
      await lockOf(subject)(organization, row.id, async (_locked, update) => {
        const written = await update({ credentials, writeId: 'mine' });
        expect(written).toMatchObject({ credentials, writeId: 'mine', version: 2, credentialsVersion: 2 });
        expect(await connections.get(organization, row.id)).toEqual(written);
        expect(await lockOf(subject)(organization, row.id, async (seen) => seen.version)).toBe(2);
      });
    },
  },
  {
    name: 'passes on what the work throws, keeps what it had written, and frees the row',
    async run(subject) {
      const { connections } = subject.store;
      const row = await insert(subject);
      const failure = new Error('thrown by the work');
      const before = lockOf(subject)(organization, row.id, async () => {
        throw failure;
      });
      await expect(before).rejects.toBe(failure);
      expect(await connections.get(organization, row.id)).toEqual(row);
      const after = lockOf(subject)(organization, row.id, async (_locked, update) => {
        await update({ credentials });
        throw failure;
      });
      await expect(after).rejects.toBe(failure);
      expect(await connections.update(organization, row.id, { version: 2 }, { failCount: 1 })).toMatchObject({
        credentials,
      });
    },
  },
  {
    name: 'writes a second time only while nobody else has written since the first',
    async run(subject) {
      const { connections } = subject.store;
      const row = await insert(subject);
      await lockOf(subject)(organization, row.id, async (_locked, update) => {
        expect(await update({ failCount: 1 })).toMatchObject({ version: 2 });
        expect(await update({ failCount: 2 })).toMatchObject({ version: 3 });
        await connections.update(organization, row.id, {}, { failCount: 9 });
        expect(await update({ failCount: 3 })).toBeNull();
      });
      expect(await connections.get(organization, row.id)).toMatchObject({ failCount: 9, version: 4 });
    },
  },
  {
    name: 'makes other writers wait, and then compare with what the work has written',
    async run(subject) {
      const { connections } = subject.store;
      const row = await insert(subject);
      const seen: string[] = [];
      const writes: Promise<unknown>[] = [];
      await lockOf(subject)(organization, row.id, async (_locked, update) => {
        const stale = connections.update(organization, row.id, { version: 1 }, { failCount: 7 });
        const blind = connections.update(organization, row.id, {}, { settings: { late: true } });
        writes.push(stale.then((result) => expect(result).toBeNull()));
        writes.push(blind.then((result) => expect(result).toMatchObject({ credentials, failCount: 0 })));
        for (const write of writes)
          void write.then(
            () => seen.push('written'),
            () => undefined,
          );
        await roundTrips(subject);
        expect(seen).toEqual([]);
        await update({ credentials });
      });
      await Promise.all(writes);
    },
  },
  {
    name: 'G01 lets no other organization wait for a lock, which would tell that there is one',
    async run(subject) {
      const { connections } = subject.store;
      const row = await insert(subject);
      await lockOf(subject)(organization, row.id, async () => {
        const answers: unknown[] = [];
        const calls = [
          connections.update(stranger, row.id, {}, { failCount: 1 }),
          connections.remove(stranger, row.id),
          connections.release(stranger, row.id, 0, null),
          lockOf(subject)(stranger, row.id, async () => 'worked'),
        ];
        for (const call of calls) void call.then((answer) => answers.push(answer));
        // What does not wait is answered within a few round trips; the rest is patience with a slow connection.
        for (let trips = 0; trips < 200 && answers.length < 4; trips++) await subject.store.now();
        expect(answers).toHaveLength(4);
        expect(new Set(answers)).toEqual(new Set([null, false]));
      });
    },
  },
  {
    name: 'refuses a lease and a claim of a locked row at once, without waiting',
    async run(subject) {
      const { connections } = subject.store;
      const row = await insert(subject, { refreshAt: new Date(subject.clock.now()) });
      await lockOf(subject)(organization, row.id, async () => {
        expect(await connections.lease(organization, row.id, { credentialsVersion: 1, leaseMs: minute })).toBeNull();
        expect(await connections.claimDue({ limit: 10, leaseMs: minute })).toEqual([]);
        expect(await connections.claimDue({ limit: 10, leaseMs: minute, perOrganization: 1 })).toEqual([]);
      });
      expect(await connections.claimDue({ limit: 10, leaseMs: minute })).toHaveLength(1);
    },
  },
];

function lockOf({ store }: Subject): NonNullable<ConnectionStore['lock']> {
  if (store.connections.lock === undefined) throw new Error('The store has no lock; pass `skip: { lock: reason }`.');
  return store.connections.lock;
}

/** Time enough for a statement that does not wait to be answered. */
async function roundTrips({ store }: Subject): Promise<void> {
  for (let count = 0; count < 10; count++) await store.now();
}
