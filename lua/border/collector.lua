-- How much garbage there may be before Lua collects. What comes from the network is garbage
-- soon, and 64 KiB of it weigh as much as a thousand tables: with Lua's own setting, which
-- lets garbage grow to what is in use, a script that passes megabytes on, and has little in
-- use itself, collects for each of them.

local core = ...

local collect, rawget, setmetatable = collectgarbage, rawget, setmetatable
local getmetatable, floor, pcall = getmetatable, math.floor, pcall
local newproxy = rawget(_G, "newproxy")
local later = core.import("border/class").later

local ROOM = 2048 -- KiB of garbage that there may be at least
local MOST = 400 -- percent of what is in use: it may have grown since it was looked at

-- Lua 5.5 has another word for it.
local named = pcall(collect, "param", "pause")

local function get()
  if named then return collect("param", "pause") end
  local pause = collect("setpause", 200)
  collect("setpause", pause)
  return pause
end

local function set(pause)
  if named then collect("param", "pause", pause) else collect("setpause", pause) end
  return get()
end

local usual = get()
local last = usual
local watch

--- Let garbage grow to what is in use, as is usual, or to `ROOM`.
local function adjust()
  -- The script has its own setting.
  if get() ~= last then return end
  local pause = 100 + floor(100 * ROOM / collect("count"))
  if pause > MOST then pause = MOST end
  last = set(pause > usual and pause or usual)
  watch()
end

-- After each collection it is looked at anew, though not while a finalizer runs: there Lua
-- answers no question about the collector.
local meta = { __gc = function() later(adjust) end }

--- An object that nobody has: when it is collected, Lua has collected.
function watch()
  if newproxy then getmetatable(newproxy(true)).__gc = meta.__gc else setmetatable({}, meta) end
end

-- Where memory is limited the limit says when.
if not core.memory.memory_limited() then adjust() end
