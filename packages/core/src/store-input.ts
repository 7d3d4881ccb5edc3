/**
 * What every store refuses before it reads or writes, in one place, so that all adapters refuse the same inputs with
 * the same words. An adapter calls these functions first and may then trust what it was given.
 *
 * Each throws PlugboardError kind `invalid_request`, code `invalid_input`, with one entry in `fields` for each refused
 * field.
 */
import { invalidInput, PlugboardError } from './errors.ts';
import {
  bytes,
  checkFields,
  checkGiven,
  date,
  flag,
  integer,
  jsonObject,
  list,
  nullable,
  oneOf,
  optional,
  text,
  type Rules,
} from './field-rules.ts';
import type {
  AccountRef,
  AuditEntry,
  AuditFilter,
  ConnectionData,
  ConnectionFilter,
  ConnectionKey,
  ConnectionWrite,
  DueRequest,
  LeaseRequest,
  NewConnection,
  OnceRequest,
  WriteGuard,
} from './store.ts';

// Lengths count UTF-16 units, each at most three bytes of UTF-8. The longest key (organization, provider, label) must
// fit an index entry, which in PostgreSQL ends at 2704 bytes.
const longestId = 256;
const longestName = 64;
const longestCode = 200;
const longestKey = 512;
const mostRows = 10_000;
const longestLeaseMs = 24 * 3_600_000;
const longestTtlMs = 366 * 24 * 3_600_000;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

// Less deep than `parseJson` accepts, or a row could be written that cannot be read.
const json = jsonObject(256 * 1024, 60);
const pageSize = integer(1, 200);
const code = text(longestCode);

const account: Rules<AccountRef> = { id: text(longestKey), name: text(longestKey, { empty: true }) };
const key: Rules<ConnectionKey> = { provider: text(longestName), label: text(longestId) };
const data: Rules<ConnectionData> = {
  method: text(longestName),
  status: oneOf(['active', 'pending', 'degraded', 'expired', 'error', 'disconnected']),
  statusReason: nullable(code),
  credentials: nullable(bytes(1024 * 1024)),
  tokenExpiresAt: nullable(date),
  refreshAt: nullable(date),
  refreshExpiresAt: nullable(date),
  account: nullable((value) => json(value) ?? accountProblem(value as AccountRef)),
  scopes: nullable(list(1000, text(longestKey))),
  metadata: json,
  settings: json,
  health: nullable(json),
  lastError: nullable(json),
  lastSyncAt: nullable(date),
  connectedAt: nullable(date),
  disconnectedAt: nullable(date),
  stub: flag,
  attemptHash: nullable(code),
  attemptAt: nullable(date),
  failCount: integer(0, 1_000_000),
  writeId: nullable(code),
};
const organization = { organizationId: text(longestId) };
const connection: Rules<NewConnection> = { id: connectionId, ...key, ...data };
const guard: Rules<WriteGuard> = {
  version: optional(integer(0)),
  credentialsVersion: optional(integer(0)),
  leaseFence: optional(integer(0)),
};
const filter: Rules<ConnectionFilter> = {
  provider: optional(key.provider),
  status: optional(data.status),
  limit: optional(pageSize),
  // Judged by `readCursor`, which knows whom it was given to.
  cursor: () => undefined,
};
const lease: Rules<LeaseRequest> = {
  credentialsVersion: integer(0),
  version: optional(integer(0)),
  leaseMs: integer(1, longestLeaseMs),
  attemptHash: optional(data.attemptHash),
};
const due: Rules<DueRequest> = {
  limit: integer(1, mostRows),
  leaseMs: lease.leaseMs,
  perOrganization: optional(integer(1, mostRows)),
  provider: optional(key.provider),
};
const once: Rules<OnceRequest> = {
  key: text(longestKey),
  value: text(64 * 1024, { empty: true }),
  ttlMs: integer(1, longestTtlMs),
  group: optional(text(longestKey)),
  maxInGroup: optional(integer(1, 1_000_000)),
};
const auditEntry: Rules<Omit<AuditEntry, 'at'>> = {
  id: text(longestName),
  organizationId: text(longestId),
  connectionId: nullable(connectionId),
  provider: key.provider,
  type: code,
  actor: text(longestId),
  data: json,
};
const auditFilter: Rules<AuditFilter> = {
  connectionId: optional(text(longestId)),
  limit: optional(pageSize),
  cursor: filter.cursor,
};

