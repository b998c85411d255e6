---@meta mqtt

---@class mqtt
mqtt = {}

---@class mqtt.TLSOptions: net.TLSOptions
---@field useSNI? boolean # (default true) false sends no host name; it is verified all the same

---The message that the broker publishes when the client is lost. Other fields mean nothing.
---@class mqtt.WillOptions
---@field topic string # (default "") must be given; without wildcards
---@field payload? string|number # (bytes; default ""; at most 65535) what is published
---@field qos? 0|1|2 # (default 0; 0..2) of the message
---@field retain? boolean # (default false) the broker keeps it

---@class mqtt.ConnectOptions
---@field port? integer|string # (default 1883, with TLS 8883; 80 and 443 for WebSockets; 1..65535) for a URI without one
---@field tls? boolean|mqtt.TLSOptions # (true, table; default none) TLS, whatever the URI says; may be `{}`. [The options](tls.md), and `useSNI` (true): false sends no host name; it is verified all the same. One text may hold certificate and key
---@field keepAlivePeriod? number # (s; default 0; 0..65535) 0 is off; a broker of MQTT 5 may set another
---@field username? string # (default none) `""` is none
---@field password? string # (default none) any bytes; `""` is none
---@field clientId? string # (default none) `""` and none are a random one
---@field cleanSession? boolean # (default false) true: the broker forgets the client when it has gone
---@field lastWill? mqtt.WillOptions # (table; default none) `topic`, `payload` (""), `qos` (0), `retain` (false); other fields mean nothing
---@field callback? fun(number: integer) # (function; default none) `callback(0)` when first connected, or an error number
---@field protocolVersion? 4|5 # (default 4; 4..5) 4 is MQTT 3.1.1
---@field reconnect? boolean|net.ReconnectOptions # (true, table; default false) connects again: `{minDelay = 1000, maxDelay = 60000, factor = 2}`, half of each delay is chance. It begins anew when a connection has lasted for `maxDelay`
---@field timeout? number # (ms; default 10000) for each attempt, until the broker has accepted; 0 is none
---@field maxQueue? integer # (requests; default 1000; at least 1) that wait for a connection
---@field maxWriteBuffer? integer # (bytes; default 16777216; at least 1) of requests that wait for a connection, to be sent, or for their answer
---@field maxMessageSize? integer # (bytes; default 67108864; at least 1) of a message from the broker; a larger one ends the connection

---@class mqtt.PublishOptions
---@field qos? 0|1|2 # (default 0; 0..2) of the message
---@field retain? boolean # (default false) the broker keeps it for those who subscribe later
---@field callback? fun(number: integer) # (function; default none) 0 when done, or an error number

---@class mqtt.SubscribeOptions
---@field qos? 0|1|2 # (default 0; 0..2) for topics that have none of their own
---@field callback? fun(number: integer) # (function; default none) 0 when sent, or an error number

---@class mqtt.CallbackOptions
---@field callback? fun(number: integer) # (function; default none) 0 when done, or an error number

---@class mqtt.ConnectedEvent
---@field sessionPresent boolean
---@field returnCode integer

---@class mqtt.ErrorEvent
---@field code integer
---@field message string

---@class mqtt.MessageEvent
---@field topic string
---@field payload string
---@field qos integer
---@field retain boolean
---@field dup boolean
---@field packetId? integer

---@class mqtt.SubscribedEvent
---@field packetId integer
---@field results integer[]

---@class mqtt.PacketEvent
---@field packetId integer
---@field reasonCode? integer

---@class mqtt.EmptyEvent

---@class mqtt.Client: eplua.Object
local Client = {}

---Returns the client at once; no event comes before that.
---@param uri string
---@param options? mqtt.ConnectOptions
---@return mqtt.Client # the client
function mqtt.Client.connect(uri, options) end

---`payload` may be a number.
---@param topic string
---@param payload string|number
---@param options? mqtt.PublishOptions
---@return integer? packetId # the packet id, or nil when it cannot be taken
function Client:publish(topic, payload, options) end

