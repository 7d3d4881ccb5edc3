import { configurationError } from '../errors.ts';
import type { InboxRow } from '../store-inbox.ts';
import type { Page, Store } from '../store.ts';
import { scanSealed } from './scan.ts';
import type { Vault } from './vault.ts';

export interface VaultStatusOptions {
  readonly store: Store;
  readonly vault: Vault;
  /** Rows read at a time. Default 500. */
  readonly batch?: number;
}

export interface VaultStatus {
  /** Rows that hold sealed credentials. */
  readonly rows: number;
  /** Rows per key id: every key of the ring, with 0 where no row needs it, and every other id that was found. */
  readonly byKey: ReadonlyMap<string, number>;
  /** Rows under keys that the ring does not hold. */
  readonly missingKey: number;
  /** Rows whose bytes are no sealed value that this release can read. */
  readonly malformed: number;
}

/** Counts which keys the stored credentials need, from their headers; nothing is opened. */
export async function vaultStatus({ store, vault, batch = 500 }: VaultStatusOptions): Promise<VaultStatus> {
  const byKey = new Map(vault.keyIds.map((keyId) => [keyId, 0]));
  const ring = new Set(vault.keyIds);
  let rows = 0;
  let missingKey = 0;
  let malformed = 0;
  for await (const page of scanSealed(store, batch, null)) {
    for (const row of page.rows) {
      rows += 1;
      const keyId = vault.keyIdOf(row.credentials);
      if (keyId === null) malformed += 1;
      else byKey.set(keyId, (byKey.get(keyId) ?? 0) + 1);
      if (keyId !== null && !ring.has(keyId)) missingKey += 1;
    }
  }
  return { rows, byKey, missingKey, malformed };
}

/**
 * Refuses the removal of a key that is still needed. Backups and values with an expiry are not counted: wait a day after
 * the last seal, and keep the key for as long as a backup may have to be restored.
 * @throws PlugboardError `key_in_use` while the key seals, or while stored credentials need it, with their number.
 */
export async function assertRemovable(keyId: string, options: VaultStatusOptions): Promise<void> {
  if (keyId === options.vault.primaryKeyId) {
    throw configurationError(
      'key_in_use',
      `The key ${keyId} seals now.`,
      'Put another key first in the ring, then reseal.',
    );
  }
  const count = (await vaultStatus(options)).byKey.get(keyId) ?? 0;
  if (count === 0) {
    const events = await countEvents(keyId, options);
    if (events === 0) return;
    throw configurationError(
      'key_in_use',
      `The key ${keyId} is still needed by ${events} webhook event${events === 1 ? '' : 's'} that nobody has handled.`,
      'Replay or discard them (`plugboard webhooks failed`), then ask again.',
    );
  }
  throw configurationError(
    'key_in_use',
    `The key ${keyId} is still needed by ${count} stored connection${count === 1 ? '' : 's'}.`,
    'Reseal, then ask again. Do not remove the key: what it sealed would be lost.',
  );
}

/** Stored events that the key sealed; those that somebody works on at this moment are not seen. */
async function countEvents(keyId: string, { store, vault }: VaultStatusOptions): Promise<number> {
  let count = 0;
  for (let cursor: string | null | undefined; cursor !== null && store.inbox !== undefined;) {
    const statuses = ['received', 'failed', 'dead'] as const;
    const page: Page<InboxRow> = await store.inbox.list({ statuses, limit: 200, ...(cursor && { cursor }) });
    count += page.items.filter(({ payload }) => payload !== null && vault.keyIdOf(payload) === keyId).length;
    cursor = page.nextCursor;
  }
  return count;
}
