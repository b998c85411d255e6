-- What WebSocket clients and servers have in common.

local core = ...

local check = core.import("border/check")
local type, pairs = type, pairs

local channel = {}

local CHANNEL_OPTIONS = {
  maxMessageSize = "count",
  compression = "boolean",
  pingInterval = "milliseconds",
  pingTimeout = "milliseconds",
}

--- Options of a class, with those that all have.
function channel.with(extra)
  local all = {}
  for name, kind in pairs(CHANNEL_OPTIONS) do all[name] = kind end
  for name, kind in pairs(extra) do all[name] = kind end
  return all
end

--- Their values, in the primitives' order.
function channel.values(o)
  return o.maxMessageSize, o.compression ~= false, o.pingInterval, o.pingTimeout
end

--- An option kind: an array of strings.
function channel.names_kind(value)
  if type(value) ~= "table" then return nil, "array of strings" end
  for i = 1, #value do
    if type(value[i]) ~= "string" then return nil, "array of strings" end
  end
  return value
end

--- A close code and reason, as RFC 6455, 7.4 lets an application choose them.
function channel.check_close(code, reason, index, method)
  if code ~= nil then
    code = check.integer(code, index, method, "code", 1000, 4999)
    if code ~= 1000 and code < 3000 then
      check.fail(index, method, "code", "1000 or 3000..4999", code)
    end
  end
  if reason ~= nil then
    check.string(reason, index + 1, method, "reason")
    if #reason > 123 then
      check.fail(index + 1, method, "reason", "at most 123 bytes", reason)
    end
  end
  return code, reason
end

return channel
