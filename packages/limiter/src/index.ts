export { sharedLimiter, type SharedLimiterOptions } from './shared-limiter.ts';
export { redisLimits, type RedisClient, type RedisLimitsOptions } from './redis-limits.ts';
export {
  createLimitsTable,
  limitsTableSql,
  postgresLimits,
  purgeLimits,
  type PostgresClient,
  type PostgresLimitsOptions,
} from './postgres-limits.ts';
export type { Booked, Booking, Hold, SharedLimits } from './shared-limits.ts';
