import { decodeUtf8, encodeUtf8 } from '../../src/bytes.ts';
import { randomUuid } from '../../src/random.ts';
import type { ConnectionData, ConnectionRow, Store } from '../../src/store.ts';
import type { SealContext, Vault } from '../../src/vault/vault.ts';

const blank: ConnectionData = {
  method: 'oauth',
  status: 'active',
  statusReason: null,
  credentials: null,
  tokenExpiresAt: null,
  refreshAt: null,
  refreshExpiresAt: null,
  account: null,
  scopes: null,
  metadata: {},
  settings: {},
  health: null,
  lastError: null,
  lastSyncAt: null,
  connectedAt: null,
  disconnectedAt: null,
  stub: false,
  attemptHash: null,
  attemptAt: null,
  failCount: 0,
  writeId: null,
};

/** A connection of an organization of its own, whose credentials are the given text; null for none. */
export async function addConnection(store: Store, vault: Vault, secret: string | null): Promise<ConnectionRow> {
  const [organizationId, id, provider] = [randomUuid(), randomUuid(), 'acme'];
  const context = contextOfRow({ organizationId, id, provider });
  const credentials = secret === null ? null : await vault.seal(context, encodeUtf8(secret));
  const row = await store.connections.insert(organizationId, { ...blank, id, provider, label: 'default', credentials });
  if (row === null) throw new Error('the label is taken');
  return row;
}

export function contextOfRow({
  organizationId,
  id,
  provider,
}: Pick<ConnectionRow, 'organizationId' | 'id' | 'provider'>): SealContext {
  return { organizationId, connectionId: id, provider, purpose: 'credentials' };
}

export async function reread(store: Store, { organizationId, id }: ConnectionRow): Promise<ConnectionRow> {
  const row = await store.connections.get(organizationId, id);
  if (row === null) throw new Error('the row is gone');
  return row;
}

export async function secretOf(store: Store, vault: Vault, row: ConnectionRow): Promise<string | undefined> {
  const { credentials } = await reread(store, row);
  return decodeUtf8(await vault.open(contextOfRow(row), credentials!));
}
