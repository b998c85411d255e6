"""How a runtime is one of Home Center 3."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from ipaddress import ip_address

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.values import to_bytes
from eplua_twisted.hc3.host import ScriptHost
from eplua_twisted.hc3.interfaces import IController
from eplua_twisted.hc3.log_lines import LogLine
from eplua_twisted.hc3.opening import Opened
from eplua_twisted.hc3.plain import Plain
from eplua_twisted.hc3.plan import Plan


@dataclass
class Setup:
    """
    What C{Runtime(hc3=...)} takes when C{True} does not say enough.

    @ivar controller: which controller; C{None} for one of the runtime's own
    @ivar plan: what that one is, and where others find it
    @ivar opened: one that several runtimes share, in the place of all that
    @ivar variables: QuickApp variables, over those that the script's file has
    @ivar verify: certificates of local devices are verified too
    @ivar on_line: takes each line that the script logs, in place of C{output}
    @ivar on_restart: told that the QuickApp of a device is to start anew: in a new runtime
    @ivar colour: the log lines for C{output} have the colours of their levels
    @ivar number: the device that it has, when it is started anew
    """

    controller: IController | None = None
    variables: dict[str, Plain] = field(default_factory=dict)
    verify: bool = False
    on_line: Callable[[LogLine], None] | None = None
    on_restart: Callable[[int], object] | None = None
    number: int | None = None
    plan: Plan = field(default_factory=Plan)
    opened: Opened | None = None
    colour: bool = False


def is_local(host: str) -> bool:
    """
    Whether a host is in a house: a private address, a link-local one, or a name that
    ends with C{.local}.
    """
    if host.lower().rstrip(".").endswith(".local"):
        return True
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_private or address.is_link_local


class Lenient(frozenset[str]):
    """
    The hosts whose certificates are accepted, and all local ones: devices in a house have
    certificates of their own making, and the box evidently accepts them.
    """

    log = Logger()

    def __new__(cls, hosts: Iterable[str]) -> Lenient:
        made = super().__new__(cls, hosts)
        made._warned = set()
        return made

    _warned: set[str]

    def isdisjoint(self, names: Iterable[object], /) -> bool:
        """As C{frozenset}'s; the first name is the host."""
        names = list(names)
        if not super().isdisjoint(names):
            return False
        host = str(names[0])
        if not is_local(host):
            return True
        if host not in self._warned:
            self._warned.add(host)
            self.log.warn(
                "{text}",
                text=f"the certificate of {host} is not verified, as on the box;"
                " --verify refuses one that nobody has signed",
            )
        return False


def be_hc3(
    given: object,
    environment: Environment,
    clock: IReactorTime,
    time_of_day: Callable[[], float],
    output: Callable[[bytes], None],
) -> tuple[Environment, ScriptHost]:
    """
    Make a runtime one of Home Center 3.

    @param given: true, a controller, or a L{Setup}
    @param clock: what the script's time goes by
    @param time_of_day: seconds since 1970, as the script takes them
    @param output: takes each line that the script logs, unless the setup has something else
    @return: its environment, and its host
    """
    if isinstance(given, Setup):
        setup = given
    else:
        setup = Setup(None if given is True else IController(given))
    if not setup.verify:
        allowed = Lenient(environment.allow_unauthorized)
        environment = replace(environment, allow_unauthorized=allowed)
    opened = setup.opened or Opened(
        setup.plan, environment, clock, time_of_day, setup.controller
    )
    opened.be_local(environment)

    def show(line: LogLine) -> None:
        output(to_bytes(line.shown(setup.colour)))

    take = setup.on_line or show

    def write(line: LogLine) -> None:
        opened.logged(line)
        take(line)

    host = ScriptHost(
        opened,
        environment.bridge,
        environment.resources.on_fewer,
        environment.reactor,
        clock,
        time_of_day,
        write,
        setup.variables,
        setup.opened is None,
        environment.access.files,
    )
    host.device_id = setup.number
    if setup.on_restart is not None:
        host.on_restart = setup.on_restart
    return environment, host
