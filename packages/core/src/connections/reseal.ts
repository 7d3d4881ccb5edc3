import { isPlugboardError } from '../errors.ts';
import type { ConnectionWrite, Store } from '../store.ts';
import { renumber } from './envelope.ts';
import { scanSealed, type SealedRow } from '../vault/scan.ts';
import type { SealContext, Vault } from '../vault/vault.ts';

export interface ResealOptions {
  readonly store: Store;
  readonly vault: Vault;
  /** Rows read at a time, and written in one statement. Default 500. */
  readonly batch?: number;
  /** Continues behind this row: `lastId` of an earlier report. Default: from the first row. */
  readonly afterId?: string | null;
  /** Called after each batch, and awaited: the place to store `lastId` and to pace the work. */
  readonly onProgress?: (report: ResealReport) => void | Promise<void>;
  /** Ends the work after the batch in hand; the report then says `complete: false`. */
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
  const { store, vault, batch = 500, afterId = null, onProgress, signal } = options;
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

  for await (const page of scanSealed(store, batch, afterId)) {
    if (signal?.aborted === true) return report(false);
    for (const { id, keyId, outcome } of await resealPage(store, vault, page.rows)) {
      if (keyId !== null) byKey.set(keyId, (byKey.get(keyId) ?? 0) + 1);
      rows += 1;
      count[outcome] += 1;
      if (outcome === 'unreadable' && unreadableIds.length < listedIds) unreadableIds.push(id);
    }
    lastId = page.lastId;
    await onProgress?.(report(false));
  }
  return report(true);
}

interface Resealed {
  readonly id: string;
  /** Under which it was found. */
  readonly keyId: string | null;
  readonly outcome: Outcome;
}

/** One statement writes the page. It passes over rows that a refresh has locked: it holds the locks of all others. */
async function resealPage(store: Store, vault: Vault, rows: readonly SealedRow[]): Promise<readonly Resealed[]> {
  const sealed = new Map<string, ConnectionWrite>();
  const found: Resealed[] = [];
  for (const row of rows) {
    const keyId = vault.keyIdOf(row.credentials);
    const write = keyId === vault.primaryKeyId ? 'current' : await sealAnew(vault, row);
    if (typeof write === 'object') sealed.set(row.id, write);
    found.push({ id: row.id, keyId, outcome: typeof write === 'object' ? 'resealed' : write });
  }
  const writes = [...sealed.values()];
  const written = writes.length === 0 ? [] : await store.connections.updateMany(writes, { skipHeld: true });
  const late = new Set(writes.filter((_write, index) => written[index] !== true).map(({ id }) => id));
  return found.map((row) => (late.has(row.id) ? { ...row, outcome: 'busy' } : row));
}

async function sealAnew(vault: Vault, row: SealedRow): Promise<ConnectionWrite | 'busy' | 'unreadable'> {
  // A write of credentials ends the lease: the refresh that holds it could no longer store its rotated token.
  if (row.leaseUntil !== null && row.leaseUntil > row.readAt) return 'busy';
  const { organizationId, id, provider, credentialsVersion, leaseFence } = row;
  const context = { organizationId, connectionId: id, provider, purpose: 'credentials' } as const;
  const plaintext = await openOrSkip(vault, context, row.credentials);
  if (plaintext === undefined) return 'unreadable';
  const credentials = await vault.seal(context, renumber(plaintext, credentialsVersion + 1));
  plaintext.fill(0);
  // The fence refuses the write also when a refresh has taken the lease since the row was read.
  return { organizationId, id, guard: { credentialsVersion, leaseFence }, change: { credentials } };
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
