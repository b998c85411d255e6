---@meta net.tcp

---@class net.TCPSocketOptions
---@field timeout? number # (ms; default 10000 for `connect` and `startTLS`, none for the rest) for `connect` (name, connection and TLS together), and for each read, write and `shutdown`; 0 is none
---@field tls? boolean|net.TLSOptions # (true, table; default none) TLS from the first byte: [the options](tls.md)
---@field noDelay? boolean # (default true) small writes are sent at once (`TCP_NODELAY`)
---@field keepAlive? boolean # (default false) the system asks after a silent peer (`SO_KEEPALIVE`)
---@field localAddress? string # (address; default none) to connect from; only addresses of its family are tried
---@field maxBuffer? integer # (bytes; default 1048576; at least 1) unread at which reading pauses; the longest `readExactly`, `readUntil` and `readAll`
---@field maxWriteBuffer? integer # (bytes; default 1048576; at least 1) unsent below which a write has succeeded; 16 times as many are `limit`
---@field allowHalfOpen? boolean # (default false) when the peer has ended its side, writing goes on until `close`

---Errors:
--- * `timeout`: the option `timeout`; the system's own patience
--- * `eof`: a read after the end of the peer's side
--- * `refused`: nobody listens there; there is no such UNIX socket
--- * `reset`: the peer broke the connection
--- * `unreachable`: there is no way there; `localAddress` is not this machine's, or the host has no address of its family
--- * `dns`: no such host, what cannot be one, an unknown zone
--- * `denied`: the system does not allow it, as with a UNIX socket of others
--- * `tls`: the handshake failed, a certificate was not accepted, a file of the TLS options cannot be used: [TLS options](tls.md)
--- * `state`: not connected, already connected, `shutdown` over TLS, a second `startTLS` or one with unread bytes
--- * `limit`: 64 reads wait; a read beyond `maxBuffer`; 16 times `maxWriteBuffer` wait; the path of a UNIX socket is longer than the system takes; no descriptor is left
--- * `closed`: in a waiting task: the script closed the socket
---@class net.TCPSocket: eplua.Object
local TCPSocket = {}

---A TCP or UNIX stream socket.
---@param options? net.TCPSocketOptions
---@return net.TCPSocket
function net.TCPSocket(options) end

---A name, an IPv4 or IPv6 address, or `"unix:/path"` with port nil.
---@param host string
---@param port integer|string|nil
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function TCPSocket:connect(host, port, callbacks) end

---Whatever has arrived, at least one byte.
---@param callbacks? eplua.DataCallbacks
---@return string? data, string? message, eplua.Code? code
function TCPSocket:read(callbacks) end

---`count` bytes.
---@param count integer
---@param callbacks? eplua.DataCallbacks
---@return string? data, string? message, eplua.Code? code
function TCPSocket:readExactly(count, callbacks) end

---What comes before the delimiter; the delimiter is taken too.
---@param delimiter string
---@param callbacks? eplua.DataCallbacks
---@return string? data, string? message, eplua.Code? code
function TCPSocket:readUntil(delimiter, callbacks) end

---All until the peer ends its side.
---@param callbacks? eplua.DataCallbacks
---@return string? data, string? message, eplua.Code? code
function TCPSocket:readAll(callbacks) end

---Succeeds when less than `maxWriteBuffer` waits to be sent.
---@param data string|number
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function TCPSocket:write(data, callbacks) end

TCPSocket.send = TCPSocket.write

---TLS from now on; what was written before goes out as it is. An accepted socket is the server and needs `certificate` and `privateKey`.
---@param tls? boolean|net.TLSOptions
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function TCPSocket:startTLS(tls, callbacks) end

---All was sent, and the end of this side; reading goes on. Over TLS it is `state`.
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function TCPSocket:shutdown(callbacks) end

---What was written is still sent.
function TCPSocket:close() end

---True from the success of `connect` until either side ends.
---@return boolean # boolean
function TCPSocket:isConnected() end

---Of a UNIX socket nil.
---@return string? ip, integer|string|nil port, eplua.Code? code # ip, port; or nil, message, code
function TCPSocket:localAddress() end

---Of a UNIX socket nil.
---@return string? ip, integer|string|nil port, eplua.Code? code # ip, port; or nil, message, code
function TCPSocket:peerAddress() end

---Bytes that the system has not taken yet.
---@return integer # bytes
function TCPSocket:bufferedAmount() end

---The protocol that both ends chose (option `alpn`), nil if none.
---@return string? protocol, string? message, eplua.Code? code # name or nil; or nil, message, code
function TCPSocket:alpn() end

---@class net.TCPServerOptions: net.TCPSocketOptions
---@field tls? net.TLSOptions # (table; default none) TLS for each client: `certificate` and `privateKey` are required; [the options](tls.md)
---@field maxConnections? integer # (default 1024; at least 1) one more is closed at once, and logged
---@field backlog? integer # (default 128; 1..2147483647) connections that the system keeps until they are accepted; it has a bound of its own
---@field reusePort? boolean # (default false) others may listen on the same port
---@field idleTimeout? number # (ms; default 0) a client with which nothing was exchanged for so long is aborted; 0 is never

---Errors:
--- * `in_use`: somebody listens there already
--- * `denied`: the port is not ours to take
--- * `dns`: no such host, what cannot be one, an unknown zone
--- * `unreachable`: the address is not this machine's
--- * `refused`: the folder of a UNIX socket does not exist
--- * `tls`: a file of the TLS options cannot be used
--- * `state`: the server runs already
--- * `limit`: the path of a UNIX socket is longer than the system takes; no descriptor is left
---@class net.TCPServer: eplua.Object
local TCPServer = {}

---@param options? net.TCPServerOptions
---@return net.TCPServer
function net.TCPServer(options) end

---`onClient(client, ip, port)` is called for each client, with TLS after its handshake.
---@param host string?
---@param port integer|string|nil
---@param onClient fun(client: net.TCPSocket, ip: string?, port: integer?)
---@param callbacks? eplua.PortCallbacks
---@return integer? port, string? message, eplua.Code? code
function TCPServer:start(host, port, onClient, callbacks) end

---The port and all clients are closed; what was written to them is sent.
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function TCPServer:stop(callbacks) end

---@return integer? port # the port, or nil
function TCPServer:port() end

---@return boolean # boolean
function TCPServer:isRunning() end

---@return integer # number of clients
function TCPServer:clientCount() end
