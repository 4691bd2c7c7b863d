-- End a run. request: step, token, job, verdict (done, blocked, again, retry, parked, interrupted), delay_ms (again,
-- retry), hold (retry: no wake may shorten the delay), note (the reason of blocked, the error of retry and parked).
-- Answers 'lost' when the lease is no longer ours, else 'idle' or 'pending'.

local now = now_ms()
local step = request.step
local state = fields(step, 'token', 'gen', 'begun', 'want', 'want_queue', 'queue')
if state[1] ~= request.token then
  return 'lost'
end
local begun = tonumber(state[3])
local has_moved = tonumber(state[2]) > begun
local queue = state[5] or state[6]

-- arq would delete these too, a moment later: with them gone now, nothing is left to do after a crash in between.
drop_job(request.job)
redis.call('ZREM', K.LEASES, step)
unset(step, 'token', 'begun', 'job', 'want', 'want_queue', 'superseded')
redis.call('PEXPIRE', K.STEP .. step, STATE_TTL_MS)

local function forget_reasons_of_this_run()
  local reasons = redis.call('LRANGE', K.WHY .. step, 0, -1)
  local newer = 0
  while newer < #reasons and cmsgpack.unpack(reasons[newer + 1])[1] > begun do
    newer = newer + 1
  end
  if newer == 0 then
    redis.call('DEL', K.WHY .. step)
  else
    redis.call('LTRIM', K.WHY .. step, 0, newer - 1)
  end
end

local verdict = request.verdict
local due = nil
if verdict == 'retry' or verdict == 'parked' then
  set(step, 'error', request.note)
elseif verdict == 'interrupted' then
  redis.call('HINCRBY', K.STEP .. step, 'attempts', -1) -- the worker was asked to stop: no fault of the step
  due = now
else
  set(step, 'done', int(begun))
  unset(step, 'attempts', 'crashes', 'error')
  forget_reasons_of_this_run()
end
if verdict == 'blocked' then
  set(step, 'blocked', request.note)
end
if verdict == 'again' or verdict == 'retry' then
  due = now + request.delay_ms
end
local hold = 0
if verdict == 'retry' and request.hold then
  hold = due
  set(step, 'hold', int(hold))
end
if has_moved then
  local want = math.max(tonumber(state[4]) or now, hold)
  due = math.min(due or want, want)
end

if due then
  enqueue(step, queue, due, now)
  return 'pending'
end
if verdict == 'parked' then
  redis.call('ZADD', K.PARKED, int(now), step)
end
return 'idle'
