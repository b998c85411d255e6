"""What the modules and the resources promise, they have."""

from __future__ import annotations

from importlib import import_module

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyClass

from eplua_twisted.border.calls import Calls
from eplua_twisted.border.interfaces import IModule, IResource
from eplua_twisted.border.library import Library
from eplua_twisted.runtime import MODULES
from eplua_twisted.timers import Timers


def modules() -> list[type]:
    """The class of each module, those that every runtime has included."""
    found = [getattr(import_module(path), name) for path, name in MODULES.values()]
    return [*found, Calls, Library, Timers]


class InterfaceTests(SynchronousTestCase):
    def test_modules(self) -> None:
        """Each module has the methods of C{IModule}, with their signatures."""
        for module in modules():
            with self.subTest(module=module.__name__):
                verifyClass(IModule, module)

    def test_resource_types(self) -> None:
        """Each resource type has the methods of C{IResource}, with their signatures."""
        for module in modules():
            for kind in module.resource_types:  # type: ignore[attr-defined]
                with self.subTest(kind=kind.__name__):
                    verifyClass(IResource, kind)

    def test_all_are_looked_at(self) -> None:
        """The test above has something to look at."""
        kinds = [kind for each in modules() for kind in each.resource_types]  # type: ignore[attr-defined]
        self.assertIn("TCPSocket", [kind.__name__ for kind in kinds])
