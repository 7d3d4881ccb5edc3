import { checkEntries, checkOnce, checkOnceKey, type OnceStore } from '@plugboard/core/store-kit';

import { brokenValue } from './errors.ts';
import { readList, readText } from './read-value.ts';
import { mostInScript, readScript, writeScript } from './script.ts';
import type { Session } from './session.ts';

/**
 * One hash for each entry, an index of when entries end, one of their keys in order, and one for each group. Entries carry no expiry of Redis: what
 * decides is the clock of the store, and a policy that evicts keys with an expiry never finds one.
 */
const entryLua = `
local key = ARGV[2]
local function entryKey(name) return base .. 'once:' .. name end
local function groupKey(group) return base .. 'once-group:' .. group end
local ends, names = base .. 'once-ends', base .. 'once-keys'
local function live(name)
  local value, endsAt = unpack(redis.call('HMGET', entryKey(name), 'value', 'endsAt'))
  if not value and not endsAt then return nil end
  if not value or not tonumber(endsAt) then return nil, broken end
  return tonumber(endsAt) > now and value or nil
end`;

const changeLua = `
local function drop(name)
  local group = redis.pcall('HGET', entryKey(name), 'group')
  if type(group) == 'string' then redis.call('ZREM', groupKey(group), name) end
  redis.call('DEL', entryKey(name))
  redis.call('ZREM', ends, name)
  redis.call('ZREM', names, name)
end
local function keep(value, ttlMs, group)
  local endsAt = whole(now + tonumber(ttlMs))
  drop(key)
  redis.call('HSET', entryKey(key), 'value', value, 'endsAt', endsAt)
  redis.call('ZADD', ends, endsAt, key)
  redis.call('ZADD', names, 0, key)
  if group == '' then return end
  redis.call('HSET', entryKey(key), 'group', group)
  redis.call('ZADD', groupKey(group), endsAt, key)
end`;

const put = writeScript(
  entryLua,
  changeLua,
  `
local value, ttlMs, group, most = unpack(ARGV, 3)
local held, failure = live(key)
if failure then return failure end
if held then return 'exists' end
if most ~= '' and redis.call('ZCOUNT', groupKey(group), '(' .. whole(now), '+inf') >= tonumber(most) then return 'full' end
keep(value, ttlMs, group)
return 'stored'`,
);
const set = writeScript(entryLua, changeLua, `keep(ARGV[3], ARGV[4], '')`);
const peek = readScript(
  entryLua,
  `
local value, failure = live(key)
return failure or value`,
);
const take = writeScript(
  entryLua,
  changeLua,
  `
local value, failure = live(key)
if value then drop(key) end
return failure or value`,
);
/** Answers the last key that was looked at, or nothing after the last one, then keys and values of those that live. */
const list = readScript(
  entryLua,
  `
local from, most = ARGV[3], tonumber(ARGV[4])
local found = redis.call('ZRANGE', names, from, '(' .. key .. '\\255', 'BYLEX', 'LIMIT', 0, most)
local reply = {#found == most and found[most] or ''}
for _, name in ipairs(found) do
  local value, failure = live(name)
  if failure then return failure end
  if value then
    reply[#reply + 1] = name
    reply[#reply + 1] = value
  end
end
return reply`,
);
const purge = writeScript(
  entryLua,
  changeLua,
  `
local ended = redis.call('ZRANGE', ends, '-inf', whole(now), 'BYSCORE', 'LIMIT', 0, ${mostInScript})
for _, name in ipairs(ended) do drop(name) end
return #ended`,
);

export function createOnce({ run }: Session): OnceStore {
  return {
    async put(request) {
      checkOnce(request);
      const { key, value, ttlMs, group = '', maxInGroup = '' } = request;
      const answer = readText(await run(put, key, value, ttlMs, group, maxInGroup));
      if (answer === 'stored' || answer === 'exists' || answer === 'full') return answer;
      throw brokenValue();
    },
    async set(key, value, ttlMs) {
      checkOnce({ key, value, ttlMs });
      await run(set, key, value, ttlMs);
    },
    async peek(key) {
      checkOnceKey(key);
      return valueOf(await run(peek, key));
    },
    async take(key) {
      checkOnceKey(key);
      return valueOf(await run(take, key));
    },
    async entries(prefix, limit) {
      checkEntries(prefix, limit);
      const found = new Map<string, string>();
      for (let from = `[${prefix}`; ;) {
        const most = Math.min(limit - found.size, mostInScript);
        const [last = '', ...texts] = readList(await run(list, prefix, from, most)).map(readText);
        for (let index = 0; index < texts.length; index += 2) found.set(texts[index] ?? '', texts[index + 1] ?? '');
        if (last === '' || found.size === limit) return found;
        from = `(${last}`;
      }
    },
    async purge() {
      for (let purged = 0; ;) {
        const count = Number(await run(purge));
        purged += count;
        if (count < mostInScript) return purged;
      }
    },
  };
}

function valueOf(reply: unknown): string | null {
  return reply === null ? null : readText(reply);
}
