import type { ConnectionRow, Store } from '../store.ts';

/** How what was done is remembered: under the event's own key, for as long as the event is. */
export interface EachMark {
  readonly key: string;
  readonly ttlMs: number;
}

/**
 * Does the work for each connection that an event is for. What fails for one keeps it from none of the others, and with
 * the vendor's next try only those have their turn that it failed for. Answers the first result; throws the first failure.
 */
export async function eachOnce<R>(
  values: Store['once'],
  { key, ttlMs }: EachMark,
  rows: readonly (ConnectionRow | null)[],
  work: (row: ConnectionRow | null) => Promise<R | undefined>,
): Promise<R | undefined> {
  let first: R | undefined;
  let failure: { readonly error: unknown } | undefined;
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
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
  return first;
}
