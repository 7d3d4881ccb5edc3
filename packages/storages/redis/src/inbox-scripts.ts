/** The scripts on the inbox. Argument 1 is the time (see script.ts). */
import { eventLua, writeEventLua } from './inbox-lua.ts';
import { queueLua } from './queue-lua.ts';
import { argumentsLua, mostInScript, readScript, writeScript } from './script.ts';

/** `eachResting(work)`: for each id that follows, of a row that failed or is dead and that nobody holds. */
const eachRestingLua = `
local function eachResting(work)
  local count = 0
  while position < #ARGV do
    local row = eventState(take())
    if type(row) == 'table' and (row.status == 'failed' or row.status == 'dead') and not isHeld(row) then
      work(row)
      count = count + 1
    end
  end
  return count
end`;

export const inboxScripts = {
  /** Arguments: the lease, how long to keep, then events, each as its id and what `changeArguments` makes of it. */
  add: writeScript(
    queueLua,
    writeEventLua,
    argumentsLua,
    `
local leaseMs, keepMs = tonumber(take()), tonumber(take())
local events = {}
while position < #ARGV do
  local id = take()
  local set = change()
  events[#events + 1] = {id = id, set = set, row = eventState(id)}
end
for _, event in ipairs(events) do
  if event.row == 'broken' then return broken end
end
local reply = {}
for _, event in ipairs(events) do
  local row, outcome, fence = event.row, nil, 0
  if row and (row.status == 'done' or row.status == 'dead') then outcome = 'done'
  elseif row and row.dueAt then outcome = 'queued'
  elseif row and isHeld(row) then outcome = 'busy'
  else
    local set, cleared = {}, {}
    if not row then
      set = event.set
      set.sequence = whole(redis.call('INCR', base .. 'inbox-sequence'))
      set.status, set.attempts, set.leaseFence, set.receivedAt = 'received', '0', '0', whole(now)
    end
    set.keepUntil = whole(now + keepMs)
    if not leaseMs then
      set.status, set.dueAt, cleared = 'received', whole(now), {'leaseUntil'}
      outcome = 'queued'
    end
    row = putEvent({id = event.id}, set, cleared)
    if leaseMs then
      outcome, fence = 'held', leaseEvent(row, leaseMs, {}).leaseFence
    end
  end
  reply[#reply + 1] = outcome
  reply[#reply + 1] = whole(fence)
end
return reply`,
  ),

  /** Arguments: the lease, then pairs of id and fence. */
  extend: writeScript(
    queueLua,
    writeEventLua,
    argumentsLua,
    `
local leaseMs = tonumber(take())
local reply = {}
while position < #ARGV do
  local id, fence = take(), tonumber(take())
  local row = eventState(id)
  local own = type(row) == 'table' and row.leaseFence == fence and row.leaseUntil ~= nil
  if own then putEvent(row, {leaseUntil = whole(now + leaseMs)}, {}) end
  reply[#reply + 1] = own and 1 or 0
end
return reply`,
  ),

  /** Arguments: id, fence, status, error or nothing, when it is due or nothing, how long to keep. */
  settle: writeScript(
    queueLua,
    writeEventLua,
    argumentsLua,
    `
local id, fence, status, failure, dueInMs, keepMs = take(), tonumber(take()), take(), take(), tonumber(take()), tonumber(take())
local row = eventState(id)
if row == 'broken' then return broken end
if not row or row.leaseFence ~= fence or not row.leaseUntil then return 0 end
local set, cleared = {status = status, keepUntil = whole(now + keepMs)}, {'leaseUntil'}
if failure ~= '' then set.lastError = failure else cleared[#cleared + 1] = 'lastError' end
if dueInMs then set.dueAt = whole(now + dueInMs) else cleared[#cleared + 1] = 'dueAt' end
if status == 'done' then cleared[#cleared + 1] = 'payload' end
putEvent(row, set, cleared)
return 1`,
  ),

  /** Arguments: the lease, how many, then providers. Answers the time, how many were met, and the rows. */
  claim: writeScript(
    queueLua,
    writeEventLua,
    argumentsLua,
    `
local leaseMs, limit = tonumber(take()), tonumber(take())
local due = {}
while position < #ARGV do
  local provider = take()
  local found = redis.call('ZRANGE', dueKey(provider), '-inf', whole(now), 'BYSCORE', 'LIMIT', 0, limit, 'WITHSCORES')
  for index = 1, #found, 2 do due[#due + 1] = {id = found[index], at = tonumber(found[index + 1]), provider = provider} end
end
table.sort(due, function (a, b) return a.at < b.at or (a.at == b.at and a.id < b.id) end)
local reply = {whole(now), math.min(#due, limit)}
for index = 1, math.min(#due, limit) do
  local row = eventState(due[index].id)
  if type(row) == 'table' and row.dueAt then
    leaseEvent(row, leaseMs, {})
    reply[#reply + 1] = eventAnswer(row.id)
  else
    redis.call('ZREM', dueKey(due[index].provider), due[index].id)
  end
end
return reply`,
  ),

  /** Arguments: the sequence to begin after, how many to look at, organization, provider, statuses. */
  list: readScript(
    eventLua,
    argumentsLua,
    `
local after, most, organization, provider = take(), tonumber(take()), take(), take()
local statuses = {}
while position < #ARGV do statuses[take()] = true end
local found = redis.call('ZRANGE', openKey, '(' .. after, '+inf', 'BYSCORE', 'LIMIT', 0, most, 'WITHSCORES')
local reply = {whole(now), #found == 2 * most and found[#found] or ''}
for index = 1, #found, 2 do
  local row = eventState(found[index])
  if row == 'broken' then return broken end
  local wanted = row and statuses[row.status] and not isHeld(row)
    and (organization == '' or row.organizationId == organization) and (provider == '' or row.provider == provider)
  if wanted then reply[#reply + 1] = eventAnswer(row.id) end
end
return reply`,
  ),

  requeue: writeScript(
    queueLua,
    writeEventLua,
    argumentsLua,
    eachRestingLua,
    `
return eachResting(function (row)
  putEvent(row, {status = 'received', attempts = '0', dueAt = whole(now)}, {'leaseUntil'})
end)`,
  ),

  discard: writeScript(
    queueLua,
    writeEventLua,
    argumentsLua,
    eachRestingLua,
    `
local keepMs = tonumber(take())
return eachResting(function (row)
  putEvent(row, {status = 'done', keepUntil = whole(now + keepMs)}, {'payload', 'dueAt', 'leaseUntil'})
end)`,
  ),

  /** Argument: how many to pass over, which a job still has to work on. Answers how many went, and how many stayed. */
  purge: writeScript(
    queueLua,
    writeEventLua,
    argumentsLua,
    `
local passed = take()
local over = redis.call('ZRANGE', keepKey, '-inf', whole(now), 'BYSCORE', 'LIMIT', passed, ${mostInScript})
local gone, stayed = 0, 0
for _, id in ipairs(over) do
  local row = eventState(id)
  if row == nil then
    redis.call('ZREM', keepKey, id)
  elseif row == 'broken' or row.dueAt or isHeld(row) then
    stayed = stayed + 1
  else
    dropEvent(row)
    gone = gone + 1
  end
end
return {gone, stayed, #over}`,
  ),
};
