---@meta net.udp

---@class net.UDPSocketOptions
---@field broadcast? boolean # (default false) datagrams may go to broadcast addresses
---@field timeout? number # (ms; default 0, with `tls` 10000 for `connect`) for each `receive`, each `accept`, and with `tls` for `connect`; 0 is none
---@field reuseAddress? boolean # (default false) others may be bound to the same port
---@field reusePort? boolean # (default false) the same, with the system's option of that name
---@field ipv6? boolean # (default false) the socket is for IPv6, and for IPv4 too unless it is bound to one address
---@field maxQueue? integer # (datagrams; default 1024; at least 1) kept until they are received; beyond it the oldest is dropped, and counted
---@field tls? boolean|net.TLSOptions # (true, table; default none) DTLS; with `certificate` and `privateKey` the socket is a server: [the options](tls.md)
---@field idleTimeout? number # (ms; default 60000) a `DTLSPeer` from which nothing has come for so long is dropped; 0 is never

---Errors:
--- * `dns`: a host that does not exist, or cannot be one
--- * `unreachable`: no way there, an address that is not of this machine, no such interface, no multicast group
--- * `denied`: a broadcast without the option `broadcast`, a port below 1024
--- * `in_use`: the port is taken
--- * `limit`: a datagram of more than 65 507 bytes (IPv6: 65 527; DTLS says how many), 64 receives or 64 accepts waiting, 1024 datagrams or operations waiting for names, no descriptor left
--- * `state`: bound, connected or in the group already; not connected; not bound (`accept`)
--- * `timeout`: `timeout`, or `idleTimeout`
--- * `refused`: the connected peer's host says that nobody listens there: one receive gets it, now or later, and the socket goes on; a DTLS session ends
--- * `eof`: DTLS: the other end has said goodbye
--- * `reset`: DTLS: the other end has begun again
--- * `tls`: the handshake failed; a certificate or key cannot be used
--- * `closed`: in a waiting task: the script closed the socket
---@class net.UDPSocket: eplua.Object
local UDPSocket = {}

---@param options? net.UDPSocketOptions
---@return net.UDPSocket
function net.UDPSocket(options) end

---`host` and `port` may be nil once `connect` has fixed them.
---@param data string|number
---@param host string?
---@param port integer|string|nil
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function UDPSocket:sendTo(data, host, port, callbacks) end

---One datagram; up to 64 may wait and are served in order.
---@param callbacks? eplua.DatagramCallbacks
---@return string? data, string? ip, integer|eplua.Code|nil port
function UDPSocket:receive(callbacks) end

---`"*"` or nil: every interface, of IPv4, and with `ipv6` of both; port 0: a free one.
---@param host string?
---@param port integer|string
---@param callbacks? eplua.PortCallbacks
---@return integer? port, string? message, eplua.Code? code
function UDPSocket:bind(host, port, callbacks) end

---Datagrams come from this peer only; with `tls` the handshake is done.
---@param host string
---@param port integer|string
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function UDPSocket:connect(host, port, callbacks) end

---@class net.PeerCallbacks
---@field success? fun(peer: net.DTLSPeer, ip: string, port: integer)
---@field error? fun(message: string, code: eplua.Code)

---With `tls` and a certificate, on a bound socket: the next client, a `DTLSPeer`.
---@param callbacks? net.PeerCallbacks
---@return net.DTLSPeer? peer, string? ip, integer|eplua.Code|nil port
function UDPSocket:accept(callbacks) end

---`interface`: nil for the system's choice, a name, a number, or with IPv4 an address; with IPv6 the group's zone (`ff02::fb%eth0`) says the same.
---@param group string
---@param interface string?
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function UDPSocket:joinGroup(group, interface, callbacks) end

---With the interface of `joinGroup`.
---@param group string
---@param interface string?
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function UDPSocket:leaveGroup(group, interface, callbacks) end

---How many routers multicast may pass: 0..255.
---@param ttl integer
---@return true? success, string? message, eplua.Code? code # true; or nil, message, code
function UDPSocket:setMulticastTTL(ttl) end

---Whether this machine gets its own multicast.
---@param enabled boolean
---@return true? success, string? message, eplua.Code? code # true; or nil, message, code
function UDPSocket:setMulticastLoopback(enabled) end

---@return string? ip, integer|string|nil port, eplua.Code? code # ip, port; or nil, message, code
function UDPSocket:localAddress() end

---Datagrams dropped because of `maxQueue`.
---@return integer # number
function UDPSocket:droppedCount() end

---The socket can be used again.
function UDPSocket:close() end

---A client of a `UDPSocket` that is a DTLS server.
---@class net.DTLSPeer: eplua.Object
local DTLSPeer = {}

---1 byte up to the longest that fits, some 1200.
---@param data string|number
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function DTLSPeer:send(data, callbacks) end

---The next datagram.
---@param callbacks? eplua.DatagramCallbacks
---@return string? data, string? ip, integer|eplua.Code|nil port
function DTLSPeer:receive(callbacks) end

---@return string ip, integer port # ip, port
function DTLSPeer:peerAddress() end

---Datagrams dropped because of `maxQueue`.
---@return integer # number
function DTLSPeer:droppedCount() end

---Says goodbye.
function DTLSPeer:close() end
