-- Option kinds for hosts.

local _, primitives = ...

local is_address, is_host, type = primitives.is_address, primitives.is_host, type

local hosts = {}

--- An address of this machine or of a group, with or without a zone.
function hosts.address_kind(value)
  if type(value) == "string" and is_address(value) then return value end
  return nil, "IPv4 or IPv6 address"
end

--- A name or an address.
function hosts.host_kind(value)
  if type(value) == "string" and is_host(value) then return value end
  return nil, "host name or address"
end

return hosts
