-- GETs, or with a number of bytes POSTs: URL, how many in flight, how many to warm up with,
-- how many to count, that number, and a certificate that is to be trusted.
local url, flying, warm, total = arg[1], tonumber(arg[2]), tonumber(arg[3]), tonumber(arg[4])
local size, authority = tonumber(arg[5]), arg[6]
local client = net.HTTPClient({
  maxConnectionsPerHost = flying,
  tls = authority and { certificateAuthority = authority },
})

local function load(count, done)
  local started, finished = 0, 0
  local params
  local function one()
    if started < count then
      started = started + 1
      client:request(url, params)
    end
  end
  params = {
    options = size > 0 and { method = "POST", data = ("x"):rep(size) } or nil,
    success = function(response)
      assert(response.status == 200)
      finished = finished + 1
      if finished == count then return done() end
      one()
    end,
    error = function(message) error(message) end,
  }
  for _ = 1, flying do one() end
end

load(warm, function()
  print("go")
  load(total, function() print("done") end)
end)
