---@meta net.http_server

---@class net.HTTPServerOptions
---@field maxBodySize? integer # (bytes; default 16777216; at least 1) of a request's body; more is 413
---@field timeout? number # (ms; default 60000) idle between requests, in the middle of a body, in taking an answer; 0 is none
---@field maxConnections? integer # (default 1024; at least 1) one more is closed at once and logged
---@field compress? boolean # (default false) what `send` sends of text is compressed with gzip for clients that accept it
---@field tls? net.TLSOptions # (table; default none) `certificate` and `privateKey`; with `clientAuthority` clients must show a certificate: [the options](tls.md)

---Errors:
--- * `state`: answered already, `send` or `writeHead` after the answer has begun, or the client is gone (then without a warning)
--- * `limit`: more than 16 MiB wait for a slow client
--- * `protocol`: more, or less, than the `Content-Length` that `writeHead` told
--- * `in_use`: `start`: somebody listens there already
--- * `denied`: `start`: the port is not ours to take
--- * `dns`: `start`: no such host, or what cannot be one
--- * `unreachable`: `start`: the address is not this machine's
--- * `tls`: `start`: a certificate or key cannot be used
---@class net.HTTPServer: eplua.Object
local HTTPServer = {}

---@param options? net.HTTPServerOptions
---@return net.HTTPServer
function net.HTTPServer(options) end

---`onRequest(request, response)` gets what no route, file or WebSocket answers. It may be nil where there are some: then all else is 404.
---@param host string?
---@param port integer|string|nil
---@param onRequest fun(request: net.Request, response: net.HTTPResponse) | nil
---@param callbacks? eplua.PortCallbacks
---@return integer? port, string? message, eplua.Code? code
function HTTPServer:start(host, port, onRequest, callbacks) end

---Requests that are here are answered for up to 5 s, then all is closed.
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function HTTPServer:stop(callbacks) end

---`:name` stands for one segment of the path, `*name` at its end for all that follow: `request.params.name`. HEAD is answered as GET; another method than those of the path is 405 with `Allow`.
---@param method string
---@param path string
---@param handler fun(request: net.Request, response: net.HTTPResponse)
function HTTPServer:route(method, path, handler) end

---Files below a directory, for GET and HEAD: ranges, conditions, types; `index.html` for a directory; a file `x.br` or `x.gz` beside `x` is sent to clients that accept it. Never a file outside of the directory.
---@param prefix string
---@param directory string
function HTTPServer:static(prefix, directory) end

---As `net.WebSocketServer`, on the same port, with all its options but `tls`.
---@param path string
---@param callbacks net.WebSocketServerCallbacks
---@param options? net.WebSocketServerOptions
---@return net.WebSocketServer # the WebSocket server, started
function HTTPServer:websocket(path, callbacks, options) end

---@return integer? port # the port, or nil
function HTTPServer:port() end

---@return boolean # boolean
function HTTPServer:isRunning() end

---@class net.Request
---@field method string # as it was sent
---@field path string # without the query, escapes undone
---@field query table<string, string|string[]> # a name that is there more than once has an array
---@field params table<string, string> # of the route, escapes undone
---@field uri string # path and query as they were sent
---@field headers table<string, string> # found whatever the case of the name; repeated ones joined with `", "`
---@field body string # bytes
---@field ip? string # of the client; nil for a UNIX socket
---@field port? integer # the same

---@class net.HTTPResponse: eplua.Object
local HTTPResponse = {}

---The whole answer.
---@param status integer
---@param headers? table<string, string|number|string[]>
---@param body? string|number
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function HTTPResponse:send(status, headers, body, callbacks) end

---The head, with the length that `Content-Length` tells, or in chunks.
---@param status integer
---@param headers? table<string, string|number|string[]>
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function HTTPResponse:writeHead(status, headers, callbacks) end

---Succeeds when less than 1 MiB waits to be sent.
---@param chunk string|number
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function HTTPResponse:write(chunk, callbacks) end

---The end of what `write` wrote.
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function HTTPResponse:finish(callbacks) end

---`f()` is called when the client goes before the answer is complete.
---@param f fun()
function HTTPResponse:onClose(f) end
