---@meta hc3.names

---The same as `print`: a line with the script's tag.
---@param ... any
function _print(...) end

---@param ... any
function __print(...) end

---@param tag string
---@param message string
---@param level? string
function __fibaro_add_debug_message(tag, message, level) end

---@param id integer
---@return table? # a device
function __fibaro_get_device(id) end

---@return table[] # all devices
function __fibaro_get_devices() end

---@param type string
---@return table[] # devices
function __fibaro_get_devices_by_type(type) end

---@param id integer
---@param name string
---@return table? # `value` and `modified` of a property
function __fibaro_get_device_property(id, name) end

---@param name string
---@return table? # a global variable
function __fibaro_get_global_variable(name) end

---@param id integer
---@return table? # a room
function __fibaro_get_room(id) end

---@param id integer
---@return table? # a scene
function __fibaro_get_scene(id) end

---@param id integer
---@return table? # a partition of the alarm
function __fibaro_get_partition(id) end

---@return table[] # all of them
function __fibaro_get_partitions() end

---@return table[] # those that are breached
function __fibaro_get_breached_partitions() end

---@return boolean # true
function __fibaroUseAsyncHandler() end

---@param milliseconds number
function __fibaroSleep(milliseconds) end

---The parts of a string between any of these characters, spaces without them; empty parts are left out.
---@param s string
---@param separators? string
---@return string[] # parts
function string.split(s, separators) end

---@param s string
---@param prefix string
---@return boolean # boolean
function string.starts(s, prefix) end

---@return integer # the greatest whole number that is a key, 0 without one
---@param t table
function table.maxn(t) end

---The same as `table.unpack`.
---@param list table
---@param first? integer
---@param last? integer
---@return any ... # the values
function unpack(list, first, last) end

---The same as `load`.
---@param chunk string|function
---@param ... any
---@return function? f, string? message # the chunk; or nil and what is wrong with it
function loadstring(chunk, ...) end

---@param x number
---@param y number
---@return number # x to the power of y
function math.pow(x, y) end

---@param x number
---@return number # the logarithm to base 10
function math.log10(x) end

---@param x number
---@return number # number
function math.cosh(x) end

---@param x number
---@return number # number
function math.sinh(x) end

---@param x number
---@return number # number
function math.tanh(x) end

---@param m number
---@param e number
---@return number # m times 2 to the power of e
function math.ldexp(m, e) end

---@param x number
---@return number m, integer e # m and e of x = m times 2 to the power of e
function math.frexp(x) end

---@param y number
---@param x number
---@return number # the same as `math.atan`
function math.atan2(y, x) end

---Of Lua 5.2: words of 32 bits.
---@class bit32
bit32 = {}

---@param ... number
---@return integer # the bits that are in all
function bit32.band(...) end

---@param ... number
---@return integer # those that are in any
function bit32.bor(...) end

---@param ... number
---@return integer # those that are in an odd number of them
function bit32.bxor(...) end

---@param ... number
---@return boolean # whether any bit is in all
function bit32.btest(...) end

---@param x number
---@return integer # the others
function bit32.bnot(x) end

---@param x number
---@param by integer
---@return integer # moved up; a negative number is the other way
function bit32.lshift(x, by) end

---@param x number
---@param by integer
---@return integer # moved down
function bit32.rshift(x, by) end

---@param x number
---@param by integer
---@return integer # moved down, with the highest bit kept
function bit32.arshift(x, by) end

---@param x number
---@param by integer
---@return integer # turned up
function bit32.lrotate(x, by) end

---@param x number
---@param by integer
---@return integer # turned down
function bit32.rrotate(x, by) end

---@param x number
---@param field integer
---@param width? integer
---@return integer # `width` bits (1) from bit `field` on
function bit32.extract(x, field, width) end

---@param x number
---@param value number
---@param field integer
---@param width? integer
---@return integer # x with these bits in place of its own
function bit32.replace(x, value, field, width) end
