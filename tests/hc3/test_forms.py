"""The forms of scripts: headers, .fqa files, scenes as HC3 exports them."""

from __future__ import annotations

import io
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.hc3.command import main
from eplua_twisted.hc3.forms import form_of_script, read_form
from eplua_twisted.hc3.fqa import BadFile, Form, SceneForm, as_fqa, parse_fqa
from eplua_twisted.hc3.lua_values import NotLua, parse_setting, parse_value


class FormsTestCase(SynchronousTestCase):
    def form(self, code: str) -> Form:
        form = form_of_script(code, "dir/script.lua")
        assert isinstance(form, Form)
        return form

    def bad(self, text: str, *, of: str = "script.lua") -> str:
        directory = self.mktemp()
        os.makedirs(directory)
        path = os.path.join(directory, of)
        with open(path, "w") as file:
            file.write(text)
        return str(self.assertRaises(BadFile, read_form, path)).replace(
            directory + "/", ""
        )


class SettingTests(SynchronousTestCase):
    def test_digits_that_a_number_would_not_keep_are_text(self) -> None:
        for text in ("007", "0x10", "1e5", "2.50", "12345678901234567890", "+5"):
            self.assertEqual(parse_setting(text), text)
        for text, value in (
            *(("5", 5), ("-5", -5), ("2.5", 2.5), ("true", True), ('"007"', "007")),
            ("{007, x = 12345678901234567890}", {"1": 7, "x": 12345678901234567890.0}),
        ):
            self.assertEqual(parse_setting(text), value)


class HeaderTests(FormsTestCase):
    def test_mark_and_first_line_are_passed_over(self) -> None:
        """As without --hc3; what comes behind them is a header."""
        for before in ("\ufeff", "\ufeff#!/usr/bin/env eplua\n"):
            form = self.form(before + "--%%name=Lamp\nprint(1)")
            self.assertEqual(form.name, "Lamp")
            self.assertNotIn("\ufeff", form.files[-1].content)

    def test_values(self) -> None:
        form = self.form(
            "--%%name=My lamp\n--%%type=com.fibaro.binarySwitch\n--%%id=77\n"
            "--%%uid=abc\n--%%manufacturer=Me\n--%%model=X -- a remark\n"
            '--%%description="Text"\n--%%property=unit:"W"\n--%%property=value:true\n'
            '--%%interfaces={"power","energy"}\n--%%debug=info:true,api:true\n'
        )
        self.assertEqual(
            (form.name, form.type, form.number, form.interfaces, form.warnings),
            ("My lamp", "com.fibaro.binarySwitch", 77, ["power", "energy"], []),
        )
        self.assertEqual(
            form.properties,
            {
                "quickAppUuid": "abc",
                "manufacturer": "Me",
                "model": "X",
                "userDescription": "Text",
                "unit": "W",
                "value": True,
            },
        )

    def test_both_signs_and_the_older_quotes(self) -> None:
        for line in (
            "--%%name:Lamp",
            '--%%name="Lamp"',
            "-- %%name=Lamp",
            "--%%name = Lamp",
        ):
            self.assertEqual(self.form(line).name, "Lamp", line)

    def test_variables(self) -> None:
        form = self.form(
            '--%%var=a:5\n--%%var:b="text"\n--%%var=c:192.168.1.2\n--%%var=d={1,x=2}\n'
            '--%%quickVars={["e"]=true, f="http://x:80/"}\n'
        )
        self.assertEqual(
            form.properties["quickAppVariables"],
            [
                {"name": "a", "value": 5},
                {"name": "b", "value": "text"},
                {"name": "c", "value": "192.168.1.2"},
                {"name": "d", "value": {"1": 1, "x": 2}},
                {"name": "e", "value": True},
                {"name": "f", "value": "http://x:80/"},
            ],
        )

    def test_several_variables_in_one_header(self) -> None:
        form = self.form('--%%var=a:5,b:"x"\n--%%var=c:text,d:other\n')
        self.assertEqual(
            form.properties["quickAppVariables"],
            [
                {"name": "a", "value": 5},
                {"name": "b", "value": "x"},
                {"name": "c", "value": "text,d:other"},
            ],
        )

    def test_rows_make_the_view_and_its_callbacks(self) -> None:
        form = self.form(
            '--%%u={label="l", text="T"}\n'
            '--%%u={{button="b", text="B", onReleased="press"},{slider="s", onChanged="slide"}}\n'
            '--%%u={select="m", text="", options={}, onToggled="pick"}\n'
        )
        callbacks: Any = form.properties["uiCallbacks"]
        self.assertEqual(
            [(each["name"], each["eventType"], each["callback"]) for each in callbacks],
            [
                ("b", "onReleased", "press"),
                ("s", "onChanged", "slide"),
                ("m", "onToggled", "pick"),
            ],
        )
        view: Any = form.properties["uiView"]
        self.assertEqual(
            [[each["name"] for each in row["components"]] for row in view],
            [["l"], ["b", "s"], ["m"]],
        )

    def test_unknown_headers_warn_with_the_nearest_name(self) -> None:
        form = self.form("--%%nmae=x\n--%%zzzzzz=1\n--%%offlin=true")
        self.assertIn(
            "script.lua:1: unknown header 'nmae'; did you mean 'name'?",
            form.warnings[0],
        )
        self.assertIn("known: ", form.warnings[1])
        self.assertIn("did you mean 'offline'?", form.warnings[2])

    def test_broken_headers_name_file_and_line(self) -> None:
        for code, text in (
            ("\n--%%u={button=", "script.lua:2: a value expected, got the end"),
            ("--%%u={foo=1}", "script.lua:1: an element is one of"),
            ("--%%var=x", "script.lua:1: var=NAME:VALUE expected"),
            ("--%%id=x", "script.lua: id has to be a number"),
            ("--%%file=x.lua", "script.lua:1: file=PATH,NAME expected"),
            ("--%%file=none.lua,none", "script.lua:1: there is no file none.lua"),
        ):
            self.assertIn(text, self.bad(code), code)

    def test_files_in_both_forms_and_main_last(self) -> None:
        directory = self.mktemp()
        os.makedirs(directory)
        for name in ("a", "b", "c"):
            with open(os.path.join(directory, name + ".lua"), "w") as file:
                file.write(f"{name} = 1")
        path = os.path.join(directory, "m.lua")
        with open(path, "w") as file:
            file.write("--%%file=a.lua:first,b.lua:second\n--FILE:c.lua,third;\n")
        form = read_form(path)
        assert isinstance(form, Form)
        self.assertEqual(
            [(each.name, each.main) for each in form.files],
            [("first", False), ("second", False), ("third", False), ("main", True)],
        )


