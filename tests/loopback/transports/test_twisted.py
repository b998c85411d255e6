"""Twisted's own tests of transports, with connections and ports of ours."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.test import test_tcp, test_udp, test_unix
from twisted.test import test_udp as test_datagrams

from eplua_twisted.transports.reactor import LeanReactor

CONTEXT = {
    "test_logPrefix": "events have no logging context: that is what they cost less by",
}

BINDINGS = dict.fromkeys(
    (
        "test_bindAddressBasic",
        "test_bindAddressReuseAddr",
        "test_bindAddressReusePort",
        "test_bindAddressReuseAddrPort",
    ),
    "connections are made from a host and a port; all else of a Binding is private",
)

DESCRIPTORS = dict.fromkeys(
    (
        "test_avoidLeakingFileDescriptors",
        "test_descriptorDeliveredBeforeBytes",
        "test_fileDescriptorOverrun",
        "test_sendFileDescriptor",
        "test_sendFileDescriptorTriggersPauseProducing",
    ),
    "descriptors are not sent: our UNIX connections do not provide IUNIXTransport",
)

BUILDERS: dict[Any, dict[str, str]] = {
    test_tcp.TCP4ClientTestsBuilder: CONTEXT,
    test_tcp.TCP6ClientTestsBuilder: CONTEXT,
    test_tcp.TCPPortTestsBuilder: {},
    test_tcp.TCPConnectionTestsBuilder: {},
    test_tcp.TCP4ConnectorTestsBuilder: {},
    test_tcp.TCP6ConnectorTestsBuilder: {},
    test_tcp.TCPTransportTestsBuilder: {},
    test_tcp.TestBindAddressBuilder: BINDINGS,
    test_tcp.AbortConnectionTests: {},
    test_unix.UNIXTestsBuilder: {**CONTEXT, **DESCRIPTORS},
    test_unix.UNIXPortTestsBuilder: {},
    test_unix.UnixClientTestsBuilder: {},
    test_udp.UDPServerTestsBuilder: CONTEXT,
}
"""Each with those of its tests that cannot hold, and why."""

REACTORS = (
    "twisted.internet.epollreactor.EPollReactor",
    "twisted.internet.pollreactor.PollReactor",
    "twisted.internet.selectreactor.SelectReactor",
    "twisted.internet.test.reactormixins.AsyncioSelectorReactor",
)


class FullOnce:
    """A socket that is full when something is written for the first time."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._full = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def send(self, data: bytes) -> int:
        if self._full:
            self._full = False
            raise BlockingIOError(11, "full")
        return int(self._socket.send(data))


class Lean:
    """Mixed into a builder of Twisted's tests."""

    _reactors = REACTORS

    def buildReactor(self) -> Any:
        made = LeanReactor(super().buildReactor())  # type: ignore[misc]
        self.addCleanup(made.poller.rest)  # type: ignore[attr-defined]
        return made

    def getTimeout(self) -> float:
        return 10.0

    def setWriteBufferSize(self, transport: Any, value: int) -> None:
        """Our buffer is what the system does not take."""
        transport.socket = FullOnce(transport.socket)
        # As when no other connection is ready: nothing is held back.
        transport.reactor.late, transport.reactor.alone = None, False


def left_out(why: str) -> Any:
    """A test that is skipped."""

    def test(self: object) -> None:
        raise AssertionError(why)

    test.skip = why  # type: ignore[attr-defined]
    return test


for builder, without in BUILDERS.items():
    tests = {name: left_out(why) for name, why in without.items()}
    kind: Any = type(f"Lean{builder.__name__}", (Lean, builder), tests)
    globals().update(kind.makeTestCaseClasses())


class OnLean:
    """Mixed into cases of Twisted's that use the reactor that there is."""

    def setUp(self) -> Any:
        made = LeanReactor(global_reactor)  # type: ignore[arg-type]
        self.patch(test_datagrams, "reactor", made)  # type: ignore[attr-defined]
        self.addCleanup(made.poller.rest)  # type: ignore[attr-defined]
        before: Any = getattr(super(), "setUp", None)
        return before() if before is not None else None


class LeanUDPTests(OnLean, test_datagrams.UDPTests):
    pass


class LeanShutdownTests(OnLean, test_datagrams.ReactorShutdownInteractionTests):
    pass


class LeanMulticastTests(OnLean, test_datagrams.MulticastTests):
    pass


class LeanMulticastTestsIPv6(OnLean, test_datagrams.MulticastTestsIPv6):
    pass
