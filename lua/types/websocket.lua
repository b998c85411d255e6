---@meta net.websocket

---@class net.WebSocketClientOptions
---@field headers? table<string, string|number|string[]> # (table; default none) fields of each opening handshake; a value may be an array
---@field subprotocols? string[] # (array; default none) offered, the preferred one first; names as RFC 9110 has tokens, each once
---@field timeout? number # (ms; default 10000) until the opening handshake is done; 0 is none
---@field maxMessageSize? integer # (bytes; default 16777216; at least 1) of a message that comes, decompressed; more is `disconnected(1009)` at once
---@field compression? boolean # (default true) permessage-deflate (RFC 7692) is offered
---@field pingInterval? number # (ms; default 0) between pings; 0 is none
---@field pingTimeout? number # (ms; default 10000) in which something has to come after a ping; 0 is no limit
---@field reconnect? boolean|net.ReconnectOptions # (true, table; default false) connects again after the end of a connection
---@field tls? boolean|net.TLSOptions # (true, table; default none) for `wss:`: [the options](tls.md)

---Errors:
--- * `state`: not connected; connected already
--- * `protocol`: text, or a close reason, that is not UTF-8; the server's answer is not the one to become a WebSocket
--- * `limit`: more than 16 MiB wait for a slow peer; a ping of more than 125 bytes; the server's answer is too long; no descriptor left
--- * `refused`: nobody listens there, or the server answers with another status: the message says which
--- * `timeout`: the handshake was not done within `timeout`
--- * `eof`: the server closed before it had answered
--- * `reset`: the connection broke
--- * `unreachable`: there is no way there
--- * `dns`: no such host, or what cannot be one
--- * `tls`: the certificate is not accepted, the handshake failed, a file of `tls` cannot be read
--- * `closed`: in a waiting task: the script closed the client
---@class net.WebSocketClient: eplua.Object
local WebSocketClient = {}

---@param options? net.WebSocketClientOptions
---@return net.WebSocketClient
function net.WebSocketClient(options) end

---The same class: whether TLS is spoken is what the URL says.
---@param options? net.WebSocketClientOptions
---@return net.WebSocketClient
function net.WebSocketClientTls(options) end

---What comes of it is an event; `headers` are sent besides those of the options, and in place of those with the same name.
---@param url string
---@param headers? table<string, string|number|string[]>
function WebSocketClient:connect(url, headers) end

---A text message, which has to be UTF-8.
---@param data string|number
---@return true? sent, string? message, eplua.Code? code # true; or nil, message, code
function WebSocketClient:send(data) end

---A binary message, any bytes.
---@param data string|number
---@return true? sent, string? message, eplua.Code? code # true; or nil, message, code
function WebSocketClient:sendBinary(data) end

---At most 125 bytes; `pong` tells of the answer.
---@param data? string|number
---@return true? sent, string? message, eplua.Code? code # true; or nil, message, code
function WebSocketClient:ping(data) end

---1000 (the default) or 3000..4999; a reason of at most 123 bytes.
---@param code? integer
---@param reason? string
---@return true? closed, string? message, eplua.Code? problem # true; or nil, message, code
function WebSocketClient:close(code, reason) end

---The handshake is done and nobody has begun to close.
---@return boolean # boolean
function WebSocketClient:isOpen() end

---What `send` took and the system has not.
---@return integer # bytes
function WebSocketClient:bufferedAmount() end

---What the server chose.
---@return string? name # name or nil
function WebSocketClient:subprotocol() end

---Listeners add up; an unknown name raises.
---@param name string
---@param f function
---@overload fun(self: net.WebSocketClient, name: "connected", f: fun()) # the opening handshake is done
---@overload fun(self: net.WebSocketClient, name: "dataReceived", f: fun(data: string, isBinary: boolean)) # a whole message
---@overload fun(self: net.WebSocketClient, name: "disconnected", f: fun(code: integer, reason: string, wasClean: boolean)) # once per connection that was open, whoever closed
---@overload fun(self: net.WebSocketClient, name: "error", f: fun(message: string, code: eplua.Code)) # a connect that failed, and then no `disconnected`; a send that could not be
---@overload fun(self: net.WebSocketClient, name: "pong", f: fun(data: string)) # the answer to a ping
function WebSocketClient:addEventListener(name, f) end

---`f`, or all of that name.
---@param name "connected"|"dataReceived"|"disconnected"|"error"|"pong"
---@param f? function
function WebSocketClient:removeEventListener(name, f) end

