-- test.mqtt(): a small broker of MQTT 3.1.1 that keeps what was published. It has no
-- sessions, wills and passwords.

local core = ...

local check, peers = core.import("border/check"), core.import("testing/peers")
local tasks, packets = core.import("border/tasks"), core.import("testing/mqtt_packets")
local options = core.import("border/options")
local TCPServer = core.import("net/tcp", "tcp").TCPServer
local next = next
local format = string.format
local encode, matches = packets.encode, packets.matches

local MQTTPeer = peers.class("test.mqtt")

local KINDS = {
  qos = function(value)
    local qos = check.as_integer(value, 0, 2)
    if qos then return qos end
    return nil, "0, 1 or 2"
  end,
  retain = "boolean",
}

--- Give a message to those who have subscribed to its topic.
local function distribute(peer, message)
  if message.retain then
    -- One without a payload ends what was retained.
    peer.retained[message.topic] = message.payload ~= "" and message or nil
  end
  for client in next, peer.clients do
    local granted
    for filter, qos in next, client.filters do
      if matches(filter, message.topic) and (not granted or qos > granted) then granted = qos end
    end
    if granted then packets.publish(client, message, granted, false) end
  end
end

--- Publish a message to all who have subscribed to its topic.
function MQTTPeer:publish(topic, payload, given)
  local own = options.check(given, KINDS, "publish", 3)
  distribute(self, {
    topic = check.string(topic, 1, "publish", "topic"),
    payload = check.string(payload, 2, "publish", "payload"),
    qos = own.qos or 0,
    retain = own.retain or false,
  })
end

--- Break the connections of all clients; the broker goes on.
function MQTTPeer:disconnect()
  for client in next, self.clients do client.socket:close() end
end

--- Close it: its clients are disconnected, whoever connects then is refused.
function MQTTPeer:close() self.server:stop({}) end

local handlers = {}

function handlers.connect(peer, client, packet)
  if packet.level ~= 4 then
    peers.fail(format("%s: test.mqtt speaks MQTT 3.1.1, a client asked for level %d",
      peer.place, packet.level))
    client.socket:write(encode.connack(1), {})
    return client.socket:close()
  end
  peer.clients[client] = true
  client.socket:write(encode.connack(0), {})
end

function handlers.publish(peer, client, packet)
  if packet.qos == 1 then client.socket:write(encode.puback(packet.id), {}) end
  if packet.qos == 2 then
    client.socket:write(encode.pubrec(packet.id), {})
    -- What comes again before it was released is the same message.
    if client.received[packet.id] then return end
    client.received[packet.id] = true
  end
  local message = {
    topic = packet.topic, payload = packet.payload, qos = packet.qos, retain = packet.retain,
  }
  peers.note(peer, message)
  distribute(peer, message)
end

function handlers.pubrel(_, client, packet)
  client.received[packet.id] = nil
  client.socket:write(encode.pubcomp(packet.id), {})
end

function handlers.pubrec(_, client, packet) client.socket:write(encode.pubrel(packet.id), {}) end

function handlers.subscribe(peer, client, packet)
  for i = 1, #packet.filters do client.filters[packet.filters[i]] = packet.qos[i] end
  client.socket:write(encode.suback(packet.id, packet.qos), {})
  for topic, message in next, peer.retained do
    for i = 1, #packet.filters do
      if matches(packet.filters[i], topic) then
        packets.publish(client, message, packet.qos[i], true)
      end
    end
  end
end

function handlers.unsubscribe(_, client, packet)
  for i = 1, #packet.filters do client.filters[packet.filters[i]] = nil end
  client.socket:write(encode.unsuback(packet.id), {})
end

function handlers.pingreq(_, client) client.socket:write(encode.pingresp(), {}) end

function handlers.disconnect(_, client) client.socket:close() end

--- Serve a client until it goes, or says what is no packet.
local function serve(peer, socket)
  local client = { socket = socket, filters = {}, received = {}, last = 0 }
  while true do
    local packet, problem = packets.read(socket)
    if problem then peers.fail(format("%s: test.mqtt: %s", peer.place, problem)) end
    if not packet then break end
    local handler = handlers[packet.kind]
    if handler then handler(peer, client, packet) end
  end
  peer.clients[client] = nil
  socket:close()
end

return function(...)
  if (...) ~= nil then check.fail(1, "test.mqtt", "options", "no argument", (...)) end
  local place = core.import("border/reports").place()
  local fields = { name = "test.mqtt", place = place, clients = {}, retained = {} }
  local handle, peer = peers.start(MQTTPeer, fields, "messages", function(peer)
    peer.server = peers.own(TCPServer())
    return peer.server:start("127.0.0.1", 0, function(client)
      peers.own(client)
      tasks.start(function() serve(peer, client) end)
    end)
  end)
  handle.url = "mqtt://127.0.0.1:" .. peer.port
  return handle
end
