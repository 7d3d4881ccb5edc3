/** What the cases of the inbox share. */
import type {
  InboxAnswer,
  InboxHold,
  InboxOutcome,
  InboxRow,
  InboxStore,
  NewInboxEvent,
} from '@plugboard/core/store-kit';

import { minute, organization, type Subject } from './subject.ts';

export const day = 24 * 60 * minute;
export const held = { leaseMs: minute, keepMs: day };
export const queued = { leaseMs: null, keepMs: day };
export const due = { providers: ['acme'], limit: 100, leaseMs: minute };
export const everything = { statuses: ['received', 'failed', 'dead'] } as const;
export const done: InboxOutcome = { status: 'done', error: null, dueInMs: null, keepMs: day };
export const failed: InboxOutcome = { status: 'failed', error: 'handler_late', dueInMs: null, keepMs: day };
export const dead: InboxOutcome = { ...failed, status: 'dead' };

/** The inbox of the store; a store without one switches the group off. */
export function inboxOf({ store }: Subject): InboxStore {
  if (store.inbox === undefined) throw new Error('The store has no inbox.');
  return store.inbox;
}

let made = 0;

export function event(given: Partial<NewInboxEvent> = {}): NewInboxEvent {
  made += 1;
  return {
    id: `event-${made}`,
    provider: 'acme',
    organizationId: organization,
    connectionId: '0b9ad3f8-6c61-4b2f-9a53-0d6f2b1c7e11',
    type: 'order.created',
    lane: null,
    payload: new Uint8Array([1, 0, 255, made % 256]),
    ...given,
  };
}

/** Adds one event that the caller works on. */
export async function hold(inbox: InboxStore, one: NewInboxEvent): Promise<InboxHold> {
  const [answer] = await inbox.add([one], held);
  if (answer?.outcome !== 'held') throw new Error('The store does not give an event to whoever adds it.');
  return { id: one.id, leaseFence: answer.leaseFence };
}

export async function enqueue(inbox: InboxStore, ...events: readonly NewInboxEvent[]): Promise<void> {
  await inbox.add(events, queued);
}

export const outcomes = (answers: readonly InboxAnswer[]) => answers.map(({ outcome }) => outcome);
export const ids = (rows: readonly InboxRow[]) => rows.map(({ id }) => id);
export const idsIn = async (inbox: InboxStore) => ids((await inbox.list(everything)).items);
