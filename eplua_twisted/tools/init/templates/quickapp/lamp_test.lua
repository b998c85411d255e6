--%%name=Lamp
--%%type=com.fibaro.binarySwitch
--%%file=lamp.lua,lamp

local test = eplua.test
local expect = test.expect

local lamp

test.before(function()
  lamp = test.http()
  quickApp:setVariable("address", lamp.url)
end)

--- What the device says, when the answer of the lamp has come.
local function value()
  eplua.task.sleep(100)
  return fibaro.getValue(quickApp.id, "value")
end

test("is switched", function()
  lamp:on("POST", "/on", "")
  lamp:on("POST", "/off", "")
  quickApp:turnOn()
  expect(lamp:next().path):equal("/on")
  expect(value()):equal(true)
  quickApp:turnOff()
  expect(lamp:next().path):equal("/off")
  expect(value()):equal(false)
end)

test("stays as it is when the lamp has a problem", function()
  lamp:on("POST", "/on", { status = 500 })
  quickApp:turnOn()
  expect(value()):equal(false)
end)
