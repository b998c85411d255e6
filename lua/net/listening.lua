-- What net.TCPServer, net.HTTPServer and net.WebSocketServer have in common.

local core = ...

local check, tickets = core.import("border/check"), core.import("border/tickets")
local operate_with = tickets.operate_with

local listening = {}

--- An option kind: what the system takes as the length of a queue.
function listening.backlog_kind(value)
  local number = check.as_integer(value, 1, 2 ^ 31 - 1)
  if number then return number end
  return nil, "integer 1..2147483647"
end

--- Where to listen, checked: nil and "*" are every interface.
function listening.address(host, port)
  if host == nil or host == "*" then return "*", check.port(port, 2, "start", 0) end
  return check.address(host, port, 1, "start", check.own_host, 0)
end

--- What `tostring` says of a server.
function listening.describe(server)
  if not server:isRunning() then return "stopped" end
  local port = server:port()
  return (server.host or "*") .. (port and ":" .. port or "") .. " (running)"
end

--- Give a class `port`, `isRunning` and `stop`; the names of its primitives begin
--- with `prefix`.
function listening.mixin(class, primitives, prefix)
  local server_port, is_running = primitives[prefix .. "_port"], primitives[prefix .. "_is_running"]
  local server_stop = primitives[prefix .. "_stop"]

  --- The port it listens on, or nil.
  function class:port()
    return self.id and server_port(self.id) or nil
  end

  function class:isRunning()
    return self.id ~= nil and is_running(self.id) == true
  end

  --- Stop listening and close the clients.
  function class:stop(callbacks)
    local id, listener = self.id, self.listener
    self.id, self.listener, self.starting = nil, nil, nil
    local function stopped(_, ...)
      tickets.drop(listener)
      return ...
    end
    return operate_with(stopped, "stop", callbacks, server_stop, id)
  end
end

--- Begin to listen. `open(self)` makes what does not listen yet: it sets `id` and
--- `listener`. What follows `callbacks` is the primitive's.
function listening.start(self, open, on_start, callbacks, host, start, address, port, ...)
  tickets.check_first("start", callbacks)
  local is_new = not self:isRunning() and not self.starting
  if is_new then
    open(self)
    self.starting, self.host = true, host
  end
  local id, listener = self.id, self.listener
  local function started(ok, ...)
    if ok == nil then
      -- The task that waits was cancelled: nobody is to be served.
      if is_new and self.id == id then self:stop({}) end
    elseif self.id == id then
      self.starting = nil
      if not ok and not self:isRunning() then
        tickets.drop(listener)
        self.id, self.listener = nil, nil
      elseif ok and on_start then
        on_start(self)
      end
    end
    return ...
  end
  return operate_with(started, "start", callbacks, start, id, address, port, listener, ...)
end

return listening
