-- A node says that it is alive: whether that was known, and the generations of all that are.
--
-- KEYS[1]  ZSET  generation → end of its lease (unix ms)
-- ARGV     the node's generation; how long the lease is (ms)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do redis.call('ZREM', KEYS[1], dead) end
local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
return {known and 1 or 0, redis.call('ZRANGE', KEYS[1], 0, -1)}
