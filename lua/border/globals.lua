-- What a script finds in its globals, and what it does not find there.

local core = ...

local host, check = core.host, core.import("border/check")
local rawget, select, tostring, type = rawget, select, tostring, type
local pairs, setmetatable = pairs, setmetatable
local concat, load = table.concat, load

-- No way to Python, to C code, or to bytecode (which can crash the process).
-- HC3 has neither loadfile nor dofile, and published scripts test for that.

_G.python = nil
package.loaded.python = nil
package.loaded.ffi, package.preload.ffi = nil, nil
package.loaded["jit.util"], package.loaded["jit.profile"] = nil, nil
package.preload["jit.util"], package.preload["jit.profile"] = nil, nil
package.loadlib, package.cpath = nil, ""
loadfile, dofile = nil, nil

local searchers = rawget(package, "searchers") or package.loaders
for i = #searchers, 3, -1 do searchers[i] = nil end

function _G.load(chunk, name, _, ...)
  if type(chunk) == "function" then
    local parts, part = {}, chunk()
    while part and part ~= "" do
      parts[#parts + 1] = part
      part = chunk()
    end
    chunk = concat(parts)
    name = name or "=(load)"
  end
  return load(chunk, name, "t", ...)
end

if rawget(_G, "loadstring") then
  function _G.loadstring(chunk, name) return load(chunk, name, "t") end
end

-- Modules of the script are files of text beside it.
searchers[2] = function(name)
  local tried = {}
  for template in package.path:gmatch("[^;]+") do
    local path = template:gsub("%?", (name:gsub("%.", "/")))
    local file = io.open(path, "rb")
    if file then
      local code = file:read("*a")
      file:close()
      local chunk, problem = load(code, "@" .. path, "t")
      if not chunk then
        error(("error loading module '%s' from file '%s':\n\t%s"):format(name, path, problem), 0)
      end
      return chunk, path
    end
    tried[#tried + 1] = "\n\tno file '" .. path .. "'"
  end
  return concat(tried)
end

function print(...)
  local parts = {}
  for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))) end
  host.print(concat(parts, "\t"))
end

function os.exit(code)
  if code == nil or code == true then
    code = 0
  elseif code == false then
    code = 1
  else
    code = check.integer(code, 1, "exit", "code", -2 ^ 31)
  end
  core.exit(code)
end

local timers = core.import("timers", "timers")
setTimeout, setInterval = timers.setTimeout, timers.setInterval
clearTimeout, clearInterval = timers.clear, timers.clear

task = core.import("border/tasks")
net = core.import("net/init", "resolve")
json = core.import("json")
eplua = { version = host.version() }

-- The only one with a library of its own behind it: filled when it is first used.
mqtt = setmetatable({}, {
  __index = function(self, name)
    setmetatable(self, nil)
    for key, value in pairs(core.import("mqtt/init", "mqtt")) do self[key] = value end
    return self[name]
  end,
})

--- How many of each kind are open: eplua.stats().TCPSocket and so on.
function eplua.stats()
  local list, counts = { host.stats() }, {}
  for i = 1, #list, 2 do counts[list[i]] = list[i + 1] end
  return counts
end

package.loaded.task, package.loaded.net, package.loaded.eplua = task, net, eplua
package.loaded.json, package.loaded.mqtt = json, mqtt

-- The application's own functions: a result at once, or an answer like that of
-- any operation.

local calls = core.calls

local function received(name, callbacks, outcome, ...)
  if outcome == "later" then return core.operate(name, callbacks, calls.collect, (...)) end
  if outcome == "raise" then core.raise((...)) end
  return ...
end

--- Make the application's function number `index` the global `name`.
function core.expose(name, index)
  _G[name] = function(...)
    local count, callbacks = select("#", ...), nil
    local last = count > 0 and (select(count, ...)) or nil
    if type(last) == "table"
      and (type(last.success) == "function" or type(last.error) == "function") then
      callbacks, count = last, count - 1
    end
    return received(name, callbacks,
      calls.invoke(index, callbacks ~= nil, core.unpack({ ... }, 1, count)))
  end
end
