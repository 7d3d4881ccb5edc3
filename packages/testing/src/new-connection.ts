import type { NewConnection } from '@plugboard/core/store-kit';

/** A connection that says nothing in particular, under a label of its own: what `insert` of a store takes. */
export function newConnection(given: Partial<NewConnection> = {}): NewConnection {
  const id = crypto.randomUUID();
  return {
    id,
    provider: 'acme',
    label: `label ${id}`,
    method: 'oauth',
    status: 'active',
    statusReason: null,
    credentials: Uint8Array.of(1, 2, 3),
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
    ...given,
  };
}
