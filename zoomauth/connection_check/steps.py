"""What the check asks of Zoom, in order, and what it compares without asking.

A row that rests on one which failed is not reached; all others are there whatever happens.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from django.conf import settings

from portal.sealing import SealingError
from portal.tenancy import across_all_organizations
from zoomauth.accounts import client_for
from zoomauth.client import Deadline, Heard, ZoomClient
from zoomauth.connection_check import stored
from zoomauth.connection_check.hosts import (
    Linked,
    choose_any,
    find_in_list,
    get_each,
    linked_hosts,
)
from zoomauth.connection_check.rows import NO_TIME, CheckRow, Result
from zoomauth.containment import place_for
from zoomauth.errors import (
    ZoomError,
    ZoomNotConnected,
    ZoomPutOff,
    ZoomScopeMissing,
    ZoomTimeout,
)
from zoomauth.models import AccessToken, ZoomAccount, ZoomConnection
from zoomauth.permits import in_turn
from zoomauth.scopes import (
    LIST_USERS,
    NEEDED_SCOPES,
    OPTIONAL_SCOPES,
    READ_TOKEN,
    READ_USER,
    NeededScope,
)
from zoomauth.tokens import Grant, refresh_access_token

Answer = TypeVar("Answer")

# Above it, times that Zoom and we sign begin to be refused, and something is wrong with the server.
MOST_SKEW_SECONDS = 30
_ZAK_SECONDS = 60
# With less than this left of the page's time nothing is begun.
_LEAST_SECONDS = 1.0
# So much of it is not for the hosts.
_KEPT_FOR_ZAK = 2.5


@dataclass
class _Visit:
    """One check of one account: what Zoom said so far."""

    account: ZoomAccount
    in_background: bool
    # Of the page that waits for it; None where nobody does.
    deadline: Deadline | None
    heard: list[Heard] = field(default_factory=list)
    grant: Grant | None = None
    # Who is asked for a start key.
    candidate: Linked | None = None

    @property
    def last_tracking_id(self) -> str:
        return self.heard[-1].tracking_id if self.heard else ""

    def client(self, deadline: Deadline | None = None) -> ZoomClient:
        """With this deadline, or one of its own. In the background it waits for its turn."""
        listener, deadline = self.heard.append, deadline or self.deadline
        if not self.in_background:
            return client_for(self.account, listener, deadline)
        permit = in_turn(self.account)
        return client_for(self.account, listener, deadline, permit=permit, in_background=True)

    def seconds_left(self, kept: float = 0.0) -> float:
        """Of the page's time, without those that are `kept` for something else."""
        return math.inf if self.deadline is None else self.deadline.remaining() - kept

    def lacks(self, name: str) -> bool:
        """Whether Zoom said which scopes there are, and this one is not among them."""
        granted = self.grant.scopes if self.grant else ()
        known = (*NEEDED_SCOPES, *OPTIONAL_SCOPES)
        needed = next(scope for scope in known if scope.name == name)
        return bool(granted) and not needed.is_in(granted)


def check_account(
    account: ZoomAccount,
    now: datetime,
    *,
    deadline: Deadline | None = None,
    in_background: bool = False,
) -> list[CheckRow]:
    """The rows of the check; never raises for what Zoom does. Asks Zoom three times, and once
    for each host.

    `deadline`: of the page that waits for it; what is not reached by then is left out. Without one
    each call has its own. `in_background`: it takes turns; `ZoomPutOff` says when to come again.

    The clock is judged last, by all that was heard, and stands where it matters.
    """
    visit = _Visit(account, in_background, deadline)
    token = _check_token(visit)
    scopes = list(_check_scopes(visit))
    users, host = _check_users(visit)
    zak = _check_zak(visit)
    return [
        token,
        _check_clock(visit),
        *scopes,
        users,
        host,
        zak,
        stored.check_sdk(account, now),
        stored.check_region(account, visit.grant.api_url if visit.grant else ""),
        stored.check_webhook(account, now),
        stored.check_sdk_version(now.date()),
    ]


def _check_token(visit: _Visit) -> CheckRow:
    client = visit.client()
    # A token of the past says nothing about the credentials that were just entered.
    before, _created = AccessToken.objects.get_or_create(account=visit.account)
    try:
        with place_for(visit.account.pk):
            visit.grant = refresh_access_token(
                visit.account, client, stale=before.generation, is_probe=True
            )
    except ZoomError as error:
        return CheckRow.failed("token", error)
    except SealingError:
        return CheckRow.failed("token", ZoomNotConnected())
    return _passed("token", "accepted", visit)


def _check_clock(visit: _Visit) -> CheckRow:
    known = [heard for heard in visit.heard if heard.ahead is not None]
    if not known:
        return CheckRow("clock", Result.NOT_CHECKED, "unsaid")
    heard = known[0]
    seconds = round(heard.ahead or 0)
    facts, tracking_id = {"seconds": abs(seconds)}, heard.tracking_id
    if abs(seconds) <= MOST_SKEW_SECONDS:
        return CheckRow("clock", Result.PASS, "together", facts=facts, tracking_id=tracking_id)
    reason = "behind" if seconds > 0 else "ahead"
    return CheckRow("clock", Result.FAIL, reason, facts=facts, tracking_id=tracking_id)


