-- A lamp on a broker: eplua main.lua mqtt://BROKER

local lamp = require("lamp")

lamp.connect(arg[1] or error("usage: eplua main.lua mqtt://BROKER", 0), "house/lamp")
