"""The queue of answers does what a list that is searched each time does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.border.answer_queue import AnswerQueue, Queued

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "first", "take", "forget", "find"]),
        st.integers(1, 4),
    ),
    max_size=40,
)


class AnswerQueueTests(SynchronousTestCase):
    @given(STEPS)
    def test_same_as_a_list(self, steps: list[tuple[str, int]]) -> None:
        """Owners are the tickets; what came before its owner was closed is forgotten."""
        queue = AnswerQueue()
        entries: list[tuple[Queued, list[bool]]] = []
        for count, (step, number) in enumerate(steps):
            entry: Queued = (number, number, True, (count,))
            if step == "add":
                queue.add(entry)
                entries.append((entry, [False]))
            elif step == "forget":
                queue.forget(number)
                for (_, owner, _, _), closed in entries:
                    closed[0] = closed[0] or owner == number
            elif step == "find":
                found = [each for each, _ in entries if each[0] == number]
                expected = (found[-1][2], *found[-1][3]) if found else ()
                self.assertEqual(queue.find(number), expected)
            elif entries:
                taken, (is_closed,) = entries.pop(0)
                self.assertEqual(queue.take(), taken)
                self.assertEqual(queue.is_forgotten(taken[1]), is_closed)
                if step == "first":
                    queue.put_first(taken)
                    entries.insert(0, (taken, [is_closed]))
            if not queue:
                queue.is_over()
