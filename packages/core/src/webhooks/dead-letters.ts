/** What became of events that nobody has handled, for those who run the deployment: to look, to try again, to let go. */
import { checkId, type Engine } from '../engine.ts';
import { configurationError, invalidInput, PlugboardError } from '../errors.ts';
import { checkFields, oneOf, optional, text } from '../field-rules.ts';
import type { InboxFilter, InboxRow, InboxStore } from '../store-inbox.ts';
import type { Page } from '../store.ts';
import { dayMs } from './recipients.ts';

/** A stored event, without what it says. */
export interface StoredEvent {
  readonly id: string;
  readonly provider: string;
  /** Null for events of the platform's own account. */
  readonly organizationId: string | null;
  readonly connectionId: string | null;
  readonly type: string;
  /** `received` waits for its first try in the background, `failed` may be tried again, `dead` is not. */
  readonly status: 'received' | 'failed' | 'dead';
  readonly attempts: number;
  /** Code of the last failure, or the class of the error; `interrupted` where the process has died. */
  readonly reason: string | null;
  readonly receivedAt: Date;
  /** When the job tries next; null where only the vendor may send it again, or nobody does. */
  readonly nextTryAt: Date | null;
  readonly keptUntil: Date;
}

export interface StoredEventFilter {
  readonly organizationId?: string;
  readonly provider?: string;
  /** Default: `failed` and `dead`. */
  readonly status?: StoredEvent['status'];
}

export interface StoredEventPage extends StoredEventFilter {
  /** 1 to 200, default 50. */
  readonly limit?: number;
  readonly cursor?: string;
}

export interface BulkOptions {
  /** Called after each page with how many there were so far. */
  readonly onProgress?: (count: number) => void;
  readonly signal?: AbortSignal;
}

export interface DeadLetters {
  /** Oldest first. Of all organizations unless one is named, so never for their users as it is. */
  failed(filter?: StoredEventPage): Promise<Page<StoredEvent>>;
  /**
   * Has the job `webhooks` try again: one event by its id, or all that the filter names. Returns how many.
   * @throws PlugboardError code `unknown_event` for an id that nothing failed or dead has; `no_inbox`.
   */
  replay(target: string | StoredEventFilter, options?: BulkOptions): Promise<number>;
  /**
   * Drops what the events say, for good. That they came is still remembered.
   * @throws PlugboardError as `replay` does.
   */
  discard(target: string | StoredEventFilter, options?: BulkOptions): Promise<number>;
}

const page = 200;
/** After a discard an event is known by its id for as long as vendors send again. */
const rememberMs = 7 * dayMs;
const resting = ['failed', 'dead'] as const;

const rules = {
  organizationId: optional(text(256)),
  provider: optional(text(64)),
  status: optional(oneOf(['received', 'failed', 'dead'])),
};

/** @param wake Something waits for the job. */
export function createDeadLetters({ store }: Engine, wake: () => void): DeadLetters {
  function inboxOf(): InboxStore {
    if (store.inbox !== undefined) return store.inbox;
    throw configurationError(
      'no_inbox',
      `The store \`${store.name}\` keeps no webhook events.`,
      'Use a store of Plugboard, or implement `inbox` in your own.',
    );
  }

  async function each(
    target: string | StoredEventFilter,
    { onProgress, signal }: BulkOptions,
    work: (ids: readonly string[]) => Promise<number>,
  ): Promise<number> {
    const inbox = inboxOf();
    if (typeof target === 'string') {
      const count = await work([checkId(target, 'id')]);
      if (count === 0) throw unknownEvent();
      return count;
    }
    const filter = toFilter(target);
    if (filter.statuses.includes('received')) throw invalidInput('The filter', [notYet]);
    let count = 0;
    for (let cursor: string | null | undefined; cursor !== null && signal?.aborted !== true;) {
      const found: Page<InboxRow> = await inbox.list({ ...filter, limit: page, ...(cursor && { cursor }) });
      if (found.items.length > 0) count += await work(found.items.map(({ id }) => id));
      onProgress?.(count);
      cursor = found.nextCursor;
    }
    return count;
  }

  return {
    async failed({ limit, cursor, ...filter } = {}) {
      const paging = { ...(limit !== undefined && { limit }), ...(cursor !== undefined && { cursor }) };
      const found = await inboxOf().list({ ...toFilter(filter), ...paging });
      return { items: found.items.map(viewOf), nextCursor: found.nextCursor };
    },
    async replay(target, options = {}) {
      const count = await each(target, options, (ids) => inboxOf().requeue(ids));
      wake();
      return count;
    },
    discard: (target, options = {}) => each(target, options, (ids) => inboxOf().discard(ids, rememberMs)),
  };
}

const notYet = { path: 'status', message: 'must be failed or dead: what was received waits for its first try' };

function toFilter(filter: StoredEventFilter): InboxFilter {
  checkFields('The filter', filter, rules);
  const { organizationId, provider, status } = filter;
  return {
    statuses: status === undefined ? resting : [status],
    ...(organizationId !== undefined && { organizationId }),
    ...(provider !== undefined && { provider }),
  };
}

function viewOf(row: InboxRow): StoredEvent {
  const { id, provider, organizationId, connectionId, type, status, attempts, receivedAt } = row;
  const about = { id, provider, organizationId, connectionId, type, attempts, receivedAt };
  const times = { nextTryAt: row.dueAt, keptUntil: row.keepUntil };
  return { ...about, ...times, status: status as StoredEvent['status'], reason: row.lastError };
}

function unknownEvent(): PlugboardError {
  return new PlugboardError({
    kind: 'not_found',
    code: 'unknown_event',
    message: 'No failed or dead event has this id.',
    hint: 'List them with `failed`. One that is being worked on at this moment is not listed.',
  });
}
