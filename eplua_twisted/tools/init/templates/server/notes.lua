-- Notes by their names, for programs:
--   GET /notes        all names
--   GET /notes/NAME   one
--   PUT /notes/NAME   {"text": "..."}

local notes = {}

local function answer(response, status, value)
  response:send(status, { ["Content-Type"] = "application/json" }, json.encode(value))
end

--- A server with no notes yet, which does not listen yet.
function notes.server()
  local server, kept = net.HTTPServer(), {}

  server:route("GET", "/notes", function(_, response)
    local names = json.util.InitArray({})
    for name in pairs(kept) do names[#names + 1] = name end
    table.sort(names)
    answer(response, 200, names)
  end)

  server:route("GET", "/notes/:name", function(request, response)
    local note = kept[request.params.name]
    if not note then return answer(response, 404, { error = "there is no such note" }) end
    answer(response, 200, note)
  end)

  server:route("PUT", "/notes/:name", function(request, response)
    local good, note = pcall(json.decode, request.body)
    if not good or type(note) ~= "table" or type(note.text) ~= "string" then
      return answer(response, 400, { error = 'a note is {"text": "..."}' })
    end
    kept[request.params.name] = { text = note.text }
    answer(response, 200, kept[request.params.name])
  end)

  return server
end

return notes
