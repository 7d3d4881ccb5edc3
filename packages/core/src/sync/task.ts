/** What a run is given, and what it gives back. */
import type { ProviderRuntime } from '../engine.ts';
import type { ConnectionRow } from '../store.ts';
import type { SyncStream } from '../sync-stream.ts';
import type { PassOptions } from './pass.ts';

export interface SyncContext {
  readonly provider: string;
  readonly organizationId: string;
  readonly connectionId: string;
  readonly label: string;
  readonly stream: string;
  /** The vendor's id of the account that is read. */
  readonly accountId: string | null;
  /** Aborted when the run must end: work that has not begun need not begin. */
  readonly signal: AbortSignal;
}

/** Handles one page of records. Resolving says that they need not come again; throwing ends the run before them. */
export type StreamHandler<Item = unknown> = (records: readonly Item[], context: SyncContext) => void | Promise<void>;

export interface SyncResult {
  /** Handled by this run. */
  readonly records: number;
  readonly pages: number;
  /** The pass has reached its end; else the next run goes on where this one stopped. */
  readonly complete: boolean;
}

export interface StreamTask {
  readonly runtime: ProviderRuntime;
  readonly connection: ConnectionRow;
  readonly stream: SyncStream;
  readonly handle: StreamHandler;
  readonly options: PassOptions;
  readonly signal: AbortSignal | undefined;
  /** When a job is to read it again after a whole pass, in milliseconds; undefined leaves that to whoever planned it. */
  readonly everyMs: number | undefined;
  /** Monotonic time at which another stream gets its turn. */
  readonly until?: number;
}