FQA: dict[str, Any] = {
    "name": "Q",
    "type": "com.fibaro.binarySwitch",
    "apiVersion": "1.2",
    "initialProperties": {"quickAppVariables": [{"name": "v", "value": "1"}]},
    "files": [
        {"name": "main", "isMain": True, "isOpen": True, "content": "M = L"},
        {"name": "lib", "isMain": False, "content": "L = 1"},
    ],
}


class FQATests(FormsTestCase):
    def test_files_in_stored_order_main_last(self) -> None:
        form = parse_fqa(json.dumps(FQA).encode(), "q.fqa")
        self.assertEqual([each.name for each in form.files], ["lib", "main"])
        self.assertEqual(form.files[0].chunk, "=Q/lib.lua")

    def test_there_and_back(self) -> None:
        form = parse_fqa(json.dumps(FQA).encode(), "q.fqa")
        again = parse_fqa(json.dumps(as_fqa(form)).encode(), "q.fqa")
        self.assertEqual(form, again)

    def test_broken_ones_name_the_line_or_the_path(self) -> None:
        for change, text in (
            ({"name": 5}, "q.fqa: $.name: a string expected, got a number"),
            ({"files": []}, "q.fqa: $.files: there are no files"),
            ({"files": [5]}, "q.fqa: $.files[0]: an object expected"),
            (
                {"files": [{"name": "a"}]},
                "q.fqa: $.files[0].content: a string expected",
            ),
            ({"initialProperties": []}, ""),
            (
                {"initialProperties": [1]},
                "q.fqa: $.initialProperties: an object expected",
            ),
        ):
            if text:
                self.assertIn(text, self.bad(json.dumps({**FQA, **change}), of="q.fqa"))
        self.assertIn("q.fqa:2: ", self.bad('{"name":\n x}', of="q.fqa"))

    def test_scene_as_hc3_exports_it(self) -> None:
        directory = self.mktemp()
        os.makedirs(directory)
        path = os.path.join(directory, "s.json")
        content = {"conditions": "{ operator = 'all' }", "actions": "print(1)"}
        with open(path, "w") as file:
            json.dump({"name": "S", "content": json.dumps(content)}, file)
        form = read_form(path)
        assert isinstance(form, SceneForm)
        self.assertEqual(form.conditions, {"operator": "all"})


