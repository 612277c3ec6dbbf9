"""A client that makes random calls in any order; every answer is checked."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    precondition,
    rule,
)

from tests.sandbox import Sandbox
from tests.zoomsandbox.joining import make_claims, sign
from tests.zoomsandbox.known_state import (
    ACCOUNTS,
    DAY,
    Knowledge,
    Planned,
    Thing,
    Token,
    encode_uuid,
    find_keys,
)
from tests.zoomsandbox.random_values import (
    EMAILS,
    METHODS,
    Body,
    account_changes,
    anything,
    as_json,
    bodies_for,
    mostly,
    odd_segments,
    odd_texts,
    odd_tokens,
    pick,
    queries,
    user_changes,
)
from zoomsandbox.app import CALLS
from zoomsandbox.console.routes import PAGES
from zoomsandbox.control import snapshots
from zoomsandbox.control.routes import CONTROLS

REST = tuple(row for row in CALLS if row[1].startswith(("/v2", "/oauth", "/{api")))
SDK_SIDE = tuple(row for row in CALLS if row not in REST)
ABOUT_MEETINGS = tuple(row for row in REST if "{meeting}" in row[1])
ABOUT_USERS = tuple(row for row in REST if row not in ABOUT_MEETINGS)
# What shows the state, to be asked at any time.
VIEWS = (
    *(one.address for one in CONTROLS if one.method == "GET" and not one.path_names),
    *(page.address for page in PAGES if "{" not in page.address),
)
# Asked with anything at all. The others would take away what this client knows.
HARMLESS = tuple(
    one
    for one in CONTROLS
    if one.subject != snapshots.SUBJECT and (one.method, one.path) != ("DELETE", "ledger")
)
NAMES = pick(*ACCOUNTS)


@st.composite
def any_call(draw: st.DrawFn, rows: Sequence[Any] = REST) -> tuple[Any, Body]:
    """A row of the sandbox's table, and a body for it."""
    row = draw(st.sampled_from(rows))
    return row, draw(bodies_for(row[2]))


def fill(path: str, segment: str) -> str:
    return re.sub(r"\{[^}]*\}+", lambda _: segment, path.replace("{api:v2|oauth}", "v2"))


