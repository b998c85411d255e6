-- Peers that a test plays: servers on 127.0.0.1, made of the library's own classes. Each
-- notes what it gets, and answers as the test has said.

local core = ...

local class, reports = core.import("border/class"), core.import("border/reports")
local tasks, tickets = core.import("border/tasks"), core.import("border/tickets")
local next, rawset, setmetatable = next, rawset, setmetatable
local format, remove = string.format, table.remove

local peers = {}

-- What belongs to a peer: the objects of its servers and of their clients.
local owned = setmetatable({}, { __mode = "k" })
local numbers = {} -- of clients that have no object

--- Note that a handle is a peer's; it is not said of it that a test has left it open.
function peers.own(handle)
  owned[handle] = true
  return handle
end

--- The same for what is open and has a number only.
function peers.own_number(number) numbers[number] = true end

--- Whether what is open with a number, and for an object or none, is a peer's.
function peers.owns(number, object)
  if not object then return numbers[number] or false end
  for handle in next, owned do
    if class.of(handle) == object then return true end
  end
  return false
end

-- What a peer has noted, and who waits for the next.

---@class eplua.testing.record
---@field list table what came, in order: the script's to read
---@field taken integer how many `next` has returned
---@field waiters table[]

local function record() return { list = {}, taken = 0, waiters = {} } end

local function take(noted)
  noted.taken = noted.taken + 1
  return noted.list[noted.taken]
end

local function wake(noted)
  local waiter = noted.waiters[1]
  if not waiter or noted.taken >= #noted.list then return end
  remove(noted.waiters, 1)
  if waiter.task.waits == waiter then tasks.wake(waiter.task, take(noted)) end
end

--- Note what came.
function peers.note(peer, item)
  local list = peer.noted.list
  list[#list + 1] = item
  tickets.soon(wake, peer.noted)
end

--- The methods that every peer has.
local function add_common(methods)
  --- The next of what came, in order; waits for it.
  function methods:next()
    local noted = self.noted
    if noted.taken < #noted.list then return take(noted) end
    if not tasks.current() then reports.raise("'next' waits: only a task can") end
    tasks.check_can_wait()
    local waiter = { task = tasks.current() }
    noted.waiters[#noted.waiters + 1] = waiter
    return tasks.suspend(waiter, function()
      for i = #noted.waiters, 1, -1 do
        if noted.waiters[i] == waiter then remove(noted.waiters, i) end
      end
    end)
  end
end

--- A class of peers; `describe` is what tostring says of one.
function peers.class(name)
  local methods = class.new(name, function(peer) return "127.0.0.1:" .. (peer.port or 0) end)
  add_common(methods)
  return methods
end

--- A new peer: what starts it returns its port, or nil, message, code. `field` is what
--- the script calls the list of what came.
function peers.start(methods, fields, field, begin)
  local name = fields.name
  if not tasks.current() then
    reports.raise(format("%s waits: call it in a test, or in test.before", name))
  end
  fields.noted = record()
  local peer = class.instance(methods, fields)
  local port, message = begin(peer)
  if not port then reports.raise(format("%s: %s", name, message)) end
  peer.port = port
  local handle = class.handle(peer)
  rawset(handle, "port", port)
  rawset(handle, field, peer.noted.list)
  return handle, peer
end

--- The next of the answers that were given for something: each in turn, the last again
--- and again.
function peers.turn(answers)
  if #answers > 1 and answers.used then remove(answers, 1) end
  answers.used = true
  return answers[1]
end

--- Give `test` the peers. `fail(message, trace)` fails the test.
function peers.offer(test, fail)
  peers.fail = fail
  function test.http(...) return core.import("testing/http_peer")(...) end
  function test.tcp(...) return core.import("testing/tcp_peer")(...) end
  function test.websocket(...) return core.import("testing/websocket_peer")(...) end
  function test.mqtt(...) return core.import("testing/mqtt_peer")(...) end
end

return peers
