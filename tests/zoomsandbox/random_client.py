"""A client of Zoom's that does what makes sense, among all that makes none, and knows the outcome.

What must be true is checked after every answer (:class:`Knowledge`), and here where it is known.
"""

from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from hypothesis import strategies as st
from hypothesis.stateful import multiple, precondition, rule

from tests.zoomsandbox.joining import make_claims, sign
from tests.zoomsandbox.known_state import ACCOUNTS, DAY, Knowledge, Planned, Thing
from tests.zoomsandbox.random_calls import ABOUT_MEETINGS, NAMES, RandomCalls, fill
from tests.zoomsandbox.random_values import EMAILS, anything, bodies_for, odd_texts, pick

FORM = "application/x-www-form-urlencoded"
CLAIMS = st.dictionaries(pick("mn", "role", "exp", "iat", "tokenExp"), anything(), max_size=1)
FIELDS = st.dictionaries(
    pick("signature", "passWord", "zsk", "ztk", "ulsm", "cv", "meetingNumber", "tk"),
    odd_texts(),
    max_size=1,
)


class RandomClient(RandomCalls):
    users, meetings, keys = RandomCalls.users, RandomCalls.meetings, RandomCalls.keys

    # --- Users ------------------------------------------------------------------------------

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
    def change_a_user(self, thing: Thing) -> None:
        """What Zoom tells of the user then is what was done."""
        path, chat = f"/v2/users/{thing.segment}", {"in_meeting": {"chat": False}}
        if self.known.ask_as(thing.account, "GET", path).status != 200:
            return
        for target, change in ((path, {"dept": "Physics"}), (f"{path}/settings", chat)):
            answer = self.known.ask_as(thing.account, "PATCH", target, change)
            assert answer.status == 204, str(answer)
        told = self.known.ask_as(thing.account, "GET", path).json()
        assert told["dept"] == "Physics", told
        settings = self.known.ask_as(thing.account, "GET", f"{path}/settings").json()
        assert settings["in_meeting"]["chat"] is False, settings

    @rule(thing=users)
    def put_a_user_to_sleep(self, thing: Thing) -> None:
        """And wake, unless it is the owner, or nobody has come yet."""
        path = f"/v2/users/{thing.segment}"
        found = self.known.ask_as(thing.account, "GET", path)
        if found.status != 200 or found.json()["status"] == "pending":
            return
        is_owner = found.json()["role_id"] == "0"
        for action, status in (("deactivate", "inactive"), ("activate", "active")):
            done = self.known.ask_as(thing.account, "PUT", f"{path}/status", {"action": action})
            then = self.known.ask_as(thing.account, "GET", path).json()["status"]
            assert is_owner or (done.status, then) == (204, status), f"{then}: {done}"

    @rule(
        thing=users, part=pick("settings", "upcoming_meetings", "recordings", "token", "meetings")
    )
    def look_at_a_user(self, thing: Thing, part: str) -> None:
        """Every list is there for a user who is there; the token is for active ones."""
        path = f"/v2/users/{thing.segment}"
        found = self.known.ask_as(thing.account, "GET", path)
        answer = self.known.ask_as(thing.account, "GET", f"{path}/{part}")
        is_awake = found.is_success and found.json()["status"] == "active"
        assert answer.is_success == (is_awake if part == "token" else found.is_success), str(answer)
        if found.is_success:
            address = quote(found.json()["email"])
            for target in ("/v2/users", f"/v2/users/email?email={address}"):
                assert self.known.ask_as(thing.account, "GET", target).is_success

    @rule(thing=users, action=pick("keep", "sign out", "delete"))
    def part_with_a_user(self, thing: Thing, action: str) -> None:
        """Signed out, or deleted; who is deleted is nobody's user any more."""
        path = f"/v2/users/{thing.segment}"
        if action == "sign out":
            self.known.ask_as(thing.account, "DELETE", f"{path}/token")
        elif action == "delete" and self.known.ask_as(thing.account, "DELETE", path).is_success:
            assert self.known.ask_as(thing.account, "GET", path).status == 404

    @rule(account=NAMES)
    def ask_for_the_owners_zak(self, account: str) -> None:
        """Which is to be had where ``me`` is the owner."""
        with self.known.changed(account, {"me": "owner"}):
            allowed = self.known.ask_as(account, "GET", "/v2/users/me/zak").status
        refused = self.known.ask_as(account, "GET", "/v2/users/me/zak").status
        assert refused == 404, refused
        assert allowed in (200, 400, 404), allowed

    # --- Meetings ---------------------------------------------------------------------------

    @rule(
        target=meetings,
        account=NAMES,
        host=pick("owner", "second", "basic"),
        kind=pick(1, 2, 3, 8),
        approval=pick(0, 1, 2),
    )
    def create_a_meeting(self, account: str, host: str, kind: int, approval: int) -> Any:
        return multiple(*self.known.plan_meeting(account, host, kind, approval))

    @rule(data=st.data())
    def look_for_a_meeting(self, data: st.DataObject) -> None:
        """Gettable and in its host's list until it is deleted; afterwards neither."""
        meeting = self.choose_meeting(data)
        answer = self.known.ask_as(meeting.account, "GET", meeting.path)
        if meeting.is_there is None or self.known.now() > meeting.created_at + 29 * DAY:
            return
        assert answer.status == (200 if meeting.is_there else 404), f"{meeting}: {answer}"
        host = answer.json()["host_id"] if meeting.is_there else meeting.host
        listed = self.known.list_meetings(meeting.account, host)
        # Instant meetings are in no list.
        is_expected = bool(meeting.is_there) and answer.json()["type"] != 1
        assert (meeting.number in listed) == is_expected, f"{meeting}, listed: {listed}"

    @rule(data=st.data())
    def delete_a_meeting(self, data: st.DataObject) -> None:
        meeting = self.choose_meeting(data)
        self.known.ask_as(meeting.account, "DELETE", meeting.path)

    @rule(data=st.data(), row=st.sampled_from(ABOUT_MEETINGS))
    def try_the_other_accounts_meeting(self, data: st.DataObject, row: Any) -> None:
        meeting = self.choose_meeting(data)
        other = next(name for name in ACCOUNTS if name != meeting.account)
        token, body = self.known.get_token(other), data.draw(bodies_for(row[2]))
        answer = self.known.ask(row[0], fill(row[1], str(meeting.number)), token, body)
        assert not answer.is_success, str(answer)

    @rule(target=keys, data=st.data(), email=EMAILS, action=pick("approve", "deny", "cancel"))
    def register_somebody(self, data: st.DataObject, email: str, action: str) -> Any:
        """Who is approved is listed, and nobody else."""
        meeting = self.choose_meeting(data)
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

    @precondition(lambda self: not self.known.is_somebody_used_up)
    @rule(data=st.data(), is_wanted=pick(False, False, True))
    def use_up_a_day(self, data: st.DataObject, is_wanted: bool) -> None:
        """The hundred and first write of a host's day is refused."""
        meeting = self.choose_meeting(data)
        if not is_wanted:
            return
        self.known.turn_to_noon()
        answer = self.known.ask_as(meeting.account, "GET", meeting.path)
        if answer.status != 200:
            return
        statuses = [self.known.write(meeting) for _ in range(101)]
        assert statuses == [204] * 100 + [429], f"101 writes of one day: {statuses}"
        host = answer.json()["host_id"]
        self.known.note_used_up(host)
        created = self.known.ask_as(
            meeting.account, "POST", f"/v2/users/{quote(host)}/meetings", {}
        )
        assert created.status == 429, str(created)

    # --- In a meeting -----------------------------------------------------------------------

    @rule(data=st.data())
    def hold_a_meeting(self, data: st.DataObject) -> None:
        """The host comes by the start link, a guest by the join link; then it ends."""
        meeting = self.choose_meeting(data)
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

    @rule(data=st.data(), claims=CLAIMS, fields=FIELDS, role=pick(0, 1))
    def join_by_the_sdk(
        self, data: st.DataObject, claims: dict[str, Any], fields: dict[str, str], role: int
    ) -> None:
        """With everything right, or one thing wrong; who is let in opens the WebSocket."""
        meeting = self.choose_meeting(data)
        told = self.known.ask_as(meeting.account, "GET", meeting.path)
        if told.status != 200:
            return
        form = make_join(self.known, meeting, told.json(), role, claims) | fields
        content = urlencode(form, errors="surrogatepass").encode()
        answer = self.known.wire.ask("POST", "/api/v1/wc/info", {"Content-Type": FORM}, content)
        assert answer.status == 200, str(answer)
        assert set(answer.json()) == {"status", "errorCode", "errorMessage", "result"}
        self.known.marks.check(answer, meeting.account)
        if answer.json()["status"]:
            ticket = quote(answer.json()["result"]["auth"])
            opened = self.known.wire.upgrade(f"/wc/api/{meeting.number}?auth={ticket}")
            assert opened == 101, opened

    # --- The state as a whole ---------------------------------------------------------------

    @rule(data=st.data())
    def keep_and_restore(self, data: st.DataObject) -> None:
        """A snapshot brings everything back as it was: all that is known stays true."""
        self.zoom.control("POST", "snapshots", {"name": "kept"})
        meeting = self.choose_meeting(data)
        before = meeting.is_there
        self.known.ask_as(meeting.account, "DELETE", meeting.path)
        self.zoom.control("POST", "snapshots/kept/restore")
        meeting.is_there = before
        self.known.forget_tokens()

    def choose_meeting(self, data: st.DataObject) -> Planned:
        return data.draw(st.sampled_from(self.known.planned))


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
