-- A server that keeps notes: eplua main.lua [PORT]

local notes = require("notes")

notes.server():start("127.0.0.1", tonumber(arg[1]) or 8080, nil, {
  success = function(port) print("listening at http://127.0.0.1:" .. port .. "/notes") end,
  error = function(message) error(message, 0) end,
})
