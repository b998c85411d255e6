-- The client's half of the Autobahn suite: asks the server of its first argument for the
-- number of its cases, sends back what it gets in each, and has the reports written.

local base = arg[1]

local function ask(path)
  local ws = net.WebSocketClient({ maxMessageSize = 32 * 1024 * 1024 })
  -- A case may end while an answer is sent.
  ws:addEventListener("error", function() end)
  ws:connect(base .. path)
  return ws
end

task.start(function()
  local first = ask("/getCaseCount")
  local count = assert(tonumber((first:wait("dataReceived", 10000))))
  first:wait("disconnected", 10000)
  for case = 1, count do
    local ws = ask("/runCase?case=" .. case .. "&agent=eplua")
    ws:addEventListener("dataReceived", function(data, isBinary)
      if isBinary then ws:sendBinary(data) else ws:send(data) end
    end)
    assert(ws:wait("disconnected", 600000))
  end
  ask("/updateReports?agent=eplua"):wait("disconnected", 10000)
end)
