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
 *
 * - `putFields(key, set, cleared)`: changes the fields of a hash.
 * - `judge(key, names, always, numbers)`: the named fields of a hash, of which so many are always there and some are
 *   numbers; nil when there is no such key, `'broken'` when it is not as we wrote it.
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
local broken = redis.error_reply('BROKENVALUE not as it was written')

local function putFields(key, set, cleared)
  local pairsOfSet = {}
  for name, value in pairs(set) do
    pairsOfSet[#pairsOfSet + 1] = name
    pairsOfSet[#pairsOfSet + 1] = value
  end
  redis.call('HSET', key, unpack(pairsOfSet))
  if #cleared > 0 then redis.call('HDEL', key, unpack(cleared)) end
end

local function judge(key, names, always, numbers)
  local values = redis.pcall('HMGET', key, unpack(names))
  if values.err then return 'broken' end
  local row, there, intact = {}, 0, true
  for index, name in ipairs(names) do
    if values[index] then
      row[name] = values[index]
      there = there + 1
    elseif index <= always then
      intact = false
    end
  end
  if there == 0 then return nil end
  for _, name in ipairs(numbers) do
    local text = row[name]
    row[name] = tonumber(text)
    if text and not row[name] then intact = false end
  end
  return intact and row or 'broken'
end`;

export function luaNames(names: readonly string[]): string {
  return `{${names.map((name) => `'${name}'`).join(',')}}`;
}

/** `take()`: the next argument. `change()`: the arguments that `changeArguments` makes, from where `take` stands. */
export const argumentsLua = `
local position = 1
local function take()
  position = position + 1
  return ARGV[position]
end
local function change()
  local set, cleared = {}, {}
  for _ = 1, tonumber(take()) do
    local name = take()
    set[name] = take()
  end
  for _ = 1, tonumber(take()) do cleared[#cleared + 1] = take() end
  return set, cleared
end`;
