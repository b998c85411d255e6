-- What scripts pass to mqtt.Client, checked.

local core = ...

local check, checked_options = core.import("border/check"), core.import("border/options")
local reconnect, text = core.import("border/reconnect"), core.import("border/text")
local tls = core.import("net/tls")
local pairs, tonumber, tostring, type = pairs, tonumber, tostring, type
local find, gmatch, gsub, sub = string.find, string.gmatch, string.gsub, string.sub

local MAX_TEXT = 65535 -- bytes of a string in a packet (MQTT 3.1.1, 1.5.3)
local MAX_PAYLOAD = 268435455 - MAX_TEXT - 16 -- of a packet: 2.2.3
local MAX_TOPICS = 1000 -- of one request

local options = {}

local function is_qos(value) return value == 0 or value == 1 or value == 2 end

local function qos_kind(value)
  value = tonumber(value)
  if is_qos(value) then return value == 0 and 0 or value == 1 and 1 or 2 end
  return nil, "0, 1 or 2"
end

local function callback_kind(value)
  if text.callable(value) then return value end
  return nil, "function"
end

local function check_text(value, index, method, name)
  if type(value) ~= "string" or value == "" then
    check.fail(index, method, name, "string that is not empty", value)
  end
  if #value > MAX_TEXT then
    check.fail(index, method, name, "at most 65535 bytes", value)
  end
  if find(value, "%z") then check.fail(index, method, name, "no zero byte", value) end
end

--- A topic to publish to.
function options.check_topic(value, index, method, name)
  check_text(value, index, method, name)
  if find(value, "[+#]") then
    check.fail(index, method, name, "topic without wildcards", value)
  end
end

function options.check_payload(value, index, method, name)
  if #value > MAX_PAYLOAD then
    check.fail(index, method, name, "at most " .. MAX_PAYLOAD .. " bytes", value)
  end
end

--- A topic filter: # is the last level, + is a whole one (4.7.1).
local function check_filter(value, index, method)
  check_text(value, index, method, "topic")
  local inner = gsub(value, "#$", "", 1)
  if find(inner, "#", 1, true) or (inner ~= value and inner ~= "" and sub(inner, -1) ~= "/") then
    check.fail(index, method, "topic", "# as the last level only", value)
  end
  for level in gmatch(value, "[^/]+") do
    if #level > 1 and find(level, "+", 1, true) then
      check.fail(index, method, "topic", "+ as a whole level only", value)
    end
  end
end

local OPERATION = {
  publish = { qos = qos_kind, callback = callback_kind, retain = "boolean" },
  subscribe = { qos = qos_kind, callback = callback_kind },
  unsubscribe = { callback = callback_kind },
  disconnect = { callback = callback_kind },
}

--- The options of a method: QoS, callback, retain.
function options.operation(value, method, index)
  if value == nil then return 0, nil, false end
  local checked = checked_options.check(value, OPERATION[method], method, index or 2, true)
  return checked.qos or 0, checked.callback, checked.retain or false
end

local function list_of(topic, method)
  if type(topic) == "string" then return { topic } end
  if type(topic) ~= "table" or #topic == 0 then
    check.fail(1, method, "topic", "string or array of topics", topic)
  end
  if #topic > MAX_TOPICS then
    check.fail(1, method, "topic", "at most " .. MAX_TOPICS .. " topics", topic)
  end
  return topic
end

