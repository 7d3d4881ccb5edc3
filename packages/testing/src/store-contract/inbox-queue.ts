/** The queue of events that wait for a job: what is claimed, when, by whom, and in which order. */
import { expect } from 'vitest';

import { dead, done, due, enqueue, event, failed, hold, ids, inboxOf, queued } from './inbox-subject.ts';
import { badTexts, refuses } from './input.ts';
import { atOnce, minute, second, type StoreCase } from './subject.ts';

export const inboxQueueCases: readonly StoreCase[] = [
  {
    name: 'claims due events of the asked providers once, with a try counted, and failed ones when they are due again',
    async run(subject) {
      const { clock } = subject;
      const inbox = inboxOf(subject);
      const [one, other, third] = [event(), event({ provider: 'other' }), event()];
      await enqueue(inbox, one, other, third);
      await hold(inbox, event());
      const until = new Date(clock.now() + minute);
      expect(await inbox.claimDue({ ...due, limit: 1 })).toMatchObject([
        { id: one.id, status: 'failed', lastError: 'interrupted', attempts: 1, leaseFence: 1, leaseUntil: until },
      ]);
      expect(ids(await inbox.claimDue({ ...due, providers: ['other', 'nobody'] }))).toEqual([other.id]);
      expect(await inbox.claimDue({ ...due, providers: [] })).toEqual([]);
      expect(ids(await inbox.claimDue(due))).toEqual([third.id]);
      expect(await inbox.claimDue(due)).toEqual([]);
      await inbox.settle({ id: one.id, leaseFence: 1 }, { ...failed, dueInMs: 5 * second });
      await inbox.settle({ id: third.id, leaseFence: 1 }, dead);
      await clock.advance(5 * second - 1);
      expect(await inbox.claimDue(due)).toEqual([]);
      await clock.advance(1);
      expect(await inbox.claimDue(due)).toMatchObject([{ id: one.id, attempts: 2, leaseFence: 2 }]);
      await inbox.settle({ id: one.id, leaseFence: 2 }, done);
      await clock.advance(60 * minute);
      expect(await inbox.claimDue(due)).toEqual([]);
    },
  },
  {
    name: 'gives no event to two of many claimers, and an abandoned one to the next, under a new fence',
    async run(subject) {
      const { clock } = subject;
      const inbox = inboxOf(subject);
      const events = Array.from({ length: 30 }, (_, index) =>
        event({ lane: index % 2 === 0 ? null : `lane-${index}` }),
      );
      await enqueue(inbox, ...events);
      const claimed: string[] = [];
      for (let round = 0; claimed.length < 30 && round < 30; round++) {
        const batches = await atOnce(8, () => inbox.claimDue({ ...due, limit: 3 }));
        claimed.push(...ids(batches.flat()));
      }
      expect(claimed.toSorted()).toEqual(events.map(({ id }) => id).toSorted());
      await clock.advance(minute - 1);
      expect(await inbox.claimDue(due)).toEqual([]);
      await clock.advance(1);
      const again = await inbox.claimDue(due);
      expect(again).toHaveLength(30);
      expect(new Set(again.map((row) => row.leaseFence))).toEqual(new Set([2]));
    },
  },
  {
    name: 'claims of a lane one event at a time, in the order of arrival, and passes over none that is to come again',
    async run(subject) {
      const { clock } = subject;
      const inbox = inboxOf(subject);
      const lane = 'lane-a';
      // No order of the ids is that of their arrival.
      const [second_, free, first, third] = [
        event({ lane }),
        event({ lane: 'lane-b' }),
        event({ lane }),
        event({ lane }),
      ];
      await inbox.add([first, second_, free], queued);
      await enqueue(inbox, third);
      expect(ids(await inbox.claimDue(due))).toEqual([first.id, free.id]);
      expect(await inbox.claimDue(due)).toEqual([]);
      await inbox.settle({ id: first.id, leaseFence: 1 }, { ...failed, dueInMs: 10 * second });
      expect(await inbox.claimDue(due)).toEqual([]);
      await clock.advance(10 * second);
      expect(ids(await inbox.claimDue(due))).toEqual([first.id]);
      await inbox.settle({ id: first.id, leaseFence: 2 }, dead);
      expect(ids(await inbox.claimDue(due))).toEqual([second_.id]);
      expect(await inbox.requeue([first.id])).toBe(1);
      await inbox.settle({ id: second_.id, leaseFence: 1 }, done);
      expect(ids(await inbox.claimDue(due))).toEqual([first.id]);
      await inbox.settle({ id: first.id, leaseFence: 3 }, done);
      expect(ids(await inbox.claimDue(due))).toEqual([third.id]);
    },
  },
  {
    name: 'G08 refuses bad events, holds, outcomes and filters of the inbox',
    async run(subject) {
      const inbox = inboxOf(subject);
      const one = event();
      const how = { leaseMs: minute, keepMs: minute };
      for (const [what, bad] of Object.entries(badTexts)) {
        const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
          ['id', () => inbox.add([{ ...one, id: bad }], how)],
          ['provider', () => inbox.add([{ ...one, provider: bad }], how)],
          ['organizationId', () => inbox.add([{ ...one, organizationId: bad }], how)],
          ['connectionId', () => inbox.add([{ ...one, connectionId: bad }], how)],
          ['type', () => inbox.add([{ ...one, type: bad }], how)],
          ['lane', () => inbox.add([{ ...one, lane: bad }], how)],
          ['id', () => inbox.settle({ id: bad, leaseFence: 1 }, done)],
          ['error', () => inbox.settle({ id: 'x', leaseFence: 1 }, { ...failed, error: bad })],
          ['providers', () => inbox.claimDue({ ...due, providers: [bad] })],
          ['organizationId', () => inbox.list({ statuses: ['dead'], organizationId: bad })],
          ['provider', () => inbox.list({ statuses: ['dead'], provider: bad })],
          ['ids', () => inbox.requeue([bad])],
          ['ids', () => inbox.discard([bad], minute)],
        ];
        for (const [path, call] of calls) await refuses(call, [path], `${path}: ${what}`);
      }
      const others: readonly (readonly [string, () => Promise<unknown>])[] = [
        ['payload', () => inbox.add([{ ...one, payload: new Uint8Array(0) }], how)],
        ['payload', () => inbox.add([{ ...one, payload: 'text' as never }], how)],
        ['id', () => inbox.add([one, { ...event(), id: one.id }], how)],
        ['leaseMs', () => inbox.add([one], { ...how, leaseMs: 0 })],
        ['keepMs', () => inbox.add([one], { ...how, keepMs: Number.NaN })],
        ['error', () => inbox.settle({ id: 'x', leaseFence: 1 }, { ...done, error: 'x' })],
        ['error', () => inbox.settle({ id: 'x', leaseFence: 1 }, { ...failed, error: null })],
        ['dueInMs', () => inbox.settle({ id: 'x', leaseFence: 1 }, { ...dead, dueInMs: 1 })],
        ['status', () => inbox.settle({ id: 'x', leaseFence: 1 }, { ...done, status: 'received' as never })],
        ['leaseMs', () => inbox.extend([{ id: 'x', leaseFence: 1 }], -1)],
        ['limit', () => inbox.claimDue({ ...due, limit: 0 })],
        ['statuses', () => inbox.list({ statuses: [] })],
        ['statuses', () => inbox.list({ statuses: ['done' as never] })],
        ['limit', () => inbox.list({ statuses: ['dead'], limit: 201 })],
      ];
      for (const [path, call] of others) await refuses(call, [path], path);
      expect((await inbox.list({ statuses: ['received', 'failed', 'dead'] })).items).toEqual([]);
      expect(await inbox.add([], how)).toEqual([]);
    },
  },
];
