export { redisStore, type RedisStoreOptions } from './redis-store.ts';
export { withRedisOnce } from './with-redis-once.ts';
export { inspectRedis } from './inspect.ts';
export type { RedisReport, ServerOptions } from './server.ts';
export type { SessionOptions } from './session.ts';
export type { Ioredis, NodeRedis, NodeRedisCluster, RedisClient } from './drivers.ts';
