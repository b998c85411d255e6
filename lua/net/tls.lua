-- The TLS options: one table for everything that can speak TLS.

local core = ...

local check, hosts = core.import("border/check"), core.import("net/hosts", "resolve")
local options, reports = core.import("border/options"), core.import("border/reports")
local permissions = core.import("border/permissions", "access")
local type, format, pairs = type, string.format, pairs

---@class net.tls
---@field certificateAuthority? string PEM text or file, trusted besides the system's
---@field clientCertificate? string PEM text or file
---@field privateKey? string PEM text or file
---@field certificate? string PEM text or file: a server's
---@field clientAuthority? string PEM text or file: clients must show a certificate of it
---@field allowUnauthorized? boolean accept any certificate
---@field serverName? string SNI, and what the certificate must be for
---@field alpn? string[]
---@field minVersion? string "1.2", or "1.0", "1.1", "1.3"
---@field legacy? boolean old ciphers and short keys, for devices

local tls = {}

local function pem_kind(value)
  if type(value) == "string" and value ~= "" then return permissions.pem(value) end
  return nil, "string that is not empty"
end

local PROTOCOLS = 100 -- names in one offer, more than anybody has

local function protocols(value)
  local expected = "array of at most " .. PROTOCOLS .. " strings of 1 to 255 bytes"
  if type(value) ~= "table" then return nil, expected end
  local count, own = 0, {}
  for _ in pairs(value) do count = count + 1 end
  if count > PROTOCOLS then return nil, expected end
  for i = 1, count do
    local each = value[i]
    if type(each) ~= "string" or #each < 1 or #each > 255 then return nil, expected end
    own[i] = each
  end
  return own
end

local VERSIONS = { ["1.0"] = true, ["1.1"] = true, ["1.2"] = true, ["1.3"] = true }

local function version(value)
  if type(value) == "number" then value = format("%.1f", value) end
  if type(value) == "string" and VERSIONS[value] then return value end
  return nil, '"1.0", "1.1", "1.2" or "1.3"'
end

local KNOWN = {
  certificateAuthority = pem_kind,
  clientCertificate = pem_kind,
  privateKey = pem_kind,
  certificate = pem_kind,
  clientAuthority = pem_kind,
  allowUnauthorized = "boolean",
  serverName = hosts.host_kind,
  alpn = protocols,
  minVersion = version,
  legacy = "boolean",
}

local function need(checked, first, second, method, index)
  if checked[first] and not checked[second] then
    reports.raise(format("bad argument #%d to '%s' (option tls: %s needs %s)",
      index, method, first, second))
  end
end

--- The options of a script, checked: false for none.
---@param value boolean|net.tls|nil
---@param method string what the script called
---@param index integer which argument of it
---@param server boolean|nil then certificate and privateKey are needed
---@param own table|nil further kinds, of a table that HC3 scripts write: what is unknown
--- in it warns
function tls.check(value, method, index, server, own)
  if value == nil or value == false then return false end
  if value == true then value = {} end
  if type(value) ~= "table" then
    check.fail(index, method, "option tls", "true or a table", value)
  end
  local known = KNOWN
  if own then
    known = {}
    for name, kind in pairs(KNOWN) do known[name] = kind end
    for name, kind in pairs(own) do known[name] = kind end
  end
  local checked = options.check(value, known, method, index, own ~= nil, "tls.")
  if server and not (checked.certificate and checked.privateKey) then
    reports.raise(format(
      "bad argument #%d to '%s' (option tls: certificate and privateKey are required)",
      index, method))
  end
  need(checked, "clientCertificate", "privateKey", method, index)
  need(checked, "certificate", "privateKey", method, index)
  if not checked.certificate then
    need(checked, "privateKey", "clientCertificate", method, index)
  end
  return checked
end

--- The same as kinds of `options.check`.
function tls.client_kind(value, method, index)
  return tls.check(value, method, index)
end

function tls.server_kind(value, method, index)
  return tls.check(value, method, index, true)
end

return tls
