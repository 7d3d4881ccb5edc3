import type { RedisClient } from './drivers.ts';
import type { RedisReport } from './server.ts';
import { createSession, type SessionOptions } from './session.ts';

/**
 * Looks at the server as the store does at its first contact, for a check of your own at start-up.
 * @throws PlugboardError kind `configuration`: `redis_too_old`, `eviction_policy`, `eviction_unknown`, `unknown_format`, and
 * those of `redisStore`; or `unavailable`.
 * @example const { warnings } = await inspectRedis(client)
 */
export function inspectRedis(client: RedisClient, options: SessionOptions = {}): Promise<RedisReport> {
  return createSession(client, options).inspect();
}
