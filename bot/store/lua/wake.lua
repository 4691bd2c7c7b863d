-- Wake keys, all or none, and remember with which generation the delivery left each.
-- request: delivery, event, delivery_ttl_ms, max_deliveries, max_reasons, wakes[{step, payload, delay_ms, background,
-- supersedes, reason}]. Answers: one {generation, state} per wake, or nothing when the delivery is complete already.

local now = now_ms()

local function note(step, generation, wake)
  redis.call('LPUSH', K.WHY .. step, cmsgpack.pack({generation, wake.reason, request.event}))
  redis.call('LTRIM', K.WHY .. step, 0, request.max_reasons - 1)
  redis.call('PEXPIRE', K.WHY .. step, STATE_TTL_MS)
end

local function wake_one(wake)
  local step = wake.step
  local generation = redis.call('HINCRBY', K.STEP .. step, 'gen', 1)
  redis.call('PEXPIRE', K.STEP .. step, STATE_TTL_MS)
  set(step, 'payload', wake.payload)
  note(step, generation, wake)
  redis.call('ZREM', K.PARKED, step)
  local queue = wake.background and K.QUEUE_BACKGROUND or K.QUEUE_INTERACTIVE
  if not wake.background then
    unset(step, 'attempts', 'crashes') -- somebody cares again: a step that was given up gets its full number of tries
  end

  local state = fields(step, 'token', 'job', 'queue', 'hold', 'want')
  local token, job, old_queue, hold, want = state[1], state[2], state[3], state[4], state[5]
  local due = math.max(now + wake.delay_ms, tonumber(hold) or 0)

  if token then
    set(step, 'want', int(math.min(due, tonumber(want) or due)))
    if not wake.background then set(step, 'want_queue', queue) end
    if wake.supersedes then set(step, 'superseded', '1') end
    return {generation, 'running'}
  end

  local score = due_of(old_queue, job)
  if score then
    if not wake.background and old_queue ~= queue then
      redis.call('ZREM', old_queue, job)
      set(step, 'queue', queue)
    else
      queue = old_queue
    end
    schedule(step, queue, job, math.min(due, score))
    return {generation, 'pending'}
  end

  enqueue(step, queue, due, now)
  return {generation, 'queued'}
end

if request.delivery ~= '' and is_complete(request.delivery) then
  return {}
end

local answers = {}
for _, wake in ipairs(request.wakes) do
  local answer = wake_one(wake)
  table.insert(answers, answer)
  if request.delivery ~= '' then
    redis.call('HSET', K.DELIVERY .. request.delivery, wake.step, int(answer[1]))
  end
end

if request.delivery ~= '' and #answers > 0 then
  redis.call('PEXPIRE', K.DELIVERY .. request.delivery, request.delivery_ttl_ms)
  redis.call('ZADD', K.DELIVERIES, int(now), request.delivery)
  redis.call('ZREMRANGEBYSCORE', K.DELIVERIES, '-inf', int(now - request.delivery_ttl_ms))
  local excess = redis.call('ZCARD', K.DELIVERIES) - request.max_deliveries
  if excess > 0 then
    local oldest = redis.call('ZPOPMIN', K.DELIVERIES, excess)
    for i = 1, #oldest, 2 do
      redis.call('DEL', K.DELIVERY .. oldest[i])
    end
  end
end
return answers
