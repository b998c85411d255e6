"""`make bench`: all benchmarks, one table, and the same as JSON in results.json."""

from __future__ import annotations

from importlib import import_module

from bench.harness import HEADER, HERE, Result, write

NAMES = (
    "startup",
    "timers",
    "tasks",
    "tcp_echo",
    "limits",
    "workers",
    "udp_echo",
    "http_get",
    "websocket_echo",
    "tls_echo",
    "http_server",
    "mqtt",
)


def main() -> None:
    print(HEADER, flush=True)
    results: list[Result] = []
    for name in NAMES:
        results += import_module(f"bench.{name}").run()
    write(results, HERE / "results.json")


if __name__ == "__main__":
    main()
