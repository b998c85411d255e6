-- Several processes share work through a broker: each message to the shared
-- subscription "$share/workers/jobs/todo" goes to one of them only.
--
--   eplua mqtt_workers.lua work URI NAME     as often as you like, each with its name
--   eplua mqtt_workers.lua give URI [COUNT]  gives them jobs, and waits until all are done
--
-- A worker acknowledges a job (QoS 1) when its handler has returned. If it dies before
-- that, the broker keeps the job for when a worker of its name comes back.

local role, uri = arg[1], arg[2] or "mqtt://127.0.0.1"

local function busy(milliseconds)
  local till = os.clock() + milliseconds / 1000
  while os.clock() < till do end
end

local function work(name, milliseconds)
  local client = mqtt.Client.connect(uri, {
    clientId = "worker-" .. name, -- under which the broker keeps its session
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

if role == "work" and arg[3] then
  work(arg[3], tonumber(arg[4] or 0))
elseif role == "give" then
  give(tonumber(arg[3] or 100))
else
  print("usage: eplua mqtt_workers.lua work URI NAME | give URI [COUNT]")
  os.exit(2)
end
