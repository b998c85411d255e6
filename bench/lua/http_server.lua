-- By path: 64 bytes, 1 MiB, or the same in 64 pieces; with a certificate over https.
local body, large, piece = ("x"):rep(64), ("\0"):rep(1048576), ("\0"):rep(16384)
local tls = arg[1] and { certificate = arg[1], privateKey = arg[1] }

local server = net.HTTPServer({ maxConnections = 100000, tls = tls })
server:start("127.0.0.1", 0, function(request, response)
  if request.method == "POST" then
    response:send(200, nil, tostring(#request.body))
  elseif request.path == "/large" then
    response:send(200, nil, large)
  elseif request.path == "/stream" then
    for _ = 1, 64 do response:write(piece) end
    response:finish()
  else
    response:send(200, { ["Content-Type"] = "text/plain" }, body)
  end
end, { success = print })
