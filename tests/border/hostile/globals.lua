-- Uses each class of the library; the script that it is a part of has replaced or removed
-- what Lua has. Kept in locals is what this script itself needs.

local say, start, all = ran, task.start, {
  net = net, mqtt = mqtt, json = json, task = task,
  setTimeout = setTimeout, setInterval = setInterval, clearInterval = clearInterval,
  print = print, eplua = eplua, pcall = pcall, exit = os.exit,
}

local steps = {}

function steps.timers()
  local count = 0
  local ticks
  ticks = all.setInterval(function()
    count = count + 1
    if count == 2 then
      all.clearInterval(ticks)
      say("timers")
    end
  end, 10)
end

function steps.task()
  start(function()
    all.task.sleep(10)
    local good, problem = all.pcall(all.task.sleep, {})
    if not good and problem then say("task") end
  end)
end

function steps.json()
  local data = all.json.decode('{"a": [1, 2.5, "x\\u00e4", null, true], "b": {}}')
  if all.json.encode(data.a) == '[1,2.5,"x\195\164",null,true]' then say("json") end
end

function steps.resolve()
  all.net.resolve("127.0.0.1", { success = function(address)
    if address == "127.0.0.1" then say("resolve") end
  end })
end

function steps.tcp()
  local server = all.net.TCPServer()
  server:start("127.0.0.1", 0, function(client)
    client:readUntil("\n", { success = function(line)
      client:write(line .. "!\n", { success = function() client:close() end })
    end })
  end, { success = function(port)
    local client = all.net.TCPSocket({ timeout = 1000 })
    client:connect("127.0.0.1", port, { success = function()
      client:write("hello\n")
      client:readUntil("\n", { success = function(line)
        if line == "hello!" then say("tcp") end
        client:close()
        server:stop()
      end })
    end })
  end })
end

function steps.udp()
  local server = all.net.UDPSocket()
  server:bind("127.0.0.1", 0, { success = function(port)
    server:receive({ success = function(data, ip, from)
      server:sendTo(data .. "!", ip, from)
    end })
    local client = all.net.UDPSocket({ broadcast = true })
    client:sendTo("hello", "127.0.0.1", port)
    client:receive({ success = function(data)
      if data == "hello!" then say("udp") end
      client:close()
      server:close()
    end })
  end })
end

function steps.http()
  local server = all.net.HTTPServer({ maxBodySize = 1000 })
  server:route("POST", "/devices/:id", function(request, response)
    response:send(201, { ["X-Name"] = request.params.id }, request.body .. request.query.q)
  end)
  server:start("127.0.0.1", 0, function(_, response) response:send(404) end, {
    success = function(port)
      all.net.HTTPClient({ timeout = 5000 }):request(
        "http://127.0.0.1:" .. port .. "/devices/a%20b?q=%31", {
          options = {
            method = "POST", headers = { ["X-Test"] = "1" }, form = { name = "value" },
            user = "me", password = "secret",
          },
          success = function(response)
            if response.status == 201 and response.data == "name=value1"
              and response.headers["x-name"] == "a b" then say("http") end
            server:stop()
          end,
        })
    end,
  })
end

function steps.websocket()
  local server = all.net.WebSocketServer({ subprotocols = { "chat" } })
  server:start("127.0.0.1", 0, {
    started = function(port)
      local client = all.net.WebSocketClient({ subprotocols = { "chat" }, headers = { a = "b" } })
      client:addEventListener("connected", function() client:send("hello") end)
      client:addEventListener("dataReceived", function(data)
        if data == "hello!" then say("websocket") end
        client:close(1000, "bye")
      end)
      client:addEventListener("disconnected", function() server:stop() end)
      client:connect("ws://127.0.0.1:" .. port .. "/path")
    end,
    receive = function(id, data) server:send(id, data .. "!") end,
  })
end

function steps.mqtt()
  -- A server that is no broker.
  local server = all.net.TCPServer()
  server:start("127.0.0.1", 0, function(client) client:close() end, {
    success = function(port)
      local client = all.mqtt.Client.connect("mqtt://127.0.0.1:" .. port, {
        lastWill = { topic = "gone", payload = "x" }, clientId = "me",
      })
      client:addEventListener("error", function(event)
        if event.message then say("mqtt") end
        server:stop()
      end)
      client:subscribe("a/#", { qos = 1 })
    end,
  })
end

function steps.errors()
  all.net.onError(function(trace)
    if trace then say("errors") end
    return true
  end)
  all.setTimeout(function() local x = nil; return x.y end, 1)
end

function steps.refusals()
  for _, refused in all.next, {
    function() all.net.TCPSocket():connect({}, 1) end,
    function() all.net.HTTPServer({ nonsense = 1 }) end,
    function() all.net.HTTPClient():request(5) end,
    function() all.setTimeout(5) end,
    function() all.json.decode("{") end,
    function() all.exit("x") end,
  } do
    local good, problem = all.pcall(refused)
    if good or not all.find(problem, "^test%.lua:%d+: ") then
      say("wrong:" .. all.tostring(problem))
      return
    end
  end
  say("refusals")
end

all.next, all.find, all.tostring = next, string.find, tostring

-- The order is always the same.
local NAMES = {
  "timers", "task", "json", "resolve", "tcp", "udp", "http", "websocket", "mqtt", "errors",
  "refusals",
}

local hostile, when = ...

local function use()
  for i = 1, #NAMES do steps[NAMES[i]]() end
end

--- Each function in turn: `hostile` is what there is instead of it.
local function each_in_turn()
  local list = {}
  for _, library in pairs({ _G, string, table, math, coroutine, debug, os, io }) do
    for name, f in pairs(library) do
      if type(f) == "function" and f ~= ran then list[#list + 1] = { library, name, f } end
    end
  end
  local set, later, i = rawset, setTimeout, 0
  local function next_one()
    local last, now = list[i], list[i + 1]
    i = i + 1
    if last then set(last[1], last[2], last[3]) end
    if not now then return end
    set(now[1], now[2], hostile)
    say("replaced")
    use()
    later(next_one, 100)
  end
  next_one()
end

if when == "each" then
  each_in_turn()
elseif when == "before" then
  hostile()
  use()
else
  use()
  all.setTimeout(function()
    hostile()
    use()
  end, 2000)
end
