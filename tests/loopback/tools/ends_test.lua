-- Tests that end in every way; run by tests.loopback.tools.test_test.

local test = require("eplua.test")
local expect = test.expect

test("is good", function()
  local before = os.time()
  task.sleep(24 * 3600 * 1000)
  expect(os.time() - before):near(24 * 3600, 2)
end)

test("is wrong", function()
  print("said before")
  expect({ celsius = 21.5 }):equal({ celsius = 22 })
end)

test("is skipped", { skip = "no broker" }, error)

test("kills its process", function() os.execute("kill -SEGV $PPID") end)

test("hangs", function() while true do end end)

test("leaves", function()
  os.exit(3)
end)

test("fails in a callback", function()
  setTimeout(function() error("oh") end, 1)
  task.sleep(10)
end)

test("waits for nothing", function() task.queue():get() end)

test("comes last", function() setInterval(print, 1000) end)
