"""Whether scripts get on the network: a script tries it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from eplua_twisted.errors import ScriptError
from eplua_twisted.runtime import Runtime
from eplua_twisted.tools.doctor.finding import Finding

LONGEST = 10_000
"""Milliseconds that somebody else may take to answer."""

WHO = ("bad user name or password", "not authorized")
"""What a broker says that wants to know who a client is."""

SCRIPT = """
local longest = ...

function resolve(name) return net.resolve(name) end

-- A server on a port of its own, and a client of it.
function listen()
  local server, client = net.TCPServer(), net.TCPSocket({ timeout = longest })
  local port, message = server:start("127.0.0.1", 0, function(peer)
    peer:write("here", {})
    peer:close()
  end)
  if not port then return nil, "cannot listen: " .. message end
  local data
  data, message = client:connect("127.0.0.1", port)
  if data then data, message = client:readAll() end
  client:close()
  server:stop()
  if data then return port end
  return nil, "a server on port " .. port .. " is not reached: " .. message
end

function datagram()
  local socket = net.UDPSocket()
  local port, message = socket:bind("127.0.0.1", 0)
  socket:close()
  return port, message
end

function broker(uri)
  local client = mqtt.Client.connect(uri, { timeout = longest })
  local event, message = client:wait("connected", longest)
  client:disconnect()
  if event then return true end
  return nil, message
end

function get(url, user, password)
  local response, message = net.HTTPClient():request(url, { options = {
    user = user ~= "" and user or nil, password = user ~= "" and password or nil,
    checkCertificate = false, timeout = longest,
  } })
  if not response then return nil, message end
  return response.status
end
"""


class Network:
    """
    Asks what a script is told.

    @param runtime: it is new, and is to be stopped afterwards
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def begin(self) -> None:
        """Before all else."""
        await self._runtime.run_string(SCRIPT, "=doctor", str(LONGEST))

    async def _ask(self, name: str, *values: object) -> tuple[bool, str]:
        """@return: whether a function of the script got an answer, and that or why not"""
        try:
            answer = await self._runtime.call(name, *values)
        except ScriptError as problem:
            # What nobody can ask for: a port of 99999, a user with a colon.
            return False, re.sub(r"^doctor:\d+: ", "", problem.message)
        texts = [
            each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each)
            for each in answer
            if each is not None
        ]
        if answer and answer[0] is not None:
            return True, ", ".join(texts)
        # A code may follow the message.
        return False, texts[0]

    async def names(self) -> Finding:
        """Whether this machine knows itself."""
        good, text = await self._ask("resolve", "localhost")
        if good:
            return Finding("names", "ok", f"localhost is {text}")
        advice = "/etc/hosts should have a line '127.0.0.1 localhost'"
        return Finding("names", "failed", f"localhost: {text}", advice)

    async def listening(self, transports: str) -> Finding:
        """Whether a port can be taken on this machine, and reached."""
        good, text = await self._ask("listen")
        subject = f"TCP, {transports}"
        if good:
            return Finding(subject, "ok", f"a server on 127.0.0.1:{text} is reached")
        advice = "look for a firewall or a sandbox that keeps programs from 127.0.0.1"
        return Finding(subject, "failed", text, advice)

    async def datagrams(self) -> Finding:
        """The same with UDP."""
        good, text = await self._ask("datagram")
        if good:
            return Finding("UDP", "ok", f"127.0.0.1:{text} can be bound")
        advice = "look for a firewall or a sandbox that keeps programs from 127.0.0.1"
        return Finding("UDP", "failed", f"cannot bind: {text}", advice)

    async def broker(self, place: str) -> Finding:
        """@param place: host and port, or a URI"""
        good, text = await self._ask("broker", place)
        if good:
            return Finding("broker", "ok", f"{place} takes a client")
        advice = "is it running there, and is host and port right?"
        if text.endswith(WHO):
            advice = "it is there; a script has to give it username and password"
            return Finding("broker", "warning", f"{place}: {text}", advice)
        return Finding("broker", "failed", f"{place}: {text}", advice)

    async def controller(self, url: str, environment: Mapping[str, str]) -> Finding:
        """@param url: of a Home Center 3"""
        user, password = (
            environment.get("HC3_USER", ""),
            environment.get("HC3_PASSWORD", ""),
        )
        asked = f"{url.rstrip('/')}/api/settings/info"
        good, text = await self._ask("get", asked, user, password)
        place = urlsplit(url).netloc or url
        if not good:
            advice = "is this the URL that a browser has for it?"
            return Finding("controller", "failed", f"{place}: {text}", advice)
        if text == "200":
            return Finding("controller", "ok", f"{place} answers")
        if text in ("401", "403"):
            advice = (
                "it is there; set HC3_USER and HC3_PASSWORD to a user that it knows"
            )
            return Finding("controller", "warning", f"{place}: status {text}", advice)
        advice = "what answers there is no Home Center 3"
        return Finding("controller", "failed", f"{place}: status {text}", advice)
