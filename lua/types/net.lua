---@meta net

---@class net
net = {}

---Looks up the addresses of a host: at least one, each once, in the system's order.
---
---Errors:
--- * `dns`: no such host, no such interface, or what cannot be a name: `a..b`, a part of more than 63 bytes, bytes that are not UTF-8, one of ``# % / : < > ? @ [ \ ] ^ |`` or a space in it
--- * `limit`: no descriptor is left
---@param name string
---@param callbacks? eplua.AddressCallbacks
---@return string? address, string? message, eplua.Code? code
function net.resolve(name, callbacks) end

---`f(traceback)` sees every error of the script that nobody caught; true from it means that it is handled. nil removes it.
---@param f? fun(traceback: string): boolean?
function net.onError(f) end

---One table for everything that speaks TLS.
---@class net.TLSOptions
---@field certificateAuthority? string # (PEM, file; default none) trusted besides the system's authorities
---@field clientCertificate? string # (PEM, file; default none) what a client shows, with `privateKey`
---@field privateKey? string # (PEM, file; default none) of the certificate; must not be encrypted
---@field certificate? string # (PEM, file; default none) what a server shows, with the certificates of its issuers behind it; servers need it and `privateKey`
---@field clientAuthority? string # (PEM, file; default none) for servers: clients must show a certificate of it
---@field allowUnauthorized? boolean # (default false) true: any certificate is accepted, of anybody
---@field serverName? string # (name, address; default none) in the place of the host: sent to the server (SNI), and what its certificate must be for
---@field alpn? string[] # (array; default none; at most 100) protocol names, the best first; `socket:alpn()` tells which was chosen. HTTP and WebSocket servers choose `http/1.1` where it is offered
---@field minVersion? "1.0"|"1.1"|"1.2"|"1.3" # (default "1.2") of TLS. DTLS has no 1.1 (it is taken as 1.0) and no 1.3
---@field legacy? boolean # (default false) true: old ciphers, short keys, and servers from before RFC 5746, as devices have them

---When a client connects again by itself.
---@class net.ReconnectOptions
---@field minDelay? number # (ms; default 1000) before the first attempt; half of each delay is chance
---@field maxDelay? number # (ms; default 60000) the longest; after a connection that lasted so long the delays begin anew
---@field factor? number # (default 2; at least 1) by which the delay grows
