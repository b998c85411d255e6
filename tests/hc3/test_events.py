"""Events, and those who wait for them."""

from __future__ import annotations

import time

from eplua_twisted.hc3.events import MAX_EVENTS, MAX_POLLS, POLL_TIME
from tests.support.hc3 import TIME, ControllerTestCase


class RefreshTests(ControllerTestCase):
    def set_global(self, value: str) -> None:
        body = {"name": "a", "value": value}
        if self.ask("PUT", "/globalVariables/a", body)[0] == 404:
            self.ask("POST", "/globalVariables", body)

    def test_first_answer_has_the_shape_of_the_box(self) -> None:
        now = time.strftime("%H:%M | %d.%m.%Y", time.localtime(TIME))
        found = self.get("/refreshStates")
        self.assertEqual(
            found,
            {
                "status": "IDLE",
                "last": found["last"],
                "date": now,
                "timestamp": TIME,
                "timestampMillis": TIME * 1000,
                "logs": [],
                "changes": [],
                "events": [],
            },
        )

    def test_events_since_a_number(self) -> None:
        self.set_global("1")
        last = self.get("/refreshStates")["last"]
        self.set_global("2")
        found = self.get(f"/refreshStates?last={last}")
        self.assertEqual(found["last"], last + 1)
        event = found["events"][0]
        self.assertEqual(event["type"], "GlobalVariableChangedEvent")
        self.assertEqual(
            event["data"], {"variableName": "a", "newValue": "2", "oldValue": "1"}
        )
        self.assertEqual((event["created"], event["sourceType"]), (TIME, "system"))

    def test_event_of_a_device_names_it(self) -> None:
        number = self.device("binarySwitch")
        last = self.get("/refreshStates")["last"]
        self.ask("POST", f"/devices/{number}/action/turnOn", {}, source=77)
        found = self.get(f"/refreshStates?last={last}")
        self.assertIn({"id": number, "value": True}, found["changes"])
        for event in found["events"]:
            self.assertEqual(
                event["objects"], [{"objectType": "device", "objectId": number}]
            )
            self.assertEqual((event["sourceType"], event["sourceId"]), ("device", 77))

    def test_long_poll_waits_for_the_next(self) -> None:
        last = self.get("/refreshStates")["last"]
        waiting = self.controller.request("GET", f"/refreshStates?last={last}")
        self.assertNoResult(waiting)
        self.set_global("1")
        self.set_global("2")
        self.assertNoResult(waiting)
        self.clock.advance(0)
        status, body = self.successResultOf(waiting)
        assert isinstance(body, dict)
        self.assertEqual((status, body["last"]), (200, last + 2))

    def test_long_poll_ends_with_nothing(self) -> None:
        last = self.get("/refreshStates")["last"]
        waiting = self.controller.request("GET", f"/refreshStates?last={last}")
        self.clock.advance(POLL_TIME - 1)
        self.assertNoResult(waiting)
        self.clock.advance(1)
        _, body = self.successResultOf(waiting)
        assert isinstance(body, dict)
        self.assertEqual((body["last"], body["events"]), (last, []))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_number_from_before_a_restart_is_answered_at_once(self) -> None:
        found = self.get("/refreshStates?last=999999")
        self.assertLess(found["last"], 999999)

    def test_wrong_number_is_400(self) -> None:
        self.assertEqual(self.ask("GET", "/refreshStates?last=new")[0], 400)

    def test_only_so_many_wait(self) -> None:
        last = self.get("/refreshStates")["last"]
        path = f"/refreshStates?last={last}"
        waiting = [self.controller.request("GET", path) for _ in range(MAX_POLLS)]
        self.assertEqual(self.ask("GET", path)[0], 429)
        waiting.pop().cancel()
        self.assertNoResult(self.controller.request("GET", path))
        self.successResultOf(self.controller.stop())
        for each in waiting:
            self.successResultOf(each)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_only_so_many_events_are_kept(self) -> None:
        for value in range(MAX_EVENTS + 50):
            self.set_global(str(value))
        events = self.get("/refreshStates?last=0")["events"]
        self.assertEqual(len(events), MAX_EVENTS)
        self.assertEqual(events[-1]["data"]["newValue"], str(MAX_EVENTS + 49))

    def test_history_is_forgotten(self) -> None:
        self.set_global("1")
        last = self.get("/refreshStates")["last"]
        self.assertEqual(self.ask("DELETE", "/events/history")[0], 200)
        self.assertEqual(self.get("/events/history"), [])
        self.set_global("2")
        self.assertEqual(self.get("/refreshStates")["last"], last + 1)

    def test_history(self) -> None:
        self.set_global("1")
        self.set_global("2")
        path = "/events/history?eventType=GlobalVariableChangedEvent"
        self.assertEqual(len(self.get(path)), 1)
        self.assertEqual(
            self.get("/events/history")[0]["type"], "GlobalVariableChangedEvent"
        )
