local test = require("eplua.test")
local notes = require("notes")

local expect = test.expect

local url, client

test.before(function()
  local server = notes.server()
  local port = assert(server:start("127.0.0.1", 0))
  test.after(function() server:stop() end)
  url, client = "http://127.0.0.1:" .. port .. "/notes", net.HTTPClient()
end)

--- Ask the server; the status, and what its JSON says.
local function ask(method, path, body)
  local response = assert(client:request(url .. path, { options = { method = method, data = body } }))
  return response.status, json.decode(response.data)
end

test("keeps a note", function()
  local status = ask("PUT", "/milk", '{"text": "two litres"}')
  expect(status):equal(200)
  local _, note = ask("GET", "/milk")
  expect(note):equal({ text = "two litres" })
  local _, names = ask("GET", "")
  expect(names):equal({ "milk" })
end)

test("knows no other notes", function()
  local status, problem = ask("GET", "/bread")
  expect(status):equal(404)
  expect(problem):has({ error = "there is no such note" })
end)

test("refuses what is no note", function()
  for _, body in ipairs({ "", "[]", '{"text": 1}', "{" }) do
    expect((ask("PUT", "/milk", body))):equal(400)
  end
end)
