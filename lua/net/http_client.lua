-- net.HTTPClient.

local core, primitives = ...

local check, class = core.import("border/check"), core.import("border/class")
local json, headers = core.import("json"), core.import("net/headers")
local options, reports = core.import("border/options"), core.import("border/reports")
local tasks, text = core.import("border/tasks"), core.import("border/text")
local tickets = core.import("border/tickets")
local call, operate_with = reports.call, tickets.operate_with
local unheard = core.import("border/callbacks").unheard
local http_create, http_request = primitives.http_create, primitives.http_request
local http_cancel, http_jar = primitives.http_cancel, primitives.http_jar
local byte, find, format = string.byte, string.find, string.format
local gsub, concat, floor = string.gsub, table.concat, math.floor
local pairs, tostring, type = pairs, tostring, type
local unpack = core.unpack

local TOKEN = headers.TOKEN
local MAX_HEADERS = 1000 -- They cross together, and LuaJIT's stack is small.

local function tls_kind(value, method, index)
  return core.import("net/tls").client_kind(value, method, index)
end

local CLIENT_OPTIONS = {
  timeout = "milliseconds",
  tls = tls_kind,
  cookies = "boolean",
  maxSize = "count",
  maxConnectionsPerHost = "count",
  persistent = "boolean",
  proxy = "string",
}

--- A body, and nothing that only looks like one.
local function body_kind(value)
  if type(value) == "string" then return value end
  if type(value) == "number" then return tostring(value) end
  return nil, "string"
end

local function method_kind(value)
  if type(value) == "string" and find(value, TOKEN) then return value end
  return nil, "HTTP method"
end

local function redirects_kind(value)
  if type(value) == "number" and value >= 0 and value == floor(value) and value < 2 ^ 31 then
    return value
  end
  return nil, "integer of at least 0"
end

local function user_kind(value)
  if type(value) == "string" and not find(value, ":", 1, true) then return value end
  return nil, "string without a colon"
end

local function authentication_kind(value)
  if value == "basic" or value == "digest" then return value end
  return nil, '"basic" or "digest"'
end

local function any_kind(value) return { value } end

local REQUEST_OPTIONS = {
  method = method_kind,
  headers = "table",
  data = body_kind,
  form = "table",
  json = any_kind,
  timeout = "milliseconds",
  checkCertificate = "boolean",
  tls = tls_kind,
  redirects = redirects_kind,
  user = user_kind,
  password = "string",
  authentication = authentication_kind,
  maxSize = "count",
  proxy = "string",
}

local PARAMS = { options = true, success = true, error = true, data = true }

-- What is sent.

local function fail(name, expected, value)
  check.fail(2, "request", name, expected, value)
end

local function escape(value)
  return (gsub(tostring(value), "[^%w._~-]", function(each)
    return each == " " and "+" or format("%%%02X", byte(each))
  end))
end

