-- The form that all classes of the library share.
--
-- A script holds a *handle*: an empty table, its own to write in. What the library
-- knows of it, the *object*, is found through a weak table that no script can reach;
-- so nothing a script writes into a handle means anything to the library, and only
-- what the library put into an object can cross to Python.

local core = ...

local reports, text = core.import("border/reports"), core.import("border/text")
local keep_alive = core.library.keep_alive
local getmetatable, next, pairs, rawget, setmetatable, type =
  getmetatable, next, pairs, rawget, setmetatable, type
local format, match = string.format, string.match
-- LuaJIT: tables have no finalizers there, and a value in a weak table that leads to
-- its key keeps both for ever.
local newproxy = rawget(_G, "newproxy")

local class = {}

---@class eplua.Class
---@field name string
---@field describe fun(object: table): string
---@field referenced fun(object: table, referenced: boolean)|nil
---@field forget fun(id: integer)|nil
---@field length (fun(object: table): integer)|nil
---@field object_meta table of objects
---@field handle_meta table|nil of handles, made for the first one
---@field objects table<table, table> by handle

local classes = setmetatable({}, { __mode = "k" })

--- A table for the methods of a class: each function in it is public, and is given the
--- object when a script calls it on a handle, with at most four arguments.
---@param describe fun(object: table): string what `tostring` says after the name
---@param referenced fun(object: table, referenced: boolean)|nil what `ref` and `unref`
--- have to do besides
function class.new(name, describe, referenced)
  local methods = {}
  classes[methods] = {
    name = name,
    describe = describe,
    referenced = referenced,
    object_meta = { __index = methods },
    objects = setmetatable({}, { __mode = newproxy and "kv" or "k" }),
  }
  return methods
end

local function refuse(self, name, method)
  reports.raise(format("bad self to '%s' (%s expected, got %s; call it with a colon: object:%s())",
    method, name, text.show(self), method))
end

local function public(found, method, f)
  local objects, name = found.objects, found.name
  return function(handle, a, b, c, d)
    local object = objects[handle]
    if not object then refuse(handle, name, method) end
    return f(object, a, b, c, d)
  end
end

--- `ref` or `unref`: whether the object keeps the program alive.
local function referencing(found, method, referenced)
  local objects, name = found.objects, found.name
  return function(handle)
    local object = objects[handle]
    if not object then refuse(handle, name, method) end
    object.unreferenced = not referenced or nil
    if object.id then keep_alive(object.id, referenced) end
    if found.referenced then found.referenced(object, referenced) end
    return handle
  end
end

local function handle_meta_of(found, methods)
  local index = {}
  for method, f in pairs(methods) do
    if type(f) == "function" then index[method] = public(found, method, f) end
  end
  index.ref = referencing(found, "ref", true)
  index.unref = referencing(found, "unref", false)
  local objects, name, length = found.objects, found.name, found.length
  return {
    __len = length and function(handle)
      local object = objects[handle]
      return object and length(object) or 0
    end,
    __name = name,
    __index = index,
    __metatable = name,
    __tostring = function(handle)
      local object = objects[handle]
      return name .. ": " .. (object and found.describe(object) or "?")
    end,
  }
end

-- Objects collected while Python may still hold something for them. A finalizer
-- can run in the middle of anything, so it leaves a note, and `sweep` acts on it.

local notes = {}

local function leave_note(forget, id)
  if id then notes[#notes + 1] = { forget, id } end
end

--- Call `f` where notes are acted on. A finalizer may ask for that.
function class.later(f) notes[#notes + 1] = { f } end

--- Call `forget(id)` some time after an object of the class was collected.
function class.finalize(methods, forget)
  local found = classes[methods]
  found.forget = forget
  found.object_meta.__gc = function(object) leave_note(forget, object.id) end
end

--- Act on the notes: called where a new thing is about to be opened, and each time
--- that Lua is about to return to Python.
function class.sweep()
  while notes[1] do
    local list = notes
    notes = {}
    for i = 1, #list do list[i][1](list[i][2]) end
  end
end

--- `#` of a handle is `length(object)`. In LuaJIT a table has no say in that: there the
--- handles of the class are proxies.
function class.length(methods, length)
  classes[methods].length = length
end

--- A new object of a class, with its fields.
function class.instance(methods, fields)
  local found = classes[methods]
  fields.class = methods
  if newproxy and found.forget then
    local anchor, held, forget = newproxy(true), {}, found.forget
    getmetatable(anchor).__gc = function() leave_note(forget, held.id) end
    fields.anchor, fields.held = anchor, held
  end
  return setmetatable(fields, found.object_meta)
end

--- The handle of an object, to give to the script: made once for each.
function class.handle(object)
  local methods = object.class
  local found = classes[methods]
  local meta = found.handle_meta
  if not meta then
    meta = handle_meta_of(found, methods)
    found.handle_meta = meta
  end
  if newproxy and found.length then
    local proxy = newproxy(true)
    local own = getmetatable(proxy)
    for name, value in pairs(meta) do own[name] = value end
    -- What the script writes goes here, beside the methods.
    local fields = {}
    for name, value in pairs(meta.__index) do fields[name] = value end
    own.__index, own.__newindex, own.object = fields, fields, object
    found.objects[proxy] = object
    return proxy
  end
  if newproxy then
    -- The handle holds its object; the weak table only leads to it.
    local own = { object = object }
    for name, value in pairs(meta) do own[name] = value end
    meta = own
  end
  local handle = setmetatable({}, meta)
  found.objects[handle] = object
  return handle
end

--- The object of a handle, or nil for what is no handle of the class.
function class.object(methods, handle)
  return classes[methods].objects[handle]
end

--- The object of a handle of whatever class, or nil.
function class.of(handle)
  for _, found in pairs(classes) do
    local object = found.objects[handle]
    if object then return object end
  end
  return nil
end

-- For reports of errors.

--- The name of the class that a handle is of, and the names of its methods; or nil.
---@return string|nil, string[]
function class.methods(handle)
  for _, found in pairs(classes) do
    if found.objects[handle] then
      local names = {}
      for name in pairs(found.handle_meta.__index) do names[#names + 1] = name end
      return found.name, names
    end
  end
  return nil, {}
end

local opened = setmetatable({}, { __mode = "v" })

--- The object that something is, or was, open for, by its number; or nil.
function class.numbered(number) return opened[number] end

--- Call `f(number, name, description)` for each object that something is open for.
function class.each(f)
  for number, object in next, opened do
    local found = classes[object.class]
    if object.id == number and found then f(number, found.name, found.describe(object)) end
  end
end

--- What an object is called in a report: "TCPServer 127.0.0.1:8080".
function class.title(object)
  local found = classes[object.class]
  local said = found.describe(object)
  local host = match(said, "^(.+) %(%a+%)$")
  return found.name .. (host and " " .. host or " (" .. said .. ")")
end

--- Give an object the number of what is now open for it.
function class.open(object, id)
  object.id, opened[id] = id, object
  if object.held then object.held.id = id end
  if object.unreferenced then keep_alive(id, false) end
end

--- Nothing is open for an object any more.
function class.close(object)
  object.id = nil
  if object.held then object.held.id = nil end
end

return class
