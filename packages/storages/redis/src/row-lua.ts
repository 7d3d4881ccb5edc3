/** Lua about one row: its state, its places in the indexes, and the one way to write it. */
import { fieldNames } from './fields.ts';

/** What scripts judge a row by. The numbers among them are there for every row that we wrote. */
const judged = [
  'organizationId',
  'provider',
  'label',
  'status',
  'version',
  'credentialsVersion',
  'leaseFence',
  'createdAt',
  'leaseUntil',
  'refreshAt',
  '@account',
  '@furtherAccounts',
];
const always = 8;

/**
 * - `answer(id)`: the fields of a row, in the order of `decodeRow`.
 * - `stateOf(id)`: what scripts judge it by; nil when there is no such row, `'broken'` when it is not as we wrote it.
 * - `ownState(organization, id)`: the same, for the organization that asks.
 */
export const rowLua = `
local fields = {${quoted(fieldNames)}}
local judged = {${quoted(judged)}}
local function rowKey(id) return base .. 'connection:' .. id end
local function answer(id) return redis.call('HMGET', rowKey(id), unpack(fields)) end

local function stateOf(id)
  local values = redis.pcall('HMGET', rowKey(id), unpack(judged))
  if values.err then return 'broken' end
  local row, there = {}, 0
  for index, name in ipairs(judged) do
    if values[index] then
      row[name] = values[index]
      there = there + 1
    elseif index <= ${always} then
      row.incomplete = true
    end
  end
  if there == 0 then return nil end
  for _, name in ipairs({'version', 'credentialsVersion', 'leaseFence', 'createdAt', 'leaseUntil', 'refreshAt'}) do
    local text = row[name]
    row[name] = tonumber(text)
    if text and not row[name] then row.incomplete = true end
  end
  if row.incomplete then return 'broken' end
  row.id = id
  return row
end

local function ownState(organization, id)
  local row = stateOf(id)
  if row and row ~= 'broken' and row.organizationId ~= organization then return nil end
  return row
end`;

/**
 * - `listKey(organization, status, provider)`: rows in the order of creation time, then id; an empty status or provider
 *   stands for all.
 * - `queueKey(organization, provider)`: rows by the time from which they can be claimed; `queuesKey(provider)`:
 *   organizations by the time of their first row.
 * - `accountKey(provider, account)`: live rows by id.
 * - `labelsKey(organization)`: from provider and label to the id.
 */
export const indexLua = `
local function listKey(organization, status, provider)
  return base .. 'list:' .. sized(organization) .. ':' .. status .. ':' .. provider
end
local function queueKey(organization, provider) return base .. 'due:' .. sized(organization) .. ':' .. provider end
local function queuesKey(provider) return base .. 'due-organizations:' .. provider end
local function accountKey(provider, account) return base .. 'account:' .. sized(provider) .. ':' .. account end
local function labelsKey(organization) return base .. 'labels:' .. organization end
local function labelField(provider, label) return sized(provider) .. label end`;

/**
 * - `reindex(before, after)`: moves a row in the indexes from one state to the next; nil is a row that is not there.
 * - `write(row, set, cleared)`: changes fields, counts the version up and moves the row in the indexes.
 * - `lease(row, leaseMs, set, cleared)`: the same, under a new fence. The row leaves the head of the queue with it.
 */
export const writeLua = `${indexLua}
local function claimableAt(row)
  if not row or not row.refreshAt or row.status == 'disconnected' then return nil end
  return math.max(row.refreshAt, row.leaseUntil or row.refreshAt)
end

local function moveInQueue(row, at)
  for _, provider in ipairs({'', row.provider}) do
    local queue = queueKey(row.organizationId, provider)
    if at then redis.call('ZADD', queue, whole(at), row.id) else redis.call('ZREM', queue, row.id) end
    local head = redis.call('ZRANGE', queue, 0, 0, 'WITHSCORES')
    if head[2] then
      redis.call('ZADD', queuesKey(provider), head[2], row.organizationId)
    else
      redis.call('ZREM', queuesKey(provider), row.organizationId)
    end
  end
end

local function accountsOf(row)
  local accounts = {}
  if not row or row.status == 'disconnected' then return accounts end
  if row['@account'] then accounts[row['@account']] = true end
  for account in string.gmatch(row['@furtherAccounts'] or '', '[^%z]+') do accounts[account] = true end
  return accounts
end

local function moveInLists(row, from, to)
  if from == to then return end
  local place = string.format('%016.0f', row.createdAt) .. row.id
  for _, provider in ipairs({'', row.provider}) do
    if from then redis.call('ZREM', listKey(row.organizationId, from, provider), place) end
    if to then redis.call('ZADD', listKey(row.organizationId, to, provider), 0, place) end
  end
end

local function reindex(before, after)
  local row = after or before
  moveInLists(row, before and '', after and '')
  moveInLists(row, before and before.status, after and after.status)
  local past, present = accountsOf(before), accountsOf(after)
  for account in pairs(past) do
    if not present[account] then redis.call('ZREM', accountKey(row.provider, account), row.id) end
  end
  for account in pairs(present) do
    if not past[account] then redis.call('ZADD', accountKey(row.provider, account), 0, row.id) end
  end
  if claimableAt(before) ~= claimableAt(after) then moveInQueue(row, claimableAt(after)) end
end

local function store(id, set, cleared)
  local pairsOfSet = {}
  for name, value in pairs(set) do
    pairsOfSet[#pairsOfSet + 1] = name
    pairsOfSet[#pairsOfSet + 1] = value
  end
  redis.call('HSET', rowKey(id), unpack(pairsOfSet))
  if #cleared > 0 then redis.call('HDEL', rowKey(id), unpack(cleared)) end
  return stateOf(id)
end

local function write(row, set, cleared)
  set.version = whole(row.version + 1)
  set.updatedAt = whole(now)
  reindex(row, store(row.id, set, cleared))
end

local function lease(row, leaseMs, set, cleared)
  local ends = whole(now + leaseMs)
  set.leaseFence = whole(row.leaseFence + 1)
  set.leaseUntil = ends
  set.refreshAt = ends
  write(row, set, cleared)
end`;

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(',');
}
