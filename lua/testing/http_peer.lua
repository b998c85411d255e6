-- test.http(): an HTTP server that answers as a test says, and keeps what it was asked.

local core = ...

local check, peers = core.import("border/check"), core.import("testing/peers")
local reports, text = core.import("border/reports"), core.import("border/text")
local task, tasks = core.import("task"), core.import("border/tasks")
local json = core.import("json")
local HTTPServer = core.import("net/http_server", "http_server").HTTPServer
local next, type = next, type
local format, upper = string.format, string.upper

local HTTPPeer = peers.class("test.http")

local KEYS = { status = "number", headers = "table", body = "string", after = "number" }

--- An answer, checked: a text, a table, or a function of the request.
local function checked(answer)
  local kind = type(answer)
  if kind == "string" then return { body = answer } end
  if kind == "function" then return answer end
  if kind ~= "table" then check.fail(3, "on", "answer", "string, table or function", answer) end
  for key, value in next, answer do
    if key ~= "json" and (not KEYS[key] or type(value) ~= KEYS[key]) then
      reports.raise(format("bad argument #3 to 'on' (answer.%s: %s, got %s)", text.describe(key),
        KEYS[key] and KEYS[key] .. " expected"
          or "known are after, body, headers, json, status", text.show(value)))
    end
  end
  return answer
end

local function checked_all(answer)
  if type(answer) ~= "table" or answer[1] == nil then return { checked(answer) } end
  local list = {}
  for i = 1, #answer do list[i] = checked(answer[i]) end
  return list
end

--- What is asked with a method at a path is answered so: by a text; by a table with
--- status, headers, body or json, and after (milliseconds); by a function of the request
--- that returns one of these; or by each of a list in turn, its last one again and again.
function HTTPPeer:on(method, path, answer)
  method = upper(check.string(method, 1, "on", "method"))
  path = check.string(path, 2, "on", "path")
  self.answers[method .. " " .. path] = checked_all(answer)
end

--- Close it: whoever asks then is refused.
function HTTPPeer:close() self.server:stop({}) end

local function send(response, answer)
  if answer.after then task.sleep(answer.after) end
  local headers, body = {}, answer.body or ""
  for name, value in next, answer.headers or headers do headers[name] = value end
  if answer.json ~= nil then
    body = json.encode(answer.json)
    headers["Content-Type"] = headers["Content-Type"] or "application/json"
  end
  response:send(answer.status or 200, headers, body, {})
end

local function answer_of(peer, request)
  local answers = peer.answers[request.method .. " " .. request.path]
  if not answers then
    return { status = 404, body = format("no answer was given for %s %s\n", request.method,
      request.path) }
  end
  local answer = peers.turn(answers)
  if type(answer) ~= "function" then return answer end
  return checked(answer(request))
end

local function serve(peer, request, response)
  peers.note(peer, request)
  tasks.start(function() send(response, answer_of(peer, request)) end)
end

return function(...)
  if (...) ~= nil then check.fail(1, "test.http", "options", "no argument", (...)) end
  local handle, peer = peers.start(HTTPPeer, { name = "test.http", answers = {} }, "requests",
    function(peer)
      peer.server = peers.own(HTTPServer())
      return peer.server:start("127.0.0.1", 0, function(request, response)
        serve(peer, request, response)
      end)
    end)
  handle.url = "http://127.0.0.1:" .. peer.port
  return handle
end
