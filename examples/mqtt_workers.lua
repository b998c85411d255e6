-- Several processes share work through a broker: each message of the shared
-- subscription "$share/workers/jobs/todo" goes to one of them only.
--
--   eplua mqtt_workers.lua work [URI [NAME [MILLISECONDS]]]   as often as you like
--   eplua mqtt_workers.lua give [URI [COUNT]]                 gives them jobs, and waits
--
-- A worker acknowledges a job (QoS 1) when its handler has returned. If it dies
-- before, the broker gives the job to another one, or again to the same.

local role, uri = arg[1], arg[2] or "mqtt://127.0.0.1"

local function busy(milliseconds)
  local till = os.clock() + milliseconds / 1000
  while os.clock() < till do end
end

local function work(name, milliseconds)
  local client = mqtt.Client.connect(uri, {
    clientId = name and "worker" .. name,
    cleanSession = not name, -- with a name the broker keeps its jobs while it is away
    protocolVersion = 5, -- shared subscriptions are part of MQTT 5
    reconnect = true,
  })
  client:addEventListener("connected", function()
    client:subscribe("$share/workers/jobs/todo", { qos = 1 })
  end)
  client:addEventListener("subscribed", function() print("ready") end)
  client:addEventListener("message", function(event)
    busy(milliseconds)
    print("did " .. event.payload)
    client:publish("jobs/done", event.payload, { qos = 1 })
  end)
  client:addEventListener("error", function(event) print("error:", event.message) end)
end

local function give(count)
  local client = mqtt.Client.connect(uri, { cleanSession = true, protocolVersion = 5 })
  local done, left, twice = {}, count, 0
  client:addEventListener("subscribed", function()
    for i = 1, count do
      client:publish("jobs/todo", tostring(i), { qos = 1 })
    end
  end)
  client:addEventListener("message", function(event)
    if done[event.payload] then
      twice = twice + 1
      return
    end
    done[event.payload] = true
    left = left - 1
    if left == 0 then
      print(("%d done, %d twice"):format(count, twice))
      client:disconnect()
    end
  end)
  client:addEventListener("error", function(event)
    print("error:", event.message)
    os.exit(1)
  end)
  client:subscribe("jobs/done", { qos = 1 })
end

if role == "work" then
  work(arg[3], tonumber(arg[4] or 0))
elseif role == "give" then
  give(tonumber(arg[3] or 100))
else
  print("usage: eplua mqtt_workers.lua work|give [URI ...]")
  os.exit(2)
end
