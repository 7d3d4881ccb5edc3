import {
  configurationError,
  consoleLog,
  createLimiter,
  redactedLog,
  systemClock,
  type Clock,
  type Limiter,
  type LimiterOptions,
  type Log,
} from '@plugboard/core/limiter-kit';

import { createAdmission } from './admission.ts';
import { createLine } from './line.ts';
import type { SharedLimits } from './shared-limits.ts';

export interface SharedLimiterOptions extends Pick<LimiterOptions, 'maxKeys' | 'maxWaiting'> {
  /** Processes that share the limits, at most: while the store is away each keeps to such a part. Default 10. */
  readonly processes?: number;
  /**
   * Part of each limit that is kept for the time when the store is away, from 0 to 0.5. Default 0.1. Without it, and for
   * limits below ten, calls wait for one window when the store goes.
   */
  readonly reserve?: number;
  readonly log?: Log;
  readonly clock?: Clock;
}

/**
 * A limiter for `createPlugboard`: no vendor sees more than its limit from all processes together, in any window.
 * @throws PlugboardError kind `configuration`: `invalid_limits`, `invalid_option`.
 * @example createPlugboard({ limiter: sharedLimiter(redisLimits(redis)), ... })
 */
export function sharedLimiter(limits: SharedLimits, options: SharedLimiterOptions = {}): Limiter {
  const { processes = 10, reserve = 0.1, clock = systemClock, maxKeys, maxWaiting } = options;
  if (typeof (limits as Partial<SharedLimits> | undefined)?.book !== 'function') {
    const message = 'What was passed keeps no shared limits.';
    throw configurationError('invalid_limits', message, 'Pass what redisLimits or postgresLimits returned.');
  }
  checkRange(processes, 'processes', [1, 10_000]);
  checkRange(reserve, 'reserve', [0, 0.5]);
  const line = createLine(limits, { clock, log: redactedLog(options.log ?? consoleLog) });
  const admission = createAdmission({ clock, line, processes, reserve });
  return createLimiter({
    clock,
    admission,
    ...(maxKeys !== undefined && { maxKeys }),
    ...(maxWaiting !== undefined && { maxWaiting }),
  });
}

function checkRange(value: number, name: string, [least, most]: readonly [number, number]): void {
  if (value >= least && value <= most) return;
  const message = `Option \`${name}\` must be from ${least} to ${most}.`;
  throw configurationError('invalid_option', message, 'Correct it, or leave it out.');
}
