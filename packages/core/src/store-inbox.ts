/**
 * The part of the storage contract that keeps verified webhook events until they are handled. A store without it serves
 * webhooks as well: then only marks of `once` are kept, and nothing of what fails.
 */
import type { Page } from './store-page.ts';

/**
 * `received`: waits for a job. `failed`: its last try failed, and another one may come: from the vendor, or from a job
 * where `dueAt` is set. `dead`: nobody tries again unless asked to. `done`: handled; only a mark is left.
 */
export type InboxStatus = 'received' | 'failed' | 'dead' | 'done';

/** One event for one connection, or for none. */
export interface NewInboxEvent {
  /** Made of what makes the event unique, its connection included: the same event has the same id always. */
  readonly id: string;
  readonly provider: string;
  /** Null for events of the platform's own account. */
  readonly organizationId: string | null;
  readonly connectionId: string | null;
  /** The vendor's name of the event, for lists. */
  readonly type: string;
  /** Events of one lane are claimed one after the other, in the order in which they were added. Null: whenever. */
  readonly lane: string | null;
  /** Sealed by the vault. */
  readonly payload: Uint8Array;
}

export interface InboxRow extends Omit<NewInboxEvent, 'payload'> {
  /** Grows with every added event. */
  readonly sequence: number;
  readonly status: InboxStatus;
  /** Null once the event is done. */
  readonly payload: Uint8Array | null;
  /** Tries that were begun. */
  readonly attempts: number;
  /** Code of the last failure; `interrupted` while somebody works on it, and for ever where that one has died. */
  readonly lastError: string | null;
  /** When a job works on it next. Null: no job does. */
  readonly dueAt: Date | null;
  /** Number of the newest lease; a write that carries an older one is refused. */
  readonly leaseFence: number;
  readonly leaseUntil: Date | null;
  /** Until when it is kept, unless a job still has to work on it. */
  readonly keepUntil: Date;
  readonly receivedAt: Date;
  readonly updatedAt: Date;
  /** The store's time when it read the row. */
  readonly readAt: Date;
}

export interface InboxAdd {
  /** The caller works on them itself, under a lease of so many milliseconds. Null: a job will, they are due at once. */
  readonly leaseMs: number | null;
  /** How long they are kept, in milliseconds. */
  readonly keepMs: number;
}

/**
 * `held`: the caller works on it now. `queued`: a job will, or does. `done`: it was handled before, or is dead. `busy`:
 * somebody else works on it at this moment.
 */
export interface InboxAnswer {
  readonly outcome: 'held' | 'queued' | 'done' | 'busy';
  /** Of the lease; 0 unless `held`. */
  readonly leaseFence: number;
}

export interface InboxHold {
  readonly id: string;
  readonly leaseFence: number;
}

/** How a try ended. */
export interface InboxOutcome {
  readonly status: 'done' | 'failed' | 'dead';
  /** A code; null when it is done. */
  readonly error: string | null;
  /** Milliseconds until a job tries again; null: none does. Only where it failed. */
  readonly dueInMs: number | null;
  /** How long the row is kept from now on, in milliseconds. */
  readonly keepMs: number;
}

export interface InboxDueRequest {
  /** Those of other providers stay. */
  readonly providers: readonly string[];
  readonly limit: number;
  readonly leaseMs: number;
}

export interface InboxFilter {
  readonly statuses: readonly Exclude<InboxStatus, 'done'>[];
  readonly organizationId?: string;
  readonly provider?: string;
  /** 1 to 200, default 50. */
  readonly limit?: number;
  /** `nextCursor` of the previous page: opaque, bound to the filter. */
  readonly cursor?: string;
}

/** Engine only, all of it: verified events have no user who asks for them. They go with their connection. */
export interface InboxStore {
  /**
   * Writes all events in one statement, before it answers; says of each, in the order given, what became of it. An event
   * that is known and neither done, dead, queued nor held by anybody is taken up again as if it were new, with one more
   * try counted and what it held kept. No id may repeat within a call.
   */
  add(events: readonly NewInboxEvent[], how: InboxAdd): Promise<readonly InboxAnswer[]>;
  /** Prolongs leases to now + leaseMs; says of each whether it is still its holder's. */
  extend(holds: readonly InboxHold[], leaseMs: number): Promise<readonly boolean[]>;
  /**
   * Ends the lease and writes how the try ended; `done` drops the payload. False, and nothing is written, when the fence
   * is not the newest or its lease has been ended; a lease that ran out unnoticed is still its holder's.
   */
  settle(hold: InboxHold, outcome: InboxOutcome): Promise<boolean>;
  /**
   * Events whose `dueAt` has passed and that nobody holds, leased in the same statement, with one more try counted; no
   * event twice. Of a lane only the first that any job still has to work on. May answer fewer than `limit`.
   */
  claimDue(request: InboxDueRequest): Promise<readonly InboxRow[]>;
  /** In the order in which they were added; those that somebody holds are left out. */
  list(filter: InboxFilter): Promise<Page<InboxRow>>;
  /** Makes failed and dead events that nobody holds due at once, with no try counted. Returns how many. */
  requeue(ids: readonly string[]): Promise<number>;
  /** Ends failed and dead events that nobody holds as done. Returns how many. */
  discard(ids: readonly string[], keepMs: number): Promise<number>;
  /** Deletes what need not be kept any longer, and nothing that a job has to work on; returns how many. */
  purge(): Promise<number>;
}
