/**
 * The storage contract. Small on purpose: every adapter passes `storeContract` of @plugboard/testing.
 *
 * - The organization is the first argument of every read and write; the few calls without it (`claimDue`,
 *   `findByAccount`, `scan`, `schedule`, and one-time values) serve the engine's own jobs and never the host's users.
 * - Time is the store's own: `readAt` comes with every row, expiry is compared inside the store's statements.
 * - Sealed credentials are opaque bytes here.
 * - A miss is `null`; an outage throws.
 */
import type { JsonObject } from './json.ts';
import type { InboxStore } from './store-inbox.ts';
import type { OnceStore } from './store-once.ts';
import type { Page } from './store-page.ts';
import type { SyncStore } from './store-sync.ts';

export type ConnectionStatus = 'active' | 'pending' | 'degraded' | 'expired' | 'error' | 'disconnected';

/** What the vendor calls the thing connected: ad account, shop, workspace. */
export interface AccountRef {
  readonly id: string;
  readonly name: string;
}

/** Unique by (organizationId, provider, label). */
export interface ConnectionKey {
  readonly provider: string;
  readonly label: string;
}

/** The columns that callers may set. Dates are the store's clock unless the vendor dictates them. */
export interface ConnectionData {
  /** Name of the provider's auth method that made the credentials. */
  readonly method: string;
  readonly status: ConnectionStatus;
  /** Machine-readable: `revoked`, `rotation_lost`, `scopes_missing`, `account_choice`, `vendor_outage` ... */
  readonly statusReason: string | null;
  /** Sealed by the vault; null once disconnected. */
  readonly credentials: Uint8Array | null;
  readonly tokenExpiresAt: Date | null;
  /** When the background refresh is due; pushed ahead while a claim is held. */
  readonly refreshAt: Date | null;
  readonly refreshExpiresAt: Date | null;
  readonly account: AccountRef | null;
  /** Granted scopes; null when the vendor does not say. */
  readonly scopes: readonly string[] | null;
  readonly metadata: JsonObject;
  readonly settings: JsonObject;
  /** Result of the last health check, without secrets. */
  readonly health: JsonObject | null;
  /** `{ code, message, at }` of the last failure, redacted. */
  readonly lastError: JsonObject | null;
  readonly lastSyncAt: Date | null;
  readonly connectedAt: Date | null;
  readonly disconnectedAt: Date | null;
  /** Made by a stub: a production board neither sees nor uses it. */
  readonly stub: boolean;
  /** Keyed hash of the refresh token last sent to the vendor; tells a lost rotation from a revocation. */
  readonly attemptHash: string | null;
  readonly attemptAt: Date | null;
  /** Failed refreshes in a row. */
  readonly failCount: number;
  /** Chosen by the writer of the credentials: recognises one's own write when its acknowledgement was lost. */
  readonly writeId: string | null;
}

export interface ConnectionRow extends ConnectionData, ConnectionKey {
  /** UUID, chosen by the engine before the insert, because credentials are sealed to it. */
  readonly id: string;
  readonly organizationId: string;
  /** Grows with every write. */
  readonly version: number;
  /** Grows with every write that sets `credentials`. */
  readonly credentialsVersion: number;
  /** Number of the newest lease; a write that carries an older one is refused. */
  readonly leaseFence: number;
  readonly leaseUntil: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** The store's time when it read the row. */
  readonly readAt: Date;
}

/** What a call needs of its connection: half of the row. */
export type CallRow = Pick<
  ConnectionRow,
  | 'id'
  | 'organizationId'
  | 'provider'
  | 'method'
  | 'status'
  | 'statusReason'
  | 'credentials'
  | 'credentialsVersion'
  | 'tokenExpiresAt'
  | 'refreshAt'
  | 'account'
  | 'scopes'
  | 'metadata'
  | 'settings'
  | 'stub'
  | 'readAt'
>;

