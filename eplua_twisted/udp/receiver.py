"""Datagrams on their way to a script."""

from __future__ import annotations

from typing import Any

from twisted.python.failure import Failure

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.values import to_bytes
from eplua_twisted.errors import INTERNAL, describe


class Receiver:
    """
    What a socket and a session of DTLS have in common.  The queue, and the receives
    that wait, are in C{lua/net/inbox.lua}.

    @ivar expected: receives wait: the program is kept alive for them
    """

    id: int

    def __init__(self, environment: Environment, listener: int) -> None:
        """@param listener: the ticket that is answered with what comes"""
        self._environment = environment
        self._listener = listener
        self.expected = False

    def _regulate(self) -> None:
        """Something is expected, or no longer: see L{Resources.count}."""
        raise NotImplementedError

    def expect(self, expected: bool) -> None:
        """Whether receives wait."""
        self.expected = expected
        self._regulate()

    def _arrived(self, *datagrams: Any) -> None:
        """@param datagrams: data, address and port of each, flat"""
        self._environment.bridge.answer(self._listener, self.id, True, *datagrams)

    def _failed(self, problem: BaseException, over: bool) -> None:
        """
        One receive fails.

        @param over: all do, and nothing comes any more
        """
        code, message = describe(Failure(problem)) or INTERNAL
        self._environment.bridge.answer(
            self._listener, self.id, True, None, to_bytes(code), to_bytes(message), over
        )
