/** The scripts on streams. Argument 1 is the time (see script.ts); each answers the time and its rows. */
import { chooseLua, queueLua } from './queue-lua.ts';
import { rowLua } from './row-lua.ts';
import { argumentsLua, readScript, writeScript } from './script.ts';
import { streamLua, writeStreamLua } from './stream-lua.ts';

export const syncScripts = {
  get: readScript(
    streamLua,
    `
local row = streamAnswer(ARGV[3] .. ARGV[4])
if row[3] ~= ARGV[2] then return {whole(now)} end
return {whole(now), row}`,
  ),

  list: readScript(
    streamLua,
    `
local reply = {whole(now)}
for _, stream in ipairs(redis.call('ZRANGE', streamsKey(ARGV[3]), 0, -1)) do
  local row = streamAnswer(ARGV[3] .. stream)
  if row[3] == ARGV[2] then reply[#reply + 1] = row end
end
return reply`,
  ),

  lease: writeScript(
    rowLua,
    queueLua,
    writeStreamLua,
    `
local organization, id, stream, leaseMs = unpack(ARGV, 2)
local connection = ownState(organization, id)
if not connection then return {whole(now)} end
local row = streamState(id .. stream)
if connection == 'broken' or row == 'broken' then return broken end
if not row then
  makeStream(connection, stream, {leaseFence = '1', leaseUntil = whole(now + tonumber(leaseMs))})
elseif row.leaseUntil and row.leaseUntil > now then
  return {whole(now)}
else
  leaseStream(row, tonumber(leaseMs))
end
return {whole(now), streamAnswer(id .. stream)}`,
  ),

  save: writeScript(
    queueLua,
    writeStreamLua,
    argumentsLua,
    `
local organization, id, leaseFence, leaseMs = take(), take() .. take(), tonumber(take()), tonumber(take())
local set, cleared = change()
local row = streamState(id)
if row == 'broken' then return broken end
if not row or row.organizationId ~= organization or row.leaseFence ~= leaseFence or not row.leaseUntil then
  return {whole(now)}
end
if leaseMs then holdStream(row, leaseMs, set) else cleared[#cleared + 1] = 'leaseUntil' end
putStream(row, set, cleared)
return {whole(now), streamAnswer(id)}`,
  ),

  schedule: writeScript(
    rowLua,
    queueLua,
    writeStreamLua,
    argumentsLua,
    `
local anyBroken = false
while position < #ARGV do
  local organization, id, stream = take(), take(), take()
  local connection = ownState(organization, id)
  local row = connection and streamState(id .. stream)
  if connection == 'broken' or row == 'broken' then
    anyBroken = true
  elseif connection and not row then
    makeStream(connection, stream, {dueAt = whole(now)})
  elseif row and not row.dueAt then
    putStream(row, {dueAt = whole(now)}, {})
  end
end
return anyBroken and broken or 1`,
  ),

  /** Arguments: provider, stream, the lease, how many, then organizations to pass over. */
  claim: writeScript(
    queueLua,
    writeStreamLua,
    chooseLua,
    argumentsLua,
    `
local scope, leaseMs, limit = streamScope(take(), take()), tonumber(take()), tonumber(take())
local except = {}
for index = position + 1, #ARGV do except[ARGV[index]] = math.huge end
local chosen = choose(scope, limit, math.huge, except)
local reply = {whole(now), #chosen}
for _, item in ipairs(chosen) do
  local row = streamState(item.id)
  if type(row) == 'table' and row.organizationId == item.organization then
    leaseStream(row, leaseMs)
    reply[#reply + 1] = streamAnswer(item.id)
  else
    moveInQueue(scope, item.organization, item.id, nil)
  end
end
return reply`,
  ),
};