export interface NewConnection extends ConnectionKey, ConnectionData {
  readonly id: string;
}

/** Every given member must equal the stored one, or nothing is written. */
export interface WriteGuard {
  readonly version?: number;
  readonly credentialsVersion?: number;
  readonly leaseFence?: number;
}

/** One write of a batch: what `update` takes. */
export interface ConnectionWrite {
  readonly organizationId: string;
  readonly id: string;
  readonly guard: WriteGuard;
  readonly change: Partial<ConnectionData>;
}

export interface BatchOptions {
  /** A row that somebody else has locked at this moment is left as it is, and nobody waits for it. Default: waits. */
  readonly skipHeld?: boolean;
}

export interface ConnectionFilter {
  readonly provider?: string;
  readonly status?: ConnectionStatus;
  /** 1 to 200, default 50. */
  readonly limit?: number;
  /** `nextCursor` of the previous page: opaque, bound to organization and filter. */
  readonly cursor?: string;
}

export type { OnceRequest, OnceStore } from './store-once.ts';
export type { Page } from './store-page.ts';

export interface LeaseRequest {
  /** The version the caller read; a moved version refuses the lease. */
  readonly credentialsVersion: number;
  /** The same of the row as a whole, for who must know what happened since: absent, other changes are no matter. */
  readonly version?: number;
  readonly leaseMs: number;
  /** Sets `attemptHash`, and `attemptAt` to the store's time; null clears both; absent leaves both. */
  readonly attemptHash?: string | null;
}

export interface DueRequest {
  readonly limit: number;
  readonly leaseMs: number;
  /** At most this many rows of one organization in a batch. Default: no cap. */
  readonly perOrganization?: number;
  readonly provider?: string;
}

export interface ConnectionStore {
  get(organizationId: string, id: string): Promise<ConnectionRow | null>;
  find(organizationId: string, key: ConnectionKey): Promise<ConnectionRow | null>;
  /**
   * What `find` answers, as far as a call needs it: read before each call that memory does not serve. Absent where half a
   * row costs as much as all of it.
   */
  findForCall?(organizationId: string, key: ConnectionKey): Promise<CallRow | null>;
  /** Ordered by creation time, then id. Stub rows included; the engine hides them. */
  list(organizationId: string, filter?: ConnectionFilter): Promise<Page<ConnectionRow>>;
  /** Null when (organization, provider, label) is taken. */
  insert(organizationId: string, connection: NewConnection): Promise<ConnectionRow | null>;
  /** Compare-and-set. A change that sets `credentials` also ends any lease. Null: no row, or the guard failed. */
  update(
    organizationId: string,
    id: string,
    guard: WriteGuard,
    change: Partial<ConnectionData>,
  ): Promise<ConnectionRow | null>;
  /**
   * Engine only: many `update` calls, each judged on its own, in as few statements as the adapter can: what keeps bulk
   * refresh cheap. Says in the order given which of them was written; a connection may appear once.
   */
  updateMany(writes: readonly ConnectionWrite[], options?: BatchOptions): Promise<readonly boolean[]>;
  /** Hard delete, of its streams and its events in the inbox as well. False: there was no such row. */
  remove(organizationId: string, id: string): Promise<boolean>;

