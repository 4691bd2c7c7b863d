-- Shared by every script. One key to look at ("step") is, at any moment, idle, pending (it has a job in one of arq's
-- queues), running (it has a token and a lease) or parked. A job id is used for one run only, so that whatever arq
-- still deletes after a run never touches the next one.

local request = cmsgpack.unpack(ARGV[1])

local STATE_TTL_MS = 14 * 24 * 3600 * 1000
local JOB_EXTRA_TTL_MS = 7 * 24 * 3600 * 1000

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function fields(step, ...)
  return redis.call('HMGET', K.STEP .. step, ...)
end

local function set(step, ...)
  redis.call('HSET', K.STEP .. step, ...)
end

local function unset(step, ...)
  redis.call('HDEL', K.STEP .. step, ...)
end

-- Scores and fields are whole milliseconds; %d keeps Lua from writing them as 1.7e+12.
local function int(number)
  return string.format('%d', number)
end

local function drop_job(job)
  redis.call('DEL', K.ARQ_JOB .. job, K.ARQ_RETRY .. job, K.ARQ_IN_PROGRESS .. job)
  redis.call('ZREM', K.QUEUE_INTERACTIVE, job)
  redis.call('ZREM', K.QUEUE_BACKGROUND, job)
end

-- The time a job is due, or nil where arq would not find it (any more).
local function due_of(queue, job)
  if not queue or not job or redis.call('EXISTS', K.ARQ_JOB .. job) == 0 then
    return nil
  end
  return tonumber(redis.call('ZSCORE', queue, job))
end

local function schedule(step, queue, job, due)
  redis.call('ZADD', queue, int(due), job)
  redis.call('ZADD', K.PENDING, int(due), step)
end

-- Give the step a job of its own. What arq's enqueue_job writes: the payload under the job's key, and a score.
local function enqueue(step, queue, due, now)
  local seq = redis.call('HINCRBY', K.STEP .. step, 'seq', 1)
  local job = step .. '|' .. int(seq)
  set(step, 'job', job, 'queue', queue)
  local payload = fields(step, 'payload')[1]
  redis.call('SET', K.ARQ_JOB .. job, payload, 'PX', int(math.max(due - now, 0) + JOB_EXTRA_TTL_MS))
  redis.call('PEXPIRE', K.STEP .. step, STATE_TTL_MS)
  schedule(step, queue, job, due)
end

-- True when every key that the delivery woke has since completed a run that began after it.
local function is_complete(delivery)
  local marks = redis.call('HGETALL', K.DELIVERY .. delivery)
  for i = 1, #marks, 2 do
    local done = tonumber(fields(marks[i], 'done')[1]) or 0
    if done < tonumber(marks[i + 1]) then
      return false
    end
  end
  return #marks > 0
end
