---@meta net.http_client

---@class net.HTTPClientOptions
---@field timeout? number # (ms; default 30000) for the whole exchange, redirects included; 0 is none
---@field maxSize? integer # (bytes; default 67108864; at least 1) of a body, once decoded; a streamed body has no bound unless this is set
---@field maxConnectionsPerHost? integer # (default 8; at least 1) requests at a time to one server; the others wait in order
---@field persistent? boolean # (default true) connections are kept, for up to 60 s
---@field cookies? boolean # (default false) the client keeps those that servers set, at most 1000, and sends them back
---@field proxy? string # (URL; default none) `http://`, `https://` or `socks5://`, with user and password if it wants them
---@field tls? boolean|net.TLSOptions # (true, table; default none) [the options](tls.md)

---@class net.RequestOptions
---@field method? string # (default "GET") any, sent as written
---@field headers? table<string, string|number|string[]> # (table; default none) names are sent as written and in their order by name, `Host` first; the value may be an array; at most 1000. `Content-Length` and `Transfer-Encoding` are ours
---@field data? string|number # (bytes; default none) the body
---@field form? table # (table; default none) in the place of `data`: sent as `application/x-www-form-urlencoded`
---@field json? any # (any value; default none) in the place of `data`: sent as `application/json`
---@field redirects? integer # (default 0; at least 0) how many are followed; one more is `limit`
---@field user? string # (default none) for this server; without a colon
---@field password? string # (default "") for `user`
---@field authentication? "basic"|"digest" # (default "basic") "basic" at once, or "digest" when the server asks
---@field checkCertificate? boolean # (default true) false accepts any certificate
---@field timeout? number # (ms; default 30000) in the place of the client's
---@field maxSize? integer # (bytes; default 67108864; at least 1) in the place of the client's
---@field proxy? string # (URL; default none) in the place of the client's
---@field tls? boolean|net.TLSOptions # (true, table; default none) in the place of the client's

---Errors:
--- * `timeout`: the time of the whole exchange is over
--- * `dns`: no such host, or what cannot be one
--- * `refused`: nobody listens there
--- * `unreachable`: there is no way there
--- * `eof`: the connection ended before the answer was complete
--- * `reset`: the peer broke the connection before the answer was complete
--- * `tls`: the handshake failed; the message names the option that would help
--- * `limit`: `maxSize`, `redirects`; a head of more than 256 KiB or 1000 headers; more than 4 encodings
--- * `protocol`: the answer is not HTTP, its body not what its encoding says, a redirect leads nowhere, a proxy does not speak as one
--- * `denied`: the proxy refused
---@class net.HTTPClient: eplua.Object
local HTTPClient = {}

---@param options? net.HTTPClientOptions
---@return net.HTTPClient
function net.HTTPClient(options) end

---@class net.RequestParams
---@field options? net.RequestOptions # of this request
---@field success? fun(response: net.HTTPClientResponse) # called for every status
---@field error? fun(message: string, code: eplua.Code) # there is no whole answer
---@field data? fun(chunk: string) # gets the body in pieces; `success` comes after them, with `data = ""`

---@class net.HTTPClientResponse
---@field status integer # such as 200
---@field statusText string # the server's word for it
---@field data string # bytes; gzip, deflate and brotli undone
---@field headers table<string, string> # found whatever the case of the name; repeated ones joined with `", "`
---@field headerList string[][] # `{{name, value}, ...}`
---@field url string # of the last request

---Asks for a URL. In a task, without `success` and `error`, it waits for the response.
---@param url string
---@param params? net.RequestParams
---@return net.HTTPRequest|net.HTTPClientResponse|nil request, string? message, eplua.Code? code # the request; in a task that waits the response, or nil, message, code
function HTTPClient:request(url, params) end

---@class net.HTTPRequest: eplua.Object
local HTTPRequest = {}

---Nothing of it is called any more.
function HTTPRequest:cancel() end
