/** Lua about the streams of connections. */
import { streamFields } from './fields.ts';
import { luaNames } from './script.ts';

/**
 * The member that stands for a stream in indexes begins with the id of its connection, which has 36 characters.
 *
 * - `streamsKey(connection)`: names of its streams, in order.
 */
const streamKeysLua = `
local function streamKey(id) return base .. 'stream:' .. id end
local function streamsKey(connection) return base .. 'streams:' .. connection end
local function streamScope(provider, stream) return 'streams:' .. sized(provider) .. ':' .. stream end`;

/** `removeStreams(connection)`: of a connection that is removed; there are as many as its provider has. */
export const removeStreamsLua = `${streamKeysLua}
local function removeStreams(connection)
  for _, stream in ipairs(redis.call('ZRANGE', streamsKey(connection.id), 0, -1)) do
    local id = connection.id .. stream
    moveInQueue(streamScope(connection.provider, stream), connection.organizationId, id, nil)
    redis.call('DEL', streamKey(id))
  end
  redis.call('DEL', streamsKey(connection.id))
end`;

const judged = ['organizationId', 'provider', 'connectionId', 'stream', 'leaseFence', 'leaseUntil', 'dueAt'];
const always = 5;
const numbers = ['leaseFence', 'leaseUntil', 'dueAt'];

/**
 * - `streamAnswer(id)`: the fields of a row, in the order of `decodeStream`.
 * - `streamState(id)`: what scripts judge it by; nil when there is no such row, `'broken'` when it is not as we wrote it.
 */
export const streamLua = `${streamKeysLua}
local fieldsOfStream = ${luaNames(streamFields)}
local judgedOfStream = ${luaNames(judged)}
local numbersOfStream = ${luaNames(numbers)}
local function streamAnswer(id) return redis.call('HMGET', streamKey(id), unpack(fieldsOfStream)) end

local function streamState(id)
  local row = judge(streamKey(id), judgedOfStream, ${always}, numbersOfStream)
  if type(row) == 'table' then row.id = id end
  return row
end`;

/**
 * - `putStream(row, set, cleared)`: changes fields, and moves the row in its queue.
 * - `makeStream(connection, stream, set)`: a row of which nothing was read.
 * - `holdStream(row, leaseMs, set)`: sets the end of the lease, and of a row that jobs read the time at which it is due.
 */
export const writeStreamLua = `${streamLua}
local function putStream(row, set, cleared)
  set.updatedAt = whole(now)
  putFields(streamKey(row.id), set, cleared)
  local after = streamState(row.id)
  local at = freeAt(after.dueAt, after.leaseUntil)
  if at or row.dueAt then moveInQueue(streamScope(row.provider, row.stream), row.organizationId, row.id, at) end
end

local function makeStream(connection, stream, set)
  local row = {
    id = connection.id .. stream,
    organizationId = connection.organizationId,
    provider = connection.provider,
    stream = stream,
    leaseFence = 0,
  }
  set.connectionId, set.stream = connection.id, stream
  set.organizationId, set.provider = connection.organizationId, connection.provider
  set.records, set.pages, set.failCount = '0', '0', '0'
  set.leaseFence = set.leaseFence or '0'
  set.createdAt = whole(now)
  redis.call('ZADD', streamsKey(connection.id), 0, stream)
  putStream(row, set, {})
end

local function holdStream(row, leaseMs, set)
  set.leaseUntil = whole(now + leaseMs)
  if row.dueAt then set.dueAt = set.leaseUntil end
end

local function leaseStream(row, leaseMs)
  local set = {leaseFence = whole(row.leaseFence + 1)}
  holdStream(row, leaseMs, set)
  putStream(row, set, {})
end`;
