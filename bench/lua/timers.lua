-- 10 000 setTimeout(f, 0): the processor seconds until the last has run.

local COUNT = 10000
setTimeout(function()
  local left = COUNT
  local started = os.clock()
  local function f()
    left = left - 1
    if left == 0 then print((os.clock() - started) * 1e6) end
  end
  for _ = 1, COUNT do setTimeout(f, 0) end
end, 0)
