import type { ConnectionRow, Store } from '../store.ts';

/** How what was done is remembered: under the event's own key, for as long as the event is. */
export interface EachMark {
  readonly key: string;
  readonly ttlMs: number;
}

export interface EachOutcome<R> {
  /** Of the first connection that had one. */
  readonly result: R | undefined;
  readonly failures: readonly { readonly row: ConnectionRow | null; readonly error: unknown }[];
}

/**
 * Does the work for each connection that an event is for. What fails for one keeps it from none of the others, and with
 * the vendor's next try only those have their turn that it failed for. Throws nothing that the work throws.
 */
export async function eachOnce<R>(
  values: Store['once'],
  { key, ttlMs }: EachMark,
  rows: readonly (ConnectionRow | null)[],
  work: (row: ConnectionRow | null) => Promise<R | undefined>,
): Promise<EachOutcome<R>> {
  let first: R | undefined;
  const failures: EachOutcome<R>['failures'][number][] = [];
  for (const row of rows) {
    // Looked at even where there is one alone: there may have been others when the event came first.
    const done = row === null ? undefined : `${key}:${row.id}`;
    if (done !== undefined && (await values.peek(done)) !== null) continue;
    try {
      const result = await work(row);
      // Of one alone the mark of the event says it all.
      if (done !== undefined && rows.length > 1) await values.set(done, 'done', ttlMs);
      first ??= result;
    } catch (error) {
      failures.push({ row, error });
    }
  }
  return { result: first, failures };
}
