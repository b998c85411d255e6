"""
The tour with an MQTT broker beside it, as C{make demo} runs it: amqtt, which needs
no installed program. Then the QuickApps of Home Center 3. Ends with 0 only if all of it
worked.
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
            examples = ROOT / "examples"
            lua = [sys.executable, "-m", "eplua_twisted.cli", examples / "tour.lua"]
            quickapps = [sys.executable, examples / "hc3" / "tour.py"]
            codes = [
                subprocess.run([*command, uri], check=False).returncode
                for command in (lua, quickapps)
            ]
            return int(codes != [0, 0])
        finally:
            broker.kill()


sys.exit(main())
