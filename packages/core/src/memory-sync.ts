/** Streams of one process's memory. A write happens between two awaits, so it is atomic without further means. */
import { copyOf } from './memory-copy.ts';
import {
  checkSchedule,
  checkStreamDue,
  checkStreamKey,
  checkStreamLease,
  checkStreamSave,
} from './store-sync-input.ts';
import { checkOrganizationId } from './store-input.ts';
import type { StreamData, StreamKey, StreamRow, SyncStore } from './store-sync.ts';
import type { ConnectionStore } from './store.ts';

type StoredRow = Omit<StreamRow, 'readAt'>;

export interface MemorySync extends SyncStore {
  /** The connection is gone. */
  forget(connectionId: string): void;
}

const untouched: StreamData = {
  accountId: null,
  cursor: null,
  mark: null,
  startedAt: null,
  finishedAt: null,
  records: 0,
  pages: 0,
  lastError: null,
  failCount: 0,
  dueAt: null,
};

/** @param now the store's time in milliseconds since the epoch. */
export function createMemorySync(now: () => number, connections: Pick<ConnectionStore, 'get'>): MemorySync {
  const rows = new Map<string, StoredRow>();

  function own(organizationId: string, key: StreamKey): StoredRow | undefined {
    const row = rows.get(idOf(key));
    return row?.organizationId === organizationId ? row : undefined;
  }

  /** The provider of a connection; null when the organization has none of this id. */
  async function providerOf(organizationId: string, connectionId: string): Promise<string | null> {
    return (await connections.get(organizationId, connectionId))?.provider ?? null;
  }

  function ownOrNew(organizationId: string, provider: string, { connectionId, stream }: StreamKey): StoredRow {
    const at = new Date(now());
    const times = { leaseUntil: null, createdAt: at, updatedAt: at };
    const fresh = { connectionId, stream, organizationId, provider, ...untouched, leaseFence: 0, ...times };
    return own(organizationId, { connectionId, stream }) ?? fresh;
  }

  function write(row: StoredRow, change: Partial<StoredRow>): StreamRow {
    const written = { ...row, ...copyOf(change), updatedAt: new Date(now()) };
    rows.set(idOf(row), written);
    return read(written);
  }

  function read(row: StoredRow): StreamRow {
    return { ...copyOf(row), readAt: new Date(now()) };
  }

  function lease(row: StoredRow, leaseMs: number): Partial<StoredRow> {
    const leaseUntil = new Date(now() + leaseMs);
    return { leaseUntil, dueAt: row.dueAt && leaseUntil };
  }

  function isLeased({ leaseUntil }: StoredRow): boolean {
    return leaseUntil !== null && leaseUntil.getTime() > now();
  }

  return {
    async get(organizationId, key) {
      checkOrganizationId(organizationId);
      checkStreamKey(key);
      const row = own(organizationId, key);
      return row === undefined ? null : read(row);
    },

    async list(organizationId, connectionId) {
      checkOrganizationId(organizationId);
      return [...rows.values()]
        .filter((row) => row.organizationId === organizationId && row.connectionId === connectionId)
        .toSorted((a, b) => (a.stream < b.stream ? -1 : 1))
        .map(read);
    },

    async lease(organizationId, key, leaseMs) {
      checkOrganizationId(organizationId);
      checkStreamKey(key);
      checkStreamLease(leaseMs);
      const provider = await providerOf(organizationId, key.connectionId);
      if (provider === null) return null;
      const row = ownOrNew(organizationId, provider, key);
      if (isLeased(row)) return null;
      return write(row, { ...lease(row, leaseMs), leaseFence: row.leaseFence + 1 });
    },

    async save(organizationId, key, hold, change) {
      checkOrganizationId(organizationId);
      checkStreamKey(key);
      checkStreamSave(hold, change);
      const row = own(organizationId, key);
      if (row === undefined || row.leaseFence !== hold.leaseFence || row.leaseUntil === null) return null;
      return write(row, { ...change, ...(hold.leaseMs === null ? { leaseUntil: null } : lease(row, hold.leaseMs)) });
    },

    async schedule(streams) {
      checkSchedule(streams);
      for (const { organizationId, ...key } of streams) {
        const provider = await providerOf(organizationId, key.connectionId);
        if (provider === null) continue;
        const row = ownOrNew(organizationId, provider, key);
        if (row.dueAt === null) write(row, { dueAt: new Date(now()) });
      }
    },

    async claimDue(request) {
      checkStreamDue(request);
      const { provider, stream, limit, leaseMs, except } = request;
      const dueAt = (row: StoredRow) => row.dueAt?.getTime() ?? Number.POSITIVE_INFINITY;
      return [...rows.values()]
        .filter((row) => row.provider === provider && row.stream === stream && dueAt(row) <= now())
        .filter((row) => !isLeased(row) && !except.includes(row.organizationId))
        .toSorted((a, b) => dueAt(a) - dueAt(b))
        .slice(0, limit)
        .map((row) => write(row, { ...lease(row, leaseMs), leaseFence: row.leaseFence + 1 }));
    },

    forget(connectionId) {
      for (const [id, row] of rows) if (row.connectionId === connectionId) rows.delete(id);
    },
  };
}

/** No two keys share it, whatever separators they contain. */
function idOf({ connectionId, stream }: StreamKey): string {
  return JSON.stringify([connectionId, stream]);
}
