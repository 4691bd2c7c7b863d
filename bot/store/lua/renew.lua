-- Renew a lease. request: step, token, lease_ms. Answers 0 when it is no longer ours, 2 when the run is superseded.

local state = fields(request.step, 'token', 'superseded')
if state[1] ~= request.token then
  return 0
end
redis.call('ZADD', K.LEASES, int(now_ms() + request.lease_ms), request.step)
return state[2] and 2 or 1
