from twisted.application.service import ServiceMaker

eplua = ServiceMaker(
    "eplua",
    "eplua_twisted.tap",
    "Run a Lua script with a network.",
    "eplua",
)
