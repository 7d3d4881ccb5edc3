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
  isConnectionId,
  pageOf,
  readCursor,
  writeCursor,
  type ConnectionRow,
  type ConnectionStore,
  type ConnectionWrite,
} from '@plugboard/core/store-kit';

import { connectionScripts as scripts } from './connection-scripts.ts';
import { decodeConnection, encodeConnection } from './fields.ts';
import { readList } from './read-value.ts';
import { claimRows, rowsOf } from './rows.ts';
import { mostInScript, type ScriptArgument } from './script.ts';
import { inChunks, type Session } from './session.ts';

/** Where an index begins. */
const beforeAll = '-';

/** Everything but `lock`: Redis has nothing that lives exactly as long as a connection. */
export function createConnections({ run }: Session): ConnectionStore {
  return {
    async get(organizationId, id) {
      checkOrganizationId(organizationId);
      return isConnectionId(id) ? firstRow(await run(scripts.get, organizationId, id)) : null;
    },

    async find(organizationId, key) {
      checkOrganizationId(organizationId);
      checkConnectionKey(key);
      return firstRow(await run(scripts.find, organizationId, key.provider, key.label));
    },

    async list(organizationId, filter = {}) {
      checkOrganizationId(organizationId);
      checkConnectionFilter(filter);
      const { provider = '', status = '', limit = 50, cursor } = filter;
      const scope = ['connections', organizationId, provider, status];
      const after = cursor === undefined ? beforeAll : `(${await readCursor(scope, cursor, parsePlace)}`;
      const reply = await run(scripts.list, organizationId, status, provider, after, limit + 1);
      const rows = rowsOf(reply, decodeConnection);
      return pageOf(rows, limit, (last) => writeCursor(scope, placeOf(last)));
    },

    async insert(organizationId, connection) {
      checkOrganizationId(organizationId);
      checkNewConnection(connection);
      const { id, provider, label, ...data } = connection;
      const reply = await run(scripts.insert, organizationId, id, provider, label, ...encodeConnection(data));
      if (Array.isArray(reply)) return firstRow(reply);
      if (String(reply) === 'taken') return null;
      throw connectionIdTaken();
    },

    async update(organizationId, id, guard, change) {
      checkOrganizationId(organizationId);
      checkWrite(guard, change);
      if (!isConnectionId(id)) return null;
      return firstRow(await run(scripts.update, '1', 1, ...encodeWrite({ organizationId, id, guard, change })));
    },

    async updateMany(writes) {
      checkWrites(writes);
      const known = writes.filter(({ id }) => isConnectionId(id));
      const results = await inChunks(known, async (chunk) => {
        const reply = await run(scripts.update, '0', chunk.length, ...chunk.flatMap(encodeWrite));
        return chunk.filter((_write, index) => readList(reply)[index + 1] !== null).map(({ id }) => id);
      });
      const written = new Set(results);
      return writes.map(({ id }) => written.has(id));
    },

    async remove(organizationId, id) {
      checkOrganizationId(organizationId);
      return isConnectionId(id) && Number(await run(scripts.remove, organizationId, id)) === 1;
    },

    async lease(organizationId, id, request) {
      checkOrganizationId(organizationId);
      checkLease(request);
      if (!isConnectionId(id)) return null;
      const { credentialsVersion, version = '', leaseMs, attemptHash } = request;
      const attempt =
        attemptHash === undefined ? ['left', ''] : [attemptHash === null ? 'cleared' : 'noted', attemptHash ?? ''];
      return firstRow(await run(scripts.lease, organizationId, id, credentialsVersion, version, leaseMs, ...attempt));
    },

    async release(organizationId, id, leaseFence, refreshAt) {
      checkOrganizationId(organizationId);
      checkRelease(leaseFence, refreshAt);
      if (!isConnectionId(id)) return false;
      return Number(await run(scripts.release, organizationId, id, leaseFence, refreshAt?.getTime() ?? '')) === 1;
    },

    async claimDue(request) {
      checkDue(request);
      const { limit, leaseMs, perOrganization = limit, provider = '' } = request;
      const claim = (most: number, claimed: readonly ConnectionRow[]) => {
        const counts = Map.groupBy(claimed, (row) => row.organizationId);
        const served = perOrganization < limit ? [...counts].flatMap(([name, rows]) => [name, rows.length]) : [];
        return run(scripts.claim, leaseMs, most, perOrganization, provider, ...served);
      };
      return claimRows(limit, claim, decodeConnection);
    },

    async findByAccount(provider, accountId) {
      checkAccount(provider, accountId);
      return walk(Number.POSITIVE_INFINITY, (after) => run(scripts.findByAccount, provider, accountId, after));
    },

    async scan(afterId, limit) {
      checkScan(afterId, limit);
      return walk(limit, (after, most) => run(scripts.scan, after, most), afterId);
    },
  };
}

/** Reads an index of ids to its end, or until there are enough rows, so many at a time. */
async function walk(
  limit: number,
  read: (after: string, most: number) => Promise<unknown>,
  afterId: string | null = null,
): Promise<ConnectionRow[]> {
  const found: ConnectionRow[] = [];
  for (let last = afterId; ;) {
    const most = Math.min(limit - found.length, mostInScript);
    const rows = rowsOf(await read(last === null ? beforeAll : `(${last}`, most), decodeConnection);
    found.push(...rows);
    last = rows.at(-1)?.id ?? null;
    if (rows.length < most || found.length === limit) return found;
  }
}

function encodeWrite({ organizationId, id, guard, change }: ConnectionWrite): ScriptArgument[] {
  const { version = '', credentialsVersion = '', leaseFence = '' } = guard;
  return [organizationId, id, version, credentialsVersion, leaseFence, ...encodeConnection(change)];
}

function firstRow(reply: unknown): ConnectionRow | null {
  return rowsOf(reply, decodeConnection)[0] ?? null;
}

/** As `row-lua.ts` writes it into the lists. */
function placeOf({ createdAt, id }: ConnectionRow): string {
  return String(createdAt.getTime()).padStart(16, '0') + id;
}

function parsePlace(position: string): string | undefined {
  return /^\d{16}/.test(position) && isConnectionId(position.slice(16)) ? position : undefined;
}
