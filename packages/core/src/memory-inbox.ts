/** The inbox of one process's memory. A write happens between two awaits, so it is atomic without further means. */
import { copyOf } from './memory-copy.ts';
import { pageOf, readCursor, writeCursor } from './store-cursor.ts';
import {
  checkInboxAdd,
  checkInboxDiscard,
  checkInboxDue,
  checkInboxFilter,
  checkInboxHolds,
  checkInboxIds,
  checkInboxSettle,
  inboxScope,
  parseSequence,
} from './store-inbox-input.ts';
import type { InboxAdd, InboxAnswer, InboxHold, InboxRow, InboxStore, NewInboxEvent } from './store-inbox.ts';

type StoredRow = Omit<InboxRow, 'readAt'>;

export interface MemoryInbox extends InboxStore {
  /** The connection is gone. */
  forget(connectionId: string): void;
}

/** @param now the store's time in milliseconds since the epoch. */
export function createMemoryInbox(now: () => number): MemoryInbox {
  const rows = new Map<string, StoredRow>();
  let sequence = 0;

  const ahead = (ms: number) => new Date(now() + ms);
  const isHeld = ({ leaseUntil }: StoredRow) => leaseUntil !== null && leaseUntil.getTime() > now();
  const isOpen = ({ status }: StoredRow) => status === 'received' || status === 'failed';
  const isResting = (row: StoredRow) => (row.status === 'failed' || row.status === 'dead') && !isHeld(row);

  function write(row: StoredRow, change: Partial<StoredRow>): StoredRow {
    const written = { ...row, ...copyOf(change), updatedAt: new Date(now()) };
    rows.set(row.id, written);
    return written;
  }

  function read(row: StoredRow): InboxRow {
    return { ...copyOf(row), readAt: new Date(now()) };
  }

  function lease(row: StoredRow, leaseMs: number): StoredRow {
    const change = { status: 'failed', lastError: 'interrupted' } as const;
    const { attempts, leaseFence } = row;
    return write(row, { ...change, attempts: attempts + 1, leaseFence: leaseFence + 1, leaseUntil: ahead(leaseMs) });
  }

  function addOne(event: NewInboxEvent, { leaseMs, keepMs }: InboxAdd): InboxAnswer {
    const known = rows.get(event.id);
    if (known !== undefined && !isOpen(known)) return { outcome: 'done', leaseFence: 0 };
    if (known !== undefined && known.dueAt !== null) return { outcome: 'queued', leaseFence: 0 };
    if (known !== undefined && isHeld(known)) return { outcome: 'busy', leaseFence: 0 };
    const row = write(known ?? fresh(event), { keepUntil: ahead(keepMs) });
    if (leaseMs !== null) return { outcome: 'held', leaseFence: lease(row, leaseMs).leaseFence };
    write(row, { status: 'received', dueAt: new Date(now()), leaseUntil: null });
    return { outcome: 'queued', leaseFence: 0 };
  }

  function fresh(event: NewInboxEvent): StoredRow {
    const at = new Date(now());
    const nothing = { attempts: 0, lastError: null, dueAt: null, leaseFence: 0, leaseUntil: null };
    const times = { keepUntil: at, receivedAt: at, updatedAt: at };
    return { ...copyOf(event), sequence: ++sequence, status: 'received', ...nothing, ...times };
  }

  function own({ id, leaseFence }: InboxHold): StoredRow | undefined {
    const row = rows.get(id);
    return row?.leaseFence === leaseFence && row.leaseUntil !== null ? row : undefined;
  }

  /** The first of each lane that a job still has to work on; of those without a lane each. */
  function* heads(): Iterable<StoredRow> {
    const seen = new Set<string>();
    for (const row of inOrder()) {
      if (row.dueAt === null || (row.lane !== null && seen.has(row.lane))) continue;
      if (row.lane !== null) seen.add(row.lane);
      yield row;
    }
  }

  function inOrder(): readonly StoredRow[] {
    return [...rows.values()].toSorted((a, b) => a.sequence - b.sequence);
  }

  return {
    async add(events, how) {
      checkInboxAdd(events, how);
      return events.map((event) => addOne(event, how));
    },

    async extend(holds, leaseMs) {
      checkInboxHolds(holds, leaseMs);
      return holds.map((hold) => {
        const row = own(hold);
        if (row !== undefined) write(row, { leaseUntil: ahead(leaseMs) });
        return row !== undefined;
      });
    },

    async settle(hold, outcome) {
      checkInboxSettle(hold, outcome);
      const row = own(hold);
      if (row === undefined) return false;
      const { status, error, dueInMs, keepMs } = outcome;
      const dueAt = dueInMs === null ? null : ahead(dueInMs);
      const payload = status === 'done' ? null : row.payload;
      write(row, { status, lastError: error, dueAt, payload, leaseUntil: null, keepUntil: ahead(keepMs) });
      return true;
    },

    async claimDue(request) {
      checkInboxDue(request);
      const { providers, limit, leaseMs } = request;
      return [...heads()]
        .filter((row) => providers.includes(row.provider) && (row.dueAt?.getTime() ?? 0) <= now() && !isHeld(row))
        .slice(0, limit)
        .map((row) => read(lease(row, leaseMs)));
    },

    async list(filter) {
      checkInboxFilter(filter);
      const { statuses, organizationId, provider, limit = 50, cursor } = filter;
      const scope = inboxScope(filter);
      const after = cursor === undefined ? 0 : await readCursor(scope, cursor, parseSequence);
      const found = inOrder()
        .filter((row) => row.sequence > after && (statuses as readonly string[]).includes(row.status) && !isHeld(row))
        .filter((row) => (organizationId ?? row.organizationId) === row.organizationId)
        .filter((row) => (provider ?? row.provider) === row.provider);
      const page = await pageOf(found, limit, (last) => writeCursor(scope, String(last.sequence)));
      return { ...page, items: page.items.map(read) };
    },

    async requeue(ids) {
      checkInboxIds(ids);
      const found = ids.flatMap((id) => rows.get(id) ?? []).filter(isResting);
      for (const row of found)
        write(row, { status: 'received', attempts: 0, dueAt: new Date(now()), leaseUntil: null });
      return found.length;
    },

    async discard(ids, keepMs) {
      checkInboxDiscard(ids, keepMs);
      const found = ids.flatMap((id) => rows.get(id) ?? []).filter(isResting);
      const done = { status: 'done', payload: null, dueAt: null, leaseUntil: null } as const;
      for (const row of found) write(row, { ...done, keepUntil: ahead(keepMs) });
      return found.length;
    },

    async purge() {
      const over = [...rows.values()].filter(
        (row) => row.dueAt === null && row.keepUntil.getTime() <= now() && !isHeld(row),
      );
      for (const { id } of over) rows.delete(id);
      return over.length;
    },

    forget(connectionId) {
      for (const [id, row] of rows) if (row.connectionId === connectionId && row.payload !== null) rows.delete(id);
    },
  };
}
