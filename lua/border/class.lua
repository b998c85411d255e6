-- The form all classes of the library share.

local core = ...

local setmetatable, rawget = setmetatable, rawget
local newproxy = rawget(_G, "newproxy") -- LuaJIT: tables have no __gc there
local keep_alive = core.host.keep_alive

local class = {}

--- A metatable named `name` with `methods` to fill.
function class.new(name)
  local meta = { __name = name }
  meta.__index = meta
  meta.__metatable = name
  function meta.__tostring(object) return name .. ": " .. object:describe() end

  --- The object does not keep the program alive any more.
  function meta:unref()
    self.unreferenced = true
    if self.id then keep_alive(self.id, false) end
    return self
  end

  function meta:ref()
    self.unreferenced = nil
    if self.id then keep_alive(self.id, true) end
    return self
  end
  return meta
end

--- Give an object the number of what is now open for it.
function class.open(object, id)
  object.id = id
  if object.held then object.held.id = id end
  if object.unreferenced then keep_alive(id, false) end
end

--- Nothing is open for an object any more.
function class.close(object)
  object.id = nil
  if object.held then object.held.id = nil end
end

-- Objects collected while Python may still hold something for them. A finalizer
-- can run in the middle of anything, so it leaves a note, and `sweep` acts on it.

local notes = {}

local function note(object)
  local id = object.id
  if id then notes[#notes + 1] = { object.forget, id } end
end

--- Call `forget(id)` some time after an object of the class was collected.
function class.finalize(meta, forget)
  meta.forget = forget
  meta.__gc = note
end

function class.instance(meta, fields)
  if newproxy and meta.__gc then
    local anchor = newproxy(true)
    local held = { forget = meta.forget }
    getmetatable(anchor).__gc = function() note(held) end
    fields.anchor, fields.held = anchor, held
  end
  return setmetatable(fields, meta)
end

function class.sweep()
  while notes[1] do
    local list = notes
    notes = {}
    for i = 1, #list do list[i][1](list[i][2]) end
  end
end

return class
