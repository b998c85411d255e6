-- Waiting in the middle of anything, as scripts of Home Center 3 do: what Lua runs is
-- suspended, and nothing else of the script runs until its answer has come. All that
-- Python asks of Lua runs in a coroutine then, the worker.

local core = ...

local create, yield = core.import("border/limits", "limits").create, coroutine.yield
local isyieldable = coroutine.isyieldable
local error = error

local holding = {}

local HOLD = {} -- what is yielded by what waits
local worker
local waits = false -- the worker does

local function passed(resume, co, good, ...)
  if good and (...) == HOLD then return passed(resume, co, resume(co, yield(HOLD))) end
  return good, ...
end

--- What resumes coroutines of the script: one that waits has whoever resumed it wait.
---@param resume function coroutine.resume
function holding.passing(resume)
  return function(co, ...) return passed(resume, co, resume(co, ...)) end
end

--- Whether it is possible to wait here.
function holding.can_wait() return not isyieldable or isyieldable() end

--- Whether a coroutine is none that the script has made.
function holding.is_worker(co) return co == worker end

--- "script.lua:12", where the script waits in the middle of what it does; nil if it does not.
function holding.place()
  return waits and core.import("border/reports").place_in(worker) or nil
end

--- Wait for the answer that the bridge was asked to hold all others back for; returns it.
function holding.wait() return yield(HOLD) end

--- `dispatch` in the worker.
---@param dispatch fun(ticket: integer, ok: any, ...)
---@param exit eplua.exit
---@param resume function coroutine.resume
function holding.in_worker(dispatch, exit, resume)
  local function work(...)
    dispatch(...)
    return work(yield())
  end

  local function returned(good, said)
    waits = good and said == HOLD
    if good then return end
    worker = nil
    if exit.exiting then exit.leave() end
    error(said, 0)
  end

  return function(ticket, ok, ...)
    if waits then
      -- The bridge brings nothing but the answer while the worker waits for one, and what
      -- it has to say of the entry that is over.
      if ticket == 0 then return dispatch(ticket, ok, ...) end
      return returned(resume(worker, ok, ...))
    end
    worker = worker or create(work)
    return returned(resume(worker, ticket, ok, ...))
  end
end

return holding
