-- test.tcp(serve): a TCP server whose clients a function of the test serves, or that
-- follows a script of what it expects and what it sends.

local core = ...

local check, peers = core.import("border/check"), core.import("testing/peers")
local reports, tasks = core.import("border/reports"), core.import("border/tasks")
local values = core.import("testing/values")
local TCPServer = core.import("net/tcp", "tcp").TCPServer
local next, type = next, type
local format, sub = string.format, string.sub
local show = values.show

local TCPPeer = peers.class("test.tcp")

--- Close it, and the connections of its clients.
function TCPPeer:close() self.server:stop({}) end

--- Read what a step expects, after what was read before; what else comes fails the test.
---@return string|nil what was read beyond it
local function expect(peer, client, expected, got)
  local problem
  while not problem and #got < #expected and sub(expected, 1, #got) == got do
    local data, message = client:read()
    if data then
      peers.note(peer, data)
      got = got .. data
    else
      problem = " and then: " .. message
    end
  end
  if not problem and sub(got, 1, #expected) == expected then return sub(got, #expected + 1) end
  peers.fail(format("%s: the peer expected %s, got %s%s", peer.place, show(expected),
    show(got), problem or ""))
end

local function follow(peer, client, steps)
  local rest = ""
  for i = 1, #steps do
    local step = steps[i]
    if step.expect then rest = expect(peer, client, step.expect, rest) end
    if rest and step.send then client:write(step.send, {}) end
    if step.close or not rest then return client:close() end
  end
end

local KEYS = { expect = "string", send = "string", close = "boolean" }

--- Whether something is a step: with one of the keys at least, and no others.
local function is_step(step)
  if type(step) ~= "table" or next(step) == nil then return false end
  for key, value in next, step do
    if type(value) ~= KEYS[key] or value == false then return false end
  end
  return true
end

local function checked(steps)
  -- Not up to its length: one step that is no list is found too.
  for at, step in next, steps do
    if not is_step(step) then
      reports.raise(format("bad argument #1 to 'test.tcp' (step %s: {expect = TEXT},"
        .. " {send = TEXT} or {close = true} expected, got %s)", show(at), show(step)))
    end
  end
  return steps
end

return function(serve)
  if type(serve) ~= "table" then check.callback(serve, 1, "test.tcp", "function or steps") end
  local run = serve
  if type(serve) == "table" then
    local steps = checked(serve)
    run = function(client, _, _, peer) follow(peer, client, steps) end
  end
  local place = reports.place()
  local fields = { name = "test.tcp", place = place }
  local handle = peers.start(TCPPeer, fields, "received", function(peer)
    peer.server = peers.own(TCPServer())
    return peer.server:start("127.0.0.1", 0, function(client, ip, port)
      peers.own(client)
      tasks.start(function() run(client, ip, port, peer) end)
    end)
  end)
  return handle
end
