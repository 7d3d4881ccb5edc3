import {
  checkAccount,
  checkConnectionFilter,
  checkConnectionKey,
  checkDue,
  checkLease,
  checkNewConnection,
  checkRelease,
  checkScan,
  checkWrite,
  checkWrites,
  connectionIdTaken,
  groupCalls,
  isConnectionId,
  isPlugboardError,
  pageOf,
  readCursor,
  writeCursor,
  type ConnectionFilter,
  type ConnectionRow,
  type ConnectionStore,
  type DueRequest,
} from '@plugboard/core/store-kit';

import { decodeForCall, decodeRow, encodeFields } from './columns.ts';
import { beforeAll, type ConnectionStatements } from './connections-sql.ts';
import type { SqlRow } from './database.ts';
import { checkOrganization } from './organization.ts';
import { readText } from './read-value.ts';
import type { Session } from './session.ts';

/** Candidates looked at for each row asked for, where organizations have a cap. */
const windowFactor = 8;
/** Of a batch that deadlocks with another; the database takes a second to find that out. */
const mostTries = 5;

interface Account {
  readonly provider: string;
  readonly accountId: string;
}

/** Everything but `lock`. */
export function createConnections(session: Session, statements: ConnectionStatements): ConnectionStore {
  const { database, names, timed } = session;
  const checkOwner = (organizationId: string) => checkOrganization(organizationId, names.organizationType);

  /** Events that arrive together ask together, and most of them for the same account. */
  const findByAccount = groupCalls<Account, ConnectionRow[]>({
    kindOf: () => '',
    bytesOf: ({ accountId }) => accountId.length,
    async run(accounts) {
      const names = accounts.map(({ provider, accountId }) => JSON.stringify([provider, accountId]));
      const asked = new Map(accounts.map(({ provider, accountId }, index) => [names[index], { provider, accountId }]));
      const records = [...asked.values()].map(({ provider, accountId }, n) => ({ n, provider, account: accountId }));
      const found = records.map((): ConnectionRow[] => []);
      for (const row of await timed(statements.findByAccount, JSON.stringify(records)))
        found[Number(row.at(-1))]?.push(decodeRow(row));
      const byName = new Map([...asked.keys()].map((name, index) => [name, found[index] ?? []]));
      return names.map((name) => [...byName.get(name)!]);
    },
  });

  return {
    async get(organizationId, id) {
      checkOwner(organizationId);
      return isConnectionId(id) ? firstRow(await timed(statements.get, organizationId, id)) : null;
    },

    async find(organizationId, key) {
      checkOwner(organizationId);
      checkConnectionKey(key);
      return firstRow(await timed(statements.find, organizationId, key.provider, key.label));
    },

    async findForCall(organizationId, key) {
      checkOwner(organizationId);
      checkConnectionKey(key);
      const { provider, label } = key;
      const [row] = await timed(statements.findForCall, organizationId, provider, label);
      return row === undefined ? null : { ...decodeForCall(row), organizationId, provider };
    },

    async list(organizationId, filter = {}) {
      checkOwner(organizationId);
      checkConnectionFilter(filter);
      const { provider, status, limit = 50, cursor } = filter;
      const scope = ['connections', organizationId, provider ?? '', status ?? ''];
      const after = cursor === undefined ? beforeAll : await readCursor(scope, cursor, parsePosition);
      const filters = [provider, status].filter((value) => value !== undefined);
      const rows = await timed(listStatement(filter), organizationId, after.date, after.id, limit + 1, ...filters);
      return pageOf(rows.map(decodeRow), limit, (last) =>
        writeCursor(scope, `${last.createdAt.toISOString()} ${last.id}`),
      );
    },

    async insert(organizationId, connection) {
      checkOwner(organizationId);
      checkNewConnection(connection);
      const data = JSON.stringify(encodeFields(connection));
      try {
        return firstRow(await timed(statements.insert, organizationId, data));
      } catch (error) {
        // The key has its own answer, so what is left to collide is the id.
        throw isPlugboardError(error) && error.code === 'already_exists' ? connectionIdTaken() : error;
      }
    },

    async update(organizationId, id, guard, change) {
      checkOwner(organizationId);
      checkWrite(guard, change);
      if (!isConnectionId(id)) return null;
      const data = JSON.stringify(encodeFields(change));
      return firstRow(await timed(statements.update, organizationId, id, JSON.stringify(guard), data));
    },

    async updateMany(writes, { skipHeld = false } = {}) {
      checkWrites(writes);
      for (const { organizationId } of writes) checkOwner(organizationId);
      const records = writes
        .filter(({ id }) => isConnectionId(id))
        .map(({ organizationId, id, guard, change }) => {
          return { organization_id: organizationId, id, guard, data: encodeFields(change) };
        })
        // Batches that share rows lock them in the same order where the database reads by index, and so seldom collide.
        .toSorted((a, b) => (a.id < b.id ? -1 : 1));
      if (records.length === 0) return writes.map(() => false);
      const batch = skipHeld ? statements.updateFree : statements.updateMany;
      const rows = await repeatAfterDeadlock(() => timed(batch, JSON.stringify(records)));
      const written = new Set(rows.map(([id]) => readText(id)));
      return writes.map(({ id }) => written.has(id));
    },

    async remove(organizationId, id) {
      checkOwner(organizationId);
      if (!isConnectionId(id)) return false;
      return (await database.query({ statement: statements.remove, values: [organizationId, id] })).length > 0;
    },

    async lease(organizationId, id, request) {
      checkOwner(organizationId);
      checkLease(request);
      if (!isConnectionId(id)) return null;
      const { credentialsVersion, version, leaseMs, attemptHash } = request;
      const attempt = [attemptHash !== undefined, attemptHash ?? null] as const;
      const values = [credentialsVersion, leaseMs, ...attempt, version ?? null] as const;
      return firstRow(await timed(statements.lease, organizationId, id, ...values));
    },

    async release(organizationId, id, leaseFence, refreshAt) {
      checkOwner(organizationId);
      checkRelease(leaseFence, refreshAt);
      if (!isConnectionId(id)) return false;
      const at = refreshAt?.toISOString() ?? null;
      return (await timed(statements.release, organizationId, id, leaseFence, at)).length > 0;
    },

    async claimDue(request) {
      checkDue(request);
      const { perOrganization } = request;
      const claims =
        perOrganization === undefined ? await claimOldest(request) : await claimFairly(request, perOrganization);
      return claims.toSorted((a, b) => a.dueSince - b.dueSince).map(({ row }) => row);
    },

    async findByAccount(provider, accountId) {
      checkAccount(provider, accountId);
      return findByAccount({ provider, accountId });
    },

    async scan(afterId, limit) {
      checkScan(afterId, limit);
      return (await timed(statements.scan, afterId ?? beforeAll.id, limit)).map(decodeRow);
    },
  };

  function listStatement({ provider, status }: ConnectionFilter) {
    if (provider === undefined) return status === undefined ? statements.list : statements.listStatus;
    return status === undefined ? statements.listProvider : statements.listBoth;
  }

  async function claimOldest({ limit, leaseMs, provider }: DueRequest): Promise<Claim[]> {
    const rows =
      provider === undefined
        ? await timed(statements.claim, leaseMs, limit)
        : await timed(statements.claimProvider, leaseMs, limit, provider);
    return rows.map(decodeClaim);
  }

  /**
   * One statement claims from a window at the head of the queue. When a full window holds too few organizations to fill
   * the batch, the next one passes over those that were served; each round serves another one, so there is an end.
   */
  async function claimFairly({ limit, leaseMs, provider }: DueRequest, cap: number): Promise<Claim[]> {
    const window = limit * windowFactor;
    const claimed: Claim[] = [];
    for (;;) {
      const served = new Set(claimed.map(({ row }) => row.organizationId));
      const values = [leaseMs, limit - claimed.length, window, cap, JSON.stringify([...served])];
      const rows =
        provider === undefined
          ? await timed(statements.claimFairly, ...values)
          : await timed(statements.claimProviderFairly, ...values, provider);
      const claims = rows.map(decodeClaim);
      claimed.push(...claims);
      const exhausted = (claims[0]?.candidates ?? 0) < window;
      if (exhausted || claimed.length === limit) return claimed;
    }
  }
}

interface Claim {
  readonly row: ConnectionRow;
  readonly dueSince: number;
  /** How many rows the statement had to choose from. */
  readonly candidates: number;
}

function decodeClaim(row: SqlRow): Claim {
  return { row: decodeRow(row), dueSince: Number(row.at(-2)), candidates: Number(row.at(-1)) };
}

function parsePosition(position: string): { readonly date: string; readonly id: string } | undefined {
  const [date = '', id = ''] = position.split(' ');
  const time = Date.parse(date);
  const isOurs = isConnectionId(id) && !Number.isNaN(time) && new Date(time).toISOString() === date;
  return isOurs ? { date, id } : undefined;
}

/** Of two batches that wait for each other the database undoes one as a whole, which may then run again. */
async function repeatAfterDeadlock<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      const undone = isPlugboardError(error) && error.code === 'serialization_failure';
      if (!undone || tries === mostTries) throw error;
    }
  }
}

function firstRow(rows: readonly SqlRow[]): ConnectionRow | null {
  const [row] = rows;
  return row === undefined ? null : decodeRow(row);
}
