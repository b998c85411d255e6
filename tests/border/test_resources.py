"""What is open, by number."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.resources import Resources


@implementer(IResource)
class Thing:
    """Something open, which notes what it is asked."""

    def __init__(self, resources: Resources) -> None:
        self.asked: list[str] = []
        self._resources = resources
        self.id = resources.add(self)

    def close(self) -> None:
        self.asked.append("close")

    def abort(self) -> None:
        self.asked.append("abort")

    def pause(self) -> None:
        self.asked.append("pause")

    def resume(self) -> None:
        self.asked.append("resume")


class Other(Thing):
    """Something of another kind."""


class ResourcesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.resources = Resources()
        self.fewer = 0
        self.resources.on_fewer = self.count

    def count(self) -> None:
        self.fewer += 1

    def test_a_number_is_never_used_twice(self) -> None:
        first = Thing(self.resources)
        self.resources.remove(first.id)
        self.assertNotEqual(Thing(self.resources).id, first.id)
        self.assertIsNone(self.resources.get(first.id))

    def test_get_gives_what_has_the_number(self) -> None:
        one, two = Thing(self.resources), Thing(self.resources)
        self.assertIs(self.resources.get(one.id), one)
        self.assertIs(self.resources.get(two.id), two)

    def test_removing_twice_is_removing_once(self) -> None:
        thing = Thing(self.resources)
        self.resources.remove(thing.id)
        self.resources.remove(thing.id)
        self.assertEqual(self.fewer, 1)

    def test_counts_are_by_class(self) -> None:
        for kind in (Thing, Other, Thing):
            kind(self.resources)
        self.assertEqual(self.resources.counts(), {"Thing": 2, "Other": 1})

    def test_counts_are_by_the_name_that_scripts_know(self) -> None:
        class Kind(Thing):
            public_name = "Thing"

        Kind(self.resources)
        Thing(self.resources)
        self.assertEqual(self.resources.counts(), {"Thing": 2})

    def test_close_reaches_all(self) -> None:
        things = [Thing(self.resources) for _ in range(3)]
        self.resources.close()
        self.assertEqual([each.asked for each in things], [["close"]] * 3)

    def test_abort_reaches_all(self) -> None:
        things = [Thing(self.resources) for _ in range(3)]
        self.resources.abort()
        self.assertEqual([each.asked for each in things], [["abort"]] * 3)

    def test_one_that_cannot_close_is_aborted_and_the_others_close(self) -> None:
        class Broken(Thing):
            def close(self) -> None:
                raise ZeroDivisionError

        broken, other = Broken(self.resources), Thing(self.resources)
        self.resources.close()
        self.assertEqual((broken.asked, other.asked), (["abort"], ["close"]))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class PressureTests(SynchronousTestCase):
    def test_pause_and_resume_reach_all(self) -> None:
        resources = Resources()
        things = [Thing(resources), Thing(resources)]
        resources.pause(True)
        resources.pause(False)
        self.assertEqual([each.asked for each in things], [["pause", "resume"]] * 2)

    def test_what_opens_under_pressure_is_paused(self) -> None:
        resources = Resources()
        resources.pause(True)
        self.assertEqual(Thing(resources).asked, ["pause"])
        resources.pause(False)
        self.assertEqual(Thing(resources).asked, [])


class ActiveTests(SynchronousTestCase):
    """What keeps a program alive."""

    def setUp(self) -> None:
        self.resources = Resources()
        self.thing = Thing(self.resources)

    def test_what_is_open_counts(self) -> None:
        self.assertEqual(self.resources.active, 1)
        self.resources.remove(self.thing.id)
        self.assertEqual(self.resources.active, 0)

    def test_unref_and_ref(self) -> None:
        self.resources.keep_alive(self.thing.id, False)
        self.assertEqual(self.resources.active, 0)
        self.resources.keep_alive(self.thing.id, True)
        self.assertEqual(self.resources.active, 1)

    def test_what_is_dormant_and_unreferenced_counts_once(self) -> None:
        Thing(self.resources)
        self.resources.keep_alive(self.thing.id, False)
        self.resources.count(self.thing.id, False)
        self.assertEqual(self.resources.active, 1)
        self.resources.count(self.thing.id, True)
        self.assertEqual(self.resources.active, 1)

    def test_when_empty_fires_at_the_last_removal(self) -> None:
        other = Thing(self.resources)
        empty = self.resources.when_empty()
        self.resources.remove(self.thing.id)
        self.assertNoResult(empty)
        self.resources.remove(other.id)
        self.successResultOf(empty)

    def test_when_empty_fires_at_once_when_nothing_is_open(self) -> None:
        self.successResultOf(Resources().when_empty())
