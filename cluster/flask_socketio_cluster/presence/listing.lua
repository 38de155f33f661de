-- The version first: whatever changes after it is told under a higher one.
return {redis.call('HGET', KEYS[1] .. ':clock', 'version'), redis.call('SMISMEMBER', KEYS[1] .. ':online', unpack(ARGV))}
