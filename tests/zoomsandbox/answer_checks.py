"""What must be true of every answer of the sandbox, whatever was asked."""

import json
from urllib.parse import unquote

from tests.zoomsandbox.raw_http import Answer


class Marks:
    """What belongs to one account alone: ids, numbers, addresses, tokens, topics."""

    def __init__(self, *accounts: str) -> None:
        self._marks: dict[str, set[str]] = {account: set() for account in accounts}

    def add(self, account: str, *marks: object) -> None:
        self._marks[account] |= {str(mark) for mark in marks}

    def check(self, answer: Answer, account: str | None) -> None:
        """Nothing of another account's, but what the caller said first; of nobody's without one."""
        said = f"{answer.asked} {unquote(answer.asked)} {unquote(unquote(answer.asked))}"
        for owner, marks in self._marks.items():
            shown = {mark for mark in marks if owner != account and mark in answer.text}
            leaked = sorted(mark for mark in shown if mark not in said)
            assert not leaked, f"{owner}'s {leaked} shown to {account}: {answer}"


def check_rest(answer: Answer) -> None:
    """No 5xx, a tracking id, and JSON: of errors in Zoom's shape or in OAuth's."""
    assert answer.status < 500, f"a 5xx of its own: {answer}"
    assert answer.headers.get("x-zm-trackingid"), f"no tracking id: {answer}"
    if answer.status == 204 or answer.method == "HEAD":
        assert not answer.content, f"a body where none belongs: {answer}"
        return
    assert answer.headers.get("Content-Type", "").startswith("application/json"), str(answer)
    body = json.loads(answer.content, parse_constant=_refuse)
    assert isinstance(body, dict), f"no object: {answer}"
    if not answer.is_success:
        _check_error(answer, body)


def _refuse(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def _check_error(answer: Answer, body: dict[str, object]) -> None:
    if set(body) == {"reason", "error"}:
        assert answer.target.startswith("/oauth/token"), f"OAuth's shape elsewhere: {answer}"
        return
    assert set(body) in ({"code", "message"}, {"code", "message", "errors"}), str(answer)
    assert isinstance(body["code"], int), str(answer)
    assert isinstance(body["message"], str), str(answer)
    assert body["message"], str(answer)
    errors = body.get("errors", [])
    assert isinstance(errors, list), str(answer)
    assert all(set(error) == {"field", "message"} for error in errors), str(answer)
