/** E16: events are kept before anybody is answered, known when they come again, and never worked on by two. */
import { expect } from 'vitest';

import {
  day,
  dead,
  done,
  due,
  enqueue,
  event,
  everything,
  failed,
  held,
  hold,
  ids,
  idsIn,
  inboxOf,
  outcomes,
  queued,
} from './inbox-subject.ts';
import { atOnce, insert, minute, organization, second, stranger, type StoreCase } from './subject.ts';

export const inboxCases: readonly StoreCase[] = [
  {
    name: 'E16 keeps an event as it was given, and what became of it',
    async run(subject) {
      const { clock } = subject;
      const inbox = inboxOf(subject);
      const one = event({ type: 'größer.\u{1f511}', payload: new Uint8Array(300_000).fill(7) });
      const platform = event({ organizationId: null, connectionId: null, lane: 'acme' });
      const at = new Date(clock.now());
      expect(await inbox.add([one, platform], held)).toEqual([
        { outcome: 'held', leaseFence: 1 },
        { outcome: 'held', leaseFence: 1 },
      ]);
      expect(await idsIn(inbox)).toEqual([]);
      await clock.advance(second);
      const soon = { ...failed, dueInMs: 5 * second };
      expect(await inbox.settle({ id: one.id, leaseFence: 1 }, soon)).toBe(true);
      expect(await inbox.settle({ id: platform.id, leaseFence: 1 }, dead)).toBe(true);
      const now = new Date(clock.now());
      const times = { receivedAt: at, updatedAt: now, readAt: now, keepUntil: new Date(clock.now() + day) };
      const state = { attempts: 1, lastError: 'handler_late', leaseFence: 1, leaseUntil: null, ...times };
      const { items } = await inbox.list(everything);
      const [first, last] = items.map(({ sequence }) => sequence);
      expect(items).toEqual([
        { ...one, ...state, sequence: first, status: 'failed', dueAt: new Date(clock.now() + 5 * second) },
        { ...platform, ...state, sequence: last, status: 'dead', dueAt: null },
      ]);
      expect(Number(last)).toBeGreaterThan(Number(first));
    },
  },
  {
    name: 'E04 gives an event to one of many who add it at once, whether they hold or queue it',
    async run(subject) {
      const inbox = inboxOf(subject);
      const [one, other] = [event(), event()];
      const answers = await atOnce(20, () => inbox.add([one], held));
      expect(answers.filter(([answer]) => answer?.outcome === 'held')).toHaveLength(1);
      expect(outcomes(answers.flat()).filter((outcome) => outcome === 'busy')).toHaveLength(19);
      await atOnce(20, () => inbox.add([other], queued));
      expect(ids(await inbox.claimDue(due))).toEqual([other.id]);
      // Among others, as a store that writes them together has them.
      const news = [event(), event(), event(), event()];
      const mixed = await Promise.all([...news, ...news].map(async (each) => inbox.add([each], held)));
      expect(outcomes(mixed.flat()).toSorted()).toEqual([...news.map(() => 'busy'), ...news.map(() => 'held')]);
      const holds = news.map(({ id }) => ({ id, leaseFence: 1 }));
      const settled = await Promise.all([...holds, ...holds].map(async (each) => inbox.settle(each, done)));
      expect(settled.filter(Boolean)).toHaveLength(news.length);
    },
  },
  {
    name: 'E04 knows an event by its id once it is done or dead, and a queued one',
    async run(subject) {
      const inbox = inboxOf(subject);
      const events = [event(), event(), event()];
      const [first, second_, third] = events;
      await inbox.settle(await hold(inbox, first!), done);
      await inbox.settle(await hold(inbox, second_!), dead);
      await enqueue(inbox, third!);
      expect(outcomes(await inbox.add(events, held))).toEqual(['done', 'done', 'queued']);
      expect(outcomes(await inbox.add(events, queued))).toEqual(['done', 'done', 'queued']);
      expect(await inbox.requeue([first!.id])).toBe(0);
      expect(await idsIn(inbox)).toEqual([second_!.id, third!.id]);
      expect(ids(await inbox.claimDue(due))).toEqual([third!.id]);
    },
  },
  {
    name: 'takes up again what failed or was abandoned, under a new fence and with what it held',
    async run(subject) {
      const { clock } = subject;
      const inbox = inboxOf(subject);
      const one = event();
      expect(await inbox.settle(await hold(inbox, one), failed)).toBe(true);
      const again = { ...one, payload: new Uint8Array([9]) };
      expect(await hold(inbox, again)).toEqual({ id: one.id, leaseFence: 2 });
      await clock.advance(minute - 1);
      expect(outcomes(await inbox.add([again], held))).toEqual(['busy']);
      expect(outcomes(await inbox.add([again], queued))).toEqual(['busy']);
      await clock.advance(1);
      expect((await inbox.list(everything)).items).toMatchObject([
        { status: 'failed', lastError: 'interrupted', attempts: 2, payload: one.payload },
      ]);
      expect(await hold(inbox, again)).toEqual({ id: one.id, leaseFence: 3 });
      await clock.advance(minute);
      expect(outcomes(await inbox.add([again], queued))).toEqual(['queued']);
      expect(await inbox.claimDue(due)).toMatchObject([{ id: one.id, attempts: 4, payload: one.payload }]);
    },
  },
  {
    name: 'D05 refuses the word of a holder who was overtaken, and takes that of one who was late alone',
    async run(subject) {
      const { clock } = subject;
      const inbox = inboxOf(subject);
      const one = event();
      const first = await hold(inbox, one);
      await clock.advance(minute);
      const next = await hold(inbox, one);
      expect(await inbox.settle(first, done)).toBe(false);
      const other = await hold(inbox, event());
      expect(await inbox.extend([first, other], minute)).toEqual([false, true]);
      expect(await inbox.settle(other, done)).toBe(true);
      await clock.advance(2 * minute);
      expect(await inbox.settle(next, failed)).toBe(true);
      expect(await inbox.settle(next, done)).toBe(false);
      expect(await inbox.settle({ id: 'nobody', leaseFence: 1 }, done)).toBe(false);
      expect(await inbox.extend([], minute)).toEqual([]);
      expect(await inbox.extend([next], minute)).toEqual([false]);
      expect(await idsIn(inbox)).toEqual([one.id]);
    },
  },
  {
    name: 'prolongs a lease from the present on',
    async run(subject) {
      const { clock } = subject;
      const inbox = inboxOf(subject);
      const one = event();
      const own = await hold(inbox, one);
      await clock.advance(40 * second);
      expect(await inbox.extend([own], minute)).toEqual([true]);
      await clock.advance(59 * second);
      expect(outcomes(await inbox.add([one], held))).toEqual(['busy']);
      await clock.advance(second);
      expect(outcomes(await inbox.add([one], held))).toEqual(['held']);
    },
  },
  {
    name: 'lists what is not done in the order of arrival, page by page, by organization, provider and status',
    async run(subject) {
      const inbox = inboxOf(subject);
      const events = [
        event(),
        event({ organizationId: stranger }),
        event({ provider: 'other' }),
        event({ organizationId: null, connectionId: null }),
        event(),
      ];
      for (const one of events) await inbox.settle(await hold(inbox, one), one === events[4] ? dead : failed);
      const own = ids((await inbox.list({ ...everything, organizationId: organization })).items);
      expect(own).toEqual([events[0], events[2], events[4]].map((one) => one?.id));
      expect(ids((await inbox.list({ ...everything, provider: 'other' })).items)).toEqual([events[2]!.id]);
      expect(ids((await inbox.list({ statuses: ['dead'] })).items)).toEqual([events[4]!.id]);
      expect(ids((await inbox.list({ statuses: ['received'] })).items)).toEqual([]);
      const seen: string[] = [];
      for (let cursor: string | null | undefined; cursor !== null;) {
        const page = await inbox.list({ ...everything, limit: 2, ...(cursor && { cursor }) });
        seen.push(...ids(page.items));
        if (page.nextCursor !== null) {
          const elsewhere = inbox.list({ ...everything, organizationId: organization, cursor: page.nextCursor });
          await expect(elsewhere).rejects.toMatchObject({ code: 'invalid_input' });
        }
        cursor = page.nextCursor;
      }
      expect(seen).toEqual(events.map(({ id }) => id));
    },
  },
  {
    name: 'queues again what failed or is dead, lets go of what is discarded, and touches nothing that is held',
    async run(subject) {
      const inbox = inboxOf(subject);
      const [one, other, busy, waiting] = [event(), event(), event(), event()];
      await inbox.settle(await hold(inbox, one), dead);
      await inbox.settle(await hold(inbox, other), failed);
      await hold(inbox, busy);
      await enqueue(inbox, waiting);
      const all = [one, other, busy, waiting].map(({ id }) => id);
      expect(await inbox.requeue([one.id, busy.id, waiting.id, 'nobody'])).toBe(1);
      expect(await inbox.requeue([])).toBe(0);
      const claimed = await inbox.claimDue(due);
      expect(ids(claimed).toSorted()).toEqual([one.id, waiting.id].toSorted());
      expect(claimed.find(({ id }) => id === one.id)).toMatchObject({ attempts: 1, payload: one.payload });
      expect(await inbox.discard(all, day)).toBe(1);
      expect(outcomes(await inbox.add([other], held))).toEqual(['done']);
      expect(outcomes(await inbox.add([busy], held))).toEqual(['busy']);
    },
  },
  {
    name: 'E04 forgets events when their time is over, and none that waits for a job or is held',
    async run(subject) {
      const { clock } = subject;
      const inbox = inboxOf(subject);
      const [first, second_, waiting, kept] = [event(), event(), event(), event()];
      await inbox.settle(await hold(inbox, first), done);
      await inbox.settle(await hold(inbox, second_), dead);
      await inbox.settle(await hold(inbox, kept), { ...failed, keepMs: day + minute });
      await enqueue(inbox, waiting);
      await clock.advance(day - 1);
      expect(await inbox.purge()).toBe(0);
      expect(outcomes(await inbox.add([first], held))).toEqual(['done']);
      await clock.advance(1);
      expect(await inbox.purge()).toBe(2);
      expect(await idsIn(inbox)).toEqual([kept.id, waiting.id]);
      const anew = await inbox.add([first], { leaseMs: day, keepMs: 1 });
      expect(outcomes(anew)).toEqual(['held']);
      await clock.advance(minute);
      expect(await inbox.purge()).toBe(1);
      expect(outcomes(await inbox.add([first], held))).toEqual(['busy']);
      expect(await inbox.claimDue(due)).toHaveLength(1);
    },
  },
  {
    name: 'removes the events of a connection with it, and those of no other',
    async run(subject) {
      const inbox = inboxOf(subject);
      const [row, other] = [await insert(subject), await insert(subject)];
      const [one, waiting, theirs] = [
        event({ connectionId: row.id }),
        event({ connectionId: row.id, lane: row.id }),
        event({ connectionId: other.id }),
      ];
      await inbox.settle(await hold(inbox, one), dead);
      await enqueue(inbox, waiting, theirs);
      await subject.store.connections.remove(stranger, row.id);
      expect(await idsIn(inbox)).toHaveLength(3);
      await subject.store.connections.remove(organization, row.id);
      expect(await idsIn(inbox)).toEqual([theirs.id]);
      expect(ids(await inbox.claimDue(due))).toEqual([theirs.id]);
    },
  },
];
