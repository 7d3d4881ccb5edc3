/** The scripts on connections. Argument 1 is the time (see script.ts); each answers the time and its rows. */
import { chooseLua } from './queue-lua.ts';
import { indexLua, rowLua, writeLua } from './row-lua.ts';
import { argumentsLua, mostInScript, readScript, writeScript } from './script.ts';
import { removeEventsLua, writeEventLua } from './inbox-lua.ts';
import { removeStreamsLua } from './stream-lua.ts';

/** `rowsOf(ids, organization)`: the rows that are there, of one organization or of all. */
const rowsLua = `
local function rowsOf(ids, organization)
  local rows = {}
  for _, id in ipairs(ids) do
    local row = answer(id)
    if row[1] and (not organization or row[2] == organization) then rows[#rows + 1] = row end
  end
  return rows
end`;

export const connectionScripts = {
  now: readScript(`return whole(now)`),

  get: readScript(
    rowLua,
    `
local row = answer(ARGV[3])
if row[2] ~= ARGV[2] then return {whole(now)} end
return {whole(now), row}`,
  ),

  find: readScript(
    rowLua,
    indexLua,
    rowsLua,
    `
local id = redis.call('HGET', labelsKey(ARGV[2]), labelField(ARGV[3], ARGV[4]))
return {whole(now), unpack(rowsOf({id or nil}, ARGV[2]))}`,
  ),

  list: readScript(
    rowLua,
    indexLua,
    rowsLua,
    `
local organization, status, provider, after, limit = unpack(ARGV, 2)
local places = redis.call('ZRANGE', listKey(organization, status, provider), after, '+', 'BYLEX', 'LIMIT', 0, limit)
local ids = {}
for index, place in ipairs(places) do ids[index] = string.sub(place, 17) end
return {whole(now), unpack(rowsOf(ids, organization))}`,
  ),

  insert: writeScript(
    rowLua,
    writeLua,
    argumentsLua,
    `
local organization, id, provider, label = take(), take(), take(), take()
if redis.call('HEXISTS', labelsKey(organization), labelField(provider, label)) == 1 then return 'taken' end
if redis.call('EXISTS', rowKey(id)) == 1 then return 'id taken' end
local set = change()
set.id, set.organizationId, set.provider, set.label = id, organization, provider, label
set.version, set.credentialsVersion, set.leaseFence = '1', '1', '0'
set.createdAt, set.updatedAt = whole(now), whole(now)
putFields(rowKey(id), set, {})
reindex(nil, stateOf(id))
redis.call('HSET', labelsKey(organization), labelField(provider, label), id)
redis.call('ZADD', base .. 'ids', 0, id)
return {whole(now), answer(id)}`,
  ),

  /** Answers the rows after their writes, or as argument 2 says, only which were written. */
  update: writeScript(
    rowLua,
    writeLua,
    argumentsLua,
    `
local withRows, count = take(), take()
local results, anyBroken = {whole(now)}, false
for index = 1, tonumber(count) do
  local organization, id = take(), take()
  local version, credentialsVersion, leaseFence = tonumber(take()), tonumber(take()), tonumber(take())
  local set, cleared = change()
  local row = ownState(organization, id)
  results[index + 1] = false
  if row == 'broken' then
    anyBroken = true
  elseif row
    and (version or row.version) == row.version
    and (credentialsVersion or row.credentialsVersion) == row.credentialsVersion
    and (leaseFence or row.leaseFence) == row.leaseFence
  then
    local clears = {}
    for _, name in ipairs(cleared) do clears[name] = true end
    if set.credentials or clears.credentials then
      set.credentialsVersion = whole(row.credentialsVersion + 1)
      cleared[#cleared + 1] = 'leaseUntil'
    end
    write(row, set, cleared)
    results[index + 1] = withRows == '1' and answer(id) or 1
  end
end
if anyBroken then return broken end
return results`,
  ),

  remove: writeScript(
    rowLua,
    writeLua,
    removeStreamsLua,
    writeEventLua,
    removeEventsLua,
    `
local row = ownState(ARGV[2], ARGV[3])
if row == 'broken' then return broken end
if not row then return 0 end
redis.call('DEL', rowKey(row.id))
redis.call('HDEL', labelsKey(row.organizationId), labelField(row.provider, row.label))
redis.call('ZREM', base .. 'ids', row.id)
reindex(row, nil)
removeStreams(row)
removeEvents(row)
return 1`,
  ),

  lease: writeScript(
    rowLua,
    writeLua,
    argumentsLua,
    `
local organization, id, credentialsVersion, version = take(), take(), tonumber(take()), tonumber(take())
local leaseMs = tonumber(take())
local row = ownState(organization, id)
if row == 'broken' then return broken end
if not row or row.credentialsVersion ~= credentialsVersion or row.status == 'disconnected'
  or (version or row.version) ~= row.version
  or (row.leaseUntil and row.leaseUntil > now) then return {whole(now)} end
local attempt, hash = take(), take()
local set, cleared = {}, {}
if attempt == 'noted' then set.attemptHash, set.attemptAt = hash, whole(now) end
if attempt == 'cleared' then cleared = {'attemptHash', 'attemptAt'} end
lease(row, leaseMs, set, cleared)
return {whole(now), answer(id)}`,
  ),

  release: writeScript(
    rowLua,
    writeLua,
    `
local row = ownState(ARGV[2], ARGV[3])
if row == 'broken' then return broken end
if not row or row.leaseFence ~= tonumber(ARGV[4]) or not row.leaseUntil then return 0 end
if ARGV[5] == '' then
  write(row, {}, {'leaseUntil', 'refreshAt'})
else
  write(row, {refreshAt = ARGV[5]}, {'leaseUntil'})
end
return 1`,
  ),

  /**
   * Arguments: the lease, how many rows, how many of one organization, the provider or nothing, then organizations that
   * were served before, each with its count. What is broken is taken from its queue, or it would be met again and again.
   */
  claim: writeScript(
    rowLua,
    writeLua,
    chooseLua,
    argumentsLua,
    `
local leaseMs, limit, cap, provider = tonumber(take()), tonumber(take()), tonumber(take()), take()
local served = {}
for index = position + 1, #ARGV, 2 do served[ARGV[index]] = tonumber(ARGV[index + 1]) end
local scope = provider == '' and 'connections' or 'connections:' .. provider
local chosen = choose(scope, limit, cap, served)
local reply = {whole(now), #chosen}
for _, item in ipairs(chosen) do
  local row = stateOf(item.id)
  if type(row) == 'table' and row.organizationId == item.organization then
    lease(row, leaseMs, {}, {})
    reply[#reply + 1] = answer(item.id)
  else
    moveInQueue(scope, item.organization, item.id, nil)
  end
end
return reply`,
  ),

  findByAccount: readScript(
    rowLua,
    indexLua,
    rowsLua,
    `
local ids = redis.call('ZRANGE', accountKey(ARGV[2], ARGV[3]), ARGV[4], '+', 'BYLEX', 'LIMIT', 0, ${mostInScript})
return {whole(now), unpack(rowsOf(ids))}`,
  ),

  scan: readScript(
    rowLua,
    rowsLua,
    `
return {whole(now), unpack(rowsOf(redis.call('ZRANGE', base .. 'ids', ARGV[2], '+', 'BYLEX', 'LIMIT', 0, ARGV[3])))}`,
  ),
};
