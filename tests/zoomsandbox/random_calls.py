"""Any call with any values, from a client that knows a few things by name."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule

from tests.sandbox import Sandbox
from tests.zoomsandbox.known_state import ACCOUNTS, DAY, Knowledge, Thing, Token, find_keys
from tests.zoomsandbox.random_values import (
    METHODS,
    Body,
    account_changes,
    as_json,
    bodies_for,
    mostly,
    nearly_always,
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


class RandomCalls(RuleBasedStateMachine):
    """Works on one running sandbox; a subclass names it. ``made`` counts calls by their answers."""

    zoom: Sandbox
    made: Counter[tuple[str, int]]

    users = Bundle("users")
    meetings = Bundle("meetings")
    tokens = Bundle("tokens")
    # Ids of occurrences and registrants, page tokens, UUIDs: what later calls may name.
    keys = Bundle("keys")
    # What is wrong with a call, if anything. None stands for what is right.
    _ODDITIES = {
        "segment": nearly_always(st.none(), odd_segments()),
        "token": nearly_always(st.none(), st.one_of(tokens, odd_tokens())),
        "query": mostly(st.just({}), queries()),
        "key": mostly(st.none(), keys),
        "method": nearly_always(st.none(), METHODS),
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

    @initialize(target=users)
    def begin_with_users(self) -> Any:
        return multiple(*self.known.users)

    @initialize(target=meetings)
    def begin_with_meetings(self) -> Any:
        made = [self.known.plan_meeting(name, "second", 2, 0) for name in ACCOUNTS]
        return multiple(*(thing for things in made for thing in things))

    @initialize(target=tokens)
    def begin_with_tokens(self) -> Any:
        return multiple(*(self.known.get_token(name) for name in ACCOUNTS))

    @initialize(target=keys)
    def begin_with_a_key(self) -> str:
        return "1893492000000"

    # --- REST -------------------------------------------------------------------------------

    @rule(target=keys, call=any_call(ABOUT_USERS), thing=users, **_ODDITIES)
    def call_about_a_user(self, call: Any, thing: Thing, **given: Any) -> Any:
        return self.call(call, thing, **given)

    @rule(target=keys, call=any_call(ABOUT_MEETINGS), thing=meetings, **_ODDITIES)
    def call_about_a_meeting(self, call: Any, thing: Thing, **given: Any) -> Any:
        return self.call(call, thing, **given)

    @rule(target=keys, call=any_call(), thing=st.one_of(users, meetings), **_ODDITIES)
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
        (usual, path, _, _), body = call
        if key is not None:
            query = {**query, ("occurrence_id" if "{meeting}" in path else "next_page_token"): key}
        target = fill(path, thing.segment if segment is None else segment)
        if query:
            target += f"?{urlencode(query, errors='surrogatepass')}"
        method = method or ("POST" if usual == "*" else usual)
        token = self.known.get_token(thing.account) if token is None else token
        return multiple(*find_keys(self.known.ask(method, target, token, body)))

    @rule(target=tokens, account=NAMES)
    def ask_for_a_token(self, account: str) -> Token:
        return self.known.ask_for_token(account)

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
        token = self.known.get_token(account)
        with self.known.changed(account, changes):
            assert self.zoom.ask_token(ACCOUNTS[account]).status_code in (200, 400)
            for (method, call, _, _), body in calls:
                target = fill(call, thing.segment)
                self.known.ask("GET" if method == "*" else method, target, token, body)

    # --- The other sides --------------------------------------------------------------------

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

    @rule(address=pick(*VIEWS))
    def look_at_the_state(self, address: str) -> None:
        """Whatever has happened, the controls and the console can show it."""
        answer = self.known.wire.ask("GET", address)
        assert answer.status == 200, str(answer)

    @rule(thing=users, changes=user_changes())
    def change_a_user_by_hand(self, thing: Thing, changes: dict[str, Any]) -> None:
        body = as_json(changes)
        target = f"/_control/users/{quote(thing.segment)}"
        answer = self.known.wire.ask("PATCH", target, body.headers, body.content)
        assert answer.status in (200, 400, 404), str(answer)

    @rule(thing=users, is_wanted=pick(False, False, False, True))
    def remove_a_user_by_hand(self, thing: Thing, is_wanted: bool) -> None:
        if is_wanted:
            answer = self.known.wire.ask("DELETE", f"/_control/users/{quote(thing.segment)}")
            assert answer.status in (200, 404), str(answer)
            self.known.note_removal()

    @rule(token=tokens, seconds=pick(1, 900, 3599, 3601, DAY, 2 * DAY))
    def turn_clock(self, token: Token, seconds: float) -> None:
        """A token lives an hour."""
        self.known.turn_clock(seconds)
        answer = self.known.ask("GET", "/v2/users", token)
        if not answer.is_success:
            assert (answer.status, answer.json()["code"]) == (401, 124), str(answer)

    @rule(form=st.dictionaries(pick("grant_type", "account_id"), odd_texts()), header=odd_tokens())
    def ask_for_a_token_wrongly(self, form: dict[str, str], header: str) -> None:
        content = urlencode(form, errors="surrogatepass").encode()
        body = Body(content, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = self.known.ask("POST", "/oauth/token", header, body)
        assert answer.status == 400, str(answer)