  /**
   * Takes the refresh lease in one statement: bumps the fence, sets `leaseUntil` and `refreshAt` to now + leaseMs and
   * notes the attempt. Null when the version moved, another lease lives, another caller holds or writes the row at
   * this moment, or the row is gone or disconnected. Never waits.
   */
  lease(organizationId: string, id: string, request: LeaseRequest): Promise<ConnectionRow | null>;
  /**
   * Ends the lease early; `refreshAt` moves to the given time. False when the fence is not the newest, or a write of
   * credentials has ended the lease already.
   */
  release(organizationId: string, id: string, leaseFence: number, refreshAt: Date | null): Promise<boolean>;
  /**
   * Holds the row's lock while `work` runs; `work` gets the row as read under the lock, and an `update` of that row.
   * The update is committed when it resolves, so that nobody uses what could still be lost, and the commit frees the
   * lock: it is the last step of `work`. Should `work` write again, that write is a compare-and-set on the version
   * written before. Absent where the driver has no interactive transactions or no connection to spare.
   * Resolves to null when there is no such row; rejects with code `lock_busy` when the lock cannot be had in time.
   */
  lock?<T>(
    organizationId: string,
    id: string,
    work: (
      row: ConnectionRow,
      update: (change: Partial<ConnectionData>) => Promise<ConnectionRow | null>,
    ) => Promise<T>,
  ): Promise<T | null>;

  /** How many locks this process holds at a time at most; more callers wait for their turn. Absent: no bound. */
  readonly locks?: number;

  /**
   * Engine only: rows of all organizations whose `refreshAt` has passed, the longest due first, leased in the same
   * statement; no row twice. May answer fewer than `limit` while other claimers are at work.
   */
  claimDue(request: DueRequest): Promise<readonly ConnectionRow[]>;
  /**
   * Engine only: live connections of all organizations to one vendor account, for verified webhooks: those whose
   * `account.id` it is, and those that name it in the list `metadata.alsoKnownAs`. Each once.
   */
  findByAccount(provider: string, accountId: string): Promise<readonly ConnectionRow[]>;
  /** Engine only: every row in id order, for health sweeps and resealing. */
  scan(afterId: string | null, limit: number): Promise<readonly ConnectionRow[]>;
}

/** One line of the audit trail. Holds ids and codes, never free vendor text or secrets. */
export interface AuditEntry {
  readonly id: string;
  readonly organizationId: string;
  readonly connectionId: string | null;
  readonly provider: string;
  readonly type: string;
  /** Who: the host's user id, or `system`, `vendor`. */
  readonly actor: string;
  readonly data: JsonObject;
  readonly at: Date;
}

export interface AuditFilter {
  readonly connectionId?: string;
  /** 1 to 200, default 50. */
  readonly limit?: number;
  /** `nextCursor` of the previous page: opaque, bound to organization and filter. */
  readonly cursor?: string;
}

export interface AuditStore {
  /** An id that the organization's trail already holds changes nothing: an append may be repeated. */
  append(entry: Omit<AuditEntry, 'at'>): Promise<void>;
  /** Newest first. */
  list(organizationId: string, filter?: AuditFilter): Promise<Page<AuditEntry>>;
}

/** The tables of a store, for those who deploy it. */
export interface StoreSchema {
  /** The version that this adapter reads and writes. */
  readonly latest: number;
  /** The version of what the database holds; 0 when it holds nothing yet. */
  version(): Promise<number>;
  /** Creates or updates the tables; does nothing when they are up to date. Of several callers at once one works. */
  migrate(): Promise<{ readonly from: number; readonly to: number }>;
  /** What `migrate` would run on tables of that version, as text. */
  sql(since: number): string;
}

export interface Store {
  /** For messages: `memory`, `postgres`. */
  readonly name: string;
  /** True when several processes may share it. */
  readonly shared: boolean;
  now(): Promise<Date>;
  readonly connections: ConnectionStore;
  readonly once: OnceStore;
  readonly sync: SyncStore;
  /** Absent: webhook events are handled while the vendor waits, and nothing is kept of what fails. */
  readonly inbox?: InboxStore;
  readonly audit: AuditStore;
  /** Absent where there are no tables, or the host's own migrations keep them. */
  readonly schema?: StoreSchema;
  /** Keeps the first value ever given for a name and returns it: key check values, the environment of the database. */
  remember(name: string, value: string): Promise<string>;
  /** Every remembered pair whose name starts with the prefix. */
  remembered(prefix: string): Promise<ReadonlyMap<string, string>>;
  close?(): Promise<void>;
}
