"""Bare paho-mqtt with its own network thread: publish, receive, publish the next."""

import socket
import sys
import threading
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

port, qos, count, window = map(int, sys.argv[1:])
payload = b"x" * 64
client = mqtt.Client(CallbackAPIVersion.VERSION2)
received = sent = 0
done = threading.Event()


def publish(times: int) -> None:
    global sent
    for _ in range(times):
        sent += 1
        client.publish("bench", payload, qos)


def on_message(client: mqtt.Client, userdata: object, message: object) -> None:
    global received
    received += 1
    if sent < count:
        publish(1)
    if received == count:
        done.set()


def on_socket_open(client: mqtt.Client, userdata: object, opened: Any) -> None:
    # Without this each exchange of QoS 1 waits 40 ms for a delayed TCP ACK.
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def run() -> None:
    global received, sent
    received = sent = 0
    done.clear()
    publish(window)
    done.wait()


ready = threading.Event()
client.on_subscribe = lambda *_: ready.set()
client.on_message = on_message
client.on_socket_open = on_socket_open
client.connect("127.0.0.1", port)
client.loop_start()
client.subscribe("bench", qos)
ready.wait()
run()  # warms up
print("begin", flush=True)
run()
print("end", flush=True)
client.disconnect()
client.loop_stop()
