-- Free what dead workers held, and give a job to every pending key that has lost its own.
-- request: lease_ms, in_progress_ms (how long arq marks a job as running), limit. Answers the keys that were freed.

local now = now_ms()
local freed = {}

local function run_again(step)
  local state = fields(step, 'job', 'queue', 'payload')
  redis.call('ZREM', K.LEASES, step)
  redis.call('ZREM', K.PENDING, step)
  if not state[3] then return end -- the store was flushed in part; the sweep wakes the key again
  unset(step, 'token', 'begun', 'want', 'want_queue', 'superseded')
  if state[1] then drop_job(state[1]) end
  enqueue(step, state[2] or K.QUEUE_INTERACTIVE, now, now)
  table.insert(freed, step)
end

for _, step in ipairs(redis.call('ZRANGEBYSCORE', K.LEASES, '-inf', int(now), 'LIMIT', 0, request.limit)) do
  set(step, 'error', 'the worker died while it ran')
  redis.call('HINCRBY', K.STEP .. step, 'crashes', 1)
  run_again(step)
end

-- Overdue for longer than a lease: either the workers are busy, or a worker died between arq's mark and our lease,
-- or the job is gone. Only the last two are mended.
local overdue = int(now - request.lease_ms)
for _, step in ipairs(redis.call('ZRANGEBYSCORE', K.PENDING, '-inf', overdue, 'LIMIT', 0, request.limit)) do
  local state = fields(step, 'job', 'queue')
  local left_ms = state[1] and redis.call('PTTL', K.ARQ_IN_PROGRESS .. state[1]) or -2
  local is_marked = left_ms > 0 and request.in_progress_ms - left_ms > request.lease_ms
  if is_marked or not due_of(state[2], state[1]) then
    run_again(step)
  end
end
redis.call('ZREMRANGEBYSCORE', K.PARKED, '-inf', int(now - STATE_TTL_MS)) -- their state has expired by now
return freed
