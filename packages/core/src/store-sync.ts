/** The part of the storage contract that keeps how far the streams of connections were read. */
import type { JsonObject } from './json.ts';

/** One stream of one connection. */
export interface StreamKey {
  readonly connectionId: string;
  /** Name of the stream in its provider: `orders`. */
  readonly stream: string;
}

/** What the reader of a stream writes. A pass is one read from the first page to the last. */
export interface StreamData {
  /** The account that was read; null before the first pass and where the connection names none. */
  readonly accountId: string | null;
  /** Where the pass under way goes on, sealed by the vault; null: at its first page. */
  readonly cursor: Uint8Array | null;
  /** Whatever changed before was handled: what the next pass asks for begins here. Null: everything. */
  readonly mark: Date | null;
  /** When the pass under way began, or the last one. */
  readonly startedAt: Date | null;
  /** When the last whole pass ended. */
  readonly finishedAt: Date | null;
  /** Handled in the pass under way, or in the last one. */
  readonly records: number;
  readonly pages: number;
  /** `{ code, message, at }` of the last failure, redacted; null once a page was handled since. */
  readonly lastError: JsonObject | null;
  /** Failed runs in a row. */
  readonly failCount: number;
  /** When a job reads it next; pushed ahead while somebody reads. Null: no job does. */
  readonly dueAt: Date | null;
}

export interface StreamRow extends StreamKey, StreamData {
  readonly organizationId: string;
  /** That of the connection. */
  readonly provider: string;
  /** Number of the newest lease; a write that carries an older one is refused. */
  readonly leaseFence: number;
  /** Until when somebody reads it; a row whose lease lies in the past was abandoned. */
  readonly leaseUntil: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** The store's time when it read the row. */
  readonly readAt: Date;
}

export interface StreamHold {
  readonly leaseFence: number;
  /** The lease goes on for so many milliseconds from now; null ends it. */
  readonly leaseMs: number | null;
}

/** A stream with its owner, for calls of the engine that cross organizations. */
export interface OwnedStream extends StreamKey {
  readonly organizationId: string;
}

export interface StreamDueRequest {
  readonly provider: string;
  readonly stream: string;
  readonly limit: number;
  readonly leaseMs: number;
  /** Organizations that have enough running already. */
  readonly except: readonly string[];
}

/** A row exists from its first lease or schedule on, and goes with its connection. */
export interface SyncStore {
  get(organizationId: string, key: StreamKey): Promise<StreamRow | null>;
  /** Every stream of a connection, by name. */
  list(organizationId: string, connectionId: string): Promise<readonly StreamRow[]>;
  /**
   * Takes the lease in one statement, and makes the row where there is none: bumps the fence, sets `leaseUntil` to
   * now + leaseMs, and `dueAt` too unless it is null. Null when another lease lives, another caller holds the row or its
   * connection at this moment, or the organization has no such connection. Never waits.
   */
  lease(organizationId: string, key: StreamKey, leaseMs: number): Promise<StreamRow | null>;
  /**
   * Writes what is given and extends or ends the lease. An extension moves `dueAt` along unless it is null; `dueAt` may
   * be given only where the lease ends. Null, and nothing is written, when the fence is not the newest or its lease has
   * been ended; a lease that ran out unnoticed is still its holder's.
   */
  save(
    organizationId: string,
    key: StreamKey,
    hold: StreamHold,
    change: Partial<StreamData>,
  ): Promise<StreamRow | null>;
  /**
   * Engine only: makes rows where there are none, and makes due at once whichever has no `dueAt`. Streams of unknown
   * connections are passed over, and those whose connection somebody holds at this moment may be.
   */
  schedule(streams: readonly OwnedStream[]): Promise<void>;
  /**
   * Engine only: rows of all organizations whose `dueAt` has passed, the longest due first, leased in the same
   * statement; no row twice. May answer fewer than `limit` while other claimers are at work.
   */
  claimDue(request: StreamDueRequest): Promise<readonly StreamRow[]>;
}
