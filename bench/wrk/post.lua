-- luacheck: globals init wrk
-- wrk's script for a body: its size comes after "--".
function init(args)
  wrk.method = "POST"
  wrk.body = ("x"):rep(tonumber(args[1]))
end
