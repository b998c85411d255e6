---@meta eplua.test

---What `require("eplua.test")` gives, in `eplua test`; it is `eplua.test` too.
---@class eplua.testing.Test
---@overload fun(name: string, f: fun())
---@overload fun(name: string, options: eplua.testing.TestOptions, f: fun())
local test = {}

---@class eplua.testing.TestOptions
---@field skip? boolean|string # it is not run; the text says why

---What is expected of a value.
---@param ... any
---@return eplua.testing.Expectation # its methods
function test.expect(...) end

---Runs `f` before each test, as a task.
---@param f fun()
function test.before(f) end

---Runs `f` after each test, the last one first; within a test, after this one.
---@param f fun()
function test.after(f) end

---In a test: it ends here, and is skipped.
---@param why? string
function test.skip(why) end

---In a test: it fails.
---@param message string
function test.fail(message) end

---@class eplua.testing.Expectation
---@field never eplua.testing.Expectation # expects the opposite
local Expectation = {}

---It is equal; tables when all their fields are.
---@param expected any
function Expectation:equal(expected) end

---It is the same value; of tables, the same table.
---@param expected any
function Expectation:is(expected) end

---It is a table with at least these fields.
---@param fields table
function Expectation:has(fields) end

---It is a text with this text in it, or a table with a value that is equal to this one.
---@param part any
function Expectation:contains(part) end

---It is a text with something that matches a pattern of Lua.
---@param pattern string
function Expectation:matches(pattern) end

---It is a number that is at most so far off; 1e-9 by default.
---@param expected number
---@param tolerance? number
function Expectation:near(expected, tolerance) end

---It is anything but nil and false.
function Expectation:truthy() end

---It is nil or false.
function Expectation:falsy() end

---It is of this type, or class.
---@param kind string
function Expectation:isA(kind) end

---It is a function that raises an error, with this text in its message.
---@param text? string
function Expectation:raises(text) end

---It is what an operation returns that fails, with this code.
---@param code? eplua.Code
function Expectation:fails(code) end

---A server of HTTP that the test plays.
---@return eplua.testing.HTTPPeer # the server
function test.http() end

---A server of TCP that the test plays: it follows steps, or `serve` serves each client.
---@param serve eplua.testing.Step[]|fun(client: net.TCPSocket, ip: string, port: integer)
---@return eplua.testing.TCPPeer # the server
function test.tcp(serve) end

---A server of WebSocket that the test plays.
---@param answers? table<string, string>|fun(data: string, isBinary: boolean): string?
---@return eplua.testing.WebSocketPeer # the server
function test.websocket(answers) end

---A broker of MQTT 3.1.1 that the test plays.
---@return eplua.testing.MQTTPeer # the broker
function test.mqtt() end

---@class eplua.testing.HTTPPeer: eplua.Object
---@field url string
---@field port integer
---@field requests net.Request[] # what it was asked
local HTTPPeer = {}

---@class eplua.testing.Answer
---@field status? integer
---@field headers? table<string, string>
---@field body? string
---@field json? any
---@field after? number # milliseconds

---What is asked with a method at a path is answered so; by each of a list in turn.
---@param method string
---@param path string
---@param answer string|eplua.testing.Answer|table|fun(request: net.Request): any
function HTTPPeer:on(method, path, answer) end

---The next request; waits for it.
---@return net.Request # the request
function HTTPPeer:next() end

---Closes it.
function HTTPPeer:close() end

---@class eplua.testing.Step
---@field expect? string
---@field send? string
---@field close? boolean

---@class eplua.testing.TCPPeer: eplua.Object
---@field port integer
---@field received string[] # what steps have read
local TCPPeer = {}

---The next piece that steps have read; waits for it.
---@return string # the piece
function TCPPeer:next() end

---Closes it.
function TCPPeer:close() end

---@class eplua.testing.WebSocketPeer: eplua.Object
---@field url string
---@field port integer
---@field messages string[] # what it got
local WebSocketPeer = {}

---Sends a text to all clients.
---@param data string
function WebSocketPeer:send(data) end

---Sends bytes to all clients.
---@param data string
function WebSocketPeer:sendBinary(data) end

---Ends the connections of all clients.
---@param code? integer
---@param reason? string
function WebSocketPeer:disconnect(code, reason) end

---The next message; waits for it.
---@return string # the message
function WebSocketPeer:next() end

---Closes it.
function WebSocketPeer:close() end

---@class eplua.testing.Message
---@field topic string
---@field payload string
---@field qos integer
---@field retain boolean

---@class eplua.testing.PublishOptions
---@field qos? integer
---@field retain? boolean

---@class eplua.testing.MQTTPeer: eplua.Object
---@field url string
---@field port integer
---@field messages eplua.testing.Message[] # what was published
local MQTTPeer = {}

---Publishes a message to all who have subscribed to its topic.
---@param topic string
---@param payload string
---@param options? eplua.testing.PublishOptions
function MQTTPeer:publish(topic, payload, options) end

---Breaks the connections of all clients.
function MQTTPeer:disconnect() end

---The next message that was published; waits for it.
---@return eplua.testing.Message # the message
function MQTTPeer:next() end

---Closes it.
function MQTTPeer:close() end

return test
