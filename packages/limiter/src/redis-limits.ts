/** Shared limits in Redis: one script for each question, by the clock of Redis. */
import { createHash } from 'node:crypto';

import { configurationError } from '@plugboard/core/limiter-kit';

import type { SharedLimits } from './shared-limits.ts';

/** A client of ioredis, or of node-redis. */
export type RedisClient =
  | { call(command: string, ...args: string[]): Promise<unknown> }
  | { sendCommand(args: string[]): Promise<unknown> };

export interface RedisLimitsOptions {
  /** Of all keys. Default `plugboard:limits:`. */
  readonly prefix?: string;
}

const now = `local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

/** KEYS: a hash of counts by part. ARGV: requests, span, part, want, owed, least. Answers what was granted, and the wait. */
const bookScript = `${now}
local requests, span, part = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local want, owed = tonumber(ARGV[4]), tonumber(ARGV[5])
local all = redis.call('HGETALL', KEYS[1])
local used, frees = owed, nil
for i = 1, #all, 2 do
  local ends = (tonumber(all[i]) + 1) * part + span
  if ends <= now then redis.call('HDEL', KEYS[1], all[i])
  else
    used = used + tonumber(all[i + 1])
    if frees == nil or ends < frees then frees = ends end
  end
end
local granted = math.max(math.min(requests - used, want), 0)
if granted < tonumber(ARGV[6]) then granted = 0 end
if granted + owed > 0 then
  redis.call('HINCRBY', KEYS[1], math.floor(now / part), granted + owed)
  redis.call('PEXPIRE', KEYS[1], span + 2 * part)
end
if granted > 0 then return {granted, 0} end
return {0, (frees or (now + part + span)) - now}`;

/** KEYS: slots by the time they end. ARGV: slot, concurrency, ttl. */
const holdScript = `${now}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

/** KEYS: slots by the time they end. ARGV: slot, ttl. */
const renewScript = `${now}
redis.call('ZADD', KEYS[1], 'XX', now + ARGV[2], ARGV[1])
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

const freeScript = `return redis.call('ZREM', KEYS[1], ARGV[1])`;

/** KEYS: a pause. ARGV: milliseconds. */
const pauseScript = `if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
end
return 1`;

/**
 * Any Redis that several processes share: one that evicts keys, or forgets the last second in a failover, forgets that
 * much of what was counted.
 * @throws PlugboardError kind `configuration`: `invalid_client`, `invalid_prefix`.
 * @example redisLimits(new Redis(url, { enableOfflineQueue: false }))
 */
export function redisLimits(
  client: RedisClient,
  { prefix = 'plugboard:limits:' }: RedisLimitsOptions = {},
): SharedLimits {
  const send = senderOf(client);
  if (typeof prefix !== 'string' || prefix === '' || prefix.length > 100) {
    throw configurationError(
      'invalid_prefix',
      'Option `prefix` must be a short text.',
      'Leave it out, or name your app.',
    );
  }
  /** By its digest; with its text where Redis does not know it yet. */
  async function run(script: string, key: string, ...args: (string | number)[]): Promise<unknown> {
    const rest = ['1', prefix + key, ...args.map(String)];
    try {
      return await send(['EVALSHA', shaOf(script), ...rest]);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return send(['EVAL', script, ...rest]);
    }
  }
  return {
    name: 'Redis',
    async book({ key, requests, spanMs, partMs, want, owed, least }) {
      const [granted, waitMs] = (await run(bookScript, key, requests, spanMs, partMs, want, owed, least)) as unknown[];
      return { granted: Number(granted), waitMs: Number(waitMs) };
    },
    hold: async ({ key, slot, concurrency, ttlMs }) =>
      Number(await run(holdScript, `${key}:slots`, slot, concurrency, ttlMs)) === 1,
    renew: async ({ key, slot, ttlMs }) => void (await run(renewScript, `${key}:slots`, slot, ttlMs)),
    free: async (key, slot) => void (await run(freeScript, `${key}:slots`, slot)),
    pause: async (key, ms) => void (await run(pauseScript, key, Math.ceil(ms))),
    pausedMs: async (key) => Math.max(Number(await send(['PTTL', prefix + key])), 0),
  };
}

function senderOf(client: unknown): (args: string[]) => Promise<unknown> {
  const known = (typeof client === 'object' && client !== null ? client : {}) as {
    call?: (command: string, ...args: string[]) => Promise<unknown>;
    sendCommand?: (args: string[]) => Promise<unknown>;
  };
  // ioredis has both, and its `sendCommand` takes something else.
  if (typeof known.call === 'function') return ([command = '', ...args]) => known.call!(command, ...args);
  if (typeof known.sendCommand === 'function') return (args) => known.sendCommand!(args);
  throw configurationError(
    'invalid_client',
    'What was passed is no Redis client.',
    'Pass one of ioredis or node-redis.',
  );
}

function shaOf(script: string): string {
  return createHash('sha1').update(script).digest('hex');
}
