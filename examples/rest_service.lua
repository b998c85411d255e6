-- A small REST service with a page, and a WebSocket that keeps the page up to date.
--
--   eplua rest_service.lua 8080              then open http://localhost:8080/
--   curl -X PUT localhost:8080/api/rooms/kitchen -d '{"target": 22}'

local port = tonumber(arg[1]) or 8080
local here = arg[0]:match("^(.*)/[^/]*$") or "."

local rooms = { kitchen = { target = 21 }, bedroom = { target = 18.5 } }

local server = net.HTTPServer({ maxBodySize = 10000 })
server:static("/", here .. "/rooms")

local live
live = server:websocket("/live", {
  connected = function(id) live:send(id, json.encode(rooms)) end,
})

local function answer(response, status, value)
  response:send(status, { ["Content-Type"] = "application/json" }, json.encode(value))
end

local function changed() live:broadcast(json.encode(rooms)) end

local methods = {}

function methods.GET(_, response, name) answer(response, 200, rooms[name]) end

function methods.PUT(request, response, name)
  local good, room = pcall(json.decode, request.body)
  if not good or type(room) ~= "table" or type(room.target) ~= "number" then
    return answer(response, 400, { error = "a number 'target' is expected" })
  end
  rooms[name] = { target = room.target }
  changed()
  answer(response, 200, rooms[name])
end

function methods.DELETE(_, response, name)
  rooms[name] = nil
  changed()
  response:send(204)
end

server:start("localhost", port, function(request, response)
  if request.path == "/api/rooms" and request.method == "GET" then
    return answer(response, 200, rooms)
  end
  local name = request.path:match("^/api/rooms/(%w+)$")
  if not name or (request.method ~= "PUT" and not rooms[name]) then
    return answer(response, 404, { error = "not found" })
  end
  local method = methods[request.method]
  if not method then return response:send(405, { Allow = "GET, PUT, DELETE" }) end
  method(request, response, name)
end, {
  success = function(actual) print("http://localhost:" .. actual .. "/") end,
  error = function(message)
    print(message)
    os.exit(1)
  end,
})
