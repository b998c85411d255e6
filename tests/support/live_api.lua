-- What a running library offers to scripts, found by looking at it from inside: prints
-- a line for each thing, its parts with tabs between them.

local seen, classes, homes = {}, {}, {}

-- The library keeps its classes in one table of class.lua, and the names of those that
-- are not loaded yet in a table that is called homes.
local function look(value)
  local kind = type(value)
  if (kind ~= "table" and kind ~= "function") or seen[value] then return end
  seen[value] = true
  if kind == "function" then
    local index = 1
    local name, upvalue = debug.getupvalue(value, index)
    while name do
      if name == "homes" then homes = upvalue end
      look(upvalue)
      index = index + 1
      name, upvalue = debug.getupvalue(value, index)
    end
    return
  end
  for key, each in next, value do
    if type(each) == "table" and rawget(each, "object_meta") then classes[key] = each end
    look(key)
    look(each)
  end
  look(debug.getmetatable(value))
end

local function parameters(f)
  local info = debug.getinfo(f, "u")
  return info.nparams .. (info.isvararg and "+" or "")
end

-- Loads what is loaded when it is first used.
look(debug.getmetatable(net))
for name in pairs(homes) do print("function", "net." .. name, "1") end
for name in pairs(homes) do assert(net[name]) end
net.UDPSocket({ tls = true }):close()
assert(mqtt.Client)

seen = {}
for _, each in ipairs({ net, mqtt, task, json, eplua, setTimeout }) do look(each) end

for methods, found in pairs(classes) do
  print("class", found.name)
  for name, f in pairs(methods) do
    if type(f) == "function" then print("method", found.name, name, parameters(f)) end
  end
  for _, name in ipairs({ "ref", "unref" }) do print("method", found.name, name, "1") end
end
print("class", "Timer")
local timer = setTimeout(print)
for name, f in pairs(debug.getmetatable(timer).__index) do
  print("method", "Timer", name, parameters(f))
end
clearTimeout(timer)

-- The names of Lua's own globals are the argument.
local standard = {}
for name in string.gmatch(..., "%S+") do standard[name] = true end

local function is_callable(value)
  return type(value) == "function"
    or type(value) == "table" and (debug.getmetatable(value) or {}).__call ~= nil
end

local function offer(path, value)
  if is_callable(value) then
    print("function", path, type(value) == "function" and parameters(value) or "1")
  elseif type(value) == "table" then
    print("table", path)
    for name, each in pairs(value) do
      if type(each) == "number" then
        print("constant", path, name, each)
      elseif each ~= json.null and not (value == net and homes[name]) then
        offer(path .. "." .. name, each)
      end
    end
  end
end

for name, value in pairs(_G) do
  if not standard[name] then offer(name, value) end
end
for name, value in pairs({ ["os.exit"] = os.exit, print = print }) do offer(name, value) end
