"""What other apps may ask of Zoom on behalf of an organization.

Only the ZAK, the signature, verdicts and Zoom's own answers leave this app. Every function raises
`ZoomError` and nothing else that a caller need expect, except what a caller's own gate raises.

A gate is a context manager that is entered when the request is about to leave and left as soon as
it has: what it finds still holds at that very moment, however long the token took.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from portal.models import Organization
from portal.sealing import SealingError
from zoomauth.accounts import (
    WITH_ACCOUNT,
    account_as,
    account_of,
    account_read_with,
    ask,
    client_for,
    page_deadline,
    refuse_unless_assigned,
    still_acting_as,
    wait_limit,
)
from zoomauth.client import Deadline, Gate, MeetingDraft, ZoomMeeting
from zoomauth.client import ZoomUser as UserAtZoom
from zoomauth.containment import place_for
from zoomauth.credentials import add_account
from zoomauth.errors import ZoomAnswerInvalid, ZoomError, ZoomNotConnected
from zoomauth.host_writes import MOST_A_DAY, NEAR, get_writes_of_day
from zoomauth.import_words import describe_import
from zoomauth.importing import last_import, start_import
from zoomauth.models import ZoomAccount, ZoomConnection
from zoomauth.provisioning import (
    create_zoom_user,
    dismiss_creation,
    may_create_users,
    unknown_creations,
)
from zoomauth.scheduling import create_meeting, update_meeting
from zoomauth.signature import SignatureInputError, make_signature
from zoomauth.standing import (
    AccountStanding,
    MeetingStanding,
    fetch_meeting_standing,
    fetch_unable_users,
    get_account_standing,
    get_fitness_of,
)
from zoomauth.tokens import refresh_access_token
from zoomauth.zoom_users import (
    Fitness,
    explain_refusal,
    fitness_sentence,
    fold_name,
    get_fitness,
    judge_fitness,
    licence_label,
    zoom_user_of_row,
    zoom_users_of,
)

__all__ = [
    "MOST_A_DAY",
    "NEAR",
    "WITH_ACCOUNT",
    "AccountStanding",
    "Deadline",
    "Fitness",
    "Gate",
    "MeetingDraft",
    "MeetingStanding",
    "StartKeys",
    "UserAtZoom",
    "ZoomMeeting",
    "connect_own_account",
    "create_meeting",
    "create_zoom_user",
    "delete_meeting",
    "describe_import",
    "dismiss_creation",
    "end_meeting",
    "fetch_keys",
    "fetch_meeting_standing",
    "fetch_start_url",
    "fetch_unable_users",
    "fetch_user",
    "fitness_sentence",
    "fold_name",
    "get_account_standing",
    "get_fitness",
    "get_fitness_of",
    "get_writes_of_day",
    "hold_place",
    "is_zoom_link",
    "judge_fitness",
    "last_import",
    "licence_label",
    "may_create_users",
    "page_deadline",
    "refresh_account",
    "start_import",
    "unknown_creations",
    "update_meeting",
    "wait_limit",
    "zoom_user_of_row",
    "zoom_users_of",
]

log = logging.getLogger(__name__)

# Two hours: long enough for the press of Start, short enough to die before it could be hoarded.
ZAK_SECONDS = 7200


@dataclass(frozen=True)
class StartKeys:
    """What opens a meeting at Zoom: that this app vouches for it, and as whom."""

    signature: str = field(repr=False)
    zak: str = field(repr=False)


def fetch_keys(
    *,
    organization: Organization,
    zoom_user_id: str,
    meeting_number: int,
    role: int,
    gate: Gate = nullcontext,
    before_mint: Callable[[], None] = lambda: None,
    on_answer: Callable[[str], None] = lambda tracking_id: None,
    deadline: Deadline | None = None,
) -> StartKeys:
    """That user's Zoom Access Key, new from Zoom, and a Meeting SDK signature for the meeting.

    Give them to that user alone; store them nowhere. `role`: 1 starts, 0 joins. `before_mint` is
    called once, when a new access token has to be requested or waited for, right before it;
    `on_answer` with the tracking id of each of Zoom's answers. `deadline`: of the page that waits,
    if it began before this. An organization read along with `WITH_ACCOUNT` saves a query.
    """
    account = account_read_with(organization)
    # First, as it asks nobody: no ZAK is fetched that could not be used.
    signature = _sign(account, meeting_number, role)

    def before() -> None:
        # The gate says so too, but then a token has been minted for nothing.
        refuse_unless_assigned(account, organization, zoom_user_id)
        before_mint()

    gate = still_acting_as(account, organization, zoom_user_id, gate)
    try:
        zak = ask(
            account,
            lambda client, token: client.behind(gate).fetch_user_zak(
                access_token=token, zoom_user_id=zoom_user_id, ttl_seconds=ZAK_SECONDS
            ),
            before,
            deadline,
            listener=lambda heard: on_answer(heard.tracking_id),
        )
    except ZoomError as error:
        explain_refusal(organization, zoom_user_id, error)
        raise
    return StartKeys(signature=signature, zak=zak.token)


def _sign(account: ZoomAccount, meeting_number: int, role: int) -> str:
    mode = settings.ZOOM_SDK_WEBRTC_MODE
    try:
        return make_signature(
            sdk_client_id=account.sdk_client_id,
            sdk_client_secret=account.sdk_client_secret,
            meeting_number=meeting_number,
            role=role,
            now=timezone.now(),
            video_webrtc_mode=None if mode == "sdk" else int(mode),
        )
    except (SignatureInputError, SealingError) as error:
        log.error("The SDK credentials of Zoom account %s do not sign: %s", account.pk, error)
        # Without the cause: its frames hold the secret.
        raise ZoomNotConnected(call="sdk.signature") from None


def fetch_user(*, organization: Organization, zoom_user_id: str) -> UserAtZoom:
    """The user as Zoom has them now. Its `id` is another one where `zoom_user_id` is an address."""
    return ask(
        account_as(organization, zoom_user_id),
        lambda client, token: client.get_user(access_token=token, id_or_email=zoom_user_id),
    )


@contextmanager
def hold_place(organization: Organization) -> Iterator[None]:
    """To wait for what somebody else asks Zoom for: it holds a thread as a call of one's own does.

    Raises `ZoomError`.
    """
    with place_for(account_of(organization).pk):
        yield


def delete_meeting(
    *, organization: Organization, meeting_number: int, deadline: Deadline | None = None
) -> None:
    """Delete the meeting at Zoom."""
    ask(
        account_of(organization),
        lambda client, token: client.delete_meeting(
            access_token=token, meeting_number=meeting_number
        ),
        deadline=deadline,
    )


def end_meeting(*, organization: Organization, meeting_number: int) -> None:
    """End the running meeting for everybody."""
    ask(
        account_of(organization),
        lambda client, token: client.end_meeting(access_token=token, meeting_number=meeting_number),
    )


def fetch_start_url(
    *,
    organization: Organization,
    meeting_number: int,
    zoom_user_id: str,
    gate: Gate = nullcontext,
    before_mint: Callable[[], None] = lambda: None,
    on_answer: Callable[[str], None] = lambda tracking_id: None,
    deadline: Deadline | None = None,
) -> str:
    """The link that starts the meeting in the Zoom app as its host. It carries that host's ZAK.

    Zoom makes the link for the meeting's host, whoever asks; so it is given out only when Zoom's
    host is `zoom_user_id` (id or e-mail). Anything else, or a foreign address, is refused.
    `before_mint`, `on_answer` and `deadline` as for `fetch_keys`.
    """
    account = account_as(organization, zoom_user_id)
    gate = still_acting_as(account, organization, zoom_user_id, gate)
    meeting = ask(
        account,
        lambda client, token: client.behind(gate).get_meeting(
            access_token=token, meeting_number=meeting_number
        ),
        before_mint,
        deadline,
        listener=lambda heard: on_answer(heard.tracking_id),
    )
    hosts = {fold_name(meeting.host_id), fold_name(meeting.host_email)} - {""}
    if fold_name(zoom_user_id) not in hosts:
        raise ZoomAnswerInvalid(call="meetings.get")
    if not is_zoom_link(meeting.start_url):
        raise ZoomAnswerInvalid(call="meetings.get")
    return meeting.start_url


def is_zoom_link(url: str) -> bool:
    """Whether a browser may be sent to `url`: https (or the sandbox) on one of Zoom's hosts."""
    # Browsers and Python read these differently, so an address with one of them is no address.
    if any(character in "\\@" or character <= " " for character in url):
        return False
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    local = settings.DEBUG and host == "localhost"
    if not local and (parts.scheme != "https" or port not in (None, 443)):
        return False
    return any(
        host == allowed.removeprefix(".") or (allowed[0] == "." and host.endswith(allowed))
        for allowed in settings.ZOOM_LINK_HOSTS
    )


def connect_own_account(*, organization: Organization, credentials: dict[str, str]) -> None:
    """Give an organization a Zoom account of its own, and connect it. Raises on unknown names."""
    account = ZoomAccount(organization=organization, **credentials)
    add_account(account, actor=None)
    ZoomConnection.objects.create(
        organization=organization, account=account, owner_key=organization.pk
    )


def refresh_account(account: ZoomAccount) -> None:
    """Replace the account's access token before it ends, or find out that Zoom gives one again."""
    client = client_for(account)
    stale = account.access_token.generation
    refresh_access_token(account, client, stale=stale, is_probe=True)
