"""Odd but allowed: whatever the controls take, nothing of the sandbox falls over afterwards."""

import json
import types
import typing
from typing import Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoomsandbox.console.framework import NAVIGATION
from zoomsandbox.control.routes import CONTROLS
from zoomsandbox.control.shapes import Bounds, ByName, Many, Record

# What exists, so that some requests are about something.
KNOWN = {"account": "acme-account", "user": "alice", "name": "kept", "subscription": "x"}
TEXTS = st.sampled_from(
    ["", "*", "alice", "acme-account", "http://127.0.0.1:9/x", "x" * 300, "é\u202e\x00", "[", "{0}"]
)
NUMBERS = st.sampled_from([0, 1, -1, 2, 31, 2**31, 2**63, 10**30, 0.5, -0.0, 1e300, 1e-300])
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=5,
)
TOO_SLOW = {("POST", "clock"), ("POST", "settle")}
ASKED = [
    control
    for control in CONTROLS
    if control.body is not None and (control.method, control.path) not in TOO_SLOW
]


def make(shape):
    """Values that the shape allows."""
    if isinstance(shape, Many):
        return st.lists(make(shape.item), max_size=3)
    if isinstance(shape, ByName):
        return st.dictionaries(TEXTS, make(shape.item), max_size=3)
    if isinstance(shape, Record):
        members = {name: make(member) for name, member in shape.members.items()}
        optional = {name: members.pop(name) for name in shape.optional}
        return st.fixed_dictionaries(members, optional=optional)
    plain = {str: TEXTS, bool: st.booleans(), Any: ANYTHING, float: NUMBERS}
    plain[int] = NUMBERS.filter(lambda number: isinstance(number, int))
    if shape in plain:
        return plain[shape]
    origin, arguments = typing.get_origin(shape), typing.get_args(shape)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is Annotated:
        bounds = next(note for note in arguments[1:] if isinstance(note, Bounds))
        kept = NUMBERS.filter(lambda number: bounds.least <= number <= bounds.most)
        whole = arguments[0] is int
        return kept.filter(lambda number: isinstance(number, int)) if whole else kept
    if origin in (types.UnionType, typing.Union):
        return st.one_of(*map(make, arguments))
    if origin in (list, tuple):
        return st.lists(make(arguments[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(TEXTS, make(arguments[1]), max_size=3)
    return st.none()


def visit_everything(sandbox, token):
    """Calls, controls and pages that read the state; nothing may be 5xx."""
    for path in ("/users", "/users/alice", "/users/alice/settings", "/users/alice/meetings"):
        yield sandbox.api("GET", path, token)
    for path in (*NAVIGATION, "/_console/accounts/acme-account"):
        yield sandbox.session.get(f"{sandbox.url}{path}", timeout=10)
    yield sandbox.session.get(f"{sandbox.control_url}/_control/accounts", timeout=10)
    yield sandbox.session.post(
        f"{sandbox.control_url}/_control/snapshots", json={"name": "kept"}, timeout=10
    )
    yield sandbox.session.post(f"{sandbox.control_url}/_control/snapshots/kept/restore", timeout=10)


@pytest.mark.parametrize("control", ASKED, ids=lambda one: f"{one.method} {one.path}")
@settings(
    max_examples=15,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_nothing_falls_over(sandbox, control, data):
    sandbox.reset()
    sandbox.account()
    token = sandbox.ask_token().json()["access_token"]
    sandbox.api("POST", "/users/alice/meetings", token, json={"topic": "Weekly"})
    body = data.draw(make(control.body))
    address = f"{sandbox.control_url}/_control/{control.path.format_map(KNOWN)}"
    text = json.dumps(body)
    answer = sandbox.session.request(control.method, address, data=text, timeout=20)
    assert answer.status_code in (200, 400, 404), answer.text
    sandbox.clear_faults()
    statuses = [one.status_code for one in visit_everything(sandbox, token)]
    assert sandbox.crashes() == []
    assert [status for status in statuses if status >= 500] == []
