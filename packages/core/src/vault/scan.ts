import type { ConnectionRow, Store } from '../store.ts';

/** A row that holds something sealed. */
export type SealedRow = ConnectionRow & { readonly credentials: Uint8Array };

/** One page of a scan: `lastId` continues behind it. */
export interface ScanPage {
  readonly rows: readonly SealedRow[];
  readonly lastId: string;
}

/** Pages through the connections of all organizations in id order, and keeps the rows that hold credentials. */
export async function* scanSealed(store: Store, batch: number, afterId: string | null = null): AsyncGenerator<ScanPage> {
  for (let after = afterId; ; ) {
    const page = await store.connections.scan(after, batch);
    const last = page.at(-1);
    if (last === undefined) return;
    yield { rows: page.filter(isSealed), lastId: last.id };
    after = last.id;
  }
}

function isSealed(row: ConnectionRow): row is SealedRow {
  return row.credentials !== null;
}
