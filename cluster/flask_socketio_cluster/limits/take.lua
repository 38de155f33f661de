-- Take up to ARGV[1] tokens of one bucket; how many there were, and after how many microseconds there is one again.
--
-- KEYS[1]  STRING  when the bucket is full again (unix microseconds); gone when it is
-- ARGV     how many; microseconds for one to come back; how many there are in a full one
local wanted, each_us, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- Never further away than when it is empty: the clock may have been put back.
local empty = now + each_us * burst
local full_at = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or now), now), empty)
-- A thousandth of a token may be missing for want of digits.
local granted = math.min(wanted, math.floor((empty - full_at) / each_us + 0.001))
if granted > 0 then
  full_at = full_at + granted * each_us
  redis.call('SET', KEYS[1], string.format('%.2f', full_at), 'PX', math.ceil((full_at - now) / 1000))
end
return {granted, math.max(1, math.ceil(full_at + each_us - empty))}
