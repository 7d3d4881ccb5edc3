/** Lua about events of the inbox. */
import { eventFields } from './fields.ts';
import { luaNames } from './script.ts';

const judged = [
  'provider',
  'status',
  'sequence',
  'attempts',
  'leaseFence',
  'keepUntil',
  'organizationId',
  'connectionId',
  'lane',
  'dueAt',
  'leaseUntil',
];
const always = 6;
const numbers = ['sequence', 'attempts', 'leaseFence', 'keepUntil', 'dueAt', 'leaseUntil'];

/**
 * - `eventAnswer(id)`: the fields of a row, in the order of `decodeEvent`.
 * - `eventState(id)`: what scripts judge it by; nil when there is no such row, `'broken'` when it is not as we wrote it.
 * - `isHeld(row)`: somebody works on it.
 */
export const eventLua = `
local fieldsOfEvent = ${luaNames(eventFields)}
local judgedOfEvent = ${luaNames(judged)}
local numbersOfEvent = ${luaNames(numbers)}
local openKey, keepKey = base .. 'inbox-open', base .. 'inbox-keep'
local function eventKey(id) return base .. 'inbox:' .. id end
local function ownersKey(connection) return base .. 'inbox-of:' .. connection end
local function dueKey(provider) return base .. 'inbox-due:' .. provider end
local function laneKey(lane) return base .. 'inbox-lane:' .. lane end
local function eventAnswer(id) return redis.call('HMGET', eventKey(id), unpack(fieldsOfEvent)) end

local function eventState(id)
  local row = judge(eventKey(id), judgedOfEvent, ${always}, numbersOfEvent)
  if type(row) == 'table' then row.id = id end
  return row
end

local function isHeld(row) return row.leaseUntil ~= nil and row.leaseUntil > now end`;

/**
 * An event that a job has to work on lies in the queue of its provider; of a lane only the first one does, so that what
 * a claim costs does not depend on how many wait behind it.
 *
 * - `putEvent(row, set, cleared)`: changes fields, and moves the row in the indexes.
 * - `dropEvent(row)`: deletes it.
 */
export const writeEventLua = `${eventLua}
local function queueEvent(row)
  local at = freeAt(row.dueAt, row.leaseUntil)
  if at then redis.call('ZADD', dueKey(row.provider), whole(at), row.id) else redis.call('ZREM', dueKey(row.provider), row.id) end
end

local function enqueueEvent(row)
  if not row.lane then return queueEvent(row) end
  local lane = laneKey(row.lane)
  local before = redis.call('ZRANGE', lane, 0, 0)[1]
  if row.dueAt then redis.call('ZADD', lane, whole(row.sequence), row.id) else redis.call('ZREM', lane, row.id) end
  local first = redis.call('ZRANGE', lane, 0, 0)[1]
  if before and before ~= first then redis.call('ZREM', dueKey(row.provider), before) end
  if first ~= row.id then redis.call('ZREM', dueKey(row.provider), row.id) end
  local head = first and eventState(first)
  if type(head) == 'table' then queueEvent(head) end
end

local function putEvent(row, set, cleared)
  set.updatedAt = whole(now)
  putFields(eventKey(row.id), set, cleared)
  local after = eventState(row.id)
  enqueueEvent(after)
  redis.call('ZADD', keepKey, whole(after.keepUntil), after.id)
  local open = after.status ~= 'done'
  if open then redis.call('ZADD', openKey, whole(after.sequence), after.id) else redis.call('ZREM', openKey, after.id) end
  if after.connectionId then
    local owners = ownersKey(after.connectionId)
    if open then redis.call('SADD', owners, after.id) else redis.call('SREM', owners, after.id) end
  end
  return after
end

local function leaseEvent(row, leaseMs, cleared)
  return putEvent(row, {
    status = 'failed', lastError = 'interrupted', attempts = whole(row.attempts + 1),
    leaseFence = whole(row.leaseFence + 1), leaseUntil = whole(now + leaseMs),
  }, cleared)
end

local function dropEvent(row)
  redis.call('DEL', eventKey(row.id))
  redis.call('ZREM', keepKey, row.id)
  redis.call('ZREM', openKey, row.id)
  if row.connectionId then redis.call('SREM', ownersKey(row.connectionId), row.id) end
  row.dueAt = nil
  enqueueEvent(row)
end`;

/** `removeEvents(connection)`: those of a connection that is removed; needs `writeEventLua`. */
export const removeEventsLua = `
local function removeEvents(connection)
  for _, id in ipairs(redis.call('SMEMBERS', ownersKey(connection.id))) do
    local row = eventState(id)
    if type(row) == 'table' and row.organizationId == connection.organizationId then dropEvent(row) end
  end
end`;
