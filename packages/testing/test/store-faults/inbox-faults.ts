import type { InboxRow, InboxStore } from '@plugboard/core/store-kit';

import { forgiving, tick, type Fault } from './fault.ts';

const cases = {
  keeps: 'E16 keeps an event as it was given',
  one: 'E04 gives an event to one of many',
  knows: 'E04 knows an event by its id',
  again: 'takes up again what failed or was abandoned',
  fenced: 'D05 refuses the word of a holder',
  prolongs: 'prolongs a lease from the present on',
  lists: 'lists what is not done in the order',
  requeues: 'queues again what failed or is dead',
  forgets: 'E04 forgets events when their time',
  removes: 'removes the events of a connection',
  claims: 'claims due events of the asked',
  once: 'gives no event to two of many claimers',
  lanes: 'claims of a lane one event at a time',
  input: 'G08 refuses bad events, holds',
} as const;

/** A fault of the inbox alone. */
function inboxFault(name: string, fails: Fault['fails'], broken: (inbox: InboxStore) => Partial<InboxStore>): Fault {
  return { name, fails, parts: ({ inbox }) => ({ inbox: inbox === undefined ? {} : broken(inbox) }) };
}

/** Every answer with a row altered; what is stored stays. */
function answering(inbox: InboxStore, alter: (row: InboxRow) => InboxRow): Partial<InboxStore> {
  return {
    claimDue: async (request) => (await inbox.claimDue(request)).map(alter),
    list: async (filter) => {
      const page = await inbox.list(filter);
      return { ...page, items: page.items.map(alter) };
    },
  };
}

export const inboxFaults: readonly Fault[] = [
  inboxFault('keeps the payload of an event as text', [cases.keeps, cases.again, cases.requeues], (inbox) =>
    answering(inbox, (row) => ({
      ...row,
      payload: row.payload && new TextEncoder().encode(new TextDecoder().decode(row.payload)),
    })),
  ),
  inboxFault('looks whether an event is there first and adds it later', [cases.one], (inbox) => {
    const seen = new Set<string>();
    return {
      async add(events, how) {
        const fresh = events.every(({ id }) => !seen.has(id));
        await tick();
        for (const { id } of events) seen.add(id);
        const answers = await inbox.add(events, how);
        return answers.map((answer) =>
          fresh && answer.outcome === 'busy' ? { outcome: 'held', leaseFence: 1 } : answer,
        );
      },
    };
  }),
  inboxFault('takes what is done for new', [cases.knows, cases.requeues, cases.forgets], (inbox) => ({
    add: async (events, how) =>
      (await inbox.add(events, how)).map((answer) =>
        answer.outcome === 'done' ? { outcome: 'held', leaseFence: 1 } : answer,
      ),
  })),
  inboxFault(
    'never gives an abandoned event back',
    [cases.again, cases.fenced, cases.prolongs, cases.once],
    (inbox) => {
      const held = new Set<string>();
      return {
        async add(events, how) {
          if (events.some(({ id }) => held.has(id))) return events.map(() => ({ outcome: 'busy', leaseFence: 0 }));
          const answers = await inbox.add(events, how);
          for (const [index, { id }] of events.entries()) if (answers[index]?.outcome === 'held') held.add(id);
          return answers;
        },
        async claimDue(request) {
          const rows = (await inbox.claimDue(request)).filter(({ id }) => !held.has(id));
          for (const { id } of rows) held.add(id);
          return rows;
        },
        async settle(own, outcome) {
          held.delete(own.id);
          return inbox.settle(own, outcome);
        },
      };
    },
  ),
  inboxFault('takes the word of whoever held an event', [cases.fenced], (inbox) => {
    const newest = new Map<string, number>();
    return {
      async add(events, how) {
        const answers = await inbox.add(events, how);
        for (const [index, { id }] of events.entries()) newest.set(id, answers[index]?.leaseFence ?? 0);
        return answers;
      },
      settle: (own, outcome) => inbox.settle({ ...own, leaseFence: newest.get(own.id) || own.leaseFence }, outcome),
    };
  }),
  inboxFault('prolongs no lease, and says that it did', [cases.fenced, cases.prolongs, cases.input], () => ({
    extend: async (holds) => holds.map(() => true),
  })),
  inboxFault('lists the events of all organizations', [cases.lists, cases.input], (inbox) => ({
    list: ({ organizationId: _all, ...filter }) => inbox.list(filter),
  })),
  inboxFault('lists the newest first', [cases.keeps, cases.knows, cases.lists, cases.forgets], (inbox) => ({
    async list(filter) {
      const page = await inbox.list(filter);
      return { ...page, items: page.items.toReversed() };
    },
  })),
  inboxFault('counts the tries of an event that is queued again on', [cases.requeues], (inbox) => {
    const asked = new Set<string>();
    return {
      async requeue(ids) {
        for (const id of ids) asked.add(id);
        return inbox.requeue(ids);
      },
      claimDue: async (request) =>
        (await inbox.claimDue(request)).map((row) =>
          asked.has(row.id) ? { ...row, attempts: row.attempts + 1 } : row,
        ),
    };
  }),
  inboxFault('discards nothing, and says that it did', [cases.requeues, cases.input], () => ({
    discard: async (ids) => ids.length,
  })),
  inboxFault('forgets nothing', [cases.forgets], () => ({ purge: async () => 0 })),
  inboxFault('claims the events of all providers', [cases.claims, cases.input], (inbox) => ({
    claimDue: (request) => inbox.claimDue({ ...request, providers: ['acme', 'other'] }),
  })),
  inboxFault('gives what one claimer has to the next one as well', [cases.claims, cases.once, cases.lanes], (inbox) => {
    const claimed: InboxRow[] = [];
    return {
      async claimDue(request) {
        const before = claimed.slice(0, 1);
        const rows = await inbox.claimDue(request);
        claimed.push(...rows);
        return [...before, ...rows];
      },
    };
  }),
  inboxFault('knows no lanes', [cases.keeps, cases.lanes, cases.input], (inbox) => ({
    add: (events, how) =>
      inbox.add(
        events.map((event) => ({ ...event, lane: null })),
        how,
      ),
  })),
  inboxFault('orders what is added together by its ids', [cases.lanes], (inbox) => ({
    async add(events, how) {
      const sorted = events.toSorted((one, other) => (one.id < other.id ? -1 : 1));
      const answers = await inbox.add(sorted, how);
      return events.map((event) => answers[sorted.indexOf(event)]!);
    },
  })),
  inboxFault('leaves the events of a connection when it is removed', [cases.removes, cases.input], (inbox) => {
    const owners = new Map<string, string | null>();
    const elsewhere = '7d0f1f0e-3f4a-4c55-8a5e-7f6f0c7a9b10';
    return {
      async add(events, how) {
        const answers = await inbox.add(
          events.map((event) => (event.connectionId === null ? event : { ...event, connectionId: elsewhere })),
          how,
        );
        for (const { id, connectionId } of events) owners.set(id, connectionId);
        return answers;
      },
      ...answering(inbox, (row) => ({ ...row, connectionId: owners.get(row.id) ?? null })),
    };
  }),
  inboxFault('takes an event of any type', [cases.input], (inbox) => ({
    add: (events, how) =>
      forgiving(
        'type',
        () => inbox.add(events, how),
        async () => [],
      ),
  })),
];
