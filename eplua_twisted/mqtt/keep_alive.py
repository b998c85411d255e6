"""PINGREQ in time, and a broker that does not answer it."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.mqtt.paho import PahoClient


class KeepAlive:
    """Has paho look after the keep-alive period of a connection."""

    LOOKS = 4
    """How often within the period; brokers wait for one and a half (3.1.2.10)."""

    def __init__(
        self, reactor: IReactorTime, paho: PahoClient, looked: Callable[[], None]
    ) -> None:
        """@param looked: called when paho has looked; it closes its socket in the end"""
        self._paho = paho
        self._looked = looked
        self._deadline = Deadline(reactor, self._look)
        self._paused = False

    def start(self) -> None:
        """The broker has accepted the connection."""
        # It may have set another period than the script (MQTT 5, 3.2.2.3.14).
        if self._paho.keepalive:
            self._deadline.restart(self._paho.keepalive / self.LOOKS)

    def stop(self) -> None:
        """The connection is over."""
        self._deadline.cancel()

    def pause(self) -> None:
        """What the broker answers is not read just now."""
        self._paused = True

    def resume(self) -> None:
        """It is read again, and first of all."""
        self._paused = False
        if self._deadline.active:
            self.start()

    def _look(self) -> None:
        self.start()
        if self._paused:
            self._paho.ping()
        else:
            self._paho.loop_misc()
        self._looked()
