"""Values, good and odd, for random calls: what a client might send, and what none should."""

import json
import re
import string
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def pick(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


# Path segments and query values as they stand on the wire, encoded or badly so.
_ODD_SEGMENTS = st.one_of(
    pick(
        "me", "0", "-1", "00", "%00", "%ff", "%2F", "%252F", "%2Fx%3D%3D", "..", "%2e%2e", "%",
        "%zz", "9" * 30, "%F0%9F%92%A9", "%ED%A0%80", "a;b=c", "a,b", "*", "81234567890", "a%20b",
        "%2525", "x" * 300, "null", "%C2%A0", "1e5", "0x10", "%D9%A1%D9%A2%D9%A3", "+",
    ),
    st.text(max_size=12).map(lambda text: quote(text.encode("utf-8", "surrogatepass"), safe="")),
)  # fmt: skip
ODD_NUMBERS = pick(
    0, -1, 1, 2, 3, 2**31, 2**63, 10**30, -(10**30), 0.5, -0.0, 1e308, float("nan"), float("inf")
)
_ODD_TEXTS = st.one_of(
    pick(
        "", " ", "0", "null", "\x00", "\ud800", "é" * 40, "x" * 5000, "1,2", "@", "a@b", "<script>",
        "9999-12-31T23:59:59Z", "0001-01-01T00:00:00", "2030-02-30T10:00:00Z", "Mars/Sea", "%s",
        "\u0663", "\u202e", "\r\n", "%", "{}", "Europe/../UTC", "/etc/passwd",
    ),
    st.text(max_size=8),
)  # fmt: skip
_ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), ODD_NUMBERS, _ODD_TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(_ODD_TEXTS, inner, max_size=3)
    ),
    max_leaves=6,
)


