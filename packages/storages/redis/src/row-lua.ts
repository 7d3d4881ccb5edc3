/** Lua about one connection: its state, its places in the indexes, and the one way to write it. */
import { connectionFields } from './fields.ts';
import { queueLua } from './queue-lua.ts';
import { luaNames } from './script.ts';

/** What scripts judge a row by. The first of them are there for every row that we wrote. */
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
const numbers = ['version', 'credentialsVersion', 'leaseFence', 'createdAt', 'leaseUntil', 'refreshAt'];

/**
 * - `answer(id)`: the fields of a row, in the order of `decodeConnection`.
 * - `stateOf(id)`: what scripts judge it by; nil when there is no such row, `'broken'` when it is not as we wrote it.
 * - `ownState(organization, id)`: the same, for the organization that asks.
 */
export const rowLua = `
local fields = ${luaNames(connectionFields)}
local judged = ${luaNames(judged)}
local numbers = ${luaNames(numbers)}
local function rowKey(id) return base .. 'connection:' .. id end
local function answer(id) return redis.call('HMGET', rowKey(id), unpack(fields)) end

local function stateOf(id)
  local row = judge(rowKey(id), judged, ${always}, numbers)
  if type(row) == 'table' then row.id = id end
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
 * - `accountKey(provider, account)`: live rows by id.
 * - `labelsKey(organization)`: from provider and label to the id.
 */
export const indexLua = `
local function listKey(organization, status, provider)
  return base .. 'list:' .. sized(organization) .. ':' .. status .. ':' .. provider
end
local function accountKey(provider, account) return base .. 'account:' .. sized(provider) .. ':' .. account end
local function labelsKey(organization) return base .. 'labels:' .. organization end
local function labelField(provider, label) return sized(provider) .. label end`;

/**
 * - `reindex(before, after)`: moves a row in the indexes from one state to the next; nil is a row that is not there.
 * - `write(row, set, cleared)`: changes fields, counts the version up and moves the row in the indexes.
 * - `lease(row, leaseMs, set, cleared)`: the same, under a new fence. The row leaves the head of the queue with it.
 */
export const writeLua = `${indexLua}${queueLua}
local function claimableAt(row)
  if not row or row.status == 'disconnected' then return nil end
  return freeAt(row.refreshAt, row.leaseUntil)
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
  local at = claimableAt(after)
  if claimableAt(before) == at then return end
  moveInQueue('connections', row.organizationId, row.id, at)
  moveInQueue('connections:' .. row.provider, row.organizationId, row.id, at)
end

local function write(row, set, cleared)
  set.version = whole(row.version + 1)
  set.updatedAt = whole(now)
  putFields(rowKey(row.id), set, cleared)
  reindex(row, stateOf(row.id))
end

local function lease(row, leaseMs, set, cleared)
  local ends = whole(now + leaseMs)
  set.leaseFence = whole(row.leaseFence + 1)
  set.leaseUntil = ends
  set.refreshAt = ends
  write(row, set, cleared)
end`;
