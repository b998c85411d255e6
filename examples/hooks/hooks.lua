-- What hooks_server.py asks for each request. A hook may wait: it runs as a task.
-- luacheck: read_globals temperature

local visits = {}

--- May this request be answered? true, or false and why not.
function allow(request)
  if request.path:find("^/private") and request.user ~= "admin" then
    return false, "only for admin"
  end
  return true
end

--- What is the answer? A status, headers and a body.
function answer(request)
  local user = request.user or "stranger"
  visits[user] = (visits[user] or 0) + 1
  -- The program's own function: it returns a Deferred, so it is waited for.
  local celsius = temperature("kitchen")
  local body = ("Hello, %s! Visit %d, it is %.1f °C in the kitchen.\n"):format(
    user, visits[user], celsius)
  return 200, { ["Content-Type"] = "text/plain; charset=utf-8" }, body
end
