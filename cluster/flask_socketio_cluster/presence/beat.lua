-- One beat of one node: what its sockets did since the last one, and what is to be told now. Atomic, as all scripts.
--
-- PREFIX:nodes    ZSET  node's generation → end of its lease (unix ms)
-- PREFIX:beats    HASH  node's generation → number of its last beat
-- PREFIX:node:G   HASH  socket → person, of the node of generation G
-- PREFIX:user:P   HASH  socket → generation, of the person P
-- PREFIX:due      ZSET  person → when to look whether they came or went (unix ms)
-- PREFIX:online   SET   the persons of whom it was told last that they are online
-- PREFIX:untold   ZSET  "version:online:person" → when a node may take it to tell it (unix ms)
-- PREFIX:clock    HASH  beat: when any node was here last; restored: until when nodes give back what Redis lost;
--                       version: of the last change
local prefix = KEYS[1]
local generation, number, said = ARGV[1], tonumber(ARGV[2]), cjson.decode(ARGV[3])
local lease_ms, grace_ms, silent_ms = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local restore_ms, retry_ms = tonumber(ARGV[7]), tonumber(ARGV[8])
local changes_max, swept_max = tonumber(ARGV[9]), tonumber(ARGV[10])
local nodes, beats = prefix .. ':nodes', prefix .. ':beats'
local due, online = prefix .. ':due', prefix .. ':online'
local untold, clock = prefix .. ':untold', prefix .. ':clock'

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function look_at(person, at)
  redis.call('ZADD', due, at, person)
end

local function forget(of, socket, person)
  redis.call('HDEL', prefix .. ':node:' .. of, socket)
  -- Its node may have said it again since, as another generation.
  if redis.call('HGET', prefix .. ':user:' .. person, socket) ~= of then return end
  redis.call('HDEL', prefix .. ':user:' .. person, socket)
  if redis.call('EXISTS', prefix .. ':user:' .. person) == 0 then look_at(person, now + grace_ms) end
end

-- Nobody was here for long: it was Redis that was away, or its clock jumped. All that were alive are given time.
local last = redis.call('HGET', clock, 'beat')
if not last then
  -- Pages know of versions from before.
  redis.call('HSET', clock, 'restored', now + restore_ms, 'version', now)
elseif math.abs(now - last) > silent_ms then
  for _, node in ipairs(redis.call('ZRANGE', nodes, 0, -1)) do redis.call('ZADD', nodes, now + lease_ms, node) end
end
redis.call('HSET', clock, 'beat', now)
local restoring_ms = math.max(0, redis.call('HGET', clock, 'restored') - now)

-- A beat whose answer was lost is said again under its number. A lower one means that Redis lost what was said since;
-- it stays, so that the node hears of that also when the answer to this beat is lost.
local known = tonumber(redis.call('HGET', beats, generation) or 0) >= number - 1
if known then redis.call('HSET', beats, generation, number) end
redis.call('ZADD', nodes, now + lease_ms, generation)

for _, change in ipairs(said.told) do redis.call('ZREM', untold, change) end
for _, socket in ipairs(said.left) do
  local person = redis.call('HGET', prefix .. ':node:' .. generation, socket)
  if person then forget(generation, socket, person) end
end
for _, entered in ipairs(said.entered) do
  local socket, person = entered[1], entered[2]
  local former = redis.call('HGET', prefix .. ':node:' .. generation, socket)
  if former and former ~= person then forget(generation, socket, former) end
  local first = redis.call('EXISTS', prefix .. ':user:' .. person) == 0
  redis.call('HSET', prefix .. ':node:' .. generation, socket, person)
  redis.call('HSET', prefix .. ':user:' .. person, socket, generation)
  if first and said.again and restoring_ms > 0 then
    redis.call('SADD', online, person)
  elseif first then
    look_at(person, now + grace_ms)
  end
end

local dead = redis.call('ZRANGEBYSCORE', nodes, '-inf', now, 'LIMIT', 0, 1)[1]
if dead then
  redis.call('HDEL', beats, dead)  -- should it live, it is to say everything again
  local sockets = redis.call('HRANDFIELD', prefix .. ':node:' .. dead, swept_max, 'WITHVALUES')
  for at = 1, #sockets, 2 do forget(dead, sockets[at], sockets[at + 1]) end
  if redis.call('EXISTS', prefix .. ':node:' .. dead) == 0 then redis.call('ZREM', nodes, dead) end
end

for _, person in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, changes_max)) do
  redis.call('ZREM', due, person)
  local is = redis.call('EXISTS', prefix .. ':user:' .. person)
  if is ~= redis.call('SISMEMBER', online, person) then
    redis.call(is == 1 and 'SADD' or 'SREM', online, person)
    local version = math.max((redis.call('HGET', clock, 'version') or 0) + 1, now)
    redis.call('HSET', clock, 'version', version)
    redis.call('ZADD', untold, now, string.format('%.0f:%d:%s', version, is, person))
  end
end

-- Whoever takes a change says in a later beat that it was told; otherwise the next one takes it.
local changes = redis.call('ZRANGEBYSCORE', untold, '-inf', now, 'LIMIT', 0, changes_max)
for _, change in ipairs(changes) do redis.call('ZADD', untold, now + retry_ms, change) end

return {known and 1 or 0, restoring_ms, changes}
