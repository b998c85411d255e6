-- api.get, post, put, delete: requests to the controller. Each returns the value and the
-- status; the script waits for them, and nothing else of it runs meanwhile.

local core, primitives = ...

local check, reports = core.import("border/check"), core.import("border/reports")
local holding, tickets = core.import("border/holding"), core.import("border/tickets")
local json = core.import("json")
local encode, decode, null = json.encode, json.decode, json.util.null
local ask = primitives.hc3_request
local lower, sub = string.lower, string.sub
local next, pcall, tostring, type = next, pcall, tostring, type

local api = {}

--- A decoded value, with nil where JSON has null, as HC3 gives it.
local function without_null(value)
  if type(value) ~= "table" then return value end
  for key, each in next, value do
    if each == null then value[key] = nil elseif type(each) == "table" then without_null(each) end
  end
  return value
end

--- A value of JSON as a script gets it.
function api.decoded(answer)
  if answer == nil or answer == "" then return nil end
  local value = decode(answer)
  if value == null then return nil end
  return without_null(value)
end

local function answered(good, status, answer)
  -- A failure comes as code and message: the controller is out of reach.
  if not good then
    core.library.warn(reports.place() .. ": no answer of the controller: " .. answer)
    return nil, 503
  end
  return api.decoded(answer), status
end

local function request(method, path, body)
  path = check.text(path, 1, "api." .. lower(method), "path")
  local data
  if body ~= nil then
    local good, encoded = pcall(encode, body)
    if not good then
      reports.raise("bad argument #2 to 'api." .. lower(method) .. "' (" .. encoded .. ")")
    end
    data = encoded
  end
  if sub(path, 1, 5) == "/api/" then path = sub(path, 5) end
  if sub(path, 1, 1) ~= "/" then path = "/" .. path end
  -- Without a ticket there is no waiting.
  local ticket = holding.can_wait() and tickets.new() or nil
  local status, answer = ask(ticket, method, path, data)
  if status then return answered(true, status, answer) end
  if not ticket then reports.raise("cannot wait here: a C function of Lua is on the stack") end
  return answered(holding.wait())
end

function api.get(path)
  local value, status = request("GET", path)
  -- What is not there has no value, only its status.
  if status < 200 or status > 299 then return nil, status end
  return value, status
end

function api.post(path, body) return request("POST", path, body) end

function api.put(path, body) return request("PUT", path, body) end

function api.delete(path, body) return request("DELETE", path, body) end

--- A request of a function whose status scripts hardly ever look at: what is refused is a
--- warning too, once for each line of the script.
---@param what string the function
function api.change(what, method, path, body)
  local value, status = request(method, path, body)
  if status >= 400 and type(value) == "table" then
    reports.warn_once(what .. ": " .. tostring(value.message) .. " (" .. status .. ")")
  end
  return value, status
end

return api
