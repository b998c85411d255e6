-- test.websocket(answer): a WebSocket server that answers each message as a test says, and
-- keeps what it got.

local core = ...

local check, peers = core.import("border/check"), core.import("testing/peers")
local tasks = core.import("border/tasks")
local WebSocketServer = core.import("net/websocket_server", "websocket").WebSocketServer
local next, type = next, type

local WebSocketPeer = peers.class("test.websocket")

--- Send a text to all clients.
function WebSocketPeer:send(data)
  return self.server:broadcast(check.string(data, 1, "send", "data"))
end

--- Send bytes to all clients.
function WebSocketPeer:sendBinary(data)
  return self.server:broadcast(check.string(data, 1, "sendBinary", "data"), true)
end

--- End the connections of all clients, with a code and a reason; the server goes on.
function WebSocketPeer:disconnect(code, reason)
  local clients = self.server:getClients()
  for i = 1, #clients do self.server:close(clients[i], code, reason) end
end

--- Close it: its clients are disconnected, whoever connects then is refused.
function WebSocketPeer:close() self.server:stop({}) end

local function answered(peer, id, data, is_binary)
  peers.note(peer, data)
  local answer = peer.answer
  if type(answer) == "table" then
    answer = answer[data]
  elseif answer then
    answer = answer(data, is_binary)
  end
  if answer then peer.server:send(id, check.string(answer, 1, "test.websocket", "answer")) end
end

local function checked(answers)
  for message, answer in next, answers do
    check.text(message, 1, "test.websocket", "message")
    check.string(answer, 1, "test.websocket", "answer")
  end
end

return function(answer)
  if type(answer) == "table" then
    checked(answer)
  elseif answer ~= nil then
    check.callback(answer, 1, "test.websocket", "answer")
  end
  local fields = { name = "test.websocket", answer = answer }
  local handle, peer = peers.start(WebSocketPeer, fields, "messages", function(peer)
    peer.server = peers.own(WebSocketServer())
    local waiting, port, message = tasks.current(), nil, nil
    local function go_on(...)
      port, message = ...
      tasks.wake(waiting, port)
    end
    peer.server:start("127.0.0.1", 0, {
      started = go_on,
      error = function(why) go_on(nil, why) end,
      connected = peers.own_number,
      receive = function(id, data, is_binary)
        tasks.start(function() answered(peer, id, data, is_binary) end)
      end,
    })
    tasks.suspend(peer, function() end)
    return port, message
  end)
  handle.url = "ws://127.0.0.1:" .. peer.port .. "/"
  return handle
end
