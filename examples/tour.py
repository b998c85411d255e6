"""
The tour with an MQTT broker beside it, as C{make demo} runs it: amqtt, which needs
no installed program. Ends with the tour's exit code.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BROKER = ROOT / "tests" / "peers" / "amqtt_broker.py"


def main() -> int:
    with subprocess.Popen(
        [sys.executable, BROKER],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as broker:
        assert broker.stdout is not None
        try:
            line = broker.stdout.readline()
            if not line:
                sys.exit("the MQTT broker amqtt did not start: is it in .venv/broker?")
            uri = f"mqtt://127.0.0.1:{line.split()[1]}"
            tour = ROOT / "examples" / "tour.lua"
            command = [sys.executable, "-m", "eplua_twisted.cli", tour, uri]
            return subprocess.run(command, check=False).returncode
        finally:
            broker.kill()


sys.exit(main())
