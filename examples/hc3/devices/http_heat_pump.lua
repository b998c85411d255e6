-- A heat pump for examples/hc3/http_heat_pump.lua: cookies, a long poll, server-sent events.
--
--   eplua http_heat_pump.lua [PORT [FORGETS [PASSWORD]]]
--
-- FORGETS = 3: a cookie is good for three requests. Its panel is
--   curl -X PUT localhost:8180/panel -d '{"target": 22}'

local port, forgets = tonumber(arg[1]) or 8180, tonumber(arg[2]) or 1000
local password = arg[3] or "secret"

local state = { revision = 1, target = 20, on = true }
local sessions, number, measured = {}, 0, 0
local waiting, listening = {}, {} -- the responses that are not over

local server = net.HTTPServer()

local function answer(response, status, value)
  response:send(status, { ["Content-Type"] = "application/json" }, json.encode(value))
end

--- A handler for those who have a cookie that is good.
local function with_cookie(handler)
  return function(request, response)
    local name = (request.headers.cookie or ""):match("^session=(%w+)$")
    if not name or not sessions[name] then return answer(response, 401, "who are you?") end
    sessions[name] = sessions[name] - 1
    if sessions[name] == 0 then sessions[name] = nil end
    print(request.method .. " " .. request.uri)
    handler(request, response)
  end
end

local function change(request, response)
  local good, wanted = pcall(json.decode, request.body)
  if not good or wanted.target and (wanted.target < 5 or wanted.target > 30) then
    return answer(response, 400, "5 to 30 degrees")
  end
  state.revision = state.revision + 1
  if wanted.target then state.target = wanted.target end
  if wanted.on ~= nil then state.on = wanted.on end
  answer(response, 200, state)
  local all = waiting
  waiting = {}
  for each in pairs(all) do answer(each, 200, state) end
  for each in pairs(listening) do each:write(": the panel was used\n\n") end
end

server:route("POST", "/login", function(request, response)
  if request.body ~= "user=admin&password=" .. password then
    return answer(response, 403, "wrong password")
  end
  number = number + 1
  sessions["s" .. number] = forgets
  response:send(200, { ["Set-Cookie"] = "session=s" .. number .. "; HttpOnly; Path=/" })
end)

server:route("PUT", "/panel", change)
server:route("PUT", "/api/state", with_cookie(change))

server:route("GET", "/api/changes", with_cookie(function(request, response)
  if tonumber(request.query.since) < state.revision then return answer(response, 200, state) end
  waiting[response] = true
  response:onClose(function() waiting[response] = nil end)
end))

--- Two measurements, in two pieces; the pump ends the first two streams.
server:route("GET", "/api/log", with_cookie(function(request, response)
  if request.headers.accept ~= "text/event-stream" then return answer(response, 406, "") end
  measured = (tonumber(request.headers["last-event-id"]) or 0) + 2
  response:writeHead(200, { ["Content-Type"] = "text/event-stream" })
  response:write("event: outside\ndata: -3.5\n\n: a comment\n\nid: " .. measured)
  response:write("\nevent: pressure\ndata: " .. measured .. "\n\n")
  if measured < 6 then return response:finish() end
  listening[response] = true
  response:onClose(function() listening[response] = nil end)
end))

server:start("127.0.0.1", port, nil, {
  success = function(actual) print("a heat pump at port", actual) end,
  error = function(message)
    print(message)
    os.exit(1)
  end,
})
