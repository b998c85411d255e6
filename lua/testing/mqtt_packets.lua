-- Packets of MQTT 3.1.1, as a broker reads and writes them.

local core = ...

local unpack = core.unpack
local floor = math.floor
local byte, char, find, gmatch, sub =
  string.byte, string.char, string.find, string.gmatch, string.sub
local concat = table.concat

local packets = {}

local KINDS = {
  "connect", "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp", "subscribe",
  "suback", "unsubscribe", "unsuback", "pingreq", "pingresp", "disconnect",
}

local function two(number) return char(floor(number / 256), number % 256) end

local function text(value) return two(#value) .. value end

local function packet(head, body)
  local length, digits = #body, {}
  repeat
    local digit = length % 128
    length = floor(length / 128)
    digits[#digits + 1] = char(length > 0 and digit + 128 or digit)
  until length == 0
  return char(head) .. concat(digits) .. body
end

local encode = {}
packets.encode = encode

function encode.connack(code) return packet(0x20, char(0, code)) end
function encode.puback(id) return packet(0x40, two(id)) end
function encode.pubrec(id) return packet(0x50, two(id)) end
function encode.pubrel(id) return packet(0x62, two(id)) end
function encode.pubcomp(id) return packet(0x70, two(id)) end
function encode.suback(id, granted) return packet(0x90, two(id) .. char(unpack(granted))) end
function encode.unsuback(id) return packet(0xb0, two(id)) end
function encode.pingresp() return packet(0xd0, "") end

--- Send a message to a client, with the lower of its QoS and the granted one.
function packets.publish(client, message, granted, retained)
  local qos = message.qos < granted and message.qos or granted
  local id = ""
  if qos > 0 then
    client.last = client.last % 65535 + 1
    id = two(client.last)
  end
  local head = 0x30 + qos * 2 + (retained and 1 or 0)
  client.socket:write(packet(head, text(message.topic) .. id .. message.payload), {})
end

-- Reading.

local function number_at(body, at)
  local high, low = byte(body, at, at + 1)
  if not low then return nil end
  return high * 256 + low
end

--- The text at a place, and the place after it; nil where there is none.
local function text_at(body, at)
  local length = number_at(body, at)
  if not length or at + 1 + length > #body then return nil end
  return sub(body, at + 2, at + 1 + length), at + 2 + length
end

local parse = {}

function parse.connect(read, body)
  local name, at = text_at(body, 1)
  read.level = name == "MQTT" and byte(body, at) or nil
  return read.level ~= nil
end

function parse.publish(read, body, flags)
  read.qos, read.retain = floor(flags / 2) % 4, flags % 2 == 1
  local topic, at = text_at(body, 1)
  if not topic or read.qos > 2 then return false end
  read.topic = topic
  if read.qos > 0 then
    read.id = number_at(body, at)
    at = at + 2
  end
  read.payload = sub(body, at)
  return read.qos == 0 or read.id ~= nil
end

local function with_filters(read, body, with_qos)
  read.id, read.filters, read.qos = number_at(body, 1), {}, {}
  local at = 3
  while at <= #body do
    local filter, after = text_at(body, at)
    local qos = with_qos and filter and byte(body, after)
    if not filter or with_qos and (not qos or qos > 2) then return false end
    read.filters[#read.filters + 1], read.qos[#read.qos + 1] = filter, qos or nil
    at = with_qos and after + 1 or after
  end
  return read.id ~= nil and #read.filters > 0
end

function parse.subscribe(read, body) return with_filters(read, body, true) end
function parse.unsubscribe(read, body) return with_filters(read, body, false) end

local function only_id(read, body)
  read.id = number_at(body, 1)
  return read.id ~= nil
end
parse.puback, parse.pubrec, parse.pubrel, parse.pubcomp = only_id, only_id, only_id, only_id

--- The next packet of a client; nil at its end, and why where that is no packet.
function packets.read(socket)
  local head = socket:readExactly(1)
  if not head then return nil end
  local length, factor = 0, 1
  repeat
    local digit = socket:readExactly(1)
    if not digit then return nil end
    length = length + byte(digit) % 128 * factor
    factor = factor * 128
    if factor > 128 ^ 4 then return nil, "the length of a packet is none" end
  until byte(digit) < 128
  local body = length == 0 and "" or socket:readExactly(length)
  if not body then return nil end
  local read = { kind = KINDS[floor(byte(head) / 16)] }
  local parsed = parse[read.kind]
  if not read.kind or parsed and not parsed(read, body, byte(head) % 16) then
    return nil, "a packet cannot be read: " .. (read.kind or "of no known kind")
  end
  return read
end

--- Whether a topic is one of those that a filter stands for.
function packets.matches(filter, topic)
  if filter == topic then return true end
  if find(topic, "^%$") and find(filter, "^[+#]") then return false end
  local levels, count = {}, 0
  for level in gmatch(topic .. "/", "([^/]*)/") do levels[#levels + 1] = level end
  for level in gmatch(filter .. "/", "([^/]*)/") do
    if level == "#" then return true end
    count = count + 1
    if levels[count] == nil or level ~= "+" and level ~= levels[count] then return false end
  end
  return count == #levels
end

return packets