def mostly(good: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Three good ones to an odd one."""
    return st.one_of(good, good, good, odd)


def nearly_always(
    good: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    """Nine good ones to an odd one."""
    return st.integers(0, 9).flatmap(lambda number: odd if number == 9 else good)


def some(members: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with any of these members, each good or anything at all."""
    values = {name: mostly(value, _ANYTHING) for name, value in members.items()}
    return st.fixed_dictionaries({}, optional=values)


TIMES = pick(
    "2030-03-30T10:00:00Z", "2030-03-30T23:30:00", "2020-01-01T00:00:00Z", "2029-12-31T23:59:59"
)
ZONES = pick("UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kathmandu")
NAMES = st.text(string.ascii_letters + " ", min_size=1, max_size=20)
EMAILS = st.integers(0, 40).map(lambda number: f"made-{number}@acme.example")
RECURRENCES = some(
    {
        "type": pick(1, 2, 3),
        "repeat_interval": pick(1, 2, 3),
        "weekly_days": pick("1", "2,4", "7"),
        "monthly_day": pick(1, 31),
        "monthly_week": pick(-1, 1, 4),
        "monthly_week_day": pick(1, 7),
        "end_times": pick(1, 7, 50),
        "end_date_time": pick("2030-06-30T00:00:00Z", "2031-01-01T00:00:00Z"),
    }
)
SETTINGS = some(
    {
        "join_before_host": st.booleans(),
        "jbh_time": pick(0, 5, 10, 15),
        "waiting_room": st.booleans(),
        "approval_type": pick(0, 1, 2),
        "registration_type": pick(1, 2, 3),
        "auto_recording": pick("none", "cloud", "local"),
        "alternative_hosts": pick("", "acme-second@acme.example", "globex-second@globex.example"),
        "meeting_authentication": st.booleans(),
        "encryption_type": pick("enhanced_encryption", "e2ee"),
        "host_video": st.booleans(),
        "use_pmi": st.just(False),
        "close_registration": st.booleans(),
    }
)
MEETINGS = some(
    {
        "topic": st.just("a topic"),
        "agenda": NAMES,
        "type": pick(1, 2, 3, 8, 10),
        "start_time": TIMES,
        "timezone": ZONES,
        "duration": pick(1, 30, 1440),
        "password": pick("", "a_B*1", "123456"),
        "default_password": st.booleans(),
        "schedule_for": pick("", "acme-second", "globex-second@globex.example"),
        "recurrence": RECURRENCES,
        "settings": SETTINGS,
        "pre_schedule": st.booleans(),
        "tracking_fields": st.just([{"field": "a", "value": "b"}]),
    }
)
PROFILES = some(
    {
        "first_name": NAMES,
        "last_name": NAMES,
        "display_name": NAMES,
        "dept": NAMES,
        "language": pick("en-US", "de-DE"),
        "type": pick(1, 2, 4, 99),
        "timezone": ZONES,
        "email": EMAILS,
    }
)
NEW_USERS = some(
    {
        "action": pick("create", "autoCreate", "custCreate", "ssoCreate"),
        "user_info": some(
            {"email": EMAILS, "type": pick(1, 2), "first_name": NAMES, "password": pick("aB345678")}
        ),
    }
)
USER_SETTINGS = some(
    {
        "schedule_meeting": some({"join_before_host": st.booleans()}),
        "in_meeting": some({"waiting_room": st.booleans(), "chat": st.booleans()}),
        "recording": some({"cloud_recording": st.just(True), "auto_recording": pick("none")}),
        "meeting_security": some({"meeting_password": st.booleans()}),
    }
)
STATES = some({"action": pick("activate", "deactivate", "clock_in", "end", "recover", "approve")})
REGISTRANTS = some({"email": EMAILS, "first_name": NAMES, "auto_approve": st.booleans()})
# By the call's name. A call that is not named here gets objects with members of all of these.
BODIES: dict[str, st.SearchStrategy[Any]] = {
    "meetings.create": MEETINGS,
    "meetings.update": MEETINGS,
    "meetings.end": STATES,
    "users.create": NEW_USERS,
    "users.update": PROFILES,
    "users.status": STATES,
    "users.update_settings": USER_SETTINGS,
    "registrants.add": REGISTRANTS,
}
QUERY = {
    "type": pick("zak", "token", "onbehalf", "scheduled", "live", "upcoming", "previous_meetings"),
    "ttl": pick("1", "7200", "31536000"),
    "meeting_id": pick("81234567890"),
    "status": pick("active", "inactive", "pending", "approved", "denied"),
    "page_size": pick("1", "2", "300"),
    "page_number": pick("1", "2", "1000000000"),
    "from": pick("2030-01-01", "2020-01-01", "2026-01-01T00:00:00Z"),
    "to": pick("2030-12-31", "2020-01-01"),
    "option": pick("meeting_security", "meeting_authentication"),
    "login_type": pick("100", "99", "1"),
    "role_id": pick("0", "1", "2"),
    "include_fields": pick("host_key", "custom_attributes"),
    "email": EMAILS,
    "show_previous_occurrences": pick("true", "false"),
    "action": pick("disassociate", "delete"),
    "transfer_email": pick("acme-owner@acme.example", "globex-owner@globex.example"),
    "transfer_meeting": pick("true", "false"),
    "grant_type": pick("account_credentials"),
}


@dataclass(frozen=True)
class Body:
    """The bytes of a body and the headers that describe it, rightly or not."""

    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def as_json(value: Any) -> Body:
    """Numbers that JSON does not have are written as Python does: a client may send them."""
    return Body(json.dumps(value).encode(), {"Content-Type": JSON})


_ODD_BODIES = st.one_of(
    _ANYTHING.map(as_json),
    st.builds(
        Body,
        pick(
            b"", b"{", b"\xff\xfe{}", b"[" * 5000, b'{"a":' * 3000, b"\x00", b"topic=x", b"null",
            b'{"topic": "\xe9"}', b'{"duration": 1e999}', b'{"type": 0x1}', b"9" * 5000,
        ),
        st.fixed_dictionaries(
            {},
            optional={
                "Content-Type": pick(
                    JSON, FORM, "text/plain", "application/json; charset=utf-16", "nonsense",
                    "multipart/form-data", "multipart/form-data; boundary=x",
                    "application/json; charset=none",
                ),
                "Content-Encoding": pick("gzip", "deflate", "br", "identity", "nonsense"),
            },
        ),
    ),
)  # fmt: skip


_ODD_TOKENS = st.one_of(
    pick("", "Bearer", "Bearer ", "bearer x", "Basic x", "Basic Og==", "Digest a", "Bearer \xff"),
    # Control characters would be no HTTP at all.
    _ODD_TEXTS.map(lambda text: re.sub(r"[\x00-\x1f\x7f]", "", f"Bearer {text[:99]}")),
)
METHODS = pick("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND")
_ACCOUNT_CHANGES = pick(
    {"plan": "free"},
    {"plan": "pro"},
    {"single_token": True},
    {"scope_code": 104},
    {"me": "owner"},
    {"api_url": "https://api-eu.zoom.example"},
    {"date_skew": -1e9},
    {"oauth_errors": "numbers"},
    {"query_parameters": "refused"},
    {"app_state": "disabled"},
    {"app_state": "revoked"},
    {"app_type": "general"},
    {"scopes": []},
    {"scopes": ["meeting:read:admin", "user:write:admin"]},
    {"seats": 0},
    {"hold_seconds": 60.0},
    {"sdk_app_active": False},
    {"min_sdk_version": "99.0.0"},
    {"alternative_hosts_allowed": False},
    {"passcode_rules": {"length": 8, "have_special_character": True, "only_allow_numeric": True}},
    {"passcode_rules": {"length": 1e308, "consecutive_characters_length": -1, "x": []}},
)
_USER_CHANGES = some(
    {
        "status": pick("active", "inactive", "pending"),
        "type": pick(1, 2, 4, 99),
        "timezone": ZONES,
        "settings": USER_SETTINGS,
        "created_at": pick(0.0, 1.8e9),
        "display_name": NAMES,
        "login_type": pick(0, 1, 99, 100, 101),
        "cust_create": st.booleans(),
    }
)
_EVERYTHING = some({"users": st.just([]), "registrants": st.just([{"email": "a@b"}])})
_GOOD_BODIES = st.one_of(*BODIES.values(), _EVERYTHING)


# What is drawn from below is a function: hypothesis writes down the strategies of a rule, and the
# tables above would be long.


@st.composite
def anything(draw: st.DrawFn) -> Any:
    return draw(_ANYTHING)


@st.composite
def odd_texts(draw: st.DrawFn) -> str:
    return draw(_ODD_TEXTS)


@st.composite
def odd_segments(draw: st.DrawFn) -> str:
    return draw(_ODD_SEGMENTS)


@st.composite
def odd_tokens(draw: st.DrawFn) -> str:
    return draw(_ODD_TOKENS)


@st.composite
def account_changes(draw: st.DrawFn) -> dict[str, Any]:
    return draw(_ACCOUNT_CHANGES)


@st.composite
def user_changes(draw: st.DrawFn) -> dict[str, Any]:
    return draw(_USER_CHANGES)


@st.composite
def bodies_for(draw: st.DrawFn, call: str) -> Body:
    """Mostly one with members the call knows, each of them mostly good."""
    good = BODIES.get(call, _GOOD_BODIES)
    return draw(mostly(good.map(as_json), _ODD_BODIES))


@st.composite
def queries(draw: st.DrawFn) -> dict[str, str]:
    """At most three parameters, with the names the calls know."""
    names = draw(st.lists(st.sampled_from(sorted(QUERY)), max_size=3, unique=True))
    odd = _ODD_TEXTS.map(lambda text: text[:300])
    return {name: draw(mostly(QUERY[name], odd)) for name in names}
