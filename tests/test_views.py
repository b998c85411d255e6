"""The command C{eplua hc3 ui}, without its reactor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.usage import UsageError

from eplua_twisted.hc3.access import Credentials
from eplua_twisted.hc3.command import main
from eplua_twisted.hc3.ui_options import URL, UIOptions
from eplua_twisted.views import Views
from tests.support.hc3 import NetworkTestCase


def options_of(*given: str) -> UIOptions:
    options = UIOptions()
    options.parseOptions(list(given))
    return options


class OptionTests(NetworkTestCase):
    def test_what_is_shown(self) -> None:
        for given, found in (
            ((), (URL, None, ())),
            (("42", "Lamp"), (URL, None, ("42", "Lamp"))),
            (("http://box/",), ("http://box", None, ())),
            (("HTTPS://box", "42"), ("HTTPS://box", None, ("42",))),
            (("a.lua",), (None, "a.lua", ())),
            (("a.fqa", "7"), (None, "a.fqa", ("7",))),
        ):
            options = options_of(*given)
            self.assertEqual((options.url, options.script, options.wanted), found)
        self.assertRaises(UsageError, options_of, "--nothing")

    def test_devices_by_number_and_name_with_their_children(self) -> None:
        device: Any = {"id": 42, "name": "Lamp", "parentId": 0}
        child: Any = {"id": 43, "name": "Bulb", "parentId": 42}
        for given, lamp, bulb in (
            ((), True, True),
            (("42",), True, True),
            (("Lamp",), True, False),
            (("Bulb",), False, True),
            (("4",), False, False),
        ):
            options = options_of(*given)
            found = options.is_wanted(device), options.is_wanted(child)
            self.assertEqual(found, (lamp, bulb), given)

    def test_is_a_command(self) -> None:
        shown: list[UIOptions] = []

        def show(options: UIOptions) -> int:
            shown.append(options)
            return 7

        self.assertEqual(main(["ui", "42"], show), 7)
        self.assertEqual(shown[0].wanted, ("42",))


class ViewTests(NetworkTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.shown: list[str] = []
        self.problems: list[str] = []

    def show(self, *given: str) -> int:
        """@return: the exit code"""
        views = Views(
            self.reactor,
            options_of(*given),
            self.shown.append,
            self.problems.append,
            {"HC3_USER": "me", "HC3_PASSWORD": "secret"},
        )
        showing = Deferred.fromCoroutine(views.show())
        self.reactor.pump([0, 0, 0, 0])
        code: int = self.result(showing, 0, 0)
        return code

    def script(self, code: str) -> str:
        path = Path(self.mktemp()).with_suffix(".lua")
        path.write_text(f'--%%u={{label="l", text="old"}}\n{code}')
        return str(path)

    def test_of_a_script_after_on_init(self) -> None:
        path = self.script(
            "function QuickApp:onInit() self:updateView('l', 'text', 'new') end"
        )
        self.assertEqual((self.show(path), self.problems), (0, []))
        self.assertIn("\n  new", self.shown[0])

    def test_of_a_script_that_fails(self) -> None:
        path = self.script("function QuickApp:onInit() error('bad') end")
        self.assertEqual(self.show(path), 1)
        self.assertIn("\n  old", self.shown[0])
        self.flushLoggedErrors()

    def test_what_cannot_be_run(self) -> None:
        for path, problem in (
            (self.script("error('main')"), "main"),
            (self.script("os.exit(0)"), "ended itself"),
            ("none.lua", "No such file"),
        ):
            self.problems.clear()
            self.assertEqual(self.show(path), 1)
            self.assertIn(problem, self.problems[0])
        self.assertEqual(self.shown, [])

    def test_of_a_controller(self) -> None:
        self.controller.add_quickapp({"name": "App"})
        self.serve()
        self.assertEqual((self.show("http://127.0.0.1"), self.problems), (0, []))
        self.assertIn("App (com.fibaro.genericDevice)", self.shown[0])

    def test_of_one_that_wants_another_password(self) -> None:
        self.serve(Credentials("me", "other"))
        self.assertEqual(self.show("http://127.0.0.1"), 1)
        self.assertIn("password", self.problems[0])

    def test_of_none(self) -> None:
        self.assertEqual(self.show("http://"), 1)
        self.assertEqual(len(self.problems), 1)
