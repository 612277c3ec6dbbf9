"""The meetings that the suite makes, and that none of them stays behind."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.contract.wire import Answer, Wire

# By this its meetings are known, also to a later run. Nobody else's topic begins so.
TOPIC = "Contract check, safe to delete"
MOST_PAGES = 10
PASSCODE = "con_T*1"


def make_start(hours: int = 24) -> datetime:
    return (datetime.now(UTC) + timedelta(hours=hours)).replace(microsecond=0)


class Meetings:
    """Makes meetings for the target's host and deletes all of them in the end."""

    def __init__(self, wire: Wire, host: str) -> None:
        self.wire = wire
        self.host = host
        self._made: set[int] = set()

    def create(self, note: str = "", settings: dict[str, Any] | None = None, **body: Any) -> Answer:
        """Ask for a scheduled meeting; what the answer made is deleted in the end."""
        plan = {
            "topic": f"{TOPIC} {note}".strip(),
            "type": 2,
            "start_time": f"{make_start():%Y-%m-%dT%H:%M:%SZ}",
            "duration": 30,
            "timezone": "UTC",
            "password": PASSCODE,
            **body,
        }
        if settings is not None:
            plan["settings"] = settings
        answer = self.wire.ask("POST", "/users/{user}/meetings", user=self.host, body=plan)
        if isinstance(answer.body, dict) and isinstance(answer.body.get("id"), int):
            self._made.add(answer.body["id"])
        return answer

    def delete(self, number: int) -> Answer:
        answer = self.wire.ask("DELETE", "/meetings/{meeting}", meeting=number)
        if answer.status == 204:
            self._made.discard(number)
        return answer

    def sweep(self) -> None:
        """Delete what an earlier run had to leave."""
        with self.wire.record.silent():
            leftovers = self._find_leftovers()
            self.wire.record.counts["swept"] += len(leftovers)
            self._delete_all(leftovers)

    def finish(self) -> None:
        """Delete what this run made, known or not."""
        with self.wire.record.silent():
            self._delete_all(self._made)
            self._delete_all(self._find_leftovers())

    def _find_leftovers(self) -> set[int]:
        found: set[int] = set()
        query = {"type": "scheduled", "page_size": 300}
        for _ in range(MOST_PAGES):
            answer = self.wire.ask("GET", "/users/{user}/meetings", user=self.host, query=query)
            page = answer.body if answer.status == 200 else {}
            meetings = page.get("meetings", [])
            found |= {one["id"] for one in meetings if one.get("topic", "").startswith(TOPIC)}
            query = {**query, "next_page_token": page.get("next_page_token", "")}
            if not query["next_page_token"]:
                break
        return found

    def _delete_all(self, numbers: set[int]) -> None:
        for number in numbers:
            if not self._delete(number):
                self.wire.record.counts["left behind"] += 1
        self._made -= numbers

    def _delete(self, number: int) -> bool:
        """Whether it is gone. One that still runs is ended first."""
        for _ in range(3):
            answer = self.wire.ask("DELETE", "/meetings/{meeting}", meeting=number)
            if answer.status in (204, 404):
                return True
            self.wire.ask(
                "PUT", "/meetings/{meeting}/status", meeting=number, body={"action": "end"}
            )
            time.sleep(2 * self.wire.target.pause)
        return False
