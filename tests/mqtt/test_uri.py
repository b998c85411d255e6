"""Broker URIs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.mqtt.uri import Broker, parse


class ParseTests(SynchronousTestCase):
    def test_uris(self) -> None:
        """The forms that there are, with and without port, and TLS asked for."""
        for uri, port, secure, expected in (
            ("host", None, False, Broker("mqtt", "host", 1883)),
            ("host", 99, False, Broker("mqtt", "host", 99)),
            ("host:77", 99, False, Broker("mqtt", "host", 77)),
            ("my_device", None, False, Broker("mqtt", "my_device", 1883)),
            ("", None, False, Broker("mqtt", "", 1883)),
            ("mqtts://:5", None, False, Broker("mqtts", "", 5)),
            ("MQTT://host/", None, False, Broker("mqtt", "host", 1883)),
            ("mqtt://host", None, True, Broker("mqtts", "host", 8883)),
            ("mqtts://host:1", None, False, Broker("mqtts", "host", 1)),
            ("::1", None, False, Broker("mqtt", "::1", 1883)),
            ("[::1]:5", None, False, Broker("mqtt", "::1", 5)),
            ("mqtt://[fe80::1%25lo]:5", None, False, Broker("mqtt", "fe80::1%lo", 5)),
            ("fe80::1%lo", None, False, Broker("mqtt", "fe80::1%lo", 1883)),
            (
                "ws://my_device",
                None,
                False,
                Broker("ws", "my_device", 80, "/mqtt", "my_device"),
            ),
            ("ws://h/ä", 8, True, Broker("wss", "h", 8, "/%C3%A4", "h:8")),
            ("wss://[::1]/?a", None, False, Broker("wss", "::1", 443, "/?a", "[::1]")),
        ):
            self.assertEqual(parse(uri, port, secure), expected, uri)

    def test_round_trip(self) -> None:
        """The whole URI means the same."""
        for uri in ("host", "mqtts://[fe80::1%25lo]", "ws://h/ä?b", "wss://[::1]/%41"):
            broker = parse(uri, None, False)
            self.assertEqual(parse(broker.uri, None, False), broker)

    def test_what_is_none(self) -> None:
        for uri in (
            "http://host",
            "mqtt://host:0",
            "mqtt://host:65536",
            "mqtt://host/path",
            "mqtt://user@host",
            "ws://user:secret@host",
            "mqtt://a\nb",
            "mqtt://[::1",
            "mqtt://[host]",
            "ws://host/\x01",
        ):
            problem = self.assertRaises(OperationError, parse, uri, None, False)
            self.assertEqual(problem.code, "protocol", uri)

    @given(st.text(), st.booleans())
    def test_any_text(self, uri: str, secure: bool) -> None:
        """A broker whose URI means the same, or the one error."""
        try:
            broker = parse(uri, None, secure)
        except OperationError:
            return
        self.assertEqual(parse(broker.uri, None, False), broker)
