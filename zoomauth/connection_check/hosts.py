"""Those who are to start meetings by this account: whether Zoom lets each of them."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeVar
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from zoomauth.client import ZoomClient, ZoomUser
from zoomauth.connection_check.rows import NO_TIME, CheckRow, Result
from zoomauth.errors import (
    ZoomError,
    ZoomInputRefused,
    ZoomScopeMissing,
    ZoomUserInactive,
    ZoomUserNotFound,
)
from zoomauth.models import ZoomAccount
from zoomauth.models import ZoomUser as KnownUser
from zoomauth.zoom_users import Fitness, judge_fitness

Answer = TypeVar("Answer")
# One call, with what Zoom said no to as a value; None where there is no time left for it.
Ask = Callable[[Callable[[ZoomClient], Answer]], Answer | ZoomError | None]

# One call for each host: no more than these, and no longer than that.
MOST_ASKED = 50
MOST_SECONDS = 10.0
# Zoom is having a bad day: it is not pressed.
_MOST_FAILURES = 2
# Of 300 users each, and for each status.
_MOST_PAGES = 5
_MOST_NAMED = 50
_AT_ONCE = 500

_CANNOT_START = (Fitness.GONE, Fitness.INACTIVE, Fitness.PENDING, Fitness.UNLICENSED)
_STATUSES: tuple[Literal["active", "inactive", "pending"], ...] = ("active", "inactive", "pending")


class Linked(NamedTuple):
    """A host: the ID or address at Zoom, and what to call them."""

    zoom_user_id: str
    label: str


def linked_hosts(account: ZoomAccount) -> list[Linked]:
    """All who are to start meetings by this account.

    This app knows no hosts, so the setting names a function of the app that does. On a shared
    account they are people of several organizations, whose names are not the operator's to see.
    """
    find: Callable[[UUID], Iterable[tuple[str, str]]] = import_string(settings.ZOOM_LINKED_HOSTS)
    found: dict[str, Linked] = {}
    for zoom_user_id, label in find(account.pk):
        # One user may host in several organizations.
        found.setdefault(zoom_user_id.lower(), Linked(zoom_user_id, label))
    hosts = [host for host in found.values() if host.zoom_user_id]
    if account.organization_id is None:
        return [Linked(host.zoom_user_id, host.zoom_user_id) for host in hosts]
    return hosts


@dataclass
class Findings:
    """What is known of each host. `unseen` were not looked at; `error` is why the first was not."""

    by_fitness: dict[Fitness, list[Linked]] = field(default_factory=dict)
    unseen: list[Linked] = field(default_factory=list)
    error: ZoomError | None = None
    # Of what the last import said, the oldest; None where nothing rests on it.
    as_of: datetime | None = None

    def add(self, host: Linked, fitness: Fitness) -> None:
        if fitness is Fitness.UNKNOWN:
            self.unseen.append(host)
        else:
            self.by_fitness.setdefault(fitness, []).append(host)

    def of(self, *fitness: Fitness) -> list[Linked]:
        return [host for each in fitness for host in self.by_fitness.get(each, [])]

    def first_to_try(self) -> Linked | None:
        """The first who can start, or of whom it is not known that they cannot."""
        return next(iter([*self.of(Fitness.FIT, Fitness.BASIC), *self.unseen]), None)

    def as_row(self, tracking_id: str) -> CheckRow:
        if self.error is not None and not self.by_fitness:
            return CheckRow.failed("host", self.error)
        result, reason = self._judge()
        facts = self._facts()
        return CheckRow("host", result, reason, facts=facts, tracking_id=tracking_id)

    def _judge(self) -> tuple[Result, str]:
        if self.of(*_CANNOT_START):
            return Result.FAIL, "cannot_start"
        if self.of(Fitness.BASIC):
            # These can start, so while others have a license it keeps nobody from it.
            return Result.FAIL, "some_basic" if self.of(Fitness.FIT) else "host_unlicensed"
        if self.unseen:
            return Result.NOT_CHECKED, "not_all_seen"
        return Result.PASS, "all_able"

    def _facts(self) -> dict[str, Any]:
        problems = {
            fitness.value: {
                "count": len(hosts),
                "names": [host.label for host in hosts[:_MOST_NAMED]],
            }
            for fitness in (*_CANNOT_START, Fitness.BASIC)
            if (hosts := self.of(fitness))
        }
        facts: dict[str, Any] = {
            "hosts": len(self.of(*Fitness)) + len(self.unseen),
            "problems": problems,
            "unseen": len(self.unseen),
        }
        return facts if self.as_of is None else {**facts, "as_of": self.as_of.isoformat()}


def get_each(account: ZoomAccount, hosts: Sequence[Linked], token: str, ask: Ask[Any]) -> Findings:
    """By asking for each one; those beyond `MOST_ASKED` by what the last import said of them."""
    found = Findings()
    end = time.monotonic() + MOST_SECONDS
    failures = 0
    asked = hosts[:MOST_ASKED]
    for number, host in enumerate(asked):
        is_over = failures >= _MOST_FAILURES or time.monotonic() > end
        answer = None if is_over else ask(_getting(host, token))
        if answer is None:
            found.unseen += asked[number:]
            break
        fitness = _fitness_of(answer)
        if isinstance(fitness, ZoomError):
            found.error = found.error or fitness
            if isinstance(fitness, ZoomScopeMissing):
                return found
            found.unseen.append(host)
            failures += not isinstance(fitness, ZoomInputRefused)
        else:
            found.add(host, fitness)
    _add_known(account, found, hosts[MOST_ASKED:])
    return found


def _getting(host: Linked, token: str) -> Callable[[ZoomClient], ZoomUser]:
    return lambda client: client.get_user(access_token=token, id_or_email=host.zoom_user_id)


def _fitness_of(answer: ZoomUser | ZoomError) -> Fitness | ZoomError:
    if isinstance(answer, ZoomUserNotFound):
        return Fitness.GONE
    if isinstance(answer, ZoomUserInactive):
        return Fitness.INACTIVE
    return answer if isinstance(answer, ZoomError) else _judge_user(answer)


def _judge_user(user: ZoomUser) -> Fitness:
    # A status that Zoom does not tell is no reason to say that somebody cannot start.
    return judge_fitness(status=user.status or "active", licence=user.type, is_gone=False)


def _add_known(account: ZoomAccount, found: Findings, hosts: Sequence[Linked]) -> None:
    for begin in range(0, len(hosts), _AT_ONCE):
        some = hosts[begin : begin + _AT_ONCE]
        names = [host.zoom_user_id for host in some]
        known: dict[str, KnownUser] = {}
        rows = KnownUser.objects.filter(account=account)
        for row in rows.filter(email__in=[name.lower() for name in names if "@" in name]):
            # An address may have changed hands.
            if row.email not in known or not row.is_gone:
                known[row.email] = row
        for row in rows.filter(key__in=names):
            known[row.key.lower()] = row
        for host in some:
            user = known.get(host.zoom_user_id.lower())
            if user is None:
                found.unseen.append(host)
                continue
            found.add(
                host,
                judge_fitness(status=user.status, licence=user.licence, is_gone=user.is_gone),
            )
            found.as_of = min(found.as_of or user.seen_at, user.seen_at)


def find_in_list(hosts: Sequence[Linked], token: str, ask: Ask[Any]) -> Findings:
    """By the account's lists of users, where single ones cannot be asked for."""
    found = Findings()
    left = {host.zoom_user_id.lower(): host for host in hosts}
    end = time.monotonic() + MOST_SECONDS
    is_whole = True
    for status in _STATUSES:
        page_token = ""
        for _page in range(_MOST_PAGES):
            page = ask(_listing(token, status, page_token))
            if page is None or isinstance(page, ZoomError):
                found.error = page
                found.unseen += left.values()
                return found
            for user in page.users:
                for name in (user.id.lower(), user.email.lower()):
                    if (host := left.pop(name, None)) is not None:
                        found.add(host, _judge_user(user))
            page_token = page.next_page_token
            if not page_token or not left or time.monotonic() > end:
                break
        is_whole = is_whole and not page_token
    for host in left.values():
        found.add(host, Fitness.GONE if is_whole else Fitness.UNKNOWN)
    return found


