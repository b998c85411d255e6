-- What goes on in the runtime, in numbers.

local core, primitives = ...

local tasks, tickets = core.import("border/tasks"), core.import("border/tickets")
local collect, setmetatable = collectgarbage, setmetatable
local find, sub = string.find, string.sub
local of_lua, all = primitives.stats_of_lua, primitives.stats

local stats = {}

--- What only this side knows: operations that wait, tasks, bytes.
local function own() return tickets.count(), tasks.count(), collect("count") * 1024 end

--- Tell Python.
function stats.of_lua() of_lua(own()) end

--- All there is; what is counted of each kind is in a table of its own.
function stats.now()
  local list, found = { all(own()) }, {}
  for i = 1, #list, 2 do
    local name, value = list[i], list[i + 1]
    local dot = find(name, ".", 1, true)
    if not dot then
      found[name] = value
    else
      local key = sub(name, dot + 1)
      name = sub(name, 1, dot - 1)
      found[name] = found[name] or {}
      if key ~= "" then found[name][key] = value end
    end
  end
  -- How many there are of a class is a short way down.
  return setmetatable(found, { __index = found.open })
end

return stats
