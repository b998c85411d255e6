-- Gives every public function, method, option and callback of the library what it does
-- not expect, made in coroutines that are over and collected. Whatever is raised has to
-- be raised at a line of this file.

local ODD = {
  ["function"] = function() return function() end end,
  ["table"] = function() return {} end,
  ["callable table"] = function() return setmetatable({}, { __call = function() end }) end,
  ["table that raises"] = function()
    local function f() error("mine", 0) end
    return setmetatable({}, {
      __index = f, __newindex = f, __len = f, __pairs = f, __eq = f, __lt = f, __le = f,
      __add = f, __concat = f, __unm = f, __tostring = f, __call = f,
    })
  end,
  thread = function() return coroutine.create(function() end) end,
  userdata = function() return io.stdout end,
  ["not a number"] = function() return 0 / 0 end,
  infinite = function() return math.huge end,
  ["2^63"] = function() return 2 ^ 63 end,
  negative = function() return -1 end,
  fraction = function() return 1.5 end,
  ["empty string"] = function() return "" end,
  zero = function() return "\0" end,
  ["no text"] = function() return "\255\254" end,
  long = function() return ("x"):rep(100000) end,
  boolean = function() return true end,
}

local OPTIONS = {
  "accept", "allowHalfOpen", "allowUnauthorized", "alpn", "authentication", "backlog",
  "broadcast", "callback", "certificate", "certificateAuthority", "checkCertificate",
  "cleanSession", "clientAuthority", "clientCertificate", "clientId", "compress",
  "compression", "connected", "cookies", "data", "disconnected", "error", "form", "headers",
  "idleTimeout", "ipv6", "json", "keepAlive", "keepAlivePeriod", "lastWill", "legacy",
  "localAddress", "maxBodySize", "maxBuffer", "maxConnections", "maxConnectionsPerHost",
  "maxMessageSize", "maxQueue", "maxSize", "maxWriteBuffer", "method", "minVersion",
  "noDelay", "options", "origins", "password", "persistent", "pingInterval", "pingTimeout",
  "port", "privateKey", "protocolVersion", "proxy", "qos", "receive", "reconnect",
  "redirects", "retain", "reuseAddress", "reusePort", "serverName", "started", "status",
  "subprotocols", "success", "timeout", "tls", "useSNI", "user", "username",
}

-- What the library might keep in an object.
local FIELDS = {
  "id", "number", "options", "inbox", "events", "listeners", "listener", "class", "ticket",
  "co", "connection", "timer", "callbacks", "closers", "guard", "handle", "object", "held",
  "queue", "waiting", "state", "static_files", "attached", "routes", "on_start", "host",
}

local function nothing() end

local function accepted()
  local client
  local server = net.TCPServer()
  server:start("127.0.0.1", 0, function(each) client = each end)
  net.TCPSocket():connect("127.0.0.1", server:port() or 1)
  return client or net.TCPSocket()
end

local function bound()
  local udp = net.UDPSocket()
  udp:bind("127.0.0.1", 0)
  return udp
end

local function serving()
  local server = net.HTTPServer()
  server:start("127.0.0.1", 0, nothing)
  return server
end

local function waiting()
  local ws = net.WebSocketServer()
  ws:start("127.0.0.1", 0, {})
  return ws
end

local function request()
  return net.HTTPClient():request("http://127.0.0.1:1/", { error = nothing })
end

--- For what is expensive to make: the same object 50 times.
local function often(make)
  local object, count = nil, 0
  return function()
    if count % 50 == 0 then object = make() end
    count = count + 1
    return object
  end
end

-- Each class, and how an object of it is made.
local MAKERS = {
  TCPSocket = net.TCPSocket,
  ["accepted TCPSocket"] = often(accepted),
  TCPServer = net.TCPServer,
  UDPSocket = net.UDPSocket,
  ["bound UDPSocket"] = often(bound),
  ["DTLS UDPSocket"] = function() return net.UDPSocket({ tls = { allowUnauthorized = true } }) end,
  HTTPClient = net.HTTPClient,
  HTTPRequest = often(request),
  HTTPServer = net.HTTPServer,
  ["running HTTPServer"] = often(serving),
  WebSocketClient = net.WebSocketClient,
  WebSocketServer = net.WebSocketServer,
  ["running WebSocketServer"] = often(waiting),
  ["mqtt.Client"] = often(function()
    local client = mqtt.Client.connect("mqtt://127.0.0.1:1")
    client:addEventListener("error", nothing)
    return client
  end),
  Timer = function() return setTimeout(nothing, 100000):unref() end,
  task = function() return task.start(nothing) end,
  ["waiting task"] = function() return task.start(task.sleep, 5) end,
  TaskQueue = function() return task.queue(2) end,
}

local CONSTRUCTORS = {
  "TCPSocket", "TCPServer", "UDPSocket", "HTTPClient", "HTTPServer", "WebSocketClient",
  "WebSocketClientTls", "WebSocketServer",
}

-- What may come before the odd value, so that it is looked at.
local BEFORE = {
  { "127.0.0.1", 80, nothing, {} },
  { "connected", nothing, {}, {} },
  { "x", "x", "x", "x" },
  { "/x", "/x", nothing, nothing },
  { 200, {}, "x", {} },
}

local seen = {}

local function check(what, good, problem)
  if good then return end
  -- What a coroutine of the script's raises is its own.
  local text = type(problem) == "string" and problem or "no text: " .. tostring(problem)
  if text:find("^test%.lua:%d+: ") or text == "mine" then return end
  local note = what .. ": " .. text:gsub("[^ -~]", "?"):sub(1, 200)
  if not seen[note] then
    seen[note] = true
    print(note)
  end
