-- A socket of one user came, or went; the members that are one too many, the oldest first. They stay until their node
-- says that they went, so that what was not heard is said again with the next one.
--
-- KEYS[1]  ZSET  "generation socket" → when it authenticated (unix ms)
-- ARGV     the member; when it authenticated, or 0 when it went; how many may stay; the life of the key (s); after how
--          many ms a member of an unknown node is dead; then the generations that are alive
local member, at, max = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if at == 0 then
  redis.call('ZREM', KEYS[1], member)
  return {}
end
redis.call('ZADD', KEYS[1], at, member)
redis.call('EXPIRE', KEYS[1], ARGV[4])

local alive = {[string.match(member, '^%S+')] = true}
for number = 6, #ARGV do alive[ARGV[number]] = true end
local time = redis.call('TIME')
-- A node that has just begun may not be known yet to whoever asks.
local new_from = time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[5]
local staying = {}
local members = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for place = 1, #members, 2 do
  if alive[string.match(members[place], '^%S+')] or tonumber(members[place + 1]) > new_from then
    staying[#staying + 1] = members[place]
  else
    redis.call('ZREM', KEYS[1], members[place])
  end
end
local surplus = {}
for place = 1, #staying - max do surplus[place] = staying[place] end
return surplus