class ValueTests(SynchronousTestCase):
    def test_values(self) -> None:
        for text, value in (
            ("{}", {}),
            ("{1, 'a', true, nil}", [1, "a", True, None]),
            ("{a = 1; ['b c'] = 2.5, [3] = -4}", {"a": 1, "b c": 2.5, "3": -4}),
            (r"'\65\x42\n\"'", 'AB\n"'),
            ("[[long]]", "long"),
            ("0x10", 16),
            ("{ -- remark\n x = { y = 1e3 } }", {"x": {"y": 1000.0}}),
        ):
            self.assertEqual(parse_value(text), value, text)

    def test_what_is_none(self) -> None:
        for text in ("", "foo", "{", "{a=}", "{1 2}", "f()", "1 2", "'open", "{" * 200):
            self.assertRaises(NotLua, parse_value, text)


class PackageTests(FormsTestCase):
    def setUp(self) -> None:
        self.directory = self.mktemp()
        os.makedirs(self.directory)
        self.fqa = os.path.join(self.directory, "q.fqa")
        with open(self.fqa, "w") as file:
            json.dump(FQA, file)

    def command(self, *arguments: str) -> int:
        with (
            redirect_stdout(io.StringIO()) as self.output,
            redirect_stderr(io.StringIO()) as self.complaints,
        ):
            return main(list(arguments), lambda options: 0)

    def test_unpack_run_and_pack_lose_nothing(self) -> None:
        folder = os.path.join(self.directory, "folder")
        self.assertEqual(self.command("unpack", self.fqa, folder), 0)
        form = read_form(os.path.join(folder, "main.lua"))
        assert isinstance(form, Form)
        self.assertEqual([each.name for each in form.files], ["lib", "main"])
        again = os.path.join(self.directory, "again.fqa")
        self.assertEqual(
            self.command("pack", os.path.join(folder, "main.lua"), again), 0
        )
        with open(again, "rb") as file:
            packed = parse_fqa(file.read(), "again.fqa")
        with open(self.fqa, "rb") as file:
            self.assertEqual(packed, parse_fqa(file.read(), "q.fqa"))

    def test_secrets_are_replaced_on_request(self) -> None:
        script = os.path.join(self.directory, "s.lua")
        with open(script, "w") as file:
            file.write('--%%var=apiToken:"abc"\n--%%var=host:"x"\n')
        target = os.path.join(self.directory, "s.fqa")
        self.assertEqual(self.command("pack", "--without-secrets", script), 0)
        self.assertIn("the value of apiToken is replaced", self.complaints.getvalue())
        with open(target) as file:
            text = file.read()
        self.assertNotIn("abc", text)
        self.assertIn('"x"', text)

    def test_what_is_broken_writes_nothing(self) -> None:
        with open(self.fqa, "w") as file:
            json.dump({**FQA, "files": [{"name": "../x", "content": ""}]}, file)
        before = os.listdir(self.directory)
        folder = os.path.join(self.directory, "folder")
        self.assertEqual(self.command("unpack", self.fqa, folder), 1)
        self.assertIn("'../x' cannot be the name of a file", self.complaints.getvalue())
        self.assertEqual(os.listdir(self.directory), before)

    def test_a_folder_that_is_there_stays_as_it_is(self) -> None:
        self.assertEqual(self.command("unpack", self.fqa, self.directory), 1)
        self.assertEqual(os.listdir(self.directory), ["q.fqa"])

    def test_usage(self) -> None:
        self.assertEqual(self.command(), 2)
        self.assertEqual(self.command("pack"), 2)
