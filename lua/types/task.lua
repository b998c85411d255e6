---@meta task

---@class task
task = {}

---What `task.start` returns.
---@class eplua.Task: eplua.Object
local Task = {}

---In another task: waits until this one has ended. It returns the results (true if there are none); or nil, message and code: `error` and what the task raised, `closed` if it was cancelled, `timeout` after `milliseconds`.
---@param milliseconds? number
---@return any ... # its results, or nil, message, code
function Task:wait(milliseconds) end

---The task gets an error where it waits, when the script has returned, and again at each later wait. What it waits for is cancelled too.
function Task:cancel() end

---Runs `f(...)` as a task: at once, up to its first wait.
---@param f fun(...)
---@param ... any
---@return eplua.Task # the task
function task.start(f, ...) end

---In a task: waits for so long. A negative time is 0.
---@param milliseconds number
---@return true # true
function task.sleep(milliseconds) end

---The task that this is called in; outside of tasks, and in coroutines of the script, nil.
---@return eplua.Task? # the task, or nil
function task.current() end

---In a task: runs the functions as tasks and waits for all. When one raises an error the others are cancelled, and the error is raised here.
---@param ... fun(): any
---@return any ... # the first result of each
function task.all(...) end

---In a task: runs the functions as tasks and waits for the first that ends: its error is raised here. The others are cancelled.
---@param ... fun(): any
---@return any ... # its results
function task.any(...) end

---Whether what `pcall` caught is the error of a cancelled task.
---@param problem any
---@return boolean # boolean
function task.isCancelled(problem) end

---A queue for values: `#queue` counts those in it.
---@param size? integer
---@return task.TaskQueue # the queue
function task.queue(size) end

---@class task.ValueCallbacks
---@field success? fun(value: any)
---@field error? fun(message: string, code: eplua.Code)

---Errors:
--- * `closed`: the queue is closed; of `get`: and empty
--- * `limit`: 1000 callbacks of `put`, or of `get`, wait already
---@class task.TaskQueue: eplua.Object
local TaskQueue = {}

---Adds a value at the end, anything but nil; waits while the queue is full.
---@param value any
---@param callbacks? eplua.Callbacks
---@return true? success, string? message, eplua.Code? code
function TaskQueue:put(value, callbacks) end

---Takes the first value; waits while the queue is empty. Values are served in order.
---@param callbacks? task.ValueCallbacks
---@return any value, string? message, eplua.Code? code
function TaskQueue:get(callbacks) end

---No value comes any more: what waits to put is `closed`. What is in it can still be taken; then `get` is `closed`.
function TaskQueue:close() end

---How many values are in it, as `#queue`.
---@return integer # number
function TaskQueue:count() end
