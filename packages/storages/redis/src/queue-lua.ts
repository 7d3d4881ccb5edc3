/**
 * Lua about queues of what is due. Every organization has a queue of its own in each scope, and each scope a queue of
 * organizations by their first entry. So the work depends on how many entries are asked for, never on how many are due:
 * one organization with a million due rows costs the others nothing.
 *
 * - `freeAt(due, leaseUntil)`: from when an entry can be claimed; nil when it is never due.
 * - `moveInQueue(scope, organization, id, at)`: puts an entry where it belongs; nil takes it out.
 */
export const queueLua = `
local function queueKey(scope, organization) return base .. 'due:' .. sized(organization) .. ':' .. scope end
local function queuesKey(scope) return base .. 'due-organizations:' .. scope end

local function freeAt(due, leaseUntil)
  return due and math.max(due, leaseUntil or due)
end

local function moveInQueue(scope, organization, id, at)
  local queue = queueKey(scope, organization)
  if at then redis.call('ZADD', queue, whole(at), id) else redis.call('ZREM', queue, id) end
  local head = redis.call('ZRANGE', queue, 0, 0, 'WITHSCORES')
  if head[2] then
    redis.call('ZADD', queuesKey(scope), head[2], organization)
  else
    redis.call('ZREM', queuesKey(scope), organization)
  end
end`;

/**
 * `choose(scope, limit, cap, served)`: the entries that are due, the longest due first, at most `cap` of one organization,
 * counting those that it was served before. A binary heap holds the next entry of each organization.
 */
export const chooseLua = `
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
end

local function choose(scope, limit, cap, served)
  local function pushNext(organization, place)
    if (served[organization] or 0) + place >= cap then return end
    local found = redis.call('ZRANGE', queueKey(scope, organization), place, place, 'WITHSCORES')
    if found[1] and tonumber(found[2]) <= now then
      push({organization = organization, place = place, id = found[1], due = tonumber(found[2])})
    end
  end
  local servedCount = 0
  for _ in pairs(served) do servedCount = servedCount + 1 end
  local organizations = redis.call(
    'ZRANGE', queuesKey(scope), '-inf', whole(now), 'BYSCORE', 'LIMIT', 0, limit + servedCount)
  for _, organization in ipairs(organizations) do pushNext(organization, 0) end
  local chosen = {}
  while #chosen < limit and heap[1] do
    local item = pop()
    chosen[#chosen + 1] = item
    pushNext(item.organization, item.place + 1)
  end
  return chosen
end`;
