"""Which user of the account the check looks at: one who is to start meetings here, if there is."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from zoomauth.client import ZoomClient, ZoomUser
from zoomauth.connection_check.rows import Result
from zoomauth.models import ZoomAccount

LICENSED = 2  # Zoom API reference, Users: 1 basic, 2 licensed, 4 and 99 without meetings
# Of 300 users each. Beyond it the check would take long, and says that it has not seen all.
_MOST_PAGES = 5


@dataclass(frozen=True)
class Choice:
    """The user whose ZAK is asked for, and how the row about the host turns out."""

    user_id: str = ""
    shown: str = ""
    result: Result = Result.FAIL
    reason: str = ""


def linked_hosts(account: ZoomAccount) -> list[str]:
    """Ids or addresses at Zoom of those who are to start meetings by this account.

    This app knows no hosts, so the setting names a function of the app that does.
    """
    find: Callable[[UUID], Iterable[str]] = import_string(settings.ZOOM_LINKED_HOSTS)
    return [name for name in find(account.pk) if name]


def choose_host(client: ZoomClient, access_token: str, linked: Sequence[str]) -> Choice:
    """The first licensed one among the linked hosts, or among all users where none is linked yet.

    Raises `ZoomError`.
    """
    wanted = {name.lower() for name in linked}
    unlicensed: ZoomUser | None = None
    page_token = ""
    for _page in range(_MOST_PAGES):
        page = client.list_users(access_token=access_token, next_page_token=page_token)
        for user in page.users:
            if wanted and wanted.isdisjoint({user.id.lower(), user.email.lower()}):
                continue
            if user.type == LICENSED:
                return Choice(user.id, user.email or user.id, Result.PASS, "licensed")
            unlicensed = unlicensed or user
        page_token = page.next_page_token
        if not page_token:
            return _none_licensed(unlicensed, linked)
    return Choice(unlicensed.id if unlicensed else "", "", Result.NOT_CHECKED, "too_many")


def _none_licensed(unlicensed: ZoomUser | None, linked: Sequence[str]) -> Choice:
    if unlicensed is not None:
        reason = "host_unlicensed" if linked else "none_licensed"
        return Choice(unlicensed.id, unlicensed.email or unlicensed.id, reason=reason)
    if linked:
        # Zoom is asked for the key all the same: its refusal says more.
        return Choice(linked[0], linked[0], reason="host_not_active")
    return Choice(reason="no_user")
