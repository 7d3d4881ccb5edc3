/** What a limiter over a shared store builds on: the queue, priorities, deadlines and windows of one process. */
export { systemClock, type Clock } from './clock.ts';
export { configurationError } from './errors.ts';
export { errorFields } from './events.ts';
export type { Log } from './log.ts';
export { consoleLog, redactedLog } from './redacted-log.ts';
export {
  createLimiter,
  type Admission,
  type Lacking,
  type LimitedCall,
  type Limiter,
  type LimiterOptions,
  type Release,
} from './transport/limiter.ts';
export { placesOfCall } from './transport/limit-gates.ts';
export { createRateWindow, longestCreepMs, type RateWindow } from './transport/rate-window.ts';
export type { RateLimit } from './transport/transport.ts';
