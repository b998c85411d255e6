---@meta eplua

---The stable word that every error has beside its message.
---@alias eplua.Code
---| "timeout" # Operation canceled
---| "eof" # End of file
---| "closed" # Operation canceled; only a waiting task sees it: the script closed the object
---| "refused" # Connection refused
---| "reset" # Connection reset by peer
---| "unreachable" # Network is unreachable, or No route to host
---| "dns" # Host not found
---| "in_use" # Address already in use
---| "denied" # Permission denied: by the system, or by an option that the message names
---| "tls" # what TLS failed by; where a certificate was not accepted, the option that would accept it
---| "state" # Not connected, Already connected, and the like
---| "limit" # which bound was met, and the option that moves it
---| "protocol" # what the peer did against the protocol
---| "error" # what a task has raised; only `task:wait` gives it
---| "internal" # internal error: a bug of this package; the log has its traceback

---What an operation calls that has no values; without it a task waits.
---@class eplua.Callbacks
---@field success? fun()
---@field error? fun(message: string, code: eplua.Code)

---@class eplua.DataCallbacks
---@field success? fun(data: string)
---@field error? fun(message: string, code: eplua.Code)

---@class eplua.DatagramCallbacks
---@field success? fun(data: string, ip: string, port: integer)
---@field error? fun(message: string, code: eplua.Code)

---@class eplua.PortCallbacks
---@field success? fun(port: integer)
---@field error? fun(message: string, code: eplua.Code)

---@class eplua.AddressCallbacks
---@field success? fun(address: string, ...: string)
---@field error? fun(message: string, code: eplua.Code)

---What is open for as long as the script has it.
---@class eplua.Object
local Object = {}

---It keeps the program alive, as in the beginning.
---@return self # the object
function Object:ref() end

---It does not keep the program alive any more.
---@return self # the object
function Object:unref() end

---What setTimeout and setInterval return.
---@class eplua.Timer: eplua.Object
local Timer = {}

---Calls `f(...)` once, after a time and never inside this call. 0 is after what runs now; a negative time is 0.
---@param f fun(...)
---@param milliseconds? number
---@param ... any
---@return eplua.Timer # the timer
function setTimeout(f, milliseconds, ...) end

---Calls `f(...)` again and again, counted from now without drift. A tick that is missed is skipped; an error in `f` does not end it.
---@param f fun(...)
---@param milliseconds? number
---@param ... any
---@return eplua.Timer # the timer
function setInterval(f, milliseconds, ...) end

---Ends a timer. What is over already, nil, and what is no timer are left alone.
---@param timer? eplua.Timer
function clearTimeout(timer) end

---The same as `clearTimeout`.
---@param timer? eplua.Timer
function clearInterval(timer) end

---Writes its arguments, as `tostring` has them, with tabs between them and a line's end: to standard output, under `twistd` to the log, embedded to `Runtime(output=...)`.
---@param ... any
function print(...) end

---Stops the runtime in good order; no code of the script runs after it. true is 0, false is 1, nil 0 or, after an error that was not handled, 1.
---@param code? integer|boolean
function os.exit(code) end

---The script's arguments, with its own name at 0.
---@type string[]
arg = {}

---@class eplua.Worker
---@field number integer # of this process, from 1
---@field count integer # how many there are

---@class eplua
---@field version string the version of this package
---@field worker? eplua.Worker which of several processes this is (`twistd eplua --workers`); nil for one alone
eplua = {}

---What goes on in the runtime at one moment. `stats.TCPSocket` is short for `stats.open.TCPSocket`.
---@class eplua.Stats
---@field open table<string, integer> # how many are open of each kind, by the names of the public classes; what is not there is none
---@field waiting integer # operations that wait for their answers
---@field tasks integer # tasks that have not ended
---@field timers integer # timers that are set, those of the library among them
---@field callbacks integer # how often the script was entered: for callbacks, and to let tasks go on
---@field callbacksPerSecond number # the same by the time since the numbers were last asked for, at least a second ago; the first time, since the beginning
---@field longestCallback number # milliseconds of the longest one, main chunks included
---@field longestCallbackAt string # file and line where that begins
---@field queue integer # answers that are here and wait until the script has returned
---@field bytesIn table<string, integer> # bytes that have come, by what carries them: `tcp`, `unix`, `udp`; those of TLS are its own
---@field bytesOut table<string, integer> # bytes that the system has taken, in the same way
---@field memory integer # bytes of the Lua state, as Lua counts them: 5.5 leaves long strings out
---@field [string] integer # how many are open of that class

---What goes on, in numbers: what is open, what waits, callbacks, bytes, memory.
---@return eplua.Stats # table: see below
function eplua.stats() end
