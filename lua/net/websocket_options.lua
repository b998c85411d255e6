-- What WebSocket clients and servers have in common: options, and how to close.

local core = ...

local check, headers = core.import("border/check"), core.import("net/headers")
local find, gmatch, lower, match = string.find, string.gmatch, string.lower, string.match
local pairs, type = pairs, type

local websocket = {}

--- An option kind: an array of subprotocols, each of them once (RFC 6455, 4.1).
function websocket.subprotocols_kind(value)
  local expected = "array of different names of subprotocols"
  if type(value) ~= "table" then return nil, expected end
  local names, seen = {}, {}
  for i = 1, #value do
    local name = value[i]
    if type(name) ~= "string" or not find(name, headers.TOKEN) or seen[name] then
      return nil, expected
    end
    names[i], seen[name] = name, true
  end
  return names
end

--- The same, of the value of a header: a list with commas.
function websocket.subprotocols_of(text)
  local names = {}
  for each in gmatch(text, "[^,]+") do
    names[#names + 1] = match(each, "^[ \t]*(.-)[ \t]*$")
  end
  return websocket.subprotocols_kind(names)
end

--- An option kind: an array of origins.
function websocket.origins_kind(value)
  local expected = "array of at least one origin, such as \"https://example.com\""
  if type(value) ~= "table" or #value == 0 then return nil, expected end
  local origins = {}
  for i = 1, #value do
    if type(value[i]) ~= "string" then return nil, expected end
    origins[i] = value[i]
  end
  return origins
end

local CONNECTION_OPTIONS = {
  maxMessageSize = "count",
  compression = "boolean",
  pingInterval = "milliseconds",
  pingTimeout = "milliseconds",
  subprotocols = websocket.subprotocols_kind,
}

--- Options of a class, with those that all have.
function websocket.with(extra)
  local all = {}
  for name, kind in pairs(CONNECTION_OPTIONS) do all[name] = kind end
  for name, kind in pairs(extra) do all[name] = kind end
  return all
end

-- Fields of the opening handshake that say what it is; a script's are not sent.
local OWN = {
  ["upgrade"] = true,
  ["connection"] = true,
  ["sec-websocket-key"] = true,
  ["sec-websocket-version"] = true,
  ["sec-websocket-extensions"] = true,
  ["sec-websocket-accept"] = true,
  ["content-length"] = true,
  ["transfer-encoding"] = true,
}

--- A script's headers, checked: a list of names and values by turns, and the
--- subprotocols that they ask for. Those of `before`, such a list, come first, if
--- the script does not give them anew.
---@param ignored fun(name: string) called for a field that is not sent
function websocket.headers(given, before, index, method, ignored)
  local flat, own, protocols = {}, {}, nil
  local seen = headers.flatten(own, given, index, method, "headers")
  for i = 1, #before, 2 do
    if not seen[lower(before[i])] then
      flat[#flat + 1], flat[#flat + 2] = before[i], before[i + 1]
    end
  end
  for i = 1, #own, 2 do
    local name, value = own[i], own[i + 1]
    if lower(name) == "sec-websocket-protocol" then
      local expected
      protocols, expected = websocket.subprotocols_of(value)
      if not protocols then check.fail(index, method, "header " .. name, expected, value) end
    elseif OWN[lower(name)] then
      ignored(name)
    else
      flat[#flat + 1], flat[#flat + 2] = name, value
    end
  end
  return flat, protocols
end

--- A close code and reason, as RFC 6455, 7.4 lets an application choose them.
function websocket.check_close(code, reason, index, method)
  if code ~= nil then
    code = check.integer(code, index, method, "code", 1000, 4999)
    if code ~= 1000 and code < 3000 then
      check.fail(index, method, "code", "1000 or 3000..4999", code)
    end
  end
  if reason ~= nil then
    reason = check.string(reason, index + 1, method, "reason")
    if #reason > 123 then
      check.fail(index + 1, method, "reason", "at most 123 bytes", reason)
    end
  end
  return code, reason
end

return websocket
