"""The reader of the definition files in C{lua/types}."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.api import API, Code, Event, Field, Value, read
from eplua_twisted.api.definitions import DefinitionError

CLASS = """\
---@meta radio

---What `success` gets.
---@class radio.Callbacks
---@field success? fun(data: string, list: table<string, integer>)

---@class radio.Options
---@field volume? integer # (dB; default 10 at night; 0..100) how loud; see [it](x.md)
---@field name string # shown
---@field [string] any # others

---A radio (of a kind).
---
---Errors:
--- * `dns`: no such station
---@class radio.Radio: radio.Base
local Radio = {}

---@class radio.Base
local Base = {}

---@return self # the object
function Base:ref() end

---Plays.
---@param station string
---@param callbacks? radio.Callbacks
---@return table<string, any>? data, string? message
function Radio:play(station, callbacks) end

Radio.start = Radio.play

---@overload fun(self: radio.Radio, name: "end", f: fun(code: integer)) # it is over
---@param name string
---@param f function
function Radio:on(name, f) end

---@class radio
radio = {}

---@param ... any
function radio.print(...) end

---@enum radio.Band
radio.Band = {
  FM = 1, -- the usual one
  AM = -2,
}
"""


class ReadTests(SynchronousTestCase):
    def api(self, text: str) -> API:
        directory = Path(self.mktemp())
        directory.mkdir()
        (directory / "radio.lua").write_text(text)
        return read(directory)

    def test_fields(self) -> None:
        """Unit, default and bound are taken out of the words about an option."""
        self.assertEqual(
            self.api(CLASS).classes["radio.Options"].fields,
            (
                Field(
                    "volume",
                    "integer",
                    True,
                    "dB",
                    "10 at night",
                    "0..100",
                    "how loud; see [it](x.md)",
                ),
                Field("name", "string", text="shown"),
            ),
        )

    def test_fields_of_any_name(self) -> None:
        classes = self.api(CLASS).classes
        self.assertTrue(classes["radio.Options"].open)
        self.assertFalse(classes["radio.Callbacks"].open)

    def test_class(self) -> None:
        radio = self.api(CLASS).classes["radio.Radio"]
        self.assertEqual(radio.text, "A radio (of a kind).")
        self.assertEqual(radio.codes, (Code("dns", "no such station"),))
        self.assertEqual(
            radio.events, (Event("end", (Value("code", "integer"),), "it is over"),)
        )

    def test_methods(self) -> None:
        """Those of the parent are there too, and other names of the same."""
        methods = self.api(CLASS).methods("radio.Radio")
        self.assertEqual(list(methods), ["play", "start", "on", "ref"])
        self.assertEqual(methods["start"].same_as, "play")
        self.assertEqual(methods["ref"].answer, "the object")
        self.assertEqual(methods["ref"].returns, "self")
        self.assertEqual(methods["play"].returns, "table<string, any>?")
        self.assertEqual(methods["on"].returns, "")

    def test_success(self) -> None:
        """What the callback gets is in the type of the table."""
        play = self.api(CLASS).methods("radio.Radio")["play"]
        self.assertEqual(
            play.success,
            (Value("data", "string"), Value("list", "table<string, integer>")),
        )
        self.assertEqual(
            play.parameters[1], Value("callbacks", "radio.Callbacks", True)
        )

    def test_module(self) -> None:
        api = self.api(CLASS)
        self.assertEqual(api.variables, {"radio": "radio"})
        self.assertEqual(
            api.functions["radio.print"].parameters, (Value("...", "any"),)
        )
        band = api.constants["radio.Band"]
        self.assertEqual([each.value for each in band.values], [1, -2])

    def test_unknown_line(self) -> None:
        """What is not understood is said, with the file and the line."""
        for line in (
            "local x = 5",
            "function f(a) end",
            "---@class a b\n",
            "---@field x\n---@class y\n---@field ?",
            "---@param callbacks nothing\nfunction f(callbacks) end",
        ):
            with self.assertRaises(DefinitionError) as caught:
                self.api(line)
            self.assertIn("lua/types/radio.lua", str(caught.exception), line)

    def test_twice(self) -> None:
        with self.assertRaises(DefinitionError):
            self.api("---@class a\n\n---@class a\n")

    def test_own(self) -> None:
        """Those of this package have codes, and the classes of net."""
        api = read()
        self.assertIn("timeout", [each.name for each in api.codes])
        for name in ("TCPSocket", "UDPSocket", "HTTPClient", "WebSocketServer"):
            self.assertIn(f"net.{name}", api.classes)
            self.assertIn(f"net.{name}", api.functions)
