local test = require("eplua.test")
local lamp = require("lamp")

local expect = test.expect

local broker, client

test.before(function()
  broker = test.mqtt()
  client = lamp.connect(broker.url, "house/lamp")
  test.after(function() client:disconnect() end)
  expect(broker:next()):has({ topic = "house/lamp/state", payload = "off", retain = true })
end)

test("is switched by a message", function()
  broker:publish("house/lamp/set", "on")
  expect(broker:next()):has({ topic = "house/lamp/state", payload = "on" })
end)

test("does not know other words", function()
  broker:publish("house/lamp/set", "bright")
  broker:publish("house/lamp/set", "on")
  expect(broker:next()):has({ payload = "on" })
end)

test("connects again", function()
  broker:publish("house/lamp/set", "on")
  expect(broker:next()):has({ payload = "on" })
  broker:disconnect()
  expect(broker:next()):has({ topic = "house/lamp/state", payload = "on" })
end)
