-- The table `net`. Its classes are loaded when they are first used.

local core, primitives = ...

local check = core.import("check")
local resolve = primitives.resolve
local rawset, setmetatable = rawset, setmetatable

---@class net
local net = {}

local homes = {
  TCPSocket = "tcp",
  TCPServer = "tcp",
  UDPSocket = "udp",
  HTTPClient = "http",
  HTTPServer = "http_server",
  WebSocketClient = "websocket",
  WebSocketClientTls = "websocket",
  WebSocketServer = "websocket",
}

setmetatable(net, {
  __index = function(_, name)
    local home = homes[name]
    if not home then return nil end
    for class, constructor in pairs(core.import("net/" .. home, home)) do
      rawset(net, class, constructor)
    end
    return net[name]
  end,
})

--- Look up the addresses of a host: success(address, ...).
function net.resolve(name, callbacks)
  check.string(name, 1, "resolve", "name")
  return core.operate("resolve", callbacks, resolve, name)
end

--- `f(traceback)` sees every error of the script that nobody caught, before the
--- log does; nil removes it.
function net.onError(f)
  if f ~= nil then check.callback(f, 1, "onError", "function") end
  core.set_on_error(f)
end

return net
