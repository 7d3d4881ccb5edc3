/** One-time values: the part of the storage contract that knows nothing of connections. */
export interface OnceRequest {
  readonly key: string;
  readonly value: string;
  readonly ttlMs: number;
  /** Counts live entries with this group: flooding of one user is refused, others are untouched. */
  readonly group?: string;
  readonly maxInGroup?: number;
}

/** One-time values with expiry: OAuth state, webhook delivery ids, which processes live. */
export interface OnceStore {
  /**
   * Stores only when no live entry has the key. `full`: the group has `maxInGroup` live entries. A put whose answer was
   * lost may have stored; the same put again is answered `exists`, because the store cannot tell its caller from another
   * one with the same value. Who must know whether an entry is its own puts a value that nobody else has, and peeks.
   */
  put(request: OnceRequest): Promise<'stored' | 'exists' | 'full'>;
  /** Replaces the entry, live or not. */
  set(key: string, value: string, ttlMs: number): Promise<void>;
  peek(key: string): Promise<string | null>;
  /** Returns and deletes in one statement; of many callers one gets the value. Null when absent or expired. */
  take(key: string): Promise<string | null>;
  /**
   * Engine only: at most `limit` live entries whose key starts with the prefix, taken literally, in no promised order.
   * Found by an index on the key, so that it costs what it answers. The prefix is not empty, the limit 1 to 10,000.
   */
  entries(prefix: string, limit: number): Promise<ReadonlyMap<string, string>>;
  /** Deletes expired entries; returns how many. */
  purge(): Promise<number>;
}
