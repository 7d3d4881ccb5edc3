import { createHash } from 'node:crypto';

import type { RedisArgument } from './drivers.ts';

export type ScriptArgument = RedisArgument | number;

/**
 * A script that Redis runs as a whole, with nothing in between. Its only key is the base of all keys; what it reads and
 * writes, it names by itself, because the index tells it which rows to visit.
 */
export interface Script {
  readonly text: string;
  /** By which Redis knows it. */
  readonly sha: string;
  /** False when it reads only. */
  readonly writes: boolean;
}

/** @param parts Lua, of which each may use what those before it define. */
export function readScript(...parts: readonly string[]): Script {
  return make(parts, false);
}

export function writeScript(...parts: readonly string[]): Script {
  return make(parts, true);
}

function make(parts: readonly string[], writes: boolean): Script {
  const text = [prelude, ...parts].join('\n');
  return { text, sha: createHash('sha1').update(text).digest('hex'), writes };
}

/** Most rows or entries that one script visits: Redis answers nobody else meanwhile. */
export const mostInScript = 100;

/**
 * The time of the store in milliseconds: Redis' own, unless the first argument says otherwise. `whole` writes numbers as
 * Lua itself would not, beyond 14 digits. A name within a key is led by its length, so that no two join to the same text.
 */
const prelude = `
local base = KEYS[1]
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local function whole(number) return string.format('%.0f', number) end
local function sized(text) return #text .. ':' .. text end
local broken = redis.error_reply('BROKENVALUE not as it was written')`;
