"""What a run noted: every exchange without its values, and how each case came out."""

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.contract.says import Claim
from tests.contract.shapes import Shape, get_length_class, make_shape

# What an answer says beside its body. Of these the value is noted, of the others that they came.
VALUED_HEADERS = ("Content-Type", "X-RateLimit-Category", "X-RateLimit-Type", "X-RateLimit-Limit")
HEADERS = (
    *VALUED_HEADERS, "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After", "Date",
    "x-zm-trackingid",
)  # fmt: skip
# Sentences of Zoom's that decide between causes; only that one was said is noted.
SENTENCES = {
    "names missing scopes": re.compile(r"does not contain scopes", re.IGNORECASE),
    "daily limit": re.compile(r"\bdaily\b", re.IGNORECASE),
    "does not exist": re.compile(r"\bnot (exist|found)\b", re.IGNORECASE),
    "is off": re.compile(r"\b(disabled|deactivated)\b", re.IGNORECASE),
}
SECRETS = ("access_token", "token", "start_url", "join_url", "password", "encrypted_password")

# Stands for a body that is something else.
NOT_JSON = object()

_CODE = re.compile(r"[a-z]{1,12}(?:_[a-z]{1,12}){0,3}|[0-9]{1,6}")
_HEADER_VALUE = re.compile(r"[A-Za-z0-9 /.+-]{1,40}")
_SCOPE = re.compile(r"[a-z_]+(?::[a-z_]+){1,4}")


@dataclass(frozen=True)
class Exchange:
    """One call and its answer, or one try to join, as the report may show it."""

    case: str
    step: str
    status: int | str
    code: int | str | None = None
    sentences: tuple[str, ...] = ()
    shape: Shape = None
    lengths: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """passed, failed, or unconfirmed because something that the case needs is not there."""

    outcome: str
    reason: str = ""
    where: str = ""


@dataclass
class Record:
    """Filled by one run of the suite; the only thing of it that leaves its process."""

    exchanges: list[Exchange] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    # By the file and the name of the case.
    claims: dict[str, dict[str, Claim]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    clock_skew: int = 0
    case: str = "before the cases"
    _steps: Counter[tuple[str, str]] = field(default_factory=Counter)

    @contextlib.contextmanager
    def during(self, case: str) -> Iterator[None]:
        """What is noted inside belongs to this case, or to what several cases share."""
        before, self.case = self.case, case
        try:
            yield
        finally:
            self.case = before

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """What happens inside is of no case, and is not noted."""
        with self.during(""):
            yield

    def note(self, step: str, **facts: Any) -> None:
        if not self.case:
            return
        self._steps[self.case, step] += 1
        number = self._steps[self.case, step]
        numbered = step if number == 1 else f"{step} #{number}"
        self.exchanges.append(Exchange(self.case, numbered, **facts))

    def save(self, path: Path) -> None:
        content = {
            "exchanges": [asdict(one) for one in self.exchanges],
            "outcomes": {name: asdict(one) for name, one in self.outcomes.items()},
            "claims": {
                file: {name: asdict(claim) for name, claim in claims.items()}
                for file, claims in self.claims.items()
            },
            "counts": dict(self.counts),
            "clock_skew": self.clock_skew,
        }
        path.write_text(json.dumps(content, indent=1))

    @classmethod
    def load(cls, path: Path) -> "Record":
        content = json.loads(path.read_text())
        return cls(
            exchanges=[Exchange(**one) for one in content["exchanges"]],
            outcomes={name: Outcome(**one) for name, one in content["outcomes"].items()},
            claims={
                file: {name: Claim(**claim) for name, claim in claims.items()}
                for file, claims in content["claims"].items()
            },
            counts=Counter(content["counts"]),
            clock_skew=content["clock_skew"],
        )


def describe(status: int, headers: Mapping[str, str], body: Any) -> dict[str, Any]:
    """All of an answer that is noted."""
    return {
        "status": status,
        "code": get_code(body),
        "sentences": tuple(n for n, s in SENTENCES.items() if s.search(get_message(body))),
        "shape": "no JSON" if body is NOT_JSON else make_shape(body),
        "lengths": {
            name: get_length_class(body[name])
            for name in SECRETS
            if isinstance(body, dict) and name in body
        },
        "headers": {name: _show_header(name, headers[name]) for name in HEADERS if name in headers},
    }


def _show_header(name: str, value: str) -> str:
    value = value.partition(";")[0].strip()
    if name not in VALUED_HEADERS:
        return "is there"
    return value if _HEADER_VALUE.fullmatch(value) else "(another value)"


def get_code(body: Any) -> int | str | None:
    """Zoom's number, or the token endpoint's word."""
    code = body.get("code", body.get("error")) if isinstance(body, dict) else None
    if code is None:
        return None
    return code if _CODE.fullmatch(str(code)) else "(another value)"


def get_message(body: Any) -> str:
    message = body.get("message", body.get("reason")) if isinstance(body, dict) else None
    return message if isinstance(message, str) else ""


def get_scopes(message: str) -> list[str]:
    """The scopes that Zoom misses, from its sentence."""
    return _SCOPE.findall(message) if SENTENCES["names missing scopes"].search(message) else []
