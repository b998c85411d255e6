-- What a script does not find, or finds changed, where it has a sandbox or limits: ways to
-- files, to other programs, and into the functions of the library.

local core, primitives = ...

local core_open, input, output, lines = io.open, io.input, io.output, io.lines
local tmpfile, remove, rename, tmpname = io.tmpfile, os.remove, os.rename, os.tmpname
local getinfo, traceback = debug.getinfo, debug.traceback
local error, getmetatable, next, pcall, rawget, select, tostring, type =
  error, getmetatable, next, pcall, rawget, select, tostring, type
local find, format, gsub = string.find, string.format, string.gsub
local file_methods = getmetatable(io.stdout).__index
local read, close = file_methods.read, file_methods.close
local reports = core.import("border/reports")
local path_of = primitives.access_path
local globals = _G
local package = globals.package

local LARGEST_PEM = 1024 * 1024

local permissions = {}

local sandboxed, limited, reads = primitives.access_limits()

--- Whether the script has a sandbox.
permissions.sandboxed = sandboxed

--- Number and count of the processes that run the script; nil for one alone.
permissions.worker = primitives.access_worker

local EACCES = 13
local TEMPORARY = "/tmp/lua_temporary"

local PEM = "-----BEGIN "

--- What an option of the script's is, that is a text of PEM or names a file of it. Where
--- files are limited it is the text: by the time that a file is used the script may have
--- put another one in its place. Raises where it is not permitted.
function permissions.pem(value)
  if not reads or find(value, PEM, 1, true) then return value end
  local real, message = path_of(value, "read", false)
  if not real then reports.raise(message) end
  local file, problem = core_open(real, "rb")
  if not file then reports.raise(problem) end
  local content = read(file, LARGEST_PEM)
  close(file)
  if not content or not find(content, PEM, 1, true) then
    reports.raise(value .. ": no PEM text")
  end
  return content
end

--- The file of a module, or nil: there is none that may be loaded.
permissions.module = primitives.access_module

--- Where the script is; "" for nowhere.
permissions.beside = primitives.access_beside

if not limited then return permissions end

--- Take a library away, or all of it but some functions.
local function keep(name, names)
  local found = rawget(globals, name)
  if type(found) ~= "table" then return end
  for key in next, found do
    if not (names and names[key]) then found[key] = nil end
  end
  if not names then globals[name], package.loaded[name] = nil, nil end
end

-- LuaJIT: `module` makes tables where the library and lupa look for theirs.
globals.module, package.seeall = nil, nil
if reads then package.searchpath = nil end
for name in next, package.preload do
  if name ~= "table.new" and name ~= "table.clear" then package.preload[name] = nil end
end
package.loaded["jit.opt"] = nil
keep("jit", { version = true, version_num = true, os = true, arch = true })

if sandboxed then
  keep("io")
  keep("debug")
  keep("os", { clock = true, date = true, difftime = true, time = true })
  globals.string.dump = nil
  return permissions
end

-- The functions of the library lead to those of Lua that are not limited.

keep("debug", { traceback = true })
globals.debug.traceback = traceback

function globals.debug.getinfo(...)
  local co, f, what = ...
  if type(co) ~= "thread" then co, f, what = nil, co, f end
  if type(what) == "string" then
    what = gsub(what, "[f>]", "")
  elseif what == nil then
    what = "nSlu"
  end
  local good, info
  if co then
    good, info = pcall(getinfo, co, f, what)
  else
    if type(f) == "number" then f = f + 2 end
    good, info = pcall(getinfo, f, what)
  end
  if not good then error(info, 2) end
  return info
end

-- Files.

local function text_of(value, index, method)
  if type(value) == "number" then return tostring(value) end
  if type(value) == "string" then return value end
  error(format("bad argument #%d to '%s' (string expected, got %s)", index, method,
    value == nil and "no value" or type(value)), 3)
end

--- The path to use for what a mode of `io.open` does; or nil and why there is none.
local function opened(path, mode)
  local real, message = path, nil
  if find(mode, "r", 1, true) or find(mode, "+", 1, true) then
    real, message = path_of(path, "read", false)
    if not real then return nil, message end
  end
  if not find(mode, "^rb?$") then real, message = path_of(path, "write", false) end
  return real, message
end

function globals.io.open(path, mode)
  path, mode = text_of(path, 1, "open"), mode == nil and "r" or text_of(mode, 2, "open")
  if not find(mode, "^[rwa]%+?b?$") then
    error("bad argument #2 to 'open' (invalid mode)", 2)
  end
  local real, message = opened(path, mode)
  if not real then return nil, message, EACCES end
  return core_open(real, mode)
end

function globals.io.lines(path, ...)
  if path == nil then return lines(path, ...) end
  local real, message = opened(text_of(path, 1, "lines"), "r")
  if not real then error(message, 2) end
  return lines(real, ...)
end

--- `io.input` and `io.output`: with a name they open a file.
local function standard(plain, method, mode)
  return function(file, ...)
    local kind = type(file)
    if kind ~= "string" and kind ~= "number" then
      if select("#", ...) == 0 and file == nil then return plain() end
      return plain(file)
    end
    local real, message = opened(text_of(file, 1, method), mode)
    if not real then error(message, 2) end
    return plain(real)
  end
end

globals.io.input = standard(input, "input", "r")
globals.io.output = standard(output, "output", "w")

function globals.io.tmpfile()
  local real, message = path_of(TEMPORARY, "write", true)
  if not real then return nil, message, EACCES end
  return tmpfile()
end

function globals.os.tmpname()
  local real, message = path_of(TEMPORARY, "write", true)
  if not real then error(message, 2) end
  return tmpname()
end

function globals.os.remove(path)
  local real, message = path_of(text_of(path, 1, "remove"), "write", true)
  if not real then return nil, message, EACCES end
  return remove(real)
end

function globals.os.rename(from, to)
  from, to = text_of(from, 1, "rename"), text_of(to, 2, "rename")
  -- What may not be read where it is may not be moved to where it may.
  local old, message = path_of(from, "read", true)
  if old then old, message = path_of(from, "write", true) end
  local new
  if old then new, message = path_of(to, "write", true) end
  if not new then return nil, message, EACCES end
  return rename(old, new)
end

-- Another program is held by no limit of ours.

local REFUSED = "Permission denied: other programs are not started where --allow-read,"
  .. " --allow-write, --allow-net, --allow-listen or --deny-net limit the script"

function globals.io.popen(program)
  text_of(program, 1, "popen")
  return nil, REFUSED, EACCES
end

function globals.os.execute(command)
  if command == nil then return false end
  text_of(command, 1, "execute")
  return nil, REFUSED, EACCES
end

return permissions