def _check_scopes(visit: _Visit) -> Iterator[CheckRow]:
    """By what Zoom said with the token, so that no call is made only to see it refused."""
    tracking_id = visit.last_tracking_id
    for scope in _scopes_for(visit.account):
        if visit.grant is None:
            yield _not_reached("scope", "token", subject=scope.name)
        elif not visit.grant.scopes:
            yield CheckRow("scope", Result.NOT_CHECKED, "unsaid", scope.name)
        elif visit.lacks(scope.name):
            yield CheckRow("scope", Result.FAIL, "missing", scope.name, tracking_id=tracking_id)
        else:
            yield CheckRow("scope", Result.PASS, "granted", scope.name, tracking_id=tracking_id)


def _scopes_for(account: ZoomAccount) -> tuple[NeededScope, ...]:
    """Those for creating users too, once somebody on this account may."""
    with across_all_organizations():
        creators = ZoomConnection.objects.creators().filter(account=account)
        return (*NEEDED_SCOPES, *OPTIONAL_SCOPES) if creators.exists() else NEEDED_SCOPES


def _check_users(visit: _Visit) -> tuple[CheckRow, CheckRow]:
    """Whether Zoom lists the account's users, and whether it lets each host start."""
    linked = linked_hosts(visit.account)
    if visit.grant is None:
        return _not_reached("account", "token"), _not_reached("host", "token")
    if linked:
        users = _check_list(visit, visit.grant.token)
        return users, _check_hosts(visit, visit.grant.token, linked, users)
    if visit.lacks(LIST_USERS):
        scope = {"subject_of_row": LIST_USERS}
        return _not_reached("account", "scope", **scope), _not_reached("host", "scope", **scope)
    choice = choose_any(visit.grant.token, partial(_ask, visit))
    if choice is None:
        return _left_out("account"), _not_reached("host", "account")
    if isinstance(choice, ZoomError):
        return CheckRow.failed("account", choice), _not_reached("host", "account")
    visit.candidate = choice.user
    if choice.reason == NO_TIME:
        return _passed("account", "answers", visit), _left_out("host")
    return _passed("account", "answers", visit), CheckRow(
        "host",
        choice.result,
        choice.reason,
        facts={"host": choice.user.label if choice.user else ""},
        tracking_id=visit.last_tracking_id,
    )


def _check_list(visit: _Visit, token: str) -> CheckRow:
    if visit.lacks(LIST_USERS):
        return _not_reached("account", "scope", subject_of_row=LIST_USERS)
    answer = _ask(visit, lambda client: client.list_users(access_token=token))
    if answer is None:
        return _left_out("account")
    if isinstance(answer, ZoomError):
        return CheckRow.failed("account", answer)
    return _passed("account", "answers", visit)


def _check_hosts(visit: _Visit, token: str, linked: Sequence[Linked], users: CheckRow) -> CheckRow:
    """Every linked host, by one call each; by the list, where the app may not ask for one user."""
    ask = partial(_ask, visit, kept=_KEPT_FOR_ZAK)
    found = None
    if not visit.lacks(READ_USER):
        found = get_each(visit.account, linked, token, ask)
    if found is None or isinstance(found.error, ZoomScopeMissing):
        if users.result is not Result.PASS:
            # Whoever was entered as a host can be tried all the same.
            visit.candidate = linked[0]
            return _not_reached("host", "account")
        found = find_in_list(linked, token, ask)
    visit.candidate = found.first_to_try()
    return found.as_row(visit.last_tracking_id)


def _check_zak(visit: _Visit) -> CheckRow:
    """Asked for to see that Zoom gives one, with a short life, and dropped at once."""
    if visit.grant is None:
        return _not_reached("zak", "token")
    if visit.lacks(READ_TOKEN):
        return _not_reached("zak", "scope", subject_of_row=READ_TOKEN)
    if visit.candidate is None:
        # Where the list was cut short, somebody may be in the rest of it.
        if visit.seconds_left() < _LEAST_SECONDS:
            return _left_out("zak")
        return CheckRow("zak", Result.FAIL, "nobody_to_try")
    token, host = visit.grant.token, visit.candidate
    answer = _ask(
        visit,
        lambda client: client.fetch_user_zak(
            access_token=token, zoom_user_id=host.zoom_user_id, ttl_seconds=_ZAK_SECONDS
        ),
    )
    if answer is None:
        return _left_out("zak")
    if isinstance(answer, ZoomError):
        return CheckRow.failed("zak", answer, host=host.label)
    return _passed("zak", "given", visit, facts={"host": host.label})


def _ask(
    visit: _Visit, call: Callable[[ZoomClient], Answer], *, kept: float = 0.0
) -> Answer | ZoomError | None:
    """Zoom's answer, or its no; None where the page has no time for it, of which `kept` is not its.

    In one of the account's places, as it holds a thread as any call does.
    """
    left = visit.seconds_left(kept)
    if left < _LEAST_SECONDS:
        return None
    deadline = visit.deadline and Deadline.after(left)
    try:
        with place_for(visit.account.pk):
            return call(visit.client(deadline))
    except ZoomPutOff:
        # It says nothing of the account.
        raise
    except ZoomTimeout as error:
        # Cut short by us, it says nothing of Zoom.
        return error if left >= settings.ZOOM_READ_TIMEOUT else None
    except ZoomError as error:
        return error


def _passed(name: str, reason: str, visit: _Visit, **more: Any) -> CheckRow:
    return CheckRow(name, Result.PASS, reason, tracking_id=visit.last_tracking_id, **more)


def _not_reached(name: str, row: str, *, subject: str = "", subject_of_row: str = "") -> CheckRow:
    facts = {"row": row, "row_subject": subject_of_row}
    return CheckRow(name, Result.NOT_CHECKED, "not_reached", subject, facts)


def _left_out(name: str) -> CheckRow:
    """What came before took the time: it says nothing of this one."""
    return CheckRow(name, Result.NOT_CHECKED, NO_TIME)