---In a task: waits for the next event of that name.
---@param name "connected"|"dataReceived"|"disconnected"|"error"|"pong"
---@param milliseconds? number
---@return any ... # the event's arguments, true if it has none; or nil, message, code
function WebSocketClient:wait(name, milliseconds) end

---@class net.WebSocketServerOptions
---@field tls? net.TLSOptions # (table; default none) `certificate` and `privateKey`; with `clientAuthority` clients must show a certificate: [the options](tls.md)
---@field subprotocols? string[] # (array; default none) accepted, the preferred one first
---@field origins? string[] # (array; default none) pages of others (and clients that name none) are refused with 403; without it all are let in
---@field maxMessageSize? integer # (bytes; default 16777216; at least 1) of a message that comes, decompressed; more ends the connection with 1009
---@field compression? boolean # (default true) permessage-deflate is accepted
---@field pingInterval? number # (ms; default 0) between pings to each client; 0 is none
---@field pingTimeout? number # (ms; default 10000) in which something has to come after a ping; 0 is no limit
---@field maxConnections? integer # (default 1024; at least 1) one more is closed at once and logged

---@class net.WebSocketInfo
---@field ip? string # of the client; nil for a UNIX socket
---@field port? integer # the same
---@field path string # with the query
---@field origin? string # the page's, as the browser says
---@field subprotocol? string # what was chosen
---@field headers table<string, string> # found whatever the case of the name

---@class net.WebSocketServerCallbacks
---@field started? fun(port: integer) # it listens
---@field error? fun(message: string, code: eplua.Code) # it could not be started
---@field accept? fun(info: net.WebSocketInfo): boolean|integer|nil # may refuse a client: `false` is 403, a status of 400..599 is that; `true` and nil let it in. An error in it, and any other result, is 500 and is reported
---@field connected? fun(id: integer, info: net.WebSocketInfo) # a client is there
---@field receive? fun(id: integer, data: string, isBinary: boolean) # a whole message
---@field disconnected? fun(id: integer, code: integer, reason: string) # once for each that was connected, whoever closed; after `stop` too

---Errors:
--- * `state`: the client is not connected, or is closing; `start`: running already
--- * `protocol`: text, or a close reason, that is not UTF-8
--- * `limit`: more than 16 MiB wait for a slow client; no descriptor left
--- * `in_use`: `start`: somebody listens there already
--- * `denied`: `start`: the port is not ours to take
--- * `dns`: `start`: no such host, or what cannot be one
--- * `unreachable`: `start`: the address is not this machine's
---@class net.WebSocketServer: eplua.Object
local WebSocketServer = {}

---@param options? net.WebSocketServerOptions
---@return net.WebSocketServer
function net.WebSocketServer(options) end

---`host` nil or `"*"`: every interface; port 0: a free one. What comes of it is a callback.
---@param host string?
---@param port integer|string|nil
---@param callbacks? net.WebSocketServerCallbacks
---@return integer? port, string? message, eplua.Code? code
function WebSocketServer:start(host, port, callbacks) end

---Says goodbye (1001) to the clients, which have 5 s without a movement to answer.
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function WebSocketServer:stop(callbacks) end

---A text message, which has to be UTF-8.
---@param id integer
---@param data string|number
---@return true? sent, string? message, eplua.Code? code # true; or nil, message, code
function WebSocketServer:send(id, data) end

---A binary message.
---@param id integer
---@param data string|number
---@return true? sent, string? message, eplua.Code? code # true; or nil, message, code
function WebSocketServer:sendBinary(id, data) end

---One that is too slow is left out.
---@param data string|number
---@param isBinary? boolean
---@return integer? count, string? message, eplua.Code? code # how many it went to; or nil, message, code
function WebSocketServer:broadcast(data, isBinary) end

---1000 (the default) or 3000..4999; all that was sent goes first.
---@param id integer
---@param code? integer
---@param reason? string
---@return true? closed, string? message, eplua.Code? problem # true; or nil, message, code
function WebSocketServer:close(id, code, reason) end

---@return integer[] # array of ids
function WebSocketServer:getClients() end

---What `send` took and the system has not.
---@param id integer
---@return integer # bytes
function WebSocketServer:bufferedAmount(id) end

---@return boolean # boolean
function WebSocketServer:isRunning() end

---The port it listens on, or that of the HTTP server it belongs to.
---@return integer? port # the port, or nil
function WebSocketServer:port() end
