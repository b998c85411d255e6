local body = ("x"):rep(64)
net.HTTPServer():start("127.0.0.1", 0, function(_, response)
  response:send(200, { ["Content-Type"] = "text/plain" }, body)
end, { success = print })
