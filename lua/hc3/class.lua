-- class "Name" (Base) and property(get, set), as luabind gives them to scripts of HC3.
-- A class and its instances are tables here, and userdata to `type`.

local core = ...

local reports, text = core.import("border/reports"), core.import("border/text")
local rawget, rawset, setmetatable, type = rawget, rawset, setmetatable, type
local next, pairs, tostring = next, pairs, tostring
local format, gsub = string.format, string.gsub
local globals = _G

local class = {}

-- Where no script can write: what each class and each instance is.
---@type table<table, {name: string, base: table|nil, members: table, meta: table}>
local classes = setmetatable({}, { __mode = "k" })
local instances = setmetatable({}, { __mode = "k" })
local properties = setmetatable({}, { __mode = "k" })

--- A member of a class, its own or that of a base.
local function member(of, name)
  while of do
    local found = classes[of].members[name]
    if found ~= nil then return found end
    of = classes[of].base
  end
end

--- What Lua itself says of a table, "table: 0x55e4d0", with a better name.
local function address(t, meta, name)
  local said = meta.__tostring
  meta.__tostring = nil
  local plain = tostring(t)
  meta.__tostring = said
  return (gsub(plain, "^table", name))
end

local function get(instance, name)
  local found = member(instances[instance], name)
  if found ~= nil and properties[found] then
    local getter = properties[found].get
    if type(getter) ~= "function" then
      reports.raise(format("property '%s' is write only", text.show(name)))
    end
    return getter(instance)
  end
  return found
end

local function set(instance, name, value)
  local found = member(instances[instance], name)
  if found == nil or not properties[found] then return rawset(instance, name, value) end
  local setter = properties[found].set
  if type(setter) ~= "function" then
    reports.raise(format("property '%s' is read only", tostring(name)))
  end
  -- As the getter: a tail call, so that error(text, 2) in it names the script's line.
  return setter(instance, value)
end

-- Operators: the methods of their names.

local OPERATORS = {
  "__add", "__sub", "__mul", "__div", "__mod", "__pow", "__unm", "__idiv", "__band", "__bor",
  "__bxor", "__shl", "__shr", "__bnot", "__concat", "__len", "__eq", "__lt", "__le", "__call",
}

local function operator(name)
  return function(a, b, ...)
    for i = 1, 2 do
      local operand = a
      if i == 2 then operand = b end
      local of = instances[operand]
      local f = of and member(of, name)
      if f ~= nil then return f(a, b, ...) end
    end
    reports.raise("No such operator defined")
  end
end

local function same(a, b)
  -- What is no instance is a table to a script, and userdata is never equal to one.
  if not (instances[a] and instances[b]) then return false end
  local f = member(instances[a], "__eq") or member(instances[b], "__eq")
  return f ~= nil and f(a, b)
end

local operators = {}
for _, name in pairs(OPERATORS) do operators[name] = operator(name) end
operators.__eq = same

--- The metatable of the instances of a class: each class has its own, because Lua looks
--- for some operators only where they are.
local function instance_meta(of)
  local meta = { __index = get, __newindex = set, __metatable = false }
  for name, f in next, operators do meta[name] = f end
  -- Without a method of its own the length is that of the table, and so on.
  meta.__len = nil
  function meta.__tostring(instance)
    local own = member(of, "__tostring")
    if own then return own(instance) end
    return address(instance, meta, "object " .. classes[of].name)
  end
  return meta
end

--- The global `super` while an instance is made: calls the base's __init.
local function super_of(instance, base)
  if not base then return nil end
  return function(...)
    local init = member(base, "__init")
    if not init then return end
    local before = rawget(globals, "super")
    globals.super = super_of(instance, classes[base].base)
    init(instance, ...)
    globals.super = before
  end
end

local function construct(of, ...)
  local known = classes[of]
  if not known.meta then known.meta = instance_meta(of) end
  if member(of, "__len") then known.meta.__len = operators.__len end
  local instance = {}
  instances[instance] = of
  setmetatable(instance, known.meta)
  local init = member(of, "__init")
  if not init then return instance end
  local before = rawget(globals, "super")
  globals.super = super_of(instance, known.base)
  init(instance, ...)
  globals.super = before
  return instance
end

local class_meta = {
  __index = function(of, name)
    local known = classes[of]
    local found = known.members[name]
    if found == nil and known.base then found = member(known.base, name) end
    return found
  end,
  __newindex = function(of, name, value) classes[of].members[name] = value end,
  __call = construct,
  __tostring = function(of) return "class " .. classes[of].name end,
  __pairs = function(of) return next, classes[of].members, nil end,
  __metatable = false,
}

--- Make the global `name` a class; the function that is returned gives it its base.
---@param name string
function class.class(name)
  if type(name) ~= "string" then
    reports.raise(format("bad argument #1 to 'class' (name: string expected, got %s)",
      text.show(name)))
  end
  local made = {}
  classes[made] = { name = name, members = {} }
  globals[name] = setmetatable(made, class_meta)
  return function(base)
    if not classes[base] then
      reports.raise(format("bad argument to the class '%s' (base: class expected, got %s)",
        name, text.show(base)))
    end
    classes[made].base = base
  end
end

--- A member that is read by get(self) and written by set(self, value).
function class.property(getter, setter)
  local made = setmetatable({}, { __tostring = function() return "property" end })
  properties[made] = { get = getter, set = setter }
  return made
end

--- What `type` says of classes and instances.
function class.is_userdata(value)
  return classes[value] ~= nil or instances[value] ~= nil or properties[value] ~= nil
end

core.is_userdata = class.is_userdata

--- The class of an instance, or nil.
function class.of(instance) return instances[instance] end

--- Whether an instance is of a class, or of one that has it as a base.
function class.is_of(instance, wanted)
  local of = instances[instance]
  while of do
    if of == wanted then return true end
    of = classes[of].base
  end
  return false
end

--- Of a class or an instance: the name of the class, and its methods and those of its bases.
---@return string|nil, string[]|nil
function class.methods_of(value)
  local of = instances[value] or classes[value] and value
  if not of then return nil end
  local name, found = classes[of].name, {}
  while of do
    for key, each in next, classes[of].members do
      if type(key) == "string" and type(each) == "function" then found[#found + 1] = key end
    end
    of = classes[of].base
  end
  return name, found
end

--- The name of a class, or of that of an instance.
function class.name(value)
  local known = classes[instances[value] or value]
  return known and known.name
end

return class
