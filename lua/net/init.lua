-- The table `net`. Its classes are loaded when they are first used.

local core, primitives = ...

local check, reports = core.import("border/check"), core.import("border/reports")
local tickets = core.import("border/tickets")
local resolve = primitives.resolve
local rawset, setmetatable = rawset, setmetatable

---@class net
local net = {}

-- The file of each class in lua/net, and the Python module with its primitives.
local homes = {
  TCPSocket = { "tcp", "tcp" },
  TCPServer = { "tcp", "tcp" },
  UDPSocket = { "udp", "udp" },
  HTTPClient = { "http_client", "http_client" },
  HTTPServer = { "http_server", "http_server" },
  WebSocketClient = { "websocket_client", "websocket" },
  WebSocketClientTls = { "websocket_client", "websocket" },
  WebSocketServer = { "websocket_server", "websocket" },
}

-- They have names before they are loaded.
core.classes = homes

setmetatable(net, {
  __index = function(_, name)
    local home = homes[name]
    if not home then return nil end
    local constructor = core.import("net/" .. home[1], home[2])[name]
    rawset(net, name, constructor)
    return constructor
  end,
})

--- Look up the addresses of a host: success(address, ...).
function net.resolve(name, callbacks)
  check.text(name, 1, "resolve", "name")
  return tickets.operate("resolve", callbacks, resolve, name)
end

--- `f(traceback)` sees every error of the script that nobody caught, before the
--- log does; nil removes it.
function net.onError(f)
  if f ~= nil then check.callback(f, 1, "onError", "function") end
  reports.set_on_error(f)
end

return net
