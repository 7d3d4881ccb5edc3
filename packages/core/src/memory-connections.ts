/** Connections of one process's memory. A write happens between two awaits, so it is atomic without further means. */
import { member } from './json.ts';
import { copyOf } from './memory-copy.ts';
import { pageOf, readCursor, writeCursor } from './store-cursor.ts';
import {
  checkAccount,
  checkConnectionFilter,
  checkConnectionKey,
  checkDue,
  checkLease,
  checkNewConnection,
  checkOrganizationId,
  checkRelease,
  checkScan,
  checkWrite,
  checkWrites,
  connectionIdTaken,
} from './store-input.ts';
import type {
  ConnectionData,
  ConnectionKey,
  ConnectionRow,
  ConnectionStore,
  ConnectionWrite,
  WriteGuard,
} from './store.ts';

type StoredRow = Omit<ConnectionRow, 'readAt'>;

/** @param now the store's time in milliseconds since the epoch. */
export function createMemoryConnections(now: () => number): ConnectionStore {
  const rows = new Map<string, StoredRow>();
  const ids = new Map<string, string>();
  /** Rows under a lock, each with the promise of its end. */
  const locked = new Map<string, Promise<void>>();

  function own(organizationId: string, id: string): StoredRow | undefined {
    const row = rows.get(id);
    return row?.organizationId === organizationId ? row : undefined;
  }

  /** Calls `act` in the very moment in which nobody holds the row's lock. */
  async function whenFree<T>(organizationId: string, id: string, act: (row: StoredRow | undefined) => T): Promise<T> {
    while (own(organizationId, id) !== undefined && locked.has(id)) await locked.get(id);
    return act(own(organizationId, id));
  }

  function read(row: StoredRow): ConnectionRow {
    return { ...copyOf(row), readAt: new Date(now()) };
  }

  function write(row: StoredRow, change: Partial<StoredRow>): ConnectionRow {
    const written = { ...row, ...copyOf(change), version: row.version + 1, updatedAt: new Date(now()) };
    rows.set(row.id, written);
    return read(written);
  }

  function writeData(row: StoredRow, change: Partial<ConnectionData>): ConnectionRow {
    if (!Object.hasOwn(change, 'credentials')) return write(row, change);
    return write(row, { ...change, credentialsVersion: row.credentialsVersion + 1, leaseUntil: null });
  }

  function isLeased(row: StoredRow): boolean {
    return locked.has(row.id) || (row.leaseUntil !== null && row.leaseUntil.getTime() > now());
  }

  function writeLease(row: StoredRow, leaseMs: number, attempt: Partial<StoredRow> = {}): ConnectionRow {
    const until = new Date(now() + leaseMs);
    return write(row, { ...attempt, leaseFence: row.leaseFence + 1, leaseUntil: until, refreshAt: until });
  }

  const store: ConnectionStore = {
    async get(organizationId, id) {
      checkOrganizationId(organizationId);
      const row = own(organizationId, id);
      return row === undefined ? null : read(row);
    },

    async find(organizationId, key) {
      checkOrganizationId(organizationId);
      checkConnectionKey(key);
      const row = rows.get(ids.get(keyOf(organizationId, key)) ?? '');
      return row === undefined ? null : read(row);
    },

    async list(organizationId, filter = {}) {
      checkOrganizationId(organizationId);
      checkConnectionFilter(filter);
      const { provider, status, limit = 50, cursor } = filter;
      const scope = ['connections', organizationId, provider ?? '', status ?? ''];
      const after = cursor === undefined ? '' : await readCursor(scope, cursor, (place) => place);
      const found = [...rows.values()]
        .filter((row) => row.organizationId === organizationId)
        .filter((row) => (provider ?? row.provider) === row.provider && (status ?? row.status) === row.status)
        .map((row) => ({ row, place: placeOf(row) }))
        .filter(({ place }) => place > after)
        .toSorted((a, b) => (a.place < b.place ? -1 : 1));
      const page = await pageOf(found, limit, (last) => writeCursor(scope, last.place));
      return { ...page, items: page.items.map(({ row }) => read(row)) };
    },

    async insert(organizationId, connection) {
      checkOrganizationId(organizationId);
      checkNewConnection(connection);
      const key = keyOf(organizationId, connection);
      if (ids.has(key)) return null;
      if (rows.has(connection.id)) throw connectionIdTaken();
      const at = new Date(now());
      const row: StoredRow = {
        ...copyOf(connection),
        organizationId,
        version: 1,
        credentialsVersion: 1,
        leaseFence: 0,
        leaseUntil: null,
        createdAt: at,
        updatedAt: at,
      };
      rows.set(row.id, row);
      ids.set(key, row.id);
      return read(row);
    },

    async update(organizationId, id, guard, change) {
      checkOrganizationId(organizationId);
      checkWrite(guard, change);
      return whenFree(organizationId, id, (row) =>
        row === undefined || !passes(row, guard) ? null : writeData(row, change),
      );
    },

    async updateMany(writes, { skipHeld = false } = {}) {
      checkWrites(writes);
      const write = async ({ organizationId, id, guard, change }: ConnectionWrite) =>
        !(skipHeld && locked.has(id)) && (await store.update(organizationId, id, guard, change)) !== null;
      return Promise.all(writes.map(write));
    },

    async remove(organizationId, id) {
      checkOrganizationId(organizationId);
      return whenFree(organizationId, id, (row) => {
        if (row === undefined) return false;
        ids.delete(keyOf(organizationId, row));
        return rows.delete(id);
      });
    },

    async lease(organizationId, id, request) {
      checkOrganizationId(organizationId);
      checkLease(request);
      const row = own(organizationId, id);
      if (row === undefined || row.credentialsVersion !== request.credentialsVersion) return null;
      if (row.status === 'disconnected' || isLeased(row) || (request.version ?? row.version) !== row.version)
        return null;
      const { attemptHash, leaseMs } = request;
      if (attemptHash === undefined) return writeLease(row, leaseMs);
      return writeLease(row, leaseMs, { attemptHash, attemptAt: attemptHash === null ? null : new Date(now()) });
    },

    async release(organizationId, id, leaseFence, refreshAt) {
      checkOrganizationId(organizationId);
      checkRelease(leaseFence, refreshAt);
      return whenFree(organizationId, id, (row) => {
        if (row === undefined || row.leaseFence !== leaseFence || row.leaseUntil === null) return false;
        write(row, { leaseUntil: null, refreshAt });
        return true;
      });
    },

    async lock(organizationId, id, work) {
      checkOrganizationId(organizationId);
      const { promise, resolve } = Promise.withResolvers<void>();
      const row = await whenFree(organizationId, id, (found) => {
        if (found !== undefined) locked.set(id, promise);
        return found;
      });
      if (row === undefined) return null;
      const unlock = () => {
        if (locked.get(id) === promise) locked.delete(id);
        resolve();
      };
      let version = row.version;
      const update = async (change: Partial<ConnectionData>) => {
        checkWrite({}, change);
        const held = locked.get(id) === promise;
        const written = held ? writeData(row, change) : await store.update(organizationId, id, { version }, change);
        unlock();
        version = written?.version ?? version;
        return written;
      };
      try {
        return await work(read(row), update);
      } finally {
        unlock();
      }
    },

    async claimDue(request) {
      checkDue(request);
      const { limit, leaseMs, perOrganization = limit, provider } = request;
      const claimed: ConnectionRow[] = [];
      const taken = new Map<string, number>();
      for (const row of dueRows(provider)) {
        const count = taken.get(row.organizationId) ?? 0;
        if (count >= perOrganization) continue;
        taken.set(row.organizationId, count + 1);
        claimed.push(writeLease(row, leaseMs));
        if (claimed.length === limit) break;
      }
      return claimed;
    },

    async findByAccount(provider, accountId) {
      checkAccount(provider, accountId);
      return inIdOrder()
        .filter((row) => row.provider === provider && row.status !== 'disconnected' && isKnownAs(row, accountId))
        .map(read);
    },

    async scan(afterId, limit) {
      checkScan(afterId, limit);
      return inIdOrder()
        .filter((row) => afterId === null || row.id > afterId)
        .slice(0, limit)
        .map(read);
    },
  };
  return store;

  function dueRows(provider: string | undefined): StoredRow[] {
    const dueAt = (row: StoredRow) => row.refreshAt?.getTime() ?? Number.POSITIVE_INFINITY;
    return [...rows.values()]
      .filter((row) => dueAt(row) <= now() && row.status !== 'disconnected' && !isLeased(row))
      .filter((row) => (provider ?? row.provider) === row.provider)
      .toSorted((a, b) => dueAt(a) - dueAt(b));
  }

  function inIdOrder(): StoredRow[] {
    return [...rows.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }
}

/** No two keys share it, whatever separators they contain. */
function keyOf(organizationId: string, { provider, label }: ConnectionKey): string {
  return JSON.stringify([organizationId, provider, label]);
}

/** Sorts as text in the order of creation time, then id. */
function placeOf(row: StoredRow): string {
  return `${row.createdAt.toISOString()} ${row.id}`;
}

function isKnownAs({ account, metadata }: StoredRow, accountId: string): boolean {
  const further = member(metadata, 'alsoKnownAs');
  return account?.id === accountId || (Array.isArray(further) && further.includes(accountId));
}

function passes(row: StoredRow, guard: WriteGuard): boolean {
  return (
    (guard.version ?? row.version) === row.version &&
    (guard.credentialsVersion ?? row.credentialsVersion) === row.credentialsVersion &&
    (guard.leaseFence ?? row.leaseFence) === row.leaseFence
  );
}
