"""A program that uses the package; mypy is to know the types of what it uses."""

from typing import reveal_type

from eplua_twisted import Runtime

reveal_type(Runtime)
reveal_type(Runtime(lua="5.4").run_string("print(1)"))