---`topic`: a filter, or an array of up to 1000 filters and `{filter, qos}`.
---@param topic string|(string|table)[]
---@param options? mqtt.SubscribeOptions
---@return integer? packetId # the packet id, or nil
function Client:subscribe(topic, options) end

---`topic` as for `subscribe`.
---@param topic string|string[]
---@param options? mqtt.CallbackOptions
---@return integer? packetId # the packet id, or nil
function Client:unsubscribe(topic, options) end

---Leaves: what was published is sent, and acknowledged while something moves within 5 s. Allowed always.
---@param options? mqtt.CallbackOptions
function Client:disconnect(options) end

---Listeners add up; an unknown name raises.
---@param name string
---@param f function
---@overload fun(self: mqtt.Client, name: "connected", f: fun(event: mqtt.ConnectedEvent)) # `returnCode` is 0
---@overload fun(self: mqtt.Client, name: "closed", f: fun(event: mqtt.EmptyEvent)) # once for each connection that was open, whoever closed it
---@overload fun(self: mqtt.Client, name: "error", f: fun(event: mqtt.ErrorEvent)) # an attempt failed; no `closed` follows. Without `reconnect` there is one attempt
---@overload fun(self: mqtt.Client, name: "message", f: fun(event: mqtt.MessageEvent)) # `packetId` is nil for QoS 0
---@overload fun(self: mqtt.Client, name: "subscribed", f: fun(event: mqtt.SubscribedEvent)) # `results`: the granted QoS for each topic, -1 if refused
---@overload fun(self: mqtt.Client, name: "unsubscribed", f: fun(event: mqtt.PacketEvent)) # in MQTT 5 `reasonCode` is the highest one
---@overload fun(self: mqtt.Client, name: "published", f: fun(event: mqtt.PacketEvent)) # QoS 1 and 2 are acknowledged; in MQTT 5 a `reasonCode` of 128 and more: refused
function Client:addEventListener(name, f) end

---`f`, or all of that name.
---@param name string
---@param f? function
function Client:removeEventListener(name, f) end

---@return boolean # boolean
function Client:isConnected() end

---In a task: waits for the next event of that name. Events queue from `connect` on (1024 of a name); `"connected"` returns at once while connected.
---@param name string
---@param milliseconds? number
---@return table? event, string? message, eplua.Code? code # the event's table; or nil, message, code
function Client:wait(name, milliseconds) end

---Qualities of service.
---@enum mqtt.QoS
mqtt.QoS = {
  AT_MOST_ONCE = 0, -- once at most
  AT_LEAST_ONCE = 1, -- once at least
  EXACTLY_ONCE = 2, -- once
}

---What a broker of MQTT 3.1.1 answers to an attempt.
---@enum mqtt.ConnectReturnCode
mqtt.ConnectReturnCode = {
  CONNECTION_ACCEPTED = 0, -- connected
  UNACCEPTABLE_PROTOCOL_VERSION = 1, -- the broker does not speak this version
  IDENTIFIER_REJECTED = 2, -- it does not take this `clientId`
  SERVER_UNAVAILABLE = 3, -- it is not ready
  BAD_USERNAME_OR_PASSWORD = 4, -- one of them is wrong
  NOT_AUTHORIZED = 5, -- the client may not
}

---Numbers of errors where the broker gave none; their names are the codes that `wait` gets.
---@enum mqtt.ErrorCode
mqtt.ErrorCode = {
  TIMEOUT = -1, -- `timeout`; no answer within `keepAlivePeriod`
  EOF = -2, -- the broker closed the connection
  REFUSED = -3, -- nobody listens; the broker refuses, for `wait`; no WebSocket there
  RESET = -4, -- the connection broke
  UNREACHABLE = -5, -- no way there
  DNS = -6, -- the host does not exist, or cannot be one
  DENIED = -7, -- the system forbids it
  TLS = -8, -- the handshake failed; a certificate or key cannot be used
  STATE = -9, -- a request of a client that is over
  LIMIT = -10, -- see below
  PROTOCOL = -11, -- the peer does not speak MQTT, or breaks it
  INTERNAL = -12, -- a bug of this package; the log has its traceback
}
