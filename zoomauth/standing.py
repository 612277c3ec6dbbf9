"""What is known of an organization's Zoom account, and what Zoom says of its meetings and users.

For those who foretell whether a meeting will start. Nothing here asks for a ZAK, and no answer of
Zoom's that holds one leaves.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.models import Organization
from portal.tenancy import across_all_organizations
from zoomauth.accounts import account_as, account_of, ask
from zoomauth.connection_check import LastCheck, is_whole, last_check
from zoomauth.errors import ZoomNotConnected
from zoomauth.models import ZoomAccount
from zoomauth.scopes import READ_TOKEN
from zoomauth.zoom_users import Fitness, assigned_ids, fold_name, judge_fitness, zoom_users_of

# The rows of a connection check without which nothing starts; the others are about other features.
_NEEDED_ROWS = {"token", "clock", "sdk", "sdk_version"}
# Of 300 users each.
_MOST_PAGES = 5


@dataclass(frozen=True)
class AccountStanding:
    """An organization's Zoom account as it is known here. `fit`: None is not checked lately."""

    connected: bool = False
    has_credentials: bool = False
    fit: bool | None = None
    checked_at: datetime | None = None
    # None: an account of the organization's own, of which it may act as every user.
    assigned: frozenset[str] | None = None

    def acts_as(self, zoom_user_id: str) -> bool:
        return self.assigned is None or zoom_user_id in self.assigned


@dataclass(frozen=True)
class MeetingStanding:
    """A meeting as Zoom has it, without its links."""

    host_id: str
    host_email: str
    starts_at: datetime | None

    def is_hosted_by(self, zoom_user_id: str) -> bool:
        """By id or e-mail. True where Zoom does not say whose it is."""
        hosts = {fold_name(self.host_id), fold_name(self.host_email)} - {""}
        return not hosts or fold_name(zoom_user_id) in hosts


@dataclass(frozen=True)
class UnableUsers:
    """Status by id and e-mail in lower case. Not `is_complete`: there are more than were read."""

    by_name: Mapping[str, str]
    is_complete: bool


def get_account_standing(organization: Organization) -> AccountStanding:
    """What is stored here. Zoom is not asked."""
    # A shared account and its check are in no organization's scope; only the outcome is told.
    with across_all_organizations():
        try:
            account = account_of(organization)
        except ZoomNotConnected:
            return AccountStanding()
        last = last_check(account)
        return AccountStanding(
            connected=True,
            has_credentials=_has_credentials(account),
            fit=_is_fit_to_start(last) if last and is_whole(last.rows) else None,
            checked_at=last.checked_at if last else None,
            assigned=_assigned(organization, account),
        )


def get_fitness_of(
    organization: Organization, zoom_user_ids: Collection[str]
) -> dict[str, Fitness]:
    """`get_fitness` of many: of those that an import has seen and the organization may know of."""
    rows = zoom_users_of(organization).filter(key__in=zoom_user_ids)
    return {
        row.key: judge_fitness(status=row.status, licence=row.licence, is_gone=row.is_gone)
        for row in rows
    }


def fetch_meeting_standing(
    *, organization: Organization, meeting_number: int, zoom_user_id: str
) -> MeetingStanding:
    """The meeting at Zoom now. Raises `ZoomError`, `ZoomMeetingNotFound` where it is gone.

    Work in the background, for which hosts do not wait: `ZoomPutOff` says that it is to wait.

    Zoom's answer holds a start link with the host's ZAK; it is dropped here.
    """
    found = ask(
        account_as(organization, zoom_user_id),
        lambda client, token: client.get_meeting(access_token=token, meeting_number=meeting_number),
        in_background=True,
    )
    return MeetingStanding(found.host_id, found.host_email, found.starts_at)


def fetch_unable_users(organization: Organization) -> UnableUsers:
    """Users of the account who cannot host: inactive or pending.

    A call or two for all of them; a few more in a large account, of which not all may be read. On a
    shared account other organizations' users are left out.
    Raises `ZoomError`.
    """
    account = account_of(organization)
    mine = _assigned(organization, account)
    found: dict[str, str] = {}
    is_complete = True
    for status in ("inactive", "pending"):
        page_token = ""
        for _page in range(_MOST_PAGES):
            page = ask(
                account,
                lambda client, token, status=status, page_token=page_token: client.list_users(  # type: ignore[misc]
                    access_token=token, status=status, next_page_token=page_token
                ),
                in_background=True,
            )
            for user in page.users:
                names = {user.id, user.email} - {""}
                if mine is None or not mine.isdisjoint(names):
                    found.update({name.lower(): status for name in names})
            page_token = page.next_page_token
            if not page_token:
                break
        is_complete = is_complete and not page_token
    return UnableUsers(found, is_complete)


def _has_credentials(account: ZoomAccount) -> bool:
    # The raw columns: whether something is stored can be told without unsealing it.
    stored = account.__dict__
    sealed = ("client_secret", "sdk_client_secret")
    return all(
        (account.account_id, account.client_id, account.sdk_client_id, *map(stored.get, sealed))
    )


def _is_fit_to_start(last: LastCheck) -> bool:
    return not any(
        row.is_obstacle
        for row in last.rows
        if row.name in _NEEDED_ROWS or (row.name, row.subject) == ("scope", READ_TOKEN)
    )


def _assigned(organization: Organization, account: ZoomAccount) -> frozenset[str] | None:
    if account.organization_id is not None:
        return None
    return frozenset(assigned_ids(organization, account.pk))
