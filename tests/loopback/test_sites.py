"""The sites beside a script, on the real reactor."""

from __future__ import annotations

import os
import sys
from typing import Any
from unittest.mock import patch

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs, formatEvent
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.inspector.door import VARIABLE
from eplua_twisted.site_options import SiteOptions
from eplua_twisted.sites import Sites
from tests.support import LoopbackTestCase


class Nothing:
    """Controls that nobody uses."""

    def reload(self, name: str) -> Deferred[None]:
        raise NotImplementedError

    stop_script = reload


class SitesTestCase(LoopbackTestCase):
    def sites(self, *options: str) -> Sites:
        asked = SiteOptions()
        asked.parseOptions(options)
        real: Any = reactor
        sites = Sites(real, asked, lambda: {"test.lua": self.runtime}, Nothing())
        self.addCleanup(sites.stop)
        return sites

    async def url(self, *options: str) -> str:
        """Where a site is, as it is said when it starts."""
        with capturedLogs() as logs:
            await self.sites(*options).start()
        (said,) = (formatEvent(each) for each in logs if "notice" in each)
        return said.rpartition(" ")[2]

    async def problem(self, *options: str) -> OperationError:
        """Why a site cannot be opened."""
        try:
            await self.sites(*options).start()
        except OperationError as problem:
            return problem
        raise self.failureException("it was opened")


class MetricsTests(SitesTestCase):
    async def test_asked(self) -> None:
        """By the script itself, which is no reason for it to go on."""
        url = await self.url("--metrics", "0")
        self.assertRegex(url, r"^http://127\.0\.0\.1:\d+/metrics$")
        lines = await self.run_lua(
            "task.start(function() local r = net.HTTPClient():request(arg[1])"
            " print(r.status, r.data:match('eplua_open{[^\\n]*HTTPRequest[^\\n]*')) end)",
            url,
        )
        self.assertEqual(
            lines, [b'200\teplua_open{kind="HTTPRequest",script="test.lua"} 1.0']
        )

    async def test_port_in_use(self) -> None:
        url = await self.url("--metrics", "0")
        where = url.split("/")[2]
        problem = await self.problem("--metrics", where)
        text = f"cannot listen on {where}: Address already in use"
        self.assertEqual((problem.code, problem.message), ("in_use", text))

    async def test_package_is_missing(self) -> None:
        with patch.dict(sys.modules, {"prometheus_client": None}):
            sys.modules.pop("eplua_twisted.metrics", None)
            problem = await self.problem("--metrics", "0")
        self.assertEqual(
            problem.message,
            "--metrics needs the package prometheus-client:"
            " pip install 'eplua-twisted[metrics]'",
        )


class InspectorTests(SitesTestCase):
    async def test_asked(self) -> None:
        """With the URL that was printed; without the token not."""
        url = await self.url("--inspect", "0")
        self.assertRegex(url, r"^http://127\.0\.0\.1:\d+/\?token=[\w-]{32}$")
        lines = await self.run_lua(
            "task.start(function() local client = net.HTTPClient()"
            " local r = client:request(arg[1]) print(r.status, r.headers.location)"
            " local cookie = r.headers['set-cookie']:match('[^;]*')"
            " local page = (arg[1]:gsub('token.*', ''))"
            " print(client:request(page, {options = {headers = {Cookie = cookie}}}).status)"
            " print(client:request(page).status) end)",
            url,
        )
        self.assertEqual(lines, [b"303\t/", b"200", b"401"])

    async def test_chosen_token(self) -> None:
        """It is not printed."""
        with patch.dict(os.environ, {VARIABLE: "of-16-characters"}):
            url = await self.url("--inspect", "0")
        self.assertRegex(url, r"^http://127\.0\.0\.1:\d+/$")

    async def test_refused(self) -> None:
        url = await self.url("--metrics", "0")
        where = url.split("/")[2]
        for options, message in (
            ((where,), f"cannot listen on {where}: Address already in use"),
            (
                ("0", "--inspect-token-file", "/does/not/exist"),
                "cannot read /does/not/exist: No such file or directory",
            ),
        ):
            problem = await self.problem("--inspect", *options)
            self.assertEqual(problem.message, message)


class OptionTests(SynchronousTestCase):
    def test_refused(self) -> None:
        for given, said in (
            (("--metrics", "x"), "--metrics: HOST:PORT expected, got 'x'"),
            (("--metrics", "70000"), "--metrics: HOST:PORT expected, got '70000'"),
            (("--inspect", ""), "--inspect: HOST:PORT expected, got ''"),
            (("--inspect-control",), "--inspect-control needs --inspect"),
            (("--inspect-token-file", "f"), "--inspect-token-file needs --inspect"),
        ):
            options = SiteOptions()

            def parse(options: SiteOptions, given: tuple[str, ...]) -> None:
                options.parseOptions(given)
                options.check_sites()

            problem = self.assertRaises(UsageError, parse, options, given)
            self.assertEqual(str(problem), said)
