/** What every store refuses of its calls about the inbox: see store-input.ts. */
import { invalidInput } from './errors.ts';
import {
  bytes,
  checkFields,
  integer,
  list,
  nullable,
  oneOf,
  optional,
  text,
  type Rule,
  type Rules,
} from './field-rules.ts';
import type { InboxAdd, InboxDueRequest, InboxFilter, InboxHold, InboxOutcome, NewInboxEvent } from './store-inbox.ts';
import { isConnectionId } from './store-input.ts';

const longestLeaseMs = 24 * 3_600_000;
const longestKeepMs = 366 * 24 * 3_600_000;
/** Events that one delivery may carry: more than any vendor sends, and still one statement. */
const mostEvents = 10_000;
/** Of ids that are asked for at once. */
const mostIds = 1_000;

const id: Rule = text(64);
const provider = text(64);
const organization = text(256);
const leaseMs = integer(1, longestLeaseMs);
const keepMs = integer(1, longestKeepMs);

const event: Rules<NewInboxEvent> = {
  id,
  provider,
  organizationId: nullable(organization),
  connectionId: nullable((value) => (isConnectionId(value) ? undefined : 'must be a UUID in lower case')),
  type: text(200),
  lane: nullable(text(256)),
  payload: bytes(64 * 1024 * 1024),
};
const add: Rules<InboxAdd> = { leaseMs: nullable(leaseMs), keepMs };
const hold: Rules<InboxHold> = { id, leaseFence: integer(0) };
const outcome: Rules<InboxOutcome> = {
  status: oneOf(['done', 'failed', 'dead']),
  error: nullable(text(200)),
  dueInMs: nullable(integer(0, longestKeepMs)),
  keepMs,
};
const due: Rules<InboxDueRequest> = { providers: list(1_000, provider), limit: integer(1, 10_000), leaseMs };
const filter: Rules<InboxFilter> = {
  statuses: (value) => list(3, oneOf(['received', 'failed', 'dead']))(value) ?? nonEmpty(value as readonly unknown[]),
  organizationId: optional(organization),
  provider: optional(provider),
  limit: optional(integer(1, 200)),
  // Judged by `readCursor`, which knows for which filter it was given.
  cursor: () => undefined,
};

/** Refuses two events of one id: which of them counts would be chance. */
export function checkInboxAdd(events: readonly NewInboxEvent[], how: InboxAdd): void {
  checkFields('The inbox', { events: [...events] }, { events: list(mostEvents, () => undefined) });
  for (const one of events) checkFields('The event', one, event);
  checkFields('The inbox', how, add);
  if (new Set(events.map((one) => one.id)).size === events.length) return;
  throw invalidInput('The inbox', [{ path: 'id', message: 'must not repeat within one call' }]);
}

export function checkInboxHolds(holds: readonly InboxHold[], lease: number): void {
  checkFields(
    'The inbox',
    { holds: [...holds], leaseMs: lease },
    { holds: list(mostEvents, () => undefined), leaseMs },
  );
  for (const one of holds) checkFields('The hold', one, hold);
}

/** A time at which a job tries again belongs to a failure, and an error to whatever is not done. */
export function checkInboxSettle(holdValue: InboxHold, value: InboxOutcome): void {
  checkFields('The hold', holdValue, hold);
  checkFields('The outcome', value, outcome);
  if ((value.status === 'done') !== (value.error === null))
    throw invalidInput('The outcome', [{ path: 'error', message: 'is given for failures, and for them alone' }]);
  if (value.dueInMs === null || value.status === 'failed') return;
  throw invalidInput('The outcome', [{ path: 'dueInMs', message: 'is given only where the try failed' }]);
}

export function checkInboxDue(value: InboxDueRequest): void {
  checkFields('The claim', value, due);
}

export function checkInboxFilter(value: InboxFilter): void {
  checkFields('The filter', value, filter);
}

export function checkInboxIds(ids: readonly string[]): void {
  checkFields('The inbox', { ids: [...ids] }, { ids: list(mostIds, id) });
}

export function checkInboxDiscard(ids: readonly string[], keep: number): void {
  checkFields('The inbox', { ids: [...ids], keepMs: keep }, { ids: list(mostIds, id), keepMs });
}

/** What a cursor of `list` is bound to. */
export function inboxScope({ statuses, organizationId, provider: named }: InboxFilter): readonly string[] {
  const organizationPart = organizationId === undefined ? '' : `=${organizationId}`;
  return ['inbox', [...statuses].toSorted().join(' '), organizationPart, named ?? ''];
}

/** A position of `list`: a sequence number. */
export function parseSequence(position: string): number | undefined {
  return /^\d{1,15}$/.test(position) ? Number(position) : undefined;
}

function nonEmpty(values: readonly unknown[]): string | undefined {
  return values.length === 0 ? 'must not be empty' : undefined;
}
