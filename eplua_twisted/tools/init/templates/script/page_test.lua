local test = require("eplua.test")
local page = require("page")

local expect = test.expect
local MINUTE = 60 * 1000

local server, seen

test.before(function()
  server, seen = test.http(), {}
  local timer = page.watch(server.url .. "/", MINUTE, function(text) seen[#seen + 1] = text end)
  test.after(function() clearInterval(timer) end)
end)

test("tells a text once", function()
  server:on("GET", "/", { "one", "one", "two" })
  task.sleep(3.5 * MINUTE)
  expect(seen):equal({ "one", "two" })
end)

test("goes on when the server has a problem", function()
  server:on("GET", "/", { { status = 503 }, "one" })
  task.sleep(1.5 * MINUTE)
  expect(seen):equal({ "one" })
end)
