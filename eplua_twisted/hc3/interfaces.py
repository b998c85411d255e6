"""What a controller is to those who use it, and what those are to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from eplua_twisted.hc3.plain import Plain, Record

Answer = tuple[int, Plain]
"""An HTTP status and the body that goes with it."""

Listener = Callable[[Record], object]
"""Is told of each event, in the shape that C{refreshStates} has."""


class QuickAppDescription(TypedDict, total=False):
    """
    What makes a QuickApp's device; everything may be missing.

    C{properties} may have all that C{initialProperties} of an C{.fqa} file has.  The
    others stand for single properties of the device: C{view} for C{viewLayout}, C{uiView}
    for itself, C{uiCallbacks} for itself, C{variables} for C{quickAppVariables}.

    C{id}: the number that the device is to have.  If a device of it is there already,
    with the same type, it becomes this QuickApp's: what it has kept (its variables, its
    children, its storage) stays, and the description's code, view and callbacks are set.
    Without a number the same is done with one of the same name and type that nobody runs
    any more: it was detached, or an earlier run of the controller has left it.

    C{files}: as in an C{.fqa} file: C{name}, C{isMain}, C{content}.
    """

    id: int
    name: str
    type: str
    roomID: int
    properties: Record
    interfaces: list[str]
    view: Plain
    uiView: Plain
    uiCallbacks: Plain
    variables: dict[str, Plain]
    files: list[Record]


class IHost(Interface):
    """
    Who runs a QuickApp.

    It is never called within a call of the controller, but later, in order.
    """

    def action(device_id: int, name: str, arguments: list[Plain]) -> object:
        """
        Somebody called an action of the QuickApp's device, or of a child of it.

        @param device_id: whose action it is
        """

    def ui_event(device_id: int, event: Record) -> object:
        """
        Somebody used an element of the QuickApp's view.

        @param event: C{deviceId}, C{elementName}, C{eventType} and C{values}, a list
        """

    def restart(device_id: int) -> object:
        """C{plugins/restart}, or the QuickApp's files have changed."""

    def removed(device_id: int) -> object:
        """The device is gone: it was deleted.  Nothing more is told of it."""


class ISceneHost(Interface):
    """Who runs a scene; it is told later and in order, as a L{IHost} is."""

    def execute(scene_id: int, arguments: Record) -> object:
        """
        Somebody began it; L{IController.set_scene_running} says that it runs.

        @param arguments: what it was given
        """

    def kill(scene_id: int) -> object:
        """Somebody ended it."""


class IController(Interface):
    """
    A Home Center 3.

    Several hosts share one; each has the devices that it is attached to, and their
    children.
    """

    address = Attribute("Where people find it, for messages; a C{str}.")

    def request(
        method: str, path: str, body: Plain = None, source: int | None = None
    ) -> Deferred[Answer]:
        """
        A request of the REST API.

        @param method: in upper case
        @param path: below C{/api}, with its query: C{/devices?roomID=5}
        @param body: plain data, which is copied
        @param source: the device of the QuickApp that asks; C{None} for others
        @return: fires with the status and the body, which belong to who asked; fails
            with L{OperationError<eplua_twisted.errors.OperationError>} when the
            controller cannot be reached.  Cancelling it ends a long poll.
        """

    def add_quickapp(description: QuickAppDescription) -> Deferred[int]:
        """
        Make the device of a QuickApp.

        @return: fires with its number; fails with
            L{OperationError<eplua_twisted.errors.OperationError>}
        """

    def attach(device_id: int, host: object) -> None:
        """
        From now on an L{IHost} runs the QuickApp of a device.

        @raise OperationError: C{state}: it is attached already, or there is no such
            device, or it is somebody's child
        """

    def detach(device_id: int) -> None:
        """
        Nobody runs it any more; what was not yet told is not told.  The device stays,
        for when the QuickApp is added again.
        """

    def add_scene(description: Record) -> Deferred[int]:
        """
        Make a scene.

        @param description: C{name}, C{type}, C{content} and the other fields of HC3
        @return: fires with its number; fails as L{add_quickapp}
        """

    def attach_scene(scene_id: int, host: object) -> None:
        """
        From now on an L{ISceneHost} runs a scene.

        @raise OperationError: C{state}: there is none, or somebody runs it already
        """

    def detach_scene(scene_id: int) -> None:
        """Nobody runs it any more, and it does not run."""

    def set_scene_running(scene_id: int, running: bool) -> None:
        """A scene that is attached has begun, or ended."""

    pending = Attribute(
        "How much will happen by itself at its time: actions and alarms that have a"
        " delay; an C{int}."
    )

    def when_settled(call: Callable[[], object]) -> Callable[[], None]:
        """
        Be told when something of L{pending} has happened.

        @return: call it to hear no more; harmless a second time
        """

    def subscribe(listener: Listener) -> Callable[[], None]:
        """
        Be told of each event, later and in order, as a L{IHost} is.

        @return: call it to hear no more
        """

    def stop() -> Deferred[None]:
        """
        Save what is to be saved; end all that waits.

        @return: fires with C{None} when nothing is left
        """