end

--- Call `f` with each odd value, in coroutines of its own.
local function with_each(what, f)
  for name, make in pairs(ODD) do
    coroutine.wrap(function()
      local value = make()
      check(what .. " (" .. name .. ")", pcall(f, value))
    end)()
  end
end

local turn = 0

--- Call `f` with each odd value for each argument; what is before it changes.
local function with_arguments(what, f, self)
  for position = 1, 4 do
    with_each(what .. " #" .. position, function(value)
      turn = turn + 1
      local before = BEFORE[turn % #BEFORE + 1]
      local list = { before[1], before[2], before[3], before[4] }
      list[position] = value
      if self then return f(self(), list[1], list[2], list[3], list[4]) end
      -- No tail call: functions of Lua itself raise at the line of their caller.
      return (f(list[1], list[2], list[3], list[4]))
    end)
  end
end

local function methods_of(object)
  return debug.getmetatable(object).__index
end

local parts = {}

function parts.arguments(class)
  for name, method in pairs(methods_of(MAKERS[class]())) do
    with_arguments(class .. ":" .. name, method, MAKERS[class])
  end
end

--- A method without its object, and with something else for it.
function parts.selves(class)
  for name, method in pairs(methods_of(MAKERS[class]())) do
    with_each(class .. "." .. name, function(value) method(value) end)
    local good, problem = pcall(function() method() end)
    if good or not problem:find("call it with a colon", 1, true) then
      print(class .. "." .. name, good, problem)
    end
  end
end

--- Callbacks and options of each method.
function parts.options(class)
  for name, method in pairs(methods_of(MAKERS[class]())) do
    for position = 1, 4 do
      for index, option in ipairs(OPTIONS) do
        local what = class .. ":" .. name .. " #" .. position .. "." .. option
        coroutine.wrap(function()
          for _, kind in ipairs({ "function", "table that raises" }) do
            local before = BEFORE[index % #BEFORE + 1]
            local list = { before[1], before[2], before[3], before[4] }
            list[position] = { [option] = ODD[kind]() }
            check(what, pcall(method, MAKERS[class](), list[1], list[2], list[3], list[4]))
          end
        end)()
      end
    end
  end
end

--- Fields of an object are the script's own notes: whatever is in them, all works.
function parts.fields(class)
  for name, method in pairs(methods_of(MAKERS[class]())) do
    coroutine.wrap(function()
      local object = MAKERS[class]()
      for _, field in ipairs(FIELDS) do
        local value = function() end
        object[field] = value
        check("fields", object[field] == value, "lost")
      end
      check(class .. ":" .. name .. " with fields", pcall(method, object, nothing, {}, {}))
      check("tostring", pcall(tostring, object))
    end)()
  end
end

--- All of it from 200 coroutines, with what the first operation of the class is.
function parts.many(class)
  for _ = 1, 200 do
    coroutine.wrap(function()
      local object = MAKERS[class]()
      local value = {}
      object.id = function() return value end
      for _, method in pairs(methods_of(object)) do
        pcall(method, object, { success = value, error = function() return value end })
        pcall(method, object, "127.0.0.1", 1, { error = function() return value end })
      end
    end)()
  end
end

local function constructors()
  for _, name in ipairs(CONSTRUCTORS) do
    with_each("net." .. name, net[name])
    for _, option in ipairs(OPTIONS) do
      with_each(name .. "." .. option, function(value)
        local object = net[name]({ [option] = value })
        pcall(methods_of(object).start or methods_of(object).bind or nothing,
          object, "127.0.0.1", 0, nothing)
      end)
    end
  end
  for _, option in ipairs(OPTIONS) do
    with_each("mqtt.Client.connect " .. option, function(value)
      mqtt.Client.connect("mqtt://127.0.0.1:1", { [option] = value })
        :addEventListener("error", nothing)
    end)
    with_each("tls." .. option, function(value)
      net.TCPSocket({ tls = { [option] = value } })
    end)
    with_each("request " .. option, function(value)
      net.HTTPClient():request("http://127.0.0.1:1/",
        { options = { [option] = value }, error = nothing }):cancel()
    end)
  end
end

local function functions()
  for _, library in ipairs({ "net", "mqtt", "json", "task", "eplua" }) do
    for name, f in pairs(_G[library]) do
      if type(f) == "function" then with_arguments(library .. "." .. name, f) end
    end
  end
  with_arguments("mqtt.Client.connect", mqtt.Client.connect)
  local print = _G.print
  -- What is printed is of no interest.
  with_arguments("print", function(...) print("", ...) end)
  for _, name in ipairs({
    "setTimeout", "clearTimeout", "clearInterval", "require", "load", "pcall", "xpcall",
    "setmetatable", "same",
  }) do
    with_arguments(name, _G[name])
  end
  with_arguments("setInterval", function(...) setInterval(...):unref() end)
  for name, f in pairs(coroutine) do with_arguments("coroutine." .. name, f) end
  with_each("net.onError", function(value) net.onError(value) end)
  net.onError(nil)
  with_each("os.exit", function(value)
    -- Only what is no code: the others end it.
    if type(value) == "table" or type(value) == "string" or value ~= value then os.exit(value) end
  end)
end

local what = ...
if what == "constructors" then
  constructors()
elseif what == "functions" then
  functions()
else
  local part, class = what:match("^(%S+) (.*)$")
  parts[part](class)
end
collectgarbage()
collectgarbage()
setTimeout(function() ran("alive") end, 2000)
