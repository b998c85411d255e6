-- Routes of an HTTP server: which handler is for a method and a path.

local core = ...

local check, reports = core.import("border/check"), core.import("border/reports")
local concat, sort = table.concat, table.sort
local char, find, gsub = string.char, string.find, string.gsub
local sub, upper = string.sub, string.upper
local pairs, setmetatable, tonumber, type = pairs, setmetatable, tonumber, type

local routes = {}

local Routes = {}
Routes.__index = Routes

--- Routes are kept as a tree of path segments: each node has its `fixed` segments, one
--- `named` parameter, one `rest`, and the handlers by method of the path that ends there.
function routes.new()
  return setmetatable({ root = { fixed = {} }, any = false }, Routes)
end

local function segments_of(path)
  local list, from = {}, 2
  while true do
    local at = find(path, "/", from, true)
    list[#list + 1] = sub(path, from, at and at - 1)
    if not at then return list end
    from = at + 1
  end
end

local function check_pattern(pattern)
  if type(pattern) ~= "string" or sub(pattern, 1, 1) ~= "/" or find(pattern, "[?#%s%z]") then
    check.fail(2, "route", "path", "path that begins with /", pattern)
  end
end

--- Add a handler: ":name" in the path stands for one segment, "*name" at its end for
--- all that follow.
function Routes:add(method, pattern, handler)
  if type(method) ~= "string" or not find(method, "^[%w!#$%%&'*+.^_`|~-]+$") then
    check.fail(1, "route", "method", "HTTP method", method)
  end
  check_pattern(pattern)
  check.callback(handler, 3, "route", "handler")
  local node, names, list = self.root, {}, segments_of(pattern)
  for i = 1, #list do
    local segment = list[i]
    local kind, name = sub(segment, 1, 1), sub(segment, 2)
    if kind ~= ":" and kind ~= "*" then
      node.fixed[segment] = node.fixed[segment] or { fixed = {} }
      node = node.fixed[segment]
    elseif not find(name, "^[%a_][%w_]*$") or (kind == "*" and i < #list) then
      check.fail(2, "route", "path", "path with names as :name, or *name at its end", pattern)
    else
      local place = kind == ":" and "named" or "rest"
      node[place] = node[place] or { fixed = {} }
      node = node[place]
      names[#names + 1] = name
    end
  end
  node.handlers = node.handlers or {}
  method = upper(method)
  if node.handlers[method] then
    reports.raise("bad argument #2 to 'route' (" .. method .. " " .. pattern
      .. " has a handler already)")
  end
  node.handlers[method] = { handler = handler, names = names }
  self.any = true
end

local function unescape(text)
  return (gsub(text, "%%(%x%x)", function(digits) return char(tonumber(digits, 16)) end))
end

--- The handlers by method for a path, and the values of its names in order. What is
--- written out counts more than a name, and a name more than the rest.
local function find_node(node, list, index, values)
  if index > #list then return node.handlers and node or nil end
  local segment = list[index]
  local next_node = node.fixed[segment]
  local found = next_node and find_node(next_node, list, index + 1, values)
  if found then return found end
  if node.named and segment ~= "" then
    values[#values + 1] = unescape(segment)
    found = find_node(node.named, list, index + 1, values)
    if found then return found end
    values[#values] = nil
  end
  if node.rest and node.rest.handlers then
    values[#values + 1] = unescape(concat(list, "/", index))
    return node.rest
  end
end

--- The handler and its parameters; or nil and the methods that the path has, as the
--- value of `Allow`; or nil.
---@param path string as it was sent
function Routes:find(method, path)
  local values = {}
  local node = find_node(self.root, segments_of(path), 1, values)
  if not node then return nil end
  local handlers = node.handlers
  local found = handlers[method] or (method == "HEAD" and handlers.GET)
  if found then
    local params = {}
    for i = 1, #found.names do params[found.names[i]] = values[i] end
    return found.handler, params
  end
  local allowed = {}
  for name in pairs(handlers) do allowed[#allowed + 1] = name end
  if handlers.GET and not handlers.HEAD then allowed[#allowed + 1] = "HEAD" end
  sort(allowed)
  return nil, concat(allowed, ", ")
end

return routes
