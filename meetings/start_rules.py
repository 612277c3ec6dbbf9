"""Who can start a meeting: every rule, in its order, decided from facts.

Pure: no database, no network, no clock. The doors (`meetings.access`, `meetings.services.start`),
"Explain this start" and tomorrow's report all ask here, so that none of them knows a rule of its
own. `meetings.start_facts` gathers the facts, `meetings.start_texts` has the words.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    # Nobody looked, or nobody knows. It keeps nobody out.
    UNKNOWN = "unknown"


class Way(StrEnum):
    """As themselves; or, where the organization lets its admins, as the meeting's host."""

    SELF = "self"
    ON_BEHALF = "on_behalf"


class Stage(StrEnum):
    # Here, when the person comes to the door: 403.
    DOOR = "door"
    # Here, at the start itself: a sentence.
    START = "start"
    # By the sign-in or by Zoom. Here is what is known of it, and it may be out of date.
    ELSEWHERE = "elsewhere"


class Belongs(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"
    NO = "no"
    # There is no person: the host is linked to no member.
    NOBODY = "nobody"


class Link(StrEnum):
    """What the person is to the meeting."""

    HOST = "host"
    ALTERNATIVE = "alternative"
    NONE = "none"


class Account(StrEnum):
    CONNECTED = "connected"
    MISSING = "missing"
    NO_CREDENTIALS = "no_credentials"
    # A shared account, and the Zoom user is not one of this organization's.
    NOT_ASSIGNED = "not_assigned"
    # Zoom refused the credentials just now.
    REFUSED = "refused"


class AtZoom(StrEnum):
    THERE = "there"
    GONE = "gone"
    OTHER_HOST = "other_host"


@dataclass(frozen=True, kw_only=True)
class StartFacts:
    """What is known of a person and a meeting. None: nobody looked, or nobody knows."""

    user_active: bool
    belongs: Belongs
    organization_active: bool
    is_admin: bool = False
    on_behalf_allowed: bool = False
    link: Link
    # Of the host as whom they would start; None where there is none.
    host_active: bool | None
    # Whether it names its Zoom user by Zoom's ID: an address is whoever's it is now.
    host_named: bool | None = None
    # Whether the holder of that host's Zoom user stands by the link, as far as anybody can tell.
    host_settled: bool | None = None
    confirmed: bool
    second_step: bool | None = None
    account: Account | None = None
    # What the last import, or Zoom today, says of the user: `zoomauth.zoom_users.Fitness`.
    zoom_user: str | None = None
    at_zoom: AtZoom | None = None
    # Whether the last connection check found what a start needs.
    account_fit: bool | None = None
    # Whether the host has no other meeting at the same time.
    free: bool | None = None


@dataclass(frozen=True)
class Answer:
    """A rule's answer; `reason` is stable and meant for programs."""

    result: Result
    reason: str


@dataclass(frozen=True)
class Rule:
    """`blocks`: without it there is no start. The others only make a poorer one."""

    name: str
    stage: Stage
    look: Callable[[StartFacts], Answer]
    ways: frozenset[Way] = frozenset(Way)
    blocks: bool = True


@dataclass(frozen=True)
class Outcome:
    """What a rule says of one person and one meeting."""

    rule: Rule
    answer: Answer

    @property
    def name(self) -> str:
        return self.rule.name

    @property
    def result(self) -> Result:
        return self.answer.result

    @property
    def reason(self) -> str:
        return self.answer.reason

    @property
    def is_obstacle(self) -> bool:
        return self.rule.blocks and self.result is Result.FAIL


def _yes_or_no(fact: bool | None, yes: str, no: str) -> Answer:
    if fact is None:
        return Answer(Result.UNKNOWN, "unknown")
    return Answer(Result.PASS, yes) if fact else Answer(Result.FAIL, no)


def _one_of(fact: StrEnum | str | None, good: Sequence[str]) -> Answer:
    if fact is None:
        return Answer(Result.UNKNOWN, "unknown")
    return Answer(Result.PASS if fact in good else Result.FAIL, str(fact))


def _user(facts: StartFacts) -> Answer:
    if facts.belongs is Belongs.NOBODY:
        return Answer(Result.FAIL, "nobody")
    return _yes_or_no(facts.user_active, "active", "inactive")


def _zoom_user(facts: StartFacts) -> Answer:
    return _one_of(facts.zoom_user, ["fit", "basic"])


def _licence(facts: StartFacts) -> Answer:
    has = {"fit": True, "basic": False}.get(facts.zoom_user or "")
    return _yes_or_no(has, "licensed", "basic")


_SELF = frozenset({Way.SELF})
_ON_BEHALF = frozenset({Way.ON_BEHALF})

RULES: tuple[Rule, ...] = (
    Rule("user", Stage.DOOR, _user),
    Rule("member", Stage.DOOR, lambda facts: _one_of(facts.belongs, [Belongs.ACTIVE])),
    Rule(
        "organization",
        Stage.DOOR,
        lambda facts: _yes_or_no(facts.organization_active, "active", "inactive"),
    ),
    Rule(
        "second_step",
        Stage.ELSEWHERE,
        lambda facts: _yes_or_no(facts.second_step, "in_order", "missing"),
    ),
    Rule(
        "policy",
        Stage.DOOR,
        lambda facts: _yes_or_no(facts.on_behalf_allowed, "on", "off"),
        ways=_ON_BEHALF,
    ),
    Rule(
        "admin",
        Stage.DOOR,
        lambda facts: _yes_or_no(facts.is_admin, "admin", "no_admin"),
        ways=_ON_BEHALF,
    ),
    Rule(
        "host",
        Stage.DOOR,
        lambda facts: _one_of(facts.link, [Link.HOST, Link.ALTERNATIVE]),
        ways=_SELF,
    ),
    Rule(
        "host_active",
        Stage.DOOR,
        lambda facts: _yes_or_no(facts.host_active, "active", "inactive"),
    ),
    Rule(
        "host_named",
        Stage.DOOR,
        lambda facts: _yes_or_no(facts.host_named, "by_id", "by_address"),
    ),
    Rule(
        "host_settled",
        Stage.DOOR,
        lambda facts: _yes_or_no(facts.host_settled, "settled", "on_hold"),
    ),
    Rule(
        "confirmed",
        Stage.START,
        lambda facts: _yes_or_no(facts.confirmed, "confirmed", "unconfirmed"),
    ),
    Rule("account", Stage.ELSEWHERE, lambda facts: _one_of(facts.account, [Account.CONNECTED])),
    Rule(
        "account_fit",
        Stage.ELSEWHERE,
        lambda facts: _yes_or_no(facts.account_fit, "fit", "unfit"),
    ),
    Rule("zoom_user", Stage.ELSEWHERE, _zoom_user),
    Rule("licence", Stage.ELSEWHERE, _licence, blocks=False),
    Rule("at_zoom", Stage.ELSEWHERE, lambda facts: _one_of(facts.at_zoom, [AtZoom.THERE])),
    Rule("free", Stage.ELSEWHERE, lambda facts: _yes_or_no(facts.free, "free", "busy")),
)


def judge(facts: StartFacts, way: Way = Way.SELF) -> list[Outcome]:
    """Every rule of this way, in order, with its answer."""
    return [Outcome(rule, rule.look(facts)) for rule in RULES if way in rule.ways]


def obstacles(facts: StartFacts, way: Way = Way.SELF) -> list[Outcome]:
    """The rules that are in the way of this start, as far as is known."""
    return [outcome for outcome in judge(facts, way) if outcome.is_obstacle]


def first_refusal(facts: StartFacts, stage: Stage, way: Way = Way.SELF) -> Outcome | None:
    """The first rule of this stage that says no."""
    refused = (outcome for outcome in obstacles(facts, way) if outcome.rule.stage is stage)
    return next(refused, None)
