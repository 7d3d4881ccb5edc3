import type { Store } from '@plugboard/core/store-kit';

import { createAudit } from './audit.ts';
import { connectionScripts } from './connection-scripts.ts';
import { createConnections } from './connections.ts';
import type { RedisClient } from './drivers.ts';
import { createInbox } from './inbox.ts';
import { createMarkers } from './markers.ts';
import { createOnce } from './once.ts';
import { readDate } from './read-value.ts';
import { createSession, type SessionOptions } from './session.ts';
import { createSync } from './sync.ts';

export type RedisStoreOptions = SessionOptions;

/**
 * Keeps connections in Redis 7 or later. The first call looks at the server: one that evicts keys is refused. The client
 * stays the host's: the store never closes it. There are no row locks: leases serve where a vendor's refresh tokens work
 * once (docs/guides/redis.md says what that gives up).
 * @throws PlugboardError kind `configuration`: `unknown_client`, `invalid_name`, `invalid_option`; from every call those of
 * `inspectRedis`.
 * @example
 * const client = await createClient({ url: process.env.REDIS_URL }).connect()
 * const board = createPlugboard({ store: redisStore(client), providers, keys })
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): Store {
  const session = createSession(client, options);
  return {
    name: 'redis',
    shared: true,
    now: async () => readDate(await session.run(connectionScripts.now)),
    connections: createConnections(session),
    sync: createSync(session),
    inbox: createInbox(session),
    once: createOnce(session),
    audit: createAudit(session),
    ...createMarkers(session),
  };
}