class RandomClient(RuleBasedStateMachine):
    """Works on one running sandbox; a subclass names it. ``made`` counts calls by their answers."""

    zoom: Sandbox
    made: Counter[tuple[str, int]]

    users = Bundle("users")
    meetings = Bundle("meetings")
    tokens = Bundle("tokens")
    # Ids of occurrences and registrants, page tokens, UUIDs: what later calls may name.
    keys = Bundle("keys")
    _ANY = {
        "segment": mostly(st.none(), odd_segments()),
        "token": mostly(st.none(), st.one_of(tokens, odd_tokens())),
        "query": queries(),
        "key": st.one_of(st.none(), keys),
        "method": mostly(st.none(), METHODS),
    }

    def __init__(self) -> None:
        super().__init__()
        self.known = Knowledge(self.zoom)

    def teardown(self) -> None:
        for entry in self.zoom.ledger():
            if entry["status"] is not None:
                self.made[entry["call"], entry["status"] // 100] += 1
        self.known.wire.close()
        crashes = self.zoom.crashes()
        assert crashes == [], crashes[0]["traceback"]

    # --- The beginning ----------------------------------------------------------------------

    @initialize(target=users)
    def begin_with_users(self) -> Any:
        things = []
        for name, account in ACCOUNTS.items():
            users = [make_user(name, part) for part in ("owner", "second", "basic", "pending")]
            self.zoom.control("POST", "accounts", {**account, "users": users})
            for user in users:
                self.known.marks.add(name, user["id"], user["email"])
                things += [Thing(name, user["id"]), Thing(name, user["email"])]
        return multiple(*things)

    @initialize(target=keys)
    def begin_with_a_key(self) -> str:
        return "1893492000000"

    # --- Any call, any values ---------------------------------------------------------------

    @rule(target=keys, call=any_call(ABOUT_USERS), thing=users, **_ANY)
    def call_about_a_user(self, call: Any, thing: Thing, **given: Any) -> Any:
        return self.call(call, thing, **given)

    @rule(target=keys, call=any_call(ABOUT_MEETINGS), thing=meetings, **_ANY)
    def call_about_a_meeting(self, call: Any, thing: Thing, **given: Any) -> Any:
        return self.call(call, thing, **given)

    @rule(target=keys, call=any_call(), thing=st.one_of(users, meetings), **_ANY)
    def call_anything(self, call: Any, thing: Thing, **given: Any) -> Any:
        return self.call(call, thing, **given)

    def call(
        self,
        call: tuple[Any, Body],
        thing: Thing,
        segment: str | None,
        token: Token | str | None,
        query: dict[str, str],
        key: str | None,
        method: str | None,
    ) -> Any:
        """Whatever is None is as it should be: the thing's own segment, a token of its account."""
        (usual, path, _, _), body = call
        if key is not None:
            query = {**query, ("occurrence_id" if "{meeting}" in path else "next_page_token"): key}
        target = fill(path, thing.segment if segment is None else segment)
        if query:
            target += f"?{urlencode(query, errors='surrogatepass')}"
        method = method or ("POST" if usual == "*" else usual)
        token = self.known.get_token(thing.account) if token is None else token
        return multiple(*find_keys(self.known.ask(method, target, token, body)))

    @rule(
        row=st.sampled_from(SDK_SIDE),
        segment=st.one_of(odd_segments(), pick("81234567890", "99999999999999999999")),
        query=queries(),
        body=bodies_for(""),
        method=mostly(st.none(), METHODS),
    )
    def call_the_sdk_side(
        self, row: Any, segment: str, query: dict[str, str], body: Body, method: str | None
    ) -> None:
        target = f"{fill(row[1], segment)}?{urlencode(query, errors='surrogatepass')}"
        answer = self.known.wire.ask(method or row[0], target, body.headers, body.content)
        assert answer.status < 500, str(answer)
        self.known.marks.check(answer, None)

    @rule(control=st.sampled_from(HARMLESS), segment=odd_segments(), body=bodies_for(""))
    def ask_a_control_anything(self, control: Any, segment: str, body: Body) -> None:
        target = fill(control.address, segment)
        answer = self.known.wire.ask(control.method, target, body.headers, body.content)
        assert answer.status in (200, 400, 403, 404, 405), str(answer)

    # --- Calls that go well, so that there is something to work with ------------------------

    @rule(target=tokens, account=NAMES)
    def ask_for_a_token(self, account: str) -> Token:
        return self.known.ask_for_token(account)

    @rule(
        target=meetings,
        account=NAMES,
        host=pick("owner", "second", "basic"),
        kind=pick(1, 2, 2, 3, 8),
        approval=pick(0, 1, 2),
    )
    def create_a_meeting(self, account: str, host: str, kind: int, approval: int) -> Any:
        body: dict[str, Any] = {
            "topic": f"{account}-secret-topic",
            "type": kind,
            "start_time": "2030-03-29T10:00:00",
            "timezone": "Europe/Berlin",
            "settings": {"approval_type": approval, "auto_recording": "cloud"},
        }
        if kind == 8:
            body["recurrence"] = {"type": 2, "weekly_days": "1,6", "end_times": 4}
        path = f"/v2/users/{account}-{host}/meetings"
        answer = self.known.ask_as(account, "POST", path, body)
        if answer.status != 201:
            return multiple()
        told = answer.json()
        self.known.planned.append(Planned(account, told["id"], self.known.now()))
        self.known.marks.add(account, told["id"], told["uuid"], body["topic"], told["start_url"])
        number, uuid = str(told["id"]), encode_uuid(told["uuid"])
        return multiple(Thing(account, number), Thing(account, number), Thing(account, uuid))

    @rule(
        target=users,
        account=NAMES,
        action=pick("create", "autoCreate", "custCreate", "ssoCreate"),
        email=EMAILS,
    )
    def create_a_user(self, account: str, action: str, email: str) -> Any:
        email = email.replace("acme", account)
        info = {"email": email, "type": 1, "first_name": "New", "password": "aB345678"}
        body = {"action": action, "user_info": info}
        answer = self.known.ask_as(account, "POST", "/v2/users", body)
        if answer.status != 201:
            return multiple()
        self.known.marks.add(account, answer.json()["id"])
        return multiple(Thing(account, answer.json()["id"]), Thing(account, email))

    @rule(thing=users)
    def look_up_a_user(self, thing: Thing) -> None:
        """Found, whatever was done to the user: asleep and awake again."""
        path = f"/v2/users/{thing.segment}"
        found = self.known.ask_as(thing.account, "GET", path)
        if found.status != 200:
            return
        told = found.json()
        address = quote(told["email"])
        asked = self.known.ask_as(thing.account, "GET", f"/v2/users/email?email={address}")
        assert asked.status == 200, str(asked)
        may_sleep = told["status"] != "pending" and told["role_id"] != "0"
        for action, status in (("deactivate", "inactive"), ("activate", "active")):
            done = self.known.ask_as(thing.account, "PUT", f"{path}/status", {"action": action})
            assert (done.status == 204) == may_sleep or told["role_id"] == "0", str(done)
            then = self.known.ask_as(thing.account, "GET", path).json()["status"]
            assert not may_sleep or then == status, f"{path} is {then} after {action}"

    @rule(account=NAMES)
    def ask_for_the_owners_zak(self, account: str) -> None:
        """Which is to be had where ``me`` is the owner."""
        path = f"accounts/{account}-account"
        self.zoom.control("PATCH", path, {"me": "owner"})
        allowed = self.known.ask_as(account, "GET", "/v2/users/me/zak").status
        self.zoom.control("PATCH", path, {"me": "refused"})
        refused = self.known.ask_as(account, "GET", "/v2/users/me/zak").status
        assert refused == 404, refused
        assert allowed in (200, 400, 404), allowed

    @precondition(lambda self: self.known.planned)
    @rule(target=keys, data=st.data(), email=EMAILS, action=pick("approve", "deny", "cancel"))
    def register_somebody(self, data: st.DataObject, email: str, action: str) -> Any:
        meeting = data.draw(st.sampled_from(self.known.planned))
        path = f"{meeting.path}/registrants"
        person = {"email": email, "first_name": "New"}
        answer = self.known.ask_as(meeting.account, "POST", path, person)
        if answer.status != 201:
            return multiple()
        key = answer.json()["registrant_id"]
        verdict = {"action": action, "registrants": [{"id": key}]}
        decided = self.known.ask_as(meeting.account, "PUT", f"{path}/status", verdict)
        assert decided.status == 204, str(decided)
        listed = self.known.ask_as(meeting.account, "GET", f"{path}?status=approved&page_size=300")
        shown = key in [one["id"] for one in listed.json()["registrants"]]
        assert shown == (action == "approve"), str(listed)
        return key

    @precondition(lambda self: self.known.planned)
    @rule(data=st.data())
    def hold_a_meeting(self, data: st.DataObject) -> None:
        """The host comes by the start link, a guest by the join link; then it ends."""
        meeting = data.draw(st.sampled_from(self.known.planned))
        account = meeting.account
        answer = self.known.ask_as(account, "GET", meeting.path)
        if answer.status != 200:
            return
        told = answer.json()
        for url in (told["start_url"], f"{told['join_url']}&name=Guest"):
            parts = urlsplit(url)
            page = self.known.wire.ask("GET", f"{parts.path}?{parts.query}")
            assert page.status < 500, str(page)
        ended = self.known.ask_as(account, "PUT", f"{meeting.path}/status", {"action": "end"})
        if ended.status != 204:
            return
        self.known.turn_clock(600)
        for call in ("", "/instances", "/participants"):
            past = self.known.ask_as(account, "GET", f"/v2/past_meetings/{meeting.number}{call}")
            assert past.status == 200, str(past)
        self.known.ask_as(account, "GET", f"{meeting.path}/recordings")

    @precondition(lambda self: self.known.planned)
    @rule(
        data=st.data(),
        claims=st.dictionaries(
            pick("mn", "role", "exp", "iat", "tokenExp"), anything(), max_size=1
        ),
        form=st.dictionaries(
            pick("signature", "passWord", "zsk", "ztk", "ulsm", "cv", "meetingNumber", "tk"),
            odd_texts(),
            max_size=1,
        ),
        role=pick(0, 1),
    )
    def join_by_the_sdk(
        self, data: st.DataObject, claims: dict[str, Any], form: dict[str, str], role: int
    ) -> None:
        """With everything right, or one thing wrong."""
        meeting = data.draw(st.sampled_from(self.known.planned))
        told = self.known.ask_as(meeting.account, "GET", meeting.path)
        if told.status != 200:
            return
        fields = make_join(self.known, meeting, told.json(), role, claims) | form
        content = urlencode(fields, errors="surrogatepass").encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.known.wire.ask("POST", "/api/v1/wc/info", headers, content)
        assert answer.status == 200, str(answer)
        assert set(answer.json()) == {"status", "errorCode", "errorMessage", "result"}
        self.known.marks.check(answer, meeting.account)
        if answer.json()["status"]:
            ticket = quote(answer.json()["result"]["auth"])
            opened = self.known.wire.upgrade(f"/wc/api/{meeting.number}?auth={ticket}")
            assert opened == 101, opened

    # --- What must be true ------------------------------------------------------------------

    @precondition(lambda self: self.known.planned)
    @rule(data=st.data())
    def look_for_a_meeting(self, data: st.DataObject) -> None:
        """Gettable and in its host's list until it is deleted; afterwards neither."""
        meeting = data.draw(st.sampled_from(self.known.planned))
        answer = self.known.ask_as(meeting.account, "GET", meeting.path)
        if meeting.is_there is None or self.known.now() > meeting.created_at + 29 * DAY:
            return
        assert answer.status == (200 if meeting.is_there else 404), f"{meeting}: {answer}"
        if not meeting.is_there:
            return
        told = answer.json()
        listed = self.known.list_meetings(meeting.account, told["host_id"])
        # Instant meetings are in no list.
        assert (meeting.number in listed) == (told["type"] != 1), f"{meeting}, listed: {listed}"

    @precondition(lambda self: self.known.planned)
    @rule(data=st.data(), row=st.sampled_from(ABOUT_MEETINGS))
    def try_the_other_accounts_meeting(self, data: st.DataObject, row: Any) -> None:
        meeting = data.draw(st.sampled_from(self.known.planned))
        other = next(name for name in ACCOUNTS if name != meeting.account)
        token, body = self.known.get_token(other), data.draw(bodies_for(row[2]))
        answer = self.known.ask(row[0], fill(row[1], str(meeting.number)), token, body)
        assert not answer.is_success, str(answer)

    @precondition(lambda self: self.known.planned)
    @rule(data=st.data())
    def delete_a_meeting(self, data: st.DataObject) -> None:
        meeting = data.draw(st.sampled_from(self.known.planned))
        self.known.ask_as(meeting.account, "DELETE", meeting.path)

    @precondition(lambda self: self.known.planned and not self.known.is_somebody_used_up)
    @rule(data=st.data(), is_wanted=pick(False, False, True))
    def use_up_a_day(self, data: st.DataObject, is_wanted: bool) -> None:
        """The hundred and first write of a host's day is refused; those of the next are not."""
        meeting = data.draw(st.sampled_from(self.known.planned))
        if not is_wanted:
            return
        self.known.turn_to_noon()
        answer = self.known.ask_as(meeting.account, "GET", meeting.path)
        if answer.status != 200:
            return
        statuses = [self.known.write(meeting) for _ in range(101)]
        assert statuses == [204] * 100 + [429], statuses
        self.known.note_used_up(answer.json()["host_id"])
        created = self.known.ask_as(
            meeting.account, "POST", f"/v2/users/{quote(answer.json()['host_id'])}/meetings", {}
        )
        assert created.status == 429, str(created)

    @rule(token=tokens)
    def use_an_old_token(self, token: Token) -> None:
        answer = self.known.ask("GET", "/v2/users", token)
        if token.expires_at < self.known.now() - 5:
            assert (answer.status, answer.json()["code"]) == (401, 124), str(answer)

    # --- Time and the other controls --------------------------------------------------------

    @rule(seconds=pick(1, 900, 3599, 3601, DAY, 2 * DAY))
    def turn_clock(self, seconds: float) -> None:
        self.known.turn_clock(seconds)

    @rule(
        account=NAMES,
        changes=account_changes(),
        calls=st.lists(any_call(), min_size=1, max_size=4),
        thing=st.one_of(users, meetings),
    )
    def call_a_changed_account(
        self, account: str, changes: dict[str, Any], calls: list[Any], thing: Thing
    ) -> None:
        """Afterwards the account is what it was, so that there is still something to be done."""
        path = f"accounts/{account}-account"
        found = [one for one in self.zoom.accounts() if one["account_id"] == f"{account}-account"]
        token = self.known.get_token(account)
        self.zoom.control("PATCH", path, changes)
        assert self.zoom.ask_token(ACCOUNTS[account]).status_code in (200, 400)
        for (method, call, _, _), body in calls:
            target = fill(call, thing.segment)
            self.known.ask("GET" if method == "*" else method, target, token, body)
        self.zoom.control("PATCH", path, {name: found[0][name] for name in changes})
        self.known.forget_tokens()

    @rule(thing=users, changes=user_changes())
    def change_a_user_by_hand(self, thing: Thing, changes: dict[str, Any]) -> None:
        body = as_json(changes)
        target = f"/_control/users/{quote(thing.segment)}"
        answer = self.known.wire.ask("PATCH", target, body.headers, body.content)
        assert answer.status in (200, 400, 404), str(answer)

    @rule(thing=users, is_wanted=pick(False, False, True))
    def remove_a_user_by_hand(self, thing: Thing, is_wanted: bool) -> None:
        if is_wanted:
            answer = self.known.wire.ask("DELETE", f"/_control/users/{quote(thing.segment)}")
            assert answer.status in (200, 404), str(answer)
            self.known.note_control()

    @precondition(lambda self: self.known.planned)
    @rule()
    def keep_and_restore(self) -> None:
        """A snapshot brings everything back as it was: all that is known stays true."""
        self.zoom.control("POST", "snapshots", {"name": "kept"})
        for meeting in list(self.known.planned)[:2]:
            self.known.ask_as(meeting.account, "GET", meeting.path)
        self.zoom.control("POST", "snapshots/kept/restore")
        self.known.forget_tokens()

    @rule(address=pick(*VIEWS))
    def look_at_the_state(self, address: str) -> None:
        """Whatever has happened, the controls and the console can show it."""
        answer = self.known.wire.ask("GET", address)
        assert answer.status == 200, str(answer)


def make_user(account: str, part: str) -> dict[str, Any]:
    """The id begins with the account's name, so that a leak is seen."""
    return {
        "id": f"{account}-{part}",
        "email": f"{account}-{part}@{account}.example",
        "display_name": f"{part} of-{account}",
        "type": 1 if part == "basic" else 2,
        "role_id": "0" if part == "owner" else "2",
        "status": "pending" if part == "pending" else "active",
    }


def make_join(
    known: Knowledge, meeting: Planned, told: dict[str, Any], role: int, changes: dict[str, Any]
) -> dict[str, str]:
    """What the SDK sends for the host, or for a guest, with these claims changed."""
    pair, now = ACCOUNTS[meeting.account], int(known.now())
    times = {"iat": now - 60, "exp": now + 7140, "tokenExp": now + 7140}
    key = {"appKey": pair["sdk_client_id"], "role": role}
    claims = make_claims(meeting.number, **{**key, **times, **changes})
    return {
        "meetingNumber": str(meeting.number),
        "userName": "Somebody",
        "passWord": quote(told["password"], safe=""),
        "signature": sign(claims, pair["sdk_client_secret"]),
        "apiKey": pair["sdk_client_id"],
        "cv": "6.2.0",
        "zsk": told["start_url"].partition("zak=")[2] if role else "",
        "ulsm": "1",
    }
