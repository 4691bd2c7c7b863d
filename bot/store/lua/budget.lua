-- Take tokens from a bucket that fills by itself. request: name, cost, capacity, per_s.
-- Answers 0 when they were taken, else after how many milliseconds to ask again.

local now = now_ms()
local key = K.BUDGET .. request.name
local state = redis.call('HMGET', key, 'tokens', 'at')
local tokens = tonumber(state[1]) or request.capacity
local elapsed_ms = math.max(now - (tonumber(state[2]) or now), 0)
tokens = math.min(tokens + elapsed_ms * request.per_s / 1000, request.capacity)
local wait_ms = 0
if tokens >= request.cost then
  tokens = tokens - request.cost
else
  wait_ms = math.ceil((request.cost - tokens) * 1000 / request.per_s)
end
redis.call('HSET', key, 'tokens', string.format('%.6f', tokens), 'at', int(now))
redis.call('PEXPIRE', key, int(math.ceil(request.capacity * 1000 / request.per_s) + 60000))
return wait_ms
