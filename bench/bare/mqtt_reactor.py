"""Bare paho-mqtt on the reactor, which calls it when its socket is ready."""

import socket
import sys
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from twisted.internet import reactor as global_reactor

reactor: Any = global_reactor
port, qos, count, window = map(int, sys.argv[1:])
payload = b"x" * 64
client = mqtt.Client(CallbackAPIVersion.VERSION2)
received = sent = rounds = 0


def on_socket_open(client: mqtt.Client, userdata: object, opened: Any) -> None:
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Reader:
    """Paho's socket, as the reactor wants it."""

    def fileno(self) -> int:
        open_socket = client.socket()
        return -1 if open_socket is None else int(open_socket.fileno())

    def logPrefix(self) -> str:
        return "paho"

    def doRead(self) -> None:
        client.loop_read()

    def doWrite(self) -> None:
        client.loop_write()

    def connectionLost(self, reason: object) -> None: ...


reader = Reader()


def publish(times: int) -> None:
    global sent
    for _ in range(times):
        sent += 1
        client.publish("bench", payload, qos)


def begin() -> None:
    """The first round warms up."""
    global received, sent
    received = sent = 0
    if rounds == 1:
        print("begin", flush=True)
    publish(window)


def on_message(*_: object) -> None:
    global received, rounds
    received += 1
    if sent < count:
        publish(1)
    if received == count:
        rounds += 1
        if rounds == 2:
            print("end", flush=True)
            reactor.removeReader(reader)
            client.disconnect()
            reactor.stop()
        else:
            begin()


def connect() -> None:
    client.connect("127.0.0.1", port)
    reactor.addReader(reader)
    client.subscribe("bench", qos)


client.on_subscribe = lambda *_: begin()
client.on_message = on_message
client.on_socket_open = on_socket_open
client.on_socket_register_write = lambda *_: reactor.addWriter(reader)
client.on_socket_unregister_write = lambda *_: reactor.removeWriter(reader)
reactor.callWhenRunning(connect)
reactor.run()
