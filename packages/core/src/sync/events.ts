/** Which stream, and how far: ids and counts, never a record. */
export interface SyncCounts {
  readonly provider: string;
  readonly organizationId: string;
  readonly connectionId: string;
  readonly stream: string;
  /** Handled in this pass so far, earlier runs of it included. */
  readonly records: number;
  readonly pages: number;
}

/** What `board.on` hears of streams. */
export interface SyncEvents {
  /** A page was handled and its checkpoint is written. */
  'sync.progress': SyncCounts;
  /** A pass reached its end. */
  'sync.finished': SyncCounts;
  /** A run ended before its time; the next one goes on at the last checkpoint. */
  'sync.failed': SyncCounts & {
    /** Code of the failure: `handler_failed` where the host's handler threw. */
    readonly reason: string;
    /** Failed runs in a row. */
    readonly failCount: number;
    /** When a job tries again; null: none does, or not before the connection works again. */
    readonly nextAt: Date | null;
  };
  /** A pass begins anew: `cursor_expired` at the vendor, `cursor_unreadable` in the store, or `account_changed`. */
  'sync.restarted': SyncCounts & { readonly reason: string };
}