/** True for what can be a connection's id: a UUID in lower case. A read by any other text is a miss, not an error. */
export function isConnectionId(id: unknown): id is string {
  return typeof id === 'string' && uuid.test(id);
}

export function checkOrganizationId(organizationId: string): void {
  // Asked before every read, and nearly always there is nothing to say: no object is made for that.
  if (organization.organizationId(organizationId) === undefined) return;
  checkFields('The organization', { organizationId }, organization);
}

export function checkConnectionKey({ provider, label }: ConnectionKey): void {
  if (key.provider(provider) === undefined && key.label(label) === undefined) return;
  checkFields('The connection key', { provider, label }, key);
}

export function checkNewConnection(value: NewConnection): void {
  checkFields('The connection', value, connection);
}

/** Refuses `undefined` too: it could be meant as null or as «leave it». */
export function checkWrite(guardValue: WriteGuard, change: Partial<ConnectionData>): void {
  checkFields('The write guard', guardValue, guard);
  checkGiven('The change', change, data);
}

/** Refuses two writes to one connection: their order would be chance. */
export function checkWrites(writes: readonly ConnectionWrite[]): void {
  for (const write of writes) {
    checkOrganizationId(write.organizationId);
    checkWrite(write.guard, write.change);
  }
  if (new Set(writes.map((write) => write.id)).size === writes.length) return;
  throw invalidInput('The list of writes', [{ path: 'id', message: 'must not repeat within one call' }]);
}

export function checkConnectionFilter(value: ConnectionFilter): void {
  checkFields('The filter', value, filter);
}

export function checkLease(value: LeaseRequest): void {
  checkFields('The lease', value, lease);
}

export function checkRelease(leaseFence: number, refreshAt: Date | null): void {
  checkFields('The release', { leaseFence, refreshAt }, { leaseFence: integer(0), refreshAt: data.refreshAt });
}

export function checkDue(value: DueRequest): void {
  checkFields('The claim', value, due);
}

export function checkAccount(provider: string, accountId: string): void {
  checkFields('The account', { provider, accountId }, { provider: key.provider, accountId: account.id });
}

export function checkScan(afterId: string | null, limit: number): void {
  checkFields('The scan', { afterId, limit }, { afterId: nullable(connectionId), limit: due.limit });
}

/** `maxInGroup` needs a group to count in. */
export function checkOnce(value: OnceRequest): void {
  checkFields('The one-time value', value, once);
  if (value.maxInGroup === undefined || value.group !== undefined) return;
  throw invalidInput('The one-time value', [{ path: 'group', message: 'is required with maxInGroup' }]);
}

export function checkOnceKey(value: string): void {
  checkFields('The one-time value', { key: value }, { key: once.key });
}

export function checkEntries(prefix: string, limit: number): void {
  checkFields('The list of one-time values', { prefix, limit }, { prefix: once.key, limit: due.limit });
}

export function checkAuditEntry(value: Omit<AuditEntry, 'at'>): void {
  checkFields('The audit entry', value, auditEntry);
}

export function checkAuditFilter(value: AuditFilter): void {
  checkFields('The filter', value, auditFilter);
}

export function checkMarkerPrefix(prefix: string): void {
  checkFields('The marker', { prefix }, { prefix: text(longestId, { empty: true }) });
}

export function checkMarker(name: string, value: string): void {
  checkFields('The marker', { name, value }, { name: text(longestId), value: text(4096, { empty: true }) });
}

/** The id of a new connection exists already: ids are random, so the caller inserts the same connection twice. */
export function connectionIdTaken(): PlugboardError {
  return new PlugboardError({
    kind: 'conflict',
    code: 'id_taken',
    message: 'A connection with this id exists already.',
    hint: 'Draw a new id for every connection, or update the one that exists.',
  });
}

function connectionId(value: unknown): string | undefined {
  return isConnectionId(value) ? undefined : 'must be a UUID in lower case';
}

function accountProblem({ id, name, ...rest }: AccountRef): string | undefined {
  if (Object.keys(rest).length > 0) return 'must have an id and a name, nothing else';
  const problem = account.id(id) ?? account.name(name);
  return problem === undefined ? undefined : `must have an id and a name, of which each ${problem}`;
}
