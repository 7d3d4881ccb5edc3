/** A refresh from its answer to what it leaves behind: what the parts that judge it share. */
import type { Credentials, Grant } from '../auth/auth.ts';
import type { PlugboardError } from '../errors.ts';
import type { ConnectionData, ConnectionRow, WriteGuard } from '../store.ts';

export interface RefreshHooks {
  /** A connection changed: caches must forget it. */
  changed(row: ConnectionRow): void;
}

export interface Turn {
  readonly guard: WriteGuard;
  /** Writes under the row lock; absent in lease mode. */
  readonly update?: (change: Partial<ConnectionData>) => Promise<ConnectionRow | null>;
}

export interface Success extends Turn {
  readonly grant: Grant;
  /** What was stored before: a vendor that omits a token means «keep it». */
  readonly credentials: Credentials;
  readonly writeId: string;
  /** The store's time at which the answer came. */
  readonly at: Date;
  /** Writes many results of a bulk refresh in one statement; absent where each is written by itself. */
  readonly batch?: BatchWriter;
}

export interface Refusal extends Turn {
  readonly error: unknown;
  /** The store's time at which it came: what the vendor asks to wait counts from there. */
  readonly at: Date;
  /** A mistake in the configuration would be the host's: the client is its own, and so is the server. */
  readonly ofHost: boolean;
  /** An earlier use of the same refresh token ended without an answer. */
  readonly hadUnknown: boolean;
}

/**
 * How a turn ended. Told to the caller, and to the host's handlers, only after the row lock is gone: handlers may be
 * slow, and a throw inside the lock would roll back what was just noted.
 */
export interface Settled {
  readonly row?: ConnectionRow;
  readonly error?: PlugboardError;
  /** Writes the trail of what was done; a failure is the turn's own. */
  readonly record?: () => Promise<void>;
  /** Tells the host's handlers. Whoever wants the token does not wait for them. */
  readonly announce?: () => Promise<void>;
}

export interface BatchWriter {
  /** Resolves once the batch that the write is part of is written; false when its guard failed. */
  write(row: ConnectionRow, guard: WriteGuard, change: Partial<ConnectionData>): Promise<boolean>;
}
