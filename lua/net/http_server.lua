-- net.HTTPServer.

local core, primitives = ...

local check, class = core.import("border/check"), core.import("border/class")
local headers, listening = core.import("net/headers"), core.import("net/listening")
local routes = core.import("net/routes")
local tls = core.import("net/tls")
local options, reports = core.import("border/options"), core.import("border/reports")
local tasks, tickets = core.import("border/tasks"), core.import("border/tickets")
local timers = core.import("timers", "timers")
local call, operate, tell = reports.call, tickets.operate, tickets.tell
local response_send, response_fail = primitives.http_response_send, primitives.http_response_fail
local char, find, gmatch = string.char, string.find, string.gmatch
local gsub, lower, sub = string.gsub, string.lower, string.sub
local floor, tonumber, type = math.floor, tonumber, type
local ipairs, pairs = ipairs, pairs
local unpack = core.unpack

-- What comes.

local function unescape(text)
  return (gsub(text, "%%(%x%x)", function(digits) return char(tonumber(digits, 16)) end))
end

--- The query's names and values; a name that is there more than once has an array.
local function parse_query(text)
  local query = {}
  for pair in gmatch(gsub(text, "%+", " "), "[^&]+") do
    local at = find(pair, "=", 1, true)
    local name = unescape(sub(pair, 1, (at or #pair + 1) - 1))
    local value = at and unescape(sub(pair, at + 1)) or ""
    local before = query[name]
    if before == nil then
      query[name] = value
    elseif type(before) == "table" then
      before[#before + 1] = value
    else
      query[name] = { before, value }
    end
  end
  return query
end

---@class net.Request
---@field method string
---@field path string without the query, escapes undone
---@field query table<string, string|string[]>
---@field uri string path and query as they were sent
---@field params table<string, string> of the route, escapes undone
---@field headers table<string, string> found whatever the case of the name
---@field body string
---@field ip string?
---@field port integer?

local function request_of(method, uri, ip, port, body, ...)
  local at = find(uri, "?", 1, true)
  local path = at and sub(uri, 1, at - 1) or uri
  if find(path, "%", 1, true) then path = unescape(path) end
  return {
    method = method,
    path = path,
    query = at and parse_query(sub(uri, at + 1)) or {},
    uri = uri,
    headers = headers.table({ ... }, 1),
    body = body,
    params = {},
    ip = ip,
    port = port,
  }
end

-- What is answered.

---@class net.Response
local Response = class.new("HTTPResponse", function(response)
  return response.number .. (response.id and " (open)" or " (answered)")
end)

--- Belongs to a response that was not answered at once: when that one is lost
--- without an answer, it is answered with 500.
local Guard = class.new("guard", function(kept) return kept.id or "none" end)
-- Where the script started the server of a response that has a guard, by its number.
local places = {}

class.finalize(Guard, function(id)
  local asked, place = response_fail(id), places[id]
  places[id] = nil
  if asked then
    core.library.warn(place .. ": the response to " .. asked .. " was lost without an answer")
  end
end)

local function guard(response)
  class.sweep()
  response.guard = class.instance(Guard, {})
  class.open(response.guard, response.id)
  places[response.id] = response.place
end

--- The answer is complete, or not the script's to give any more.
local function over(response)
  local id = response.id
  if id then
    response.id, response.closers[id] = nil, nil
    if response.guard then
      class.close(response.guard)
      places[id] = nil
    end
  end
end

-- What an answer fails with when its client has gone, before it or in the middle.
local GONE = { state = true, eof = true, reset = true, timeout = true, unreachable = true }

-- What an answer that has begun cannot begin with.
local BEGINNINGS = { send = true, writeHead = true }

--- Ask for a step of an answer. A client that disconnects is no error of the script:
--- without callbacks nothing is said about it.
---@param is_last boolean the answer is complete with it
local function step(self, is_last, method, callbacks, primitive, ...)
  local is_wrong = self.has_begun and BEGINNINGS[method]
    and primitives.http_response_is_open(self.number)
  local is_silent = callbacks == nil and self.id and not is_wrong and not tasks.current()
  if is_last then over(self) else self.has_begun = true end
  if is_silent then return tell(GONE, primitive, self.number, ...) end
  return operate(method, callbacks, primitive, self.number, ...)
end

local function check_head(status, fields, method)
  if type(status) ~= "number" or status ~= floor(status) or status < 200 or status > 999 then
    check.fail(1, method, "status", "integer 200..999", status)
  end
  local flat = {}
  if fields ~= nil then
    if type(fields) ~= "table" then check.fail(2, method, "headers", "table", fields) end
    local seen = headers.flatten(flat, fields, 2, method, "headers")
    if seen["transfer-encoding"] then
      check.fail(2, method, "headers", "no Transfer-Encoding, it is the server's,", fields)
    end
  end
  return floor(status), flat
end

local function check_length(flat, method)
  for i = 1, #flat, 2 do
    local length = flat[i + 1]
    if lower(flat[i]) == "content-length"
      and (find(length, "%D") or #length > 15 or length == "") then
      check.fail(2, method, "header Content-Length", "number of bytes", length)
    end
  end
end

--- The whole answer.
---@param status integer
---@param fields table<string, string|number|string[]>|nil
---@param body string|nil
function Response:send(status, fields, body, callbacks)
  local flat
  status, flat = check_head(status, fields, "send")
  if body == nil then body = "" end
  if type(body) ~= "string" then body = check.string(body, 3, "send", "body") end
  return step(self, true, "send", callbacks, response_send, status, body, unpack(flat))
end

--- Status and headers of an answer that `write` and `finish` follow.
function Response:writeHead(status, fields, callbacks)
  local flat
  status, flat = check_head(status, fields, "writeHead")
  check_length(flat, "writeHead")
  return step(self, false, "writeHead", callbacks, primitives.http_response_head, status,
    unpack(flat))
end

--- A piece of the body; succeeds when not too much waits to be sent. Without
--- `writeHead` before it the status is 200.
function Response:write(chunk, callbacks)
  if type(chunk) ~= "string" then chunk = check.string(chunk, 1, "write", "chunk") end
  return step(self, false, "write", callbacks, primitives.http_response_write, chunk)
end

--- All was written.
function Response:finish(callbacks)
  return step(self, true, "finish", callbacks, primitives.http_response_finish)
end

--- `f()` is called if the client goes away before the answer is complete.
function Response:onClose(f)
  check.callback(f, 1, "onClose", "f")
  if not self.id then return end
  if primitives.http_response_is_open(self.number) then
    self.closers[self.number] = f
  else
    timers.call_later(0, f)
  end
end

---@class net.HTTPServer
local HTTPServer = class.new("HTTPServer", listening.describe)

local SERVER_OPTIONS = {
  tls = tls.server_kind,
  maxBodySize = "count",
  timeout = "milliseconds",
  maxConnections = "count",
  compress = "boolean",
}

listening.mixin(HTTPServer, primitives, "http_server")

--- Who answers a request, with its parameters; or what it is answered with.
local function handler_of(known, onRequest, asked)
  local at = find(asked.uri, "?", 1, true)
  local path = at and sub(asked.uri, 1, at - 1) or asked.uri
  local handler, found = known:find(asked.method, path)
  if handler then
    asked.params = found
    return handler
  end
  -- What has a route is not the other handler's, whatever the method.
  if found then return nil, 405, found end
  return onRequest
end

local function refuse(response, status, allow)
  over(response)
  operate("send", {}, response_send, response.number, status,
    status .. (status == 405 and " Method Not Allowed\n" or " Not Found\n"),
    "Content-Type", "text/plain", unpack(allow and { "Allow", allow } or {}))
end

local function listener_of(self, onRequest)
  local closers, place, known = {}, reports.place(), self.routes
  return tickets.listen(function(event, id, ...)
    if event ~= "request" then
      local f = closers[id]
      closers[id] = nil
      if f then call(self, "onClose", f) end
      return
    end
    local response = class.instance(Response,
      { number = id, id = id, closers = closers, place = place })
    local asked, handler, status, allow = request_of(...), onRequest, nil, nil
    if known.any then handler, status, allow = handler_of(known, onRequest, asked) end
    if not handler then return refuse(response, status or 404, allow) end
    if not call(self, handler == onRequest and "onRequest" or "route", handler,
      asked, class.handle(response)) then
      over(response)
      response_fail(id)
    elseif response.id then
      guard(response)
    end
  end)
end

--- Have a server that is there know its directories and WebSocket servers.
local function furnish(self, id)
  for _, each in ipairs(self.static_files) do
    primitives.http_server_static(id, each[1], each[2])
  end
  for path, attach in pairs(self.attached) do
    primitives.http_server_websocket(id, path, attach())
  end
end

local function tell_started(self)
  for _, f in ipairs(self.on_start) do call(self, "started", f, self:port()) end
end

--- Listen; `onRequest(request, response)` is called for what no directory and no
--- WebSocket server answers.
function HTTPServer:start(interface, port, onRequest, callbacks)
  local address
  address, port = listening.address(interface, port)
  -- Routes, files and WebSockets may be all there is.
  if onRequest ~= nil or not self.furnished then
    check.callback(onRequest, 3, "start", "onRequest")
  end
  local function open()
    local id, message = primitives.http_server_create(options.pack(self.options))
    if not id then reports.raise(message) end
    class.open(self, id)
    furnish(self, id)
    self.listener = listener_of(self, onRequest)
  end
  return listening.start(self, open, tell_started, callbacks, interface,
    primitives.http_server_start, address, port)
end

local function check_path(path, index, method, name)
  if type(path) ~= "string" or sub(path, 1, 1) ~= "/" or find(path, "[?#%s%z]") then
    check.fail(index, method, name, "path that begins with /", path)
  end
end

--- Answer what there is a file for below `directory` from there; all else under
--- the prefix is `onRequest`'s. A directory's page is its index.html.
function HTTPServer:static(prefix, directory)
  check_path(prefix, 1, "static", "prefix")
  check.text(directory, 2, "static", "directory")
  local good, message = primitives.http_server_check_directory(directory)
  if not good then reports.raise("bad argument #2 to 'static' (" .. message .. ")") end
  self.furnished = true
  self.static_files[#self.static_files + 1] = { prefix, directory }
  if self.id then primitives.http_server_static(self.id, prefix, directory) end
end

--- `handler(request, response)` answers what is asked with a method at a path;
--- ":name" in it stands for one segment of a path, "*name" at its end for all that
--- follow: `request.params.name`. HEAD is answered as GET where it has no route of its
--- own; another method than those of a path is 405.
function HTTPServer:route(method, path, handler)
  self.routes:add(method, path, handler)
  self.furnished = true
end

--- A WebSocketServer for the clients that ask for `path`, on the same port; takes
--- the callbacks of its `start`, and its options but `tls`.
function HTTPServer:websocket(path, callbacks, given)
  check_path(path, 1, "websocket", "path")
  local object, attach, started = core.import("net/websocket_server", "websocket")
    .attached(self, given, callbacks, "websocket")
  self.furnished = true
  self.attached[path] = attach
  local id = attach()
  if started then self.on_start[#self.on_start + 1] = started end
  if self.id then primitives.http_server_websocket(self.id, path, id) end
  if started and self:isRunning() then
    timers.call_later(0, function() started(self:port()) end)
  end
  return class.handle(object)
end

return {
  HTTPServer = function(given)
    return class.handle(class.instance(HTTPServer, {
      options = options.check(given, SERVER_OPTIONS, "HTTPServer"),
      static_files = {}, attached = {}, on_start = {}, routes = routes.new(),
    }))
  end,
}
