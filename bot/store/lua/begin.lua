-- Take a step's lease. request: step, job, token, lease_ms. Answers {'stale'} for a job of the past, {'busy'} while
-- somebody else holds a living lease, else {'begun', generation, attempt, crashes, error, reasons...}.

local now = now_ms()
local step = request.step
local state = fields(step, 'job', 'token', 'gen', 'error', 'crashes')
if state[1] ~= request.job then
  return {'stale'}
end
local lease_until = tonumber(redis.call('ZSCORE', K.LEASES, step)) or 0
if state[2] and state[2] ~= request.token and lease_until > now then
  return {'busy'}
end
set(step, 'token', request.token, 'begun', state[3])
unset(step, 'want', 'want_queue', 'superseded', 'hold', 'blocked')
local attempt = redis.call('HINCRBY', K.STEP .. step, 'attempts', 1)
redis.call('PEXPIRE', K.STEP .. step, STATE_TTL_MS)
redis.call('ZREM', K.PENDING, step)
redis.call('ZADD', K.LEASES, int(now + request.lease_ms), step)
local answer = {'begun', tonumber(state[3]), attempt, tonumber(state[5]) or 0, state[4] or ''}
for _, reason in ipairs(redis.call('LRANGE', K.WHY .. step, 0, -1)) do
  table.insert(answer, reason)
end
return answer
