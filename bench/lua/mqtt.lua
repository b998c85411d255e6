-- Publish, receive, publish the next; a line when it begins, one when it is over.

local port, qos, count, window = arg[1], tonumber(arg[2]), tonumber(arg[3]), tonumber(arg[4])
local payload = ("x"):rep(64)
local client = mqtt.Client.connect("mqtt://127.0.0.1:" .. port, { cleanSession = true })
local options = { qos = qos }
local received, sent, rounds = 0, 0, 0

local function publish()
  sent = sent + 1
  client:publish("bench", payload, options)
end

local function round()
  received, sent = 0, 0
  if rounds == 1 then print("begin") end
  for _ = 1, window do publish() end
end

client:addEventListener("message", function()
  received = received + 1
  if sent < count then publish() end
  if received < count then return end
  rounds = rounds + 1
  if rounds == 1 then return round() end
  print("end")
  client:disconnect()
end)
client:addEventListener("subscribed", round)
client:subscribe("bench", options)
