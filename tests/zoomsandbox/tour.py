"""A walk past everything the sandbox answers and tells, to look at the shapes of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from tests.sandbox import ACME, Sandbox
from tests.webhook_receiver import Post, Receiver
from tests.zoomsandbox.answer_shapes import ANSWERS

PASSCODE_RULES = {"have_number": True}


@dataclass
class Album:
    """What was answered, by the name of its shape, and what was told."""

    answers: dict[str, requests.Response] = field(default_factory=dict)
    challenges: list[Post] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)


class Guide:
    """With acme's token."""

    def __init__(self, zoom: Sandbox, album: Album) -> None:
        self.zoom = zoom
        self.album = album
        self.token = zoom.ask_token().json()["access_token"]

    def ask(
        self, method: str, path: str, name: str = "", body: Any = None, **query: Any
    ) -> requests.Response:
        """Keep the answer as an example of this shape."""
        answer = self.zoom.api(method, path, self.token, json=body, params=query)
        if name:
            assert name in ANSWERS, name
            self.album.answers[name] = answer
        return answer


def walk(zoom: Sandbox) -> Album:
    album = Album()
    with Receiver.running(ACME["webhook_secret"]) as receiver:
        zoom.reset()
        zoom.freeze()
        zoom.account(passcode_rules=PASSCODE_RULES)
        zoom.subscribe(receiver.url)
        guide = Guide(zoom, album)
        see_tokens(guide)
        see_users(guide)
        meeting = see_meetings(guide)
        hold(guide, meeting)
        see_the_past(guide, meeting)
        guide.ask("DELETE", f"/meetings/{meeting['id']}").raise_for_status()
        see_refusals(guide)
        zoom.settle()
        album.challenges, album.posts = receiver.challenges, receiver.posts
    return album


def see_tokens(guide: Guide) -> None:
    answers, zoom = guide.album.answers, guide.zoom
    answers["token"] = zoom.ask_token()
    answers["oauth error"] = zoom.ask_token(client_secret="wrong")
    zoom.change_account(oauth_errors="numbers")
    answers["numbered oauth error"] = zoom.ask_token(client_secret="wrong")
    guide.ask("GET", "/users/alice/token", "zak", type="zak")


def see_users(guide: Guide) -> None:
    ask = guide.ask
    ask("GET", "/users/alice", "user")
    ask("GET", "/users", "user list")
    ask("GET", "/users/alice/settings", "user settings")
    ask("GET", "/users/alice/settings", "passcode rules", option="meeting_security")
    ask("GET", "/users/email", "known address", email="alice@acme.example")
    info = {"email": "host@isv.acme.example", "type": 2, "first_name": "New", "last_name": "Host"}
    made = ask("POST", "/users", "new user", {"action": "custCreate", "user_info": info})
    path = f"/users/{made.json()['id']}"
    ask("PATCH", path, body={"dept": "Physics"}).raise_for_status()
    for action in ("deactivate", "activate"):
        ask("PUT", f"{path}/status", body={"action": action}).raise_for_status()
    ask("DELETE", path, action="delete").raise_for_status()


def see_meetings(guide: Guide) -> dict[str, Any]:
    """One that is recorded and asks for registration is left behind."""
    ask, now = guide.ask, guide.zoom.clock(0)
    start = f"{datetime.fromtimestamp(now + 3600, UTC):%Y-%m-%dT%H:%M:%SZ}"
    settings = {"auto_recording": "cloud", "approval_type": 0}
    plan = {"topic": "Lecture", "start_time": start, "settings": settings}
    path = "/users/alice/meetings"
    meeting = ask("POST", path, "meeting", plan).json()
    recurrence = {"type": 2, "weekly_days": "2", "end_times": 3}
    ask("POST", path, "recurring meeting", {**plan, "type": 8, "recurrence": recurrence})
    ask("GET", path, "meeting list", page_size=1)
    ask("GET", "/users/alice/upcoming_meetings", "upcoming meetings")
    own = f"/meetings/{meeting['id']}"
    ask("PATCH", own, body={"topic": "Another lecture"}).raise_for_status()
    person = {"email": "guest@example.com", "first_name": "Guest"}
    ask("POST", f"{own}/registrants", "registrant", person)
    ask("GET", f"{own}/registrants", "registrant list")
    ask("PATCH", own, body={"settings": {"approval_type": 2}}).raise_for_status()
    return ask("GET", own).json()


def hold(guide: Guide, meeting: dict[str, Any]) -> None:
    """For ten minutes, with the host and a guest."""
    for url in (meeting["start_url"], f"{meeting['join_url']}&name=Guest"):
        guide.zoom.session.get(url, timeout=10).raise_for_status()
    guide.zoom.clock(600)
    body = {"action": "end"}
    guide.ask("PUT", f"/meetings/{meeting['id']}/status", body=body).raise_for_status()
    guide.zoom.clock(900)


def see_the_past(guide: Guide, meeting: dict[str, Any]) -> None:
    past = f"/past_meetings/{meeting['id']}"
    guide.ask("GET", past, "past meeting")
    guide.ask("GET", f"{past}/instances", "instances")
    guide.ask("GET", f"{past}/participants", "participants")
    guide.ask("GET", f"/meetings/{meeting['id']}/recordings", "recordings")
    guide.ask("GET", "/users/alice/recordings", "recording list")


def see_refusals(guide: Guide) -> None:
    zoom, ask = guide.zoom, guide.ask
    ask("POST", "/users/alice/meetings", "validation error", {"duration": -1})
    ask("GET", "/users/nobody", "no such user")
    ask("GET", "/meetings/81234567890", "no such meeting")
    ask("POST", "/users/alice/token", "error")
    guide.album.answers["bad token"] = zoom.api("GET", "/users", "none")
    for _ in range(101):
        ask("POST", "/users/bob/meetings", "writes of a day", {})
    zoom.change_account(plan="free")
    for _ in range(5):
        ask("GET", "/users/alice", "calls of a second")
    zoom.fault("users.get", "daily_limit", times=1)
    ask("GET", "/users/alice", "calls of a day")
    zoom.change_account(plan="unlimited", scopes=["user:read:list_users:admin"])
    guide.token = zoom.ask_token().json()["access_token"]
    ask("GET", "/users/alice", "missing scope")
