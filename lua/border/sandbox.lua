-- What a script does not find: no way to Python, to C code, or to bytecode (which can
-- crash the process). HC3 has neither loadfile nor dofile, and published scripts test
-- for that.

local core = ...

local globals, package = _G, _G.package
local error, getmetatable, rawget, select, setmetatable, tonumber, type =
  error, getmetatable, rawget, select, setmetatable, tonumber, type
local concat, plain_load, open, pcall = table.concat, load, io.open, pcall
local find, format, gmatch, gsub, sub =
  string.find, string.format, string.gmatch, string.gsub, string.sub
local file_methods = getmetatable(io.stdout).__index
local read, close = file_methods.read, file_methods.close

local permissions = core.import("border/permissions", "access")

local sandbox = {}

local function loaded(good, ...)
  if good then return ... end
  return nil, (...)
end

--- Lua 5.4 gives what is nested too deep to the message handler that is set just then, and
--- returns what that has made of it; so there is none.
local function load(...) return loaded(pcall(plain_load, ...)) end

globals.python = nil
package.loaded.python = nil
package.loaded.ffi, package.preload.ffi = nil, nil
package.loaded["jit.util"], package.loaded["jit.profile"] = nil, nil
package.preload["jit.util"], package.preload["jit.profile"] = nil, nil
package.loadlib, package.cpath = nil, ""
globals.loadfile, globals.dofile = nil, nil

local searchers = rawget(package, "searchers") or package.loaders
for i = #searchers, 3, -1 do searchers[i] = nil end

local function check_loaded(chunk, name, method)
  local kind, named = type(chunk), type(name)
  if kind ~= "string" and kind ~= "number" and kind ~= "function" then
    error(format("bad argument #1 to '%s' (function expected, got %s)", method, kind), 3)
  elseif named ~= "string" and named ~= "number" and named ~= "nil" then
    error(format("bad argument #2 to '%s' (string expected, got %s)", method, named), 3)
  end
end

-- What says that it is a file of the library's would not be taken for the script's own.
local function honest(name)
  if type(name) == "string" and find(name, core.PREFIX, 1, true) == 1 then
    return "=" .. sub(name, 2)
  end
  return name
end

function globals.load(chunk, name, _, ...)
  check_loaded(chunk, name, "load")
  if type(chunk) == "function" then
    local parts, part = {}, chunk()
    while part and part ~= "" do
      parts[#parts + 1] = part
      part = chunk()
    end
    chunk = concat(parts)
    name = name or "=(load)"
  end
  name = honest(name)
  if select("#", ...) == 0 then return load(chunk, name, "t", globals) end
  return load(chunk, name, "t", (...))
end

if rawget(globals, "loadstring") then
  function globals.loadstring(chunk, name)
    check_loaded(chunk, name, "loadstring")
    return load(chunk, honest(name), "t", globals)
  end
end

-- LuaJIT: where the globals of the Lua state are found, it is the script's that are meant.

local get_environment, set_environment = rawget(globals, "getfenv"), rawget(globals, "setfenv")

if get_environment then
  local real, library = core.state_globals, core.environment
  setmetatable(real, {
    __metatable = false,
    __index = function(_, name)
      if name ~= "debug" then return globals[name] end
    end,
    __newindex = globals,
  })

  local function level_of(f)
    local level = f == nil and 1 or tonumber(f)
    return level and level > 0 and level + 1 or f
  end

  function globals.getfenv(f)
    local environment = get_environment(level_of(f))
    return (environment == real or environment == library) and globals or environment
  end

  function globals.setfenv(f, environment)
    local level = level_of(f)
    local old = get_environment(level)
    if old == real or old == library then
      error("'setfenv' cannot change the environment of given object", 2)
    end
    local changed = set_environment(level, environment)
    return changed
  end
end

-- Modules of the script are files of text beside it.

local beside = "."

--- Look for modules in the script's directory.
function sandbox.search_beside(directory)
  beside = directory
  permissions.beside(directory)
  -- Where the directory's name has a character of templates, these cannot say it.
  local plain = directory ~= "" and not find(directory, "[;?]")
  package.path = plain and directory .. "/?.lua;" .. directory .. "/?/init.lua" or ""
end

local function load_module(name, path)
  local real = permissions.module(path)
  local file = real and open(real, "rb")
  if not file then return nil end
  local code = read(file, "*a")
  close(file)
  -- A directory can be opened, and not read.
  if not code then return nil end
  -- As Lua's own: no mark of UTF-8, and no line for a shell.
  code = gsub(code, "^\239\187\191", "")
  if sub(code, 1, 1) == "#" then code = "--" .. code end
  local chunk, problem = load(code, honest("@" .. path), "t", globals)
  if chunk then return chunk end
  error(format("error loading module '%s' from file '%s':\n\t%s", name, path, problem), 0)
end

searchers[2] = function(name)
  local inner = gsub(name, "%.", "/")
  local paths = { beside .. "/" .. inner .. ".lua", beside .. "/" .. inner .. "/init.lua" }
  local seen, tried = {}, {}
  for template in gmatch(type(package.path) == "string" and package.path or "", "[^;]+") do
    paths[#paths + 1] = gsub(template, "%?", (gsub(inner, "%%", "%%%%")))
  end
  for i = 1, #paths do
    local path = paths[i]
    if not seen[path] then
      seen[path] = true
      local chunk = load_module(name, path)
      if chunk then return chunk, path end
      tried[#tried + 1] = "\n\tno file '" .. path .. "'"
    end
  end
  return concat(tried)
end

return sandbox