--- Topic filters, each followed by its QoS, in one row.
function options.filters(topic, qos, method)
  local flat = {}
  local list = list_of(topic, method)
  for i = 1, #list do
    local each, own = list[i], qos
    if type(each) == "table" then
      own = each[2] == nil and qos or qos_kind(each[2])
      if not own then check.fail(1, method, "topic QoS", "0, 1 or 2", each[2]) end
      each = each[1]
    end
    check_filter(each, 1, method)
    flat[#flat + 1], flat[#flat + 2] = each, own
  end
  return flat
end

function options.topics(topic, method)
  local flat = {}
  local list = list_of(topic, method)
  for i = 1, #list do
    local each = list[i]
    if type(each) == "table" then each = each[1] end
    check_filter(each, 1, method)
    flat[#flat + 1] = each
  end
  return flat
end

-- The options of connect.

local function text_kind(value)
  if type(value) == "number" then value = tostring(value) end
  if type(value) == "string" and #value <= MAX_TEXT then return value end
  return nil, "string of at most 65535 bytes"
end

local function port_kind(value)
  local number = tonumber(value)
  if number and number >= 1 and number <= 65535 and number % 1 == 0 then
    return check.port(number, 2, "connect")
  end
  return nil, "integer 1..65535"
end

local function seconds_kind(value)
  local number = tonumber(value)
  if number and number >= 0 and number <= 65535 then
    return check.integer(number - number % 1, 2, "connect", "keepAlivePeriod", 0)
  end
  return nil, "seconds 0..65535"
end

local function version_kind(value)
  if value == 4 or value == 5 then return value == 4 and 4 or 5 end
  return nil, "4 or 5"
end

-- Unknown keys are ignored: published scripts have `retain` in odd places.
local function will_kind(value)
  if value == false then return false end
  if type(value) ~= "table" then return nil, "table" end
  local payload, qos = value.payload, 0
  if payload == nil then payload = "" end
  options.check_topic(value.topic, 2, "connect", "lastWill.topic")
  payload = check.string(payload, 2, "connect", "lastWill.payload")
  if #payload > MAX_TEXT then
    check.fail(2, "connect", "lastWill.payload", "at most 65535 bytes", payload)
  end
  if value.qos ~= nil then
    qos = qos_kind(value.qos) or check.fail(2, "connect", "lastWill.qos", "0, 1 or 2", value.qos)
  end
  if value.retain ~= nil and type(value.retain) ~= "boolean" then
    check.fail(2, "connect", "lastWill.retain", "boolean", value.retain)
  end
  return { topic = value.topic, payload = payload, qos = qos, retain = value.retain == true }
end

--- As everywhere, and `useSNI`; a PEM text may hold certificate and key.
local function tls_kind(value, method, index)
  local copy = value
  if type(value) == "table" then
    copy = {}
    for name, each in pairs(value) do copy[name] = each end
    if copy.clientCertificate == "" then copy.clientCertificate = nil end
    if copy.certificateAuthority == "" then copy.certificateAuthority = nil end
    copy.privateKey = copy.privateKey or copy.clientCertificate
  end
  return tls.check(copy, method, index, false, { useSNI = "boolean" })
end

local KNOWN = {
  port = port_kind,
  tls = tls_kind,
  keepAlivePeriod = seconds_kind,
  username = text_kind,
  password = text_kind,
  clientId = text_kind,
  cleanSession = "boolean",
  lastWill = will_kind,
  callback = callback_kind,
  protocolVersion = version_kind,
  reconnect = reconnect.kind,
  maxQueue = "count",
  maxWriteBuffer = "count",
  maxMessageSize = "count",
  timeout = "milliseconds",
}

--- The options of connect, checked.
function options.connection(value)
  local o = checked_options.check(value, KNOWN, "connect", 2, true)
  -- Scripts pass "" for a variable that is not set.
  if o.clientId == "" then o.clientId = nil end
  if o.password == "" then o.password = nil end
  if o.username == "" and not o.password then o.username = nil end
  if o.password and not o.username then o.username = "" end
  return o
end

--- Checked options as Python has them: the rest is Lua's own business.
function options.pack(o)
  local sent = {}
  for name, value in pairs(o) do sent[name] = value or nil end
  sent.port, sent.callback = nil, nil
  sent.reconnect = o.reconnect and true or nil
  return checked_options.pack(sent)
end

return options
