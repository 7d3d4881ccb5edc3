import { createHash } from 'node:crypto';

import type { LimitedCall, RateLimit } from '@plugboard/core/limiter-kit';

type Request = LimitedCall['request'];

/** Ids of organizations stand in the keys of calls; whoever reads the store sees digests. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 27);
}

/** What a pause is kept under. */
export function pauseKey(limitKey: string): string {
  return digest(`pause ${limitKey}`);
}

/**
 * What a limit is counted under. Processes know a limit by its numbers, and by its name where others of the provider have
 * the same: two that are equal in both count as one, too strict and never too loose.
 */
export function limitKey({ provider, limitKey: key }: Request, limit: RateLimit): string {
  const { requests, perMs, per = 'connection', counts = 'requests', concurrency = 0, name = '' } = limit;
  return digest(`limit ${requests}/${perMs}/${concurrency} ${counts} ${per} ${name} ${per === 'app' ? provider : key}`);
}
