/** Connections without the flow that made them: for tests of what happens to thousands of them. */
import { sealCredentials } from '../../src/connections/envelope.ts';
import { lifetimeOf } from '../../src/connections/lifetime.ts';
import { isSecret, Secret } from '../../src/secret.ts';
import type { Engine } from '../../src/engine.ts';
import { randomUuid } from '../../src/random.ts';
import { createVault } from '../../src/vault/create-vault.ts';
import type { createRig } from './rig.ts';
import { key } from './rig.ts';

type Rig = Pick<ReturnType<typeof createRig>, 'store' | 'clock' | 'oauth'> & {
  readonly board: { readonly mode: string };
};

export interface Population {
  readonly count: number;
  /** Of the connection with this number. Default one organization for each. */
  readonly organizationOf?: (index: number) => string;
  readonly provider?: string;
}

/** @returns Ids, in the order made. */
export async function populate(rig: Rig, { count, organizationOf, provider = 'acme' }: Population): Promise<string[]> {
  const vault = createVault({ environment: rig.board.mode, keys: { k1: key } });
  const method = { kind: 'oauth2', refresh: { rotation: 'strict' } } as never;
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    const id = randomUuid();
    const organizationId = organizationOf?.(index) ?? `org-${index}`;
    const issued = rig.oauth.issue();
    const credentials = {
      accessToken: secretOf(issued['access_token']),
      refreshToken: secretOf(issued['refresh_token']),
    };
    const identity = { id, organizationId, provider, method: 'oauth', metadata: {} };
    const sealed = await sealCredentials({ vault } as unknown as Engine, identity, credentials, 1);
    const now = await rig.store.now();
    await rig.store.connections.insert(organizationId, {
      id,
      provider,
      label: `c${index}`,
      method: 'oauth',
      status: 'active',
      statusReason: null,
      credentials: sealed,
      ...lifetimeOf({ expiresInMs: 3_600_000 }, method, now, rig.clock),
      account: null,
      scopes: null,
      metadata: {},
      settings: {},
      health: null,
      lastError: null,
      lastSyncAt: null,
      connectedAt: now,
      disconnectedAt: null,
      stub: false,
      attemptHash: null,
      attemptAt: null,
      failCount: 0,
      writeId: null,
    });
    ids.push(id);
  }
  return ids;
}

function secretOf(value: unknown): Secret {
  return isSecret(value) ? value : new Secret(String(value));
}
