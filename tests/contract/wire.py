"""Asking Zoom by plain HTTP: independent of the product's client, noted as it happens."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.contract.record import NOT_JSON, Record, describe, get_code, get_message, get_scopes
from tests.contract.target import App, Target

PATIENCE = 20.0
# The suite makes less than half of either. Zoom allows a host 100 creates and updates a day.
MOST_CALLS = 300
MOST_WRITES = 40


class ContractBreach(AssertionError):
    """Zoom did something else. The text is of our making and holds no value of Zoom's."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any = field(repr=False)
    body: Any = field(repr=False)
    is_live: bool = False

    @property
    def code(self) -> int | str | None:
        return get_code(self.body)

    @property
    def message(self) -> str:
        return get_message(self.body)

    def expect(self, status: int, code: int | str | None = None) -> Any:
        """The body, if the answer is this one.

        A real app that lacks a scope says nothing on the case: that is skipped, not failed.
        """
        scopes = get_scopes(self.message)
        if scopes and self.is_live:
            pytest.skip(f"the app lacks the scope {', '.join(scopes)}")
        if self.status != status or (code is not None and self.code != code):
            wanted = f"{status}" if code is None else f"{status}, code {code}"
            raise ContractBreach(f"Zoom answered {self.status}, code {self.code}; not {wanted}")
        return self.body


class Wire:
    """One run's way to its target."""

    def __init__(self, target: Target, record: Record) -> None:
        self.target = target
        self.record = record
        self._session = requests.Session()
        # The product's client takes no proxy and no .netrc from the environment either.
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._token = ""

    def close(self) -> None:
        self._session.close()

    def ask_token(self, app: App | None = None, **form: str) -> Answer:
        """Zoom, Server-to-Server OAuth: the parameters in the body, the pair in the header."""
        app = app or self.target.app
        pair = base64.b64encode(f"{app.client_id}:{app.client_secret}".encode()).decode()
        form = {"grant_type": "account_credentials", "account_id": app.account_id, **form}
        answer = self._send(
            "POST", self.target.oauth_url, data=form, headers={"Authorization": f"Basic {pair}"}
        )
        self._note("POST /oauth/token", answer)
        return answer

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
        token: str = "",
        **parts: Any,
    ) -> Answer:
        """One call; `path` holds the names of its `parts`, whose values are not noted."""
        answer = self._ask(method, path, query, body, token, parts)
        self._note(_name_step(method, path, query), answer)
        return answer

    def ask_until(
        self, true: Callable[[Answer], bool], method: str, path: str, **options: Any
    ) -> Answer:
        """Ask until the answer is so, or patience ends. Only the last answer is noted."""
        query = options.pop("query", None)
        end = time.monotonic() + self.target.patience
        while True:
            answer = self._ask(method, path, query, None, "", options)
            if true(answer) or time.monotonic() > end:
                break
            time.sleep(3.0 if self.target.is_zoom else 0.1)
        self._note(_name_step(method, path, query), answer)
        return answer

    def _ask(
        self, method: str, path: str, query: Any, body: Any, token: str, parts: dict[str, Any]
    ) -> Answer:
        url = self.target.api_url + path.format(**{k: _quote(v) for k, v in parts.items()})
        answer = self._ask_as(token or self._get_token(), method, url, query, body)
        if answer.status == 401 and not token:
            # Where a new token ends the one before, the portal's and the cases' end this one.
            self._token = ""
            self.record.counts["replaced tokens"] += 1
            answer = self._ask_as(self._get_token(), method, url, query, body)
        return answer

    def _ask_as(self, token: str, method: str, url: str, query: Any, body: Any) -> Answer:
        self.record.counts["writes"] += method == "PATCH" or url.endswith("/meetings") * (
            method == "POST"
        )
        header = {"Authorization": f"Bearer {token}"}
        return self._send(method, url, params=query, json=body, headers=header)

    def _get_token(self) -> str:
        if not self._token:
            with self.record.during("before the cases"):
                self._token = self.ask_token().expect(200)["access_token"]
        return self._token

    def _send(self, method: str, url: str, **options: Any) -> Answer:
        self.record.counts["calls"] += 1
        counts = self.record.counts
        if counts["calls"] > MOST_CALLS or counts["writes"] > MOST_WRITES:
            pytest.exit("The suite asked Zoom more often than it should ever need to.", 3)
        time.sleep(self.target.pause)
        sent = self._session.request(
            method, url, timeout=PATIENCE, allow_redirects=False, **options
        )
        self._note_clock(sent.headers.get("Date", ""), sent.elapsed.total_seconds())
        try:
            body = sent.json()
        except ValueError:
            body = NOT_JSON if sent.content else None
        return Answer(sent.status_code, sent.headers, body, self.target.is_live)

    def _note_clock(self, date: str, seconds: float) -> None:
        skew = measure_skew(date)
        if skew is not None and abs(skew) > max(abs(self.record.clock_skew), 1) + seconds:
            self.record.clock_skew = round(skew)

    def _note(self, step: str, answer: Answer) -> None:
        self.record.note(step, **describe(answer.status, answer.headers, answer.body))


def measure_skew(date: str) -> float | None:
    """By how many seconds a Date header is ahead of this machine; None where it cannot be read.

    The header drops fractions of a second: half of one is lost in the mean.
    """
    try:
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds() + 0.5
    except (TypeError, ValueError):
        return None


def _quote(value: Any) -> str:
    return quote(str(value), safe="")


def _name_step(method: str, path: str, query: dict[str, Any] | None) -> str:
    """The call without its values, but for the choices that make it another call."""
    asked = [f"{k}={v}" if k in ("type", "status") else k for k, v in (query or {}).items()]
    return f"{method} {path}" + (f"?{'&'.join(asked)}" if asked else "")
