"""MQTT: one client publishes to itself through a mosquitto, QoS 0, 1 and 2."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.harness import Result, bare, compare, eplua, free_port

COUNT = 20_000
WINDOW = 100

PATIENCE = 10.0
"""Seconds until a broker that does not listen has failed to start."""


def mosquitto(directory: Path, *lines: str) -> list[str]:
    """The command of a broker with these lines in its configuration."""
    configuration = directory / "mosquitto.conf"
    configuration.write_text(
        "user root\nallow_anonymous true\nset_tcp_nodelay true\n"
        "max_queued_messages 0\nlog_type none\n" + "\n".join(lines) + "\n"
    )
    return ["mosquitto", "-c", str(configuration)]


def listening(port: int) -> None:
    """
    Wait until a broker listens there.  It is asked again and again: with its log, which
    would tell, it would be slower.

    @raise ConnectionRefusedError: none does
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


@contextmanager
def broker() -> Iterator[int]:
    """A mosquitto of its own; gives its port."""
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.Popen(
            mosquitto(Path(directory), f"listener {port} 127.0.0.1")
        )
        try:
            listening(port)
            yield port
        finally:
            process.kill()
            process.wait()


def rate(command: list[str]) -> Callable[[], float]:
    """Messages a second between the lines that a command prints."""

    def measure() -> float:
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begin\n"
            started = time.perf_counter()
            assert process.stdout.readline() == b"end\n"
            return COUNT / (time.perf_counter() - started)

    return measure


def run() -> list[Result]:
    if shutil.which("mosquitto") is None:
        print("MQTT: mosquitto is not installed")
        return []
    results = []
    with broker() as port:
        for qos in (0, 1, 2):
            arguments = [str(port), str(qos), str(COUNT), str(WINDOW)]
            for base, script, bound in (
                ("paho with its thread", "mqtt.py", 1.0),
                ("paho on the reactor", "mqtt_reactor.py", None),
            ):
                results.append(
                    compare(
                        f"MQTT QoS {qos}, 64 bytes / {base}",
                        "messages/s",
                        rate(eplua("mqtt.lua", *arguments)),
                        rate(bare(script, *arguments)),
                        bound=bound,
                    )
                )
    return results


if __name__ == "__main__":
    run()
