"""Who is in which meeting, and as what."""

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from zoomsandbox.state.meetings import Run

HOST = "host"
ALTERNATIVE_HOST = "alternative host"
PARTICIPANT = "participant"

# A person on one of the human pages is here as long as the page's script reports; browsers slow the
# timers of hidden tabs down to one a minute.
PAGE_PATIENCE = 90.0


@dataclass
class Person:
    name: str
    user_id: str
    standing: str
    stand_in: bool = False
    socket: web.WebSocketResponse | None = None
    email: str = ""
    customer_key: str = ""
    registrant_id: str = ""
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    seen: float = field(default_factory=time.monotonic)

    @property
    def has_host_rights(self) -> bool:
        return self.standing in (HOST, ALTERNATIVE_HOST)


@dataclass
class Room:
    """The people in one run of a meeting."""

    run: Run
    people: dict[str, Person] = field(default_factory=dict)

    def get_silent_people(self) -> list[Person]:
        """Those whose page was closed without a word."""
        limit = time.monotonic() - PAGE_PATIENCE
        return [p for p in self.people.values() if p.socket is None and p.seen < limit]

    def is_held_by(self, user_id: str) -> bool:
        """Whether this user started it, or is in it as a host."""
        hosts = (p.user_id for p in self.people.values() if p.has_host_rights)
        return self.run.started_by == user_id or user_id in hosts

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.run.number,
            "topic": self.run.topic,
            "uuid": self.run.uuid,
            "started_at": self.run.started_at,
            "people": [
                {
                    "id": person.id,
                    "name": person.name,
                    "user_id": person.user_id,
                    "as": person.standing,
                    "via": "sdk" if person.socket else "page",
                }
                for person in self.people.values()
            ],
        }

    async def tell_everybody(self) -> None:
        """Send the list of people to those whose SDK understands it: our stand-in's."""
        message = {"standIn": "room", **self.as_json()}
        for person in list(self.people.values()):
            if person.stand_in and person.socket and not person.socket.closed:
                await person.socket.send_json(message)

    async def close(self) -> None:
        """Send everybody out."""
        people = list(self.people.values())
        self.people.clear()
        await asyncio.gather(*(_part(person) for person in people), return_exceptions=True)


async def _part(person: Person) -> None:
    if person.socket and not person.socket.closed:
        if person.stand_in:
            await person.socket.send_json({"standIn": "ended"})
        await person.socket.close(code=1000, message=b"the meeting has ended")
