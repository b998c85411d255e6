-- What all kinds of UDPSocket have, with and without DTLS.

local core = ...

local check, class = core.import("border/check"), core.import("border/class")
local inbox, options = core.import("net/inbox"), core.import("border/options")
local reports, tickets = core.import("border/reports"), core.import("border/tickets")
local operate = tickets.operate
local find = string.find

local udp_port = {}

local function spell(host, port)
  return (find(host, ":", 1, true) and "[" .. host .. "]" or host) .. ":" .. port
end
udp_port.spell = spell

--- A new kind of UDPSocket.
---@param own table<string, function> primitives, by the names they have for this kind:
--- create, bind, local_address, close, forget; receive and peer_address where there
--- are some
---@return table methods of the class
---@return fun(socket: table): integer number what is open for a socket, made by what
--- is first asked of it
function udp_port.class(own)
  local create, receive = own.create, own.receive
  local local_address, close = own.local_address, own.close

  local function describe(socket)
    local id = socket.id
    if not id then return "closed" end
    if own.peer_address then
      local host, port = own.peer_address(id)
      if host then return spell(host, port) .. " (connected)" end
    end
    local host, port = local_address(id)
    return host and spell(host, port) .. " (bound)" or "open"
  end

  local methods = class.new("UDPSocket", describe)
  class.finalize(methods, own.forget)

  local function number(socket)
    local id = socket.id
    if id then return id end
    class.sweep()
    local o = socket.options
    local box = receive and inbox.new(receive, o.timeout, socket.max_queue)
    local message
    if box then
      id, message = create(box.listener, options.pack(o))
    else
      id, message = create(options.pack(o))
    end
    if not id then
      if box then box:close() end
      reports.raise(message)
    end
    class.open(socket, id)
    if box then socket.inbox, box.id = box, id end
    return id
  end

  if receive then inbox.mixin(methods, number) end

  --- Bind to an address ("*" or nil: every one) and port (0: a free one).
  function methods:bind(host, port, callbacks)
    if host == nil then host = "*" end
    host = check.own_host(host, 1, "bind")
    port = check.port(port, 2, "bind", 0)
    return operate("bind", callbacks, own.bind, number(self), host, port)
  end

  --- The address and port it is bound to.
  function methods:localAddress()
    if not self.id then return nil, "Not bound", "state" end
    return local_address(self.id)
  end

  --- Close; callbacks that wait are dropped.
  function methods:close()
    local id = self.id
    if not id then return end
    class.close(self)
    if self.inbox then self.inbox:close() end
    close(id)
  end

  return methods, number
end

return udp_port
