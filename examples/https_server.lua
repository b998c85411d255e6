-- https and wss on one port, with a certificate.
--
--   python -m trustme -i localhost          makes server.pem, server.key and client.pem
--   eplua https_server.lua server.pem server.key 8443
--   curl --cacert client.pem https://localhost:8443/
--
-- client.pem is the authority that signed the certificate: without it curl refuses.

local certificate, key, port = arg[1], arg[2], tonumber(arg[3]) or 8443
if not key then
  print("usage: eplua https_server.lua CERTIFICATE KEY [PORT]")
  os.exit(2)
end

local server = net.HTTPServer({ tls = { certificate = certificate, privateKey = key } })

local live
live = server:websocket("/live", {
  receive = function(id, data) live:send(id, "Echo: " .. data) end,
})

server:start("localhost", port, function(request, response)
  if request.path ~= "/" then return response:send(404) end
  response:send(200, { ["Content-Type"] = "text/plain" }, "Hello, " .. request.ip .. "\n")
end, {
  success = function(actual) print("https://localhost:" .. actual .. "/") end,
  error = function(message)
    print(message)
    os.exit(1)
  end,
})