def _listing(
    token: str, status: Literal["active", "inactive", "pending"], page_token: str
) -> Callable[[ZoomClient], Any]:
    return lambda client: client.list_users(
        access_token=token, status=status, next_page_token=page_token
    )


@dataclass(frozen=True)
class Choice:
    """A user to try where no host is linked yet, and how the row about the host turns out."""

    user: Linked | None
    result: Result
    reason: str


def choose_any(token: str, ask: Ask[Any]) -> Choice | ZoomError | None:
    """The first licensed one among the account's active users; None: no time was left."""
    unlicensed: Linked | None = None
    page_token = ""
    for _page in range(_MOST_PAGES):
        page = ask(_listing(token, "active", page_token))
        if page is None and page_token:
            return Choice(unlicensed, Result.NOT_CHECKED, NO_TIME)
        if page is None or isinstance(page, ZoomError):
            return page
        for user in page.users:
            shown = Linked(user.id, user.email or user.id)
            if user.type == KnownUser.Licence.LICENSED:
                return Choice(shown, Result.PASS, "licensed")
            unlicensed = unlicensed or shown
        page_token = page.next_page_token
        if not page_token:
            reason = "none_licensed" if unlicensed else "no_user"
            return Choice(unlicensed, Result.FAIL, reason)
    return Choice(unlicensed, Result.NOT_CHECKED, "too_many")
