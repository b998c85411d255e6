-- An MQTT client: subscribes, publishes to itself, and leaves.
--
--   eplua mqtt.lua [URI]      e.g. mqtt://127.0.0.1, mqtts://broker:8883, ws://broker:9001

local client = mqtt.Client.connect(arg[1] or "mqtt://127.0.0.1", {
  cleanSession = true,
  keepAlivePeriod = 30,
  lastWill = { topic = "eplua/example/status", payload = "gone" },
})

client:addEventListener("connected", function()
  print("Connected!")
  client:subscribe("eplua/example/#", { qos = 1 })
end)

client:addEventListener("subscribed", function(event)
  print("Subscribed, granted QoS:", event.results[1])
  client:publish("eplua/example/greeting", "Hello MQTT!", { qos = 1 })
end)

client:addEventListener("message", function(event)
  print("Received:", event.topic, event.payload)
  client:disconnect()
end)

client:addEventListener("closed", function() print("Closed.") end)
client:addEventListener("error", function(event) print("Error:", event.code, event.message) end)