--- A form as application/x-www-form-urlencoded; an array is a field several times.
local function encode_form(form)
  local parts = {}
  for name, value in headers.in_order(form) do
    local values = type(value) == "table" and value or { value }
    for index = 1, #values do
      local kind = type(values[index])
      if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
        fail("options.form." .. tostring(name), "string", values[index])
      end
      parts[#parts + 1] = escape(name) .. "=" .. escape(values[index])
    end
  end
  return concat(parts, "&")
end

--- The body and its content type, if it says so itself.
local function body_of(o)
  if (o.data and 1 or 0) + (o.form and 1 or 0) + (o.json and 1 or 0) > 1 then
    reports.raise("bad argument #2 to 'request' (options: one of data, form and json expected)")
  end
  if o.form then
    return encode_form(o.form), "application/x-www-form-urlencoded"
  elseif o.json then
    return json.encode(o.json[1]), "application/json"
  end
  return o.data
end

-- What comes back.

local function response_of(status, data, status_text, url, ...)
  local list = {}
  return {
    status = status,
    statusText = status_text,
    data = data,
    url = url,
    headers = headers.table({ ... }, 1, list),
    headerList = list,
  }
end

---@class net.HTTPRequest
local HTTPRequest = class.new("HTTPRequest", function(request)
  return request.url .. (request.id and " (pending)" or " (done)")
end)

--- No callback of this request is called any more.
function HTTPRequest:cancel()
  local id = self.id
  if id then
    self.id = nil
    tickets.drop(self.listener)
    http_cancel(id)
  end
end

---@class net.HTTPClient
local HTTPClient = class.new("HTTPClient", function(client)
  return client.options.proxy or "direct"
end)

--- A cookie jar, let go of when its client is collected.
local Jar = class.new("CookieJar", function(jar) return jar.id or "none" end)
class.finalize(Jar, primitives.http_forget_jar)

local function jar_of(client)
  if not client.options.cookies then return nil end
  if not client.jar then
    class.sweep()
    client.jar = class.instance(Jar, {})
    class.open(client.jar, http_jar())
  end
  return client.jar.id
end

--- The listener for a body that comes in pieces.
local function pieces(request, params)
  local data, success, head = params.data, params.success, nil
  request.listener = tickets.listen(function(event, ...)
    if event == "head" then
      head = { ... }
      return
    end
    local chunk = ...
    if not request.id then return end
    if data then
      call(request, "data", data, chunk)
    elseif success then
      call(request, "success", success, response_of(head[1], chunk, unpack(head, 2)))
    end
  end)
  return request.listener
end

-- Options that both the client and a request may have, and those that only one has.
local SHARED = { "timeout", "maxSize", "proxy" }
local OF_CLIENT = { "maxConnectionsPerHost", "persistent" }
local OF_REQUEST = {
  "method", "redirects", "user", "password", "authentication", "checkCertificate",
}

local function pick(first, second)
  if first ~= nil then return first end
  return second
end

--- The options of a request as pairs.
local function pairs_of(self, o, method, params, content_type)
  local list, mine, append = {}, self.options, options.append
  for index = 1, #SHARED do
    local name = SHARED[index]
    append(list, name, pick(o[name], mine[name]))
  end
  for index = 1, #OF_CLIENT do append(list, OF_CLIENT[index], mine[OF_CLIENT[index]]) end
  for index = 1, #OF_REQUEST do append(list, OF_REQUEST[index], o[OF_REQUEST[index]]) end
  append(list, "tls", pick(o.tls, mine.tls) or nil)
  if o.headers or content_type then
    local flat = {}
    local seen = headers.flatten(flat, o.headers or {}, 2, method, "options.headers", true)
    if content_type and not seen["content-type"] then
      headers.add(flat, "Content-Type", content_type, 2, method)
    end
    if #flat > 2 * MAX_HEADERS then
      fail("options.headers", "at most " .. MAX_HEADERS .. " headers", o.headers)
    end
    append(list, "header", flat)
  end
  append(list, "streamed", params.data and true)
  append(list, "jar", jar_of(self))
  return list
end

local function check_function(name, f)
  if f ~= nil and type(f) ~= "function" and not text.callable(f) then
    fail(name, "function", f)
  end
end

--- Body and options as pairs. A request without options of its own has those of its
--- client, which are put together once.
local function packed(self, params, method)
  if params.options == nil and not params.data and not self.options.cookies then
    local plain = self.plain or pairs_of(self, {}, method, params)
    self.plain = plain
    return {}, nil, plain
  end
  local o = options.check(params.options, REQUEST_OPTIONS, method, 2, true)
  local body, content_type = body_of(o)
  return o, body, pairs_of(self, o, method, params, content_type)
end

--- A request that is not sent yet.
local function create(self, url, method, params, listener)
  local o, body, list = packed(self, params, method)
  local id, problem, code = http_create(url, body, listener, unpack(list))
  if id then return id end
  tickets.drop(listener)
  if code == "url" then check.fail(1, method, "url", problem, url) end
  if code == "proxy" then fail("option proxy", problem, pick(o.proxy, self.options.proxy)) end
  reports.raise(problem)
end

--- Ask for a URL. `success(response)` is called for every status; with a function
--- `data` in `params` it gets the body in pieces. Returns the request, which has
--- `cancel()`; in a task, without `success` and `error`, waits for the response.
---@param url string
---@param params table|nil
function HTTPClient:request(url, params)
  if type(url) ~= "string" then check.fail(1, "request", "url", "string", url) end
  if params == nil then params = {} end
  if type(params) ~= "table" then fail("params", "table", params) end
  for name in pairs(params) do
    if not PARAMS[name] then options.warn_unknown(name, "request", PARAMS) end
  end
  local success, failure = params.success, params.error
  check_function("success", success)
  check_function("error", failure)
  check_function("data", params.data)
  local waits = not success and not failure and tasks.current()
  if waits then tasks.check_can_wait() end
  local request = class.instance(HTTPRequest, { url = url, unreferenced = self.unreferenced })
  local listener
  if params.data or not waits then listener = pieces(request, params) end
  class.open(request, create(self, url, "request", params, listener))
  local function over(ok, ...)
    if ok == nil then return request:cancel() end
    request.id = nil
    tickets.drop(listener)
    if ok then return response_of(...) end
    return ...
  end
  if waits then
    return operate_with(over, "request", nil, http_request, request.id)
  end
  if not failure then
    local place = reports.place()
    failure = function(message, code) unheard(message, code, place) end
  end
  local callbacks = { success = success, error = failure }
  operate_with(over, "request", callbacks, http_request, request.id)
  return class.handle(request)
end

return {
  HTTPClient = function(given)
    return class.handle(class.instance(HTTPClient, {
      options = options.check(given, CLIENT_OPTIONS, "HTTPClient", 1, true),
    }))
  end,
}
