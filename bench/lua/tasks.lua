-- A thousand that wait, fifty times each: as tasks or with callbacks. Prints the
-- microseconds of CPU time that one wait takes.

local what, form = ...
local MANY, TIMES = 1000, 50

local waits = {
  resolve = {
    tasks = function()
      for _ = 1, TIMES do net.resolve("127.0.0.1") end
    end,
    callbacks = function(done)
      local left = TIMES
      local callbacks = {}
      function callbacks.success()
        left = left - 1
        if left == 0 then return done() end
        net.resolve("127.0.0.1", callbacks)
      end
      net.resolve("127.0.0.1", callbacks)
    end,
  },
  timers = {
    tasks = function()
      for _ = 1, TIMES do task.sleep(0) end
    end,
    callbacks = function(done)
      local left = TIMES
      local function tick()
        left = left - 1
        if left == 0 then return done() end
        setTimeout(tick, 0)
      end
      setTimeout(tick, 0)
    end,
  },
}

local missing, begun = MANY, nil
local function done()
  missing = missing - 1
  if missing == 0 then
    print((os.clock() - begun) * 1e6 / (MANY * TIMES))
  end
end

setTimeout(function()
  begun = os.clock()
  local wait = waits[what][form]
  for _ = 1, MANY do
    if form == "tasks" then
      task.start(function()
        wait()
        done()
      end)
    else
      wait(done)
    end
  end
end, 0)
