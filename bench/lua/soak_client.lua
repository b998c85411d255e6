-- All clients at once, for ever: connections are opened, used, and closed or dropped in
-- the middle. NAME=VALUE...: the authority, how many of each kind, and where the servers
-- are; with "killed." before the name those that are killed again and again. A line of
-- figures a second: what is open, operations that wait, Lua's KiB, exchanges, operations
-- that ended with a killed server, failures and the last of them.

local given, killed = {}, {}
for _, each in ipairs(arg) do
  local name, value = each:match("^([^=]+)=(.*)$")
  local of_killed = name:match("^killed%.(.+)$")
  if of_killed then killed[of_killed] = value else given[name] = value end
end

local tls = { certificateAuthority = given.authority }
local exchanges, broken, failures = 0, 0, {}

local function failed(what, message)
  failures[#failures + 1] = what .. ": " .. tostring(message)
end

given.missed = failed

-- A server that was killed answers with an error at once; one that comes late was lost.
function killed.missed(what, message, code)
  if code == "timeout" then return failed("killed " .. what, message) end
  broken = broken + 1
  task.sleep(50)
end

local function check(where, what, got, wanted, message, code)
  if got == wanted then
    exchanges = exchanges + 1
  elseif got then
    failed(what, "another answer")
  else
    where.missed(what, message, code)
  end
end

local function forever(f, where, name, option)
  task.start(function()
    while true do
      f(where, name, option)
      task.sleep(math.random(0, 5))
    end
  end)
end

local function data(most) return ("x"):rep(math.random(1, most or 20000)) end

local function stream(where, name, options)
  local socket = net.TCPSocket({ tls = options, timeout = 10000 })
  local ok, message, code = socket:connect("127.0.0.1", tonumber(where[name]))
  if not ok then return where.missed(name, message, code) end
  for _ = 1, math.random(1, 20) do
    local sent = data()
    socket:write(sent, { error = function() end })
    local got, why, word = socket:readExactly(#sent)
    check(where, name, got, sent, why, word)
    if not got then break end
  end
  -- Now and then in the middle of an exchange.
  if math.random() < 0.3 then socket:write(data(), { error = function() end }) end
  socket:close()
end

local client = net.HTTPClient({ tls = tls })

local function post(where, name)
  local sent = data(math.random() < 0.1 and 1000000 or 20000)
  local response, message, code = client:request(
    name .. "://127.0.0.1:" .. where[name] .. "/end",
    { options = { method = "POST", data = sent } }
  )
  check(where, name, response and response.data, sent .. "/end", message, code)
end

local function give_up(where, name)
  local asked = task.start(function()
    client:request(name .. "://127.0.0.1:" .. where[name] .. "/", {
      options = { timeout = 2000 },
    })
  end)
  task.sleep(math.random(0, 3))
  asked:cancel()
end

local function websocket(where, name)
  local ws = net.WebSocketClient({ compression = math.random() < 0.5, tls = tls })
  ws:connect(name .. "://127.0.0.1:" .. where[name] .. "/")
  local ok, message, code = ws:wait("connected", 10000)
  if not ok then return where.missed(name, message, code) end
  for _ = 1, math.random(1, 20) do
    local sent = data()
    ws:send(sent)
    local got, why, word = ws:wait("dataReceived", 10000)
    check(where, name, got, sent, why, word)
    if not got then break end
  end
  ws:close()
end

local function datagram(where, name, options)
  local socket = net.UDPSocket({ timeout = 5000, tls = options })
  local sent = data(1000)
  socket:connect("127.0.0.1", tonumber(where[name]))
  socket:sendTo(sent)
  local got, message, code = socket:receive()
  check(where, name, got, sent, message, code)
  socket:close()
end

local function messages(where, name, topic)
  local mine = mqtt.Client.connect(where[name], {
    cleanSession = true, tls = name == "mqtts" and tls or nil,
  })
  local ok, message, code = mine:wait("connected", 10000)
  if not ok then return where.missed(name, message, code) end
  mine:subscribe("answer/" .. topic, { qos = 2 })
  mine:wait("subscribed", 10000)
  for qos = 0, 2 do
    local sent = data(1000)
    mine:publish(topic, sent, { qos = qos })
    local got, why, word = mine:wait("message", 10000)
    check(where, name, got and got.payload, sent, why, word)
  end
  mine:disconnect()
  mine:wait("closed", 10000)
end

-- Of a broker that is killed: each message is confirmed, and once.
local function confirmed(uri, id, qos)
  local waiting, count = {}, 0
  local mine = mqtt.Client.connect(uri, {
    clientId = id, reconnect = { minDelay = 50, maxDelay = 500 },
  })
  mine:addEventListener("error", function() broken = broken + 1 end)
  mine:addEventListener("published", function(event)
    if not waiting[event.packetId] then return failed(id, "confirmed twice") end
    waiting[event.packetId], count = nil, count - 1
    exchanges = exchanges + 1
  end)
  forever(function()
    if count > 50 then return task.sleep(10) end
    local number = mine:publish("confirmed", data(1000), { qos = qos })
    if waiting[number] then failed(id, "one number for two messages") end
    waiting[number], count = os.time(), count + 1
  end)
  setInterval(function()
    for number, since in pairs(waiting) do
      if os.time() - since > 30 then
        failed(id, "not confirmed")
        waiting[number] = os.time()
      end
    end
  end, 5000)
end

local function all(where, prefix, width)
  for number = 1, width do
    forever(stream, where, "tcp")
    forever(stream, where, "tls", tls)
    for _, name in ipairs({ "http", "https" }) do
      forever(post, where, name)
      forever(give_up, where, name)
    end
    forever(websocket, where, "ws")
    forever(websocket, where, "wss")
    if where == given then
      forever(datagram, where, "udp")
      forever(datagram, where, "dtls", tls)
      forever(messages, where, "mqtt", "ask/" .. prefix .. number)
      forever(messages, where, "mqtts", "ask/" .. prefix .. "secure" .. number)
    end
  end
end

all(given, given.name, tonumber(given.width))
if killed.tcp then
  all(killed, given.name, 1)
  confirmed(killed.mqtt, "one", 1)
  confirmed(killed.mqtt, "two", 2)
end

-- Timers that fire, and others that are cleared before.
local function tick()
  clearTimeout(setTimeout(function() failed("timer", "cleared") end, 60000))
  setTimeout(tick, math.random(0, 1000))
end
for _ = 1, 100 do tick() end

setInterval(function()
  local stats, open = eplua.stats(), 0
  for _, count in pairs(stats.open) do open = open + count end
  print(string.format("%d %d %.1f %d %d %d %s", open, stats.waiting, stats.memory / 1024,
    exchanges, broken, #failures, failures[#failures] or ""))
end, 1000)
