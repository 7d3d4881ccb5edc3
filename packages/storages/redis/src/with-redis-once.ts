import type { Store } from '@plugboard/core/store-kit';

import type { RedisClient } from './drivers.ts';
import { createOnce } from './once.ts';
import { createSession, type SessionOptions } from './session.ts';

/**
 * The given store, with its one-time values in Redis: OAuth state and webhook delivery ids, which come and go by the
 * thousand and cost a database of rows a write and a deletion each. Connections, leases and the trail stay where they are.
 * @throws PlugboardError as `redisStore` does.
 * @example const store = withRedisOnce(postgresStore(pool), client)
 */
export function withRedisOnce(store: Store, client: RedisClient, options: SessionOptions = {}): Store {
  return { ...store, once: createOnce(createSession(client, options)) };
}
