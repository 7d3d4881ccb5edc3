import type { ConnectionRow, Store } from '../store.ts';

/** A row that holds something sealed. */
export type SealedRow = ConnectionRow & { readonly credentials: Uint8Array };

/** One page of a scan: `lastId` continues behind it. */
export interface ScanPage {
  readonly rows: readonly SealedRow[];
  readonly lastId: string;
}

/** Pages through the connections of all organizations in id order, and keeps the rows that hold credentials. */
export async function* scanSealed(store: Store, batch: number, afterId: string | null): AsyncGenerator<ScanPage> {
  let last = afterId;
  for (;;) {
    const page = await store.connections.scan(last, batch);
    const end = page.at(-1);
    if (end === undefined) return;
    last = end.id;
    yield { rows: page.filter(isSealed), lastId: last };
  }
}

function isSealed(row: ConnectionRow): row is SealedRow {
  return row.credentials !== null;
}
