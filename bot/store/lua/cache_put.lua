-- Keep a value, and make room for it by dropping the oldest of its namespace.
-- request: namespace, name, ttl_ms, max_bytes; the value is the second argument.

local value = ARGV[2]
local index, sizes = K.CACHE_INDEX .. request.namespace, K.CACHE_SIZES .. request.namespace
local prefix = K.CACHE .. request.namespace .. ':'

local function drop(name)
  redis.call('DEL', prefix .. name)
  redis.call('ZREM', index, name)
  local size = tonumber(redis.call('HGET', sizes, name)) or 0
  redis.call('HDEL', sizes, name)
  return redis.call('HINCRBY', sizes, '', int(-size))
end

local ENTRY_BYTES = 200 -- what the store itself needs for an entry, roughly: bounds the number of tiny ones
local cost = #value + #request.name + ENTRY_BYTES
local total = drop(request.name)
while total + cost > request.max_bytes do
  local oldest = redis.call('ZRANGE', index, 0, 0)[1]
  if not oldest then break end
  total = drop(oldest)
end
redis.call('SET', prefix .. request.name, value, 'PX', int(request.ttl_ms))
redis.call('ZADD', index, int(now_ms()), request.name)
redis.call('HSET', sizes, request.name, cost)
return redis.call('HINCRBY', sizes, '', cost)
