import { isPlugboardError } from '../errors.ts';
import { checkFields, integer } from '../field-rules.ts';
import type { Store } from '../store.ts';
import { renumber } from './envelope.ts';
import { scanSealed, type SealedRow } from '../vault/scan.ts';
import type { SealContext, Vault } from '../vault/vault.ts';

export interface ResealOptions {
  readonly store: Store;
  readonly vault: Vault;
  /** Rows read at a time. Default 500. */
  readonly batch?: number;
  /** Rows written at a time. Default 4. */
  readonly concurrency?: number;
  /** Continues behind this row: `lastId` of an earlier report. Default: from the first row. */
  readonly afterId?: string | null;
  /** Called after each batch, and awaited: the place to store `lastId` and to pace the work. */
  readonly onProgress?: (report: ResealReport) => void | Promise<void>;
  /** Ends the work after the rows in hand; the report then says `complete: false`. */
  readonly signal?: AbortSignal;
}

/** What one pass found and did. Only ids and numbers. */
export interface ResealReport {
  /** True when the pass reached the last row. */
  readonly complete: boolean;
  /** Rows with sealed credentials that were looked at. */
  readonly rows: number;
  /** Rows found under each key id. */
  readonly byKey: ReadonlyMap<string, number>;
  readonly resealed: number;
  /** Rows under the primary key already. */
  readonly current: number;
  /** Rows left alone because a refresh holds or has just written them; the next pass finds them. */
  readonly busy: number;
  /** Rows that do not open: altered, under a missing key, of a newer format. Left as they are. */
  readonly unreadable: number;
  /** Ids of the first 100 unreadable rows. */
  readonly unreadableIds: readonly string[];
  /** Last row of the last whole batch. */
  readonly lastId: string | null;
}

type Outcome = 'resealed' | 'current' | 'busy' | 'unreadable';

const listedIds = 100;
const unreadableCodes = new Set(['vault_auth_failed', 'vault_version', 'key_unavailable']);

/**
 * Seals every stored credential under the primary key, while the system runs: only the version inside the plaintext changes, a row that a
 * refresh holds is skipped, and a write succeeds only if nothing has touched the row's credentials since they were read.
 * Repeat it until `busy` is 0; a repeated or resumed pass does no harm.
 * @throws PlugboardError of a failing store or key source; the rows written until then are good.
 */
export async function resealAll(options: ResealOptions): Promise<ResealReport> {
  const { store, vault, batch = 500, concurrency = 4, afterId = null, onProgress, signal } = options;
  checkFields('The reseal', { concurrency }, { concurrency: integer(1, 64) });
  const byKey = new Map<string, number>();
  const unreadableIds: string[] = [];
  const count = { resealed: 0, current: 0, busy: 0, unreadable: 0 };
  let rows = 0;
  let lastId = afterId;
  const report = (complete: boolean): ResealReport => ({
    complete,
    rows,
    byKey: new Map(byKey),
    ...count,
    unreadableIds: [...unreadableIds],
    lastId,
  });

  async function take(row: SealedRow): Promise<void> {
    const keyId = vault.keyIdOf(row.credentials);
    if (keyId !== null) byKey.set(keyId, (byKey.get(keyId) ?? 0) + 1);
    const outcome = keyId === vault.primaryKeyId ? 'current' : await resealRow(store, vault, row);
    rows += 1;
    count[outcome] += 1;
    if (outcome === 'unreadable' && unreadableIds.length < listedIds) unreadableIds.push(row.id);
  }

  for await (const page of scanSealed(store, batch, afterId)) {
    const finished = await takeAll({ rows: page.rows, concurrency, signal, take });
    if (!finished) return report(false);
    lastId = page.lastId;
    await onProgress?.(report(false));
  }
  return report(true);
}

/**
 * Runs `take` over the rows, some at a time, each write on its own: one statement for many rows would wait for a row that
 * a refresh has locked while it holds the locks of all others. False when the signal stopped it.
 */
async function takeAll(options: {
  readonly rows: readonly SealedRow[];
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  readonly take: (row: SealedRow) => Promise<void>;
}): Promise<boolean> {
  const { rows, concurrency, signal, take } = options;
  const queue = rows.values();
  let stopped = false;
  const worker = async (): Promise<void> => {
    for (const row of queue) {
      stopped ||= signal?.aborted === true;
      if (stopped) return;
      await take(row).catch((error: unknown) => {
        stopped = true;
        throw error;
      });
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: concurrency }, worker));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return !stopped;
}

async function resealRow(store: Store, vault: Vault, row: SealedRow): Promise<Outcome> {
  // A write of credentials ends the lease: the refresh that holds it could no longer store its rotated token.
  if (row.leaseUntil !== null && row.leaseUntil > row.readAt) return 'busy';
  const { organizationId, id: connectionId, provider } = row;
  const context = { organizationId, connectionId, provider, purpose: 'credentials' } as const;
  const plaintext = await openOrSkip(vault, context, row.credentials);
  if (plaintext === undefined) return 'unreadable';
  const credentials = await vault.seal(context, renumber(plaintext, row.credentialsVersion + 1));
  plaintext.fill(0);
  // The fence refuses the write also when a refresh has taken the lease since the row was read.
  const guard = { credentialsVersion: row.credentialsVersion, leaseFence: row.leaseFence };
  const written = await store.connections.update(organizationId, connectionId, guard, { credentials });
  return written === null ? 'busy' : 'resealed';
}

/** The plaintext, or undefined for a row that does not open; an outage of a key source is thrown. */
async function openOrSkip(vault: Vault, context: SealContext, sealed: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return await vault.open(context, sealed);
  } catch (error) {
    if (isPlugboardError(error) && error.kind === 'configuration' && unreadableCodes.has(error.code)) return undefined;
    throw error;
  }
}
