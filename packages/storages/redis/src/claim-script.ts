/**
 * Claims due rows, the longest due first, at most so many of one organization. Every organization has a queue of its own,
 * so the work depends on how many rows are asked for, never on how many are due: one organization with a million due rows
 * costs the others nothing.
 */
import { rowLua, writeLua } from './row-lua.ts';
import { writeScript } from './script.ts';

/** A binary heap of the organizations' next rows, the longest due on top. */
const heapLua = `
local heap = {}
local function push(item)
  local at = #heap + 1
  while at > 1 do
    local parent = math.floor(at / 2)
    if heap[parent].due <= item.due then break end
    heap[at] = heap[parent]
    at = parent
  end
  heap[at] = item
end
local function pop()
  local top, last = heap[1], table.remove(heap)
  if #heap == 0 then return top end
  local at = 1
  while true do
    local child = at * 2
    if not heap[child] then break end
    if heap[child + 1] and heap[child + 1].due < heap[child].due then child = child + 1 end
    if heap[child].due >= last.due then break end
    heap[at] = heap[child]
    at = child
  end
  heap[at] = last
  return top
end`;

/**
 * Arguments: the lease, how many rows, how many of one organization, the provider or nothing, then organizations that
 * were served before, each with its count. What is broken is taken from its queue, or it would be met again and again.
 */
export const claimScript = writeScript(
  rowLua,
  writeLua,
  heapLua,
  `
local leaseMs, limit, cap, provider = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local served, servedCount = {}, 0
for index = 6, #ARGV, 2 do
  served[ARGV[index]] = tonumber(ARGV[index + 1])
  servedCount = servedCount + 1
end

local function pushNext(organization, place)
  if (served[organization] or 0) + place >= cap then return end
  local found = redis.call('ZRANGE', queueKey(organization, provider), place, place, 'WITHSCORES')
  if found[1] and tonumber(found[2]) <= now then
    push({organization = organization, place = place, id = found[1], due = tonumber(found[2])})
  end
end

local organizations = redis.call(
  'ZRANGE', queuesKey(provider), '-inf', whole(now), 'BYSCORE', 'LIMIT', 0, limit + servedCount)
for _, organization in ipairs(organizations) do pushNext(organization, 0) end
local chosen = {}
while #chosen < limit and heap[1] do
  local item = pop()
  chosen[#chosen + 1] = item
  pushNext(item.organization, item.place + 1)
end

local reply = {whole(now), #chosen}
for _, item in ipairs(chosen) do
  local row = stateOf(item.id)
  if type(row) == 'table' and row.organizationId == item.organization then
    lease(row, leaseMs, {}, {})
    reply[#reply + 1] = answer(item.id)
  else
    moveInQueue({id = item.id, organizationId = item.organization, provider = provider}, nil)
  end
end
return reply`,
);
