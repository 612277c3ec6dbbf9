"""Whatever is planted or played, and whatever is asked then: the sandbox has no 5xx of its own."""

import contextlib

import pytest
import requests
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

# What a body may hold, likely values first.
plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
anything = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
LIKELY = {
    "call": st.sampled_from(["*", "users.list", "users.*", "web.socket", "users.lst"]),
    "path": st.sampled_from(["", "/v2/*", "/v2/users", "[", "/v2/[!u]*"]),
    "pattern": st.sampled_from(["", ".", "users", "(", "(?i)USERS", "["]),
    "account": st.sampled_from(["", "acme-account", "globex-account"]),
    "skip": st.integers(-1, 2),
    "times": st.none() | st.integers(-1, 2),
    "status": st.none() | st.integers(99, 600),
    "body": anything,
    "headers": st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=2),
    "seconds": st.sampled_from([None, 0, 0.01, -1, 1e9]),
    "jitter": st.sampled_from([0, 0.01, -1]),
    "error": st.sampled_from(["", "bad zak", "sulk"]),
    "after": st.booleans(),
    "name": st.text(max_size=5),
}
THOROUGH = settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def control(sandbox):
    def call(path, body):
        answer = requests.post(f"{sandbox.control_url}/_control/{path}", json=body, timeout=10)
        assert answer.status_code in (200, 400, 404), answer.text
        return answer

    return call


@st.composite
def faults(draw, kinds):
    kind = draw(st.sampled_from(kinds))
    fields = draw(st.sets(st.sampled_from(sorted(LIKELY)), max_size=4))
    return {"kind": kind, **{name: draw(LIKELY[name]) for name in sorted(fields)}}


# Without those that take their time unless told otherwise.
KINDS = [
    "status", "html", "html_error", "empty", "bad_json", "redirect", "rate_limit", "daily_limit",
    "wrong_type", "drop", "reset", "lost_reply", "tls_error", "wire_error", "late_welcome",
    "no_welcome", "socket_close", "sulk",
]  # fmt: skip


@THOROUGH
@given(fault=faults(KINDS))
@example(fault={"kind": "status", "status": 204, "body": "x", "after": True})
@example(fault={"kind": "wrong_type"})
def test_any_fault_is_planted_or_refused_and_breaks_no_more_than_it_says(
    sandbox, token, control, fault
):
    sandbox.clear_faults()
    planted = control("faults", fault).ok
    with contextlib.suppress(requests.RequestException):
        header = {"Authorization": f"Bearer {token}"}
        answer = requests.get(
            f"{sandbox.url}/v2/users", headers=header, timeout=5, allow_redirects=False
        )
        assert planted or answer.status_code == 200
    assert sandbox.crashes() == []


@THOROUGH
@given(body=st.dictionaries(st.sampled_from([*LIKELY, "kind", "seen"]), anything, max_size=5))
def test_any_body_of_a_fault_is_answered(sandbox, control, body):
    control("faults", body)
    sandbox.clear_faults()


steps = st.lists(
    st.dictionaries(
        st.sampled_from(["at", "plant", "clear", "change", "say"]),
        anything
        | faults(KINDS)
        | st.dictionaries(st.sampled_from(["app_state", "scopes", "plan"]), anything, max_size=2)
        | st.sampled_from(["09:00", "*", 0, 0.01]),
        max_size=4,
    )
    | anything,
    max_size=3,
)


@THOROUGH
@given(steps=steps, begins=anything | st.sampled_from(["09:00", 5]), name=st.text(max_size=5))
def test_any_script_is_answered(sandbox, control, steps, begins, name):
    control("scenarios", {"name": name, "steps": steps, "begins": begins})
    control("scenarios", {"name": name})
    sandbox.stop_plays()
    assert sandbox.crashes() == []
