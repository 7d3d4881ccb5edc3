/** What a store of shared limits does. Each function is atomic over all processes and reads the clock of the store. */

export interface Booking {
  /** Names the limit; holds nothing readable. */
  readonly key: string;
  /** Most places in a span. */
  readonly requests: number;
  /** Milliseconds that a place stays taken after the part in which it was booked. */
  readonly spanMs: number;
  /** Milliseconds of a part; what is booked in one is counted together. */
  readonly partMs: number;
  /** Fewer places are of no use; then none is booked. 1 or more. */
  readonly least: number;
  /** Places wanted, `least` or more. */
  readonly want: number;
  /** Places that were used without the store, to be counted whether there is room or not. */
  readonly owed: number;
}

export interface Booked {
  /** From `least` to `want`, or 0. */
  readonly granted: number;
  /** Milliseconds until there are more places than now; 0 when some were granted. */
  readonly waitMs: number;
}

export interface Hold {
  readonly key: string;
  /** Names one call in flight. */
  readonly slot: string;
  readonly concurrency: number;
  /** Milliseconds after which the slot of a process that died is free again. */
  readonly ttlMs: number;
}

export interface SharedLimits {
  /** `Redis`, `PostgreSQL`: for messages. */
  readonly name: string;
  book(booking: Booking): Promise<Booked>;
  /** False when as many calls are in flight as there may be. */
  hold(hold: Hold): Promise<boolean>;
  /** Holds a slot that is still held for `ttlMs` from now. */
  renew(hold: Hold): Promise<void>;
  free(key: string, slot: string): Promise<void>;
  /** Pauses the key for so many milliseconds, or for longer when it is paused for longer already. */
  pause(key: string, ms: number): Promise<void>;
  /** Milliseconds that the key is still paused for. */
  pausedMs(key: string): Promise<number>;
}
