std = "min" -- What all four Lua versions have; guards for the rest are marked.
max_line_length = 100
globals = {
  "net", "mqtt", "json", "task", "eplua",
  "setTimeout", "setInterval", "clearTimeout", "clearInterval",
}
files["lua"] = {
  globals = { "_G", "package", "loadfile", "dofile", "print", "os", "coroutine", "arg" },
}
-- Definitions for editors: globals that are set, functions without a body.
exclude_files = { "lua/types" }
ignore = { "212/self" }
files["tests/border/hostile"] = { globals = { "ran" } }
-- What these get from the program around them, and what it calls.
files["examples/hooks/hooks.lua"] = { globals = { "allow", "answer" } }
-- Scripts of Home Center 3, whose Lua is 5.3.
files["examples/hc3/*.lua"] = {
  std = "lua53",
  globals = { "QuickApp", "fibaro", "Modbus", "Meter", "Relay", "Zone", "HubDevice", "PumpSensor" },
  read_globals = { "QuickAppChild", "RefreshStateSubscriber", "api", "class", "plugin", "urlencode" },
  ignore = { "212/self", "512" },
}
files["examples/hc3/devices"] = { std = "lua53" }
files["tests/loopback/hc3/screen.lua"] = {
  globals = { "QuickApp" }, read_globals = { "QuickAppChild" }, max_line_length = false,
}
