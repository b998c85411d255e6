-- Prints a page each time that it has changed: eplua main.lua URL

local page = require("page")

local url = arg[1] or error("usage: eplua main.lua URL", 0)

page.watch(url, 60 * 1000, print)
