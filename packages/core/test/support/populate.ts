/** Connections without the flow that made them: for tests of what happens to thousands of them. */
import { sealCredentials } from '../../src/connections/envelope.ts';
import { lifetimeOf } from '../../src/connections/lifetime.ts';
import { isSecret, Secret } from '../../src/secret.ts';
import type { Engine } from '../../src/engine.ts';
import { randomUuid } from '../../src/random.ts';
import { createVault } from '../../src/vault/create-vault.ts';
import type { Clock } from '../../src/clock.ts';
import type { JsonObject } from '../../src/json.ts';
import type { ConnectionKey, NewConnection } from '../../src/store.ts';
import type { Vault } from '../../src/vault/vault.ts';
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
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    const organizationId = organizationOf?.(index) ?? `org-${index}`;
    const issued = rig.oauth.issue();
    const life = { now: await rig.store.now(), ms: 3_600_000, random: () => rig.clock.random() };
    const connection = await connectionOf(vault, issued, { organizationId, provider, label: `c${index}` }, life);
    await rig.store.connections.insert(organizationId, connection);
    ids.push(connection.id);
  }
  return ids;
}

interface Life {
  readonly now: Date;
  readonly ms: number;
  /** Draws the point of the renewal. */
  readonly random: () => number;
}

/** A connection that holds the tokens of a token answer. */
export async function connectionOf(
  vault: Vault,
  issued: JsonObject,
  { organizationId, ...key }: ConnectionKey & { readonly organizationId: string },
  { now, ms, random }: Life,
): Promise<NewConnection> {
  const id = randomUuid();
  const credentials = {
    accessToken: secretOf(issued['access_token']),
    refreshToken: secretOf(issued['refresh_token']),
  };
  const identity = { id, organizationId, provider: key.provider, method: 'oauth', metadata: {} };
  const method = { kind: 'oauth2', refresh: { rotation: 'strict' } } as never;
  return {
    id,
    ...key,
    method: 'oauth',
    status: 'active',
    statusReason: null,
    credentials: await sealCredentials({ vault } as Engine, identity, credentials, 1),
    ...lifetimeOf({ expiresInMs: ms }, method, now, { random } as Clock),
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
  };
}

function secretOf(value: unknown): Secret {
  return isSecret(value) ? value : new Secret(String(value));
}
