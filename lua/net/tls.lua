-- The table of TLS options, the same for every class.

local core = ...

local check = core.import("check")
local type, concat = type, table.concat

local tls = {}

local function names(value)
  if type(value) ~= "table" then return nil, "array of strings" end
  for i = 1, #value do
    if type(value[i]) ~= "string" or value[i]:find(",", 1, true) then
      return nil, "array of strings"
    end
  end
  return concat(value, ",")
end

local CLIENT = {
  certificateAuthority = "string",
  clientCertificate = "string",
  privateKey = "string",
  allowUnauthorized = "boolean",
  serverName = "string",
  alpn = names,
}

local SERVER = {
  certificate = "string",
  privateKey = "string",
  clientAuthority = "string",
  alpn = names,
}

--- `tls = true` or a table: what is to be passed on, or nil for no TLS.
function tls.check(value, method, server)
  if value == nil or value == false then return nil end
  if value == true then value = {} end
  if type(value) ~= "table" then
    core.raise(("bad argument to '%s' (option tls: boolean or table expected, got %s)")
      :format(method, core.show(value)))
  end
  local checked = check.options(value, server and SERVER or CLIENT, "tls")
  if server and not (checked.certificate and checked.privateKey) then
    core.raise(("bad argument to '%s' (option tls: certificate and privateKey are required)")
      :format(method))
  end
  return checked
end

--- Names and values, flattened.
function tls.flatten(checked)
  local flat = {}
  for name, value in pairs(checked or {}) do
    flat[#flat + 1], flat[#flat + 2] = name, value
  end
  return core.unpack(flat)
end

--- Option kinds, for check.options.
function tls.client_kind(value) return tls.check(value, "tls", false) or false end

function tls.server_kind(value) return tls.check(value, "tls", true) or false end

return tls
