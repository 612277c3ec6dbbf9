"""Everything that can go wrong with Zoom, as one tree of exceptions.

ZoomError
├── ZoomUnreachable              no connection: refused, DNS, TLS. Nothing was sent
├── ZoomTimeout                  the deadline passed
├── ZoomUnavailable              HTTP 5xx, or the connection broke off before the answer
├── ZoomAnswerInvalid            not JSON, wrong shape, a redirect, too large
├── ZoomRateLimited              too many calls at this moment
│   └── ZoomDailyLimitReached    no more of these calls today
├── ZoomCredentialsRejected      account id, client id or client secret is wrong
│   ├── ZoomAppTypeWrong         the credentials are those of another kind of app
│   └── ZoomAppDeactivated       the app is switched off in Zoom
├── ZoomAccessTokenRejected      get another access token
├── ZoomScopeMissing             the app lacks a scope that the call needs
├── ZoomUserNotFound             no such user in this Zoom account
├── ZoomUserInactive             the user exists but may not host
├── ZoomMeetingNotFound          no such meeting, or it is over
├── ZoomInputRefused             a field was refused
├── ZoomRefused                  any other HTTP 4xx
└── ZoomNotConnected             ours: the organization has no usable Zoom account
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class ZoomError(Exception):
    """A call to Zoom did not succeed.

    `retryable`: the same call may succeed later although nobody changes anything. It is False on
    a create whose outcome is unknown: asking again could make a second meeting.
    `outcome_unknown`: a write was sent and Zoom may or may not have carried it out.
    `slug` is stable and meant for programs, `user_message` for a host, `admin_message` for an
    admin of the organization. str() and repr() show only what Zoom's support would ask for.
    """

    slug = "zoom_error"
    retryable = False
    user_message: Text = _("Zoom did not do what was asked. Ask your admin to look into it.")
    admin_message: Text = _(
        "Zoom did not do what was asked. Give Zoom's support the tracking id of this failure."
    )
    unconfirmed_message: Text = ""

    def __init__(
        self,
        *,
        call: str = "",
        http_status: int | None = None,
        code: int | str | None = None,
        tracking_id: str = "",
        outcome_unknown: bool = False,
        repeatable: bool = True,
    ) -> None:
        super().__init__()
        self.call = call
        self.http_status = http_status
        self.code = code
        self.tracking_id = tracking_id
        self.outcome_unknown = outcome_unknown
        if outcome_unknown:
            self.retryable = self.retryable and repeatable
            self.user_message = self.unconfirmed_message or self.user_message

    def _facts(self) -> str:
        facts = (
            ("call", self.call),
            ("HTTP status", self.http_status),
            ("Zoom code", self.code),
            ("tracking id", self.tracking_id),
        )
        return ", ".join(f"{name} {value}" for name, value in facts if value not in (None, ""))

    def __str__(self) -> str:
        return self._facts() or self.slug

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"


class ZoomUnreachable(ZoomError):
    """No connection was made, so Zoom has not seen the call."""

    slug = "zoom_unreachable"
    retryable = True
    user_message = _("Zoom cannot be reached at the moment. Try again in a minute.")
    admin_message = _(
        "No connection to Zoom could be made. Check the server's network, DNS and firewall, "
        "and Zoom's own status page."
    )


class ZoomTimeout(ZoomError):
    """The time allowed for the call ran out."""

    slug = "zoom_timeout"
    retryable = True
    user_message = _("Zoom is taking too long to answer. Try again in a minute.")
    admin_message = _(
        "Zoom did not answer within the time allowed. If it goes on, check the server's "
        "network and Zoom's own status page."
    )
    unconfirmed_message = _(
        "Zoom took too long to confirm this. Look whether it was done before you try again."
    )


class ZoomUnavailable(ZoomError):
    """Zoom answered with HTTP 5xx, or broke the connection off."""

    slug = "zoom_unavailable"
    retryable = True
    user_message = _("Zoom has a fault of its own at the moment. Try again in a few minutes.")
    admin_message = _(
        "Zoom answered that it has a fault of its own. Nothing is wrong here; watch Zoom's "
        "status page."
    )
    unconfirmed_message = _(
        "Zoom had a fault before it confirmed this. Look whether it was done before you try again."
    )


class ZoomAnswerInvalid(ZoomError):
    """What came back is not an answer that Zoom documents."""

    slug = "zoom_answer_invalid"
    retryable = True
    user_message = _("Zoom's answer could not be read. Try again in a minute.")
    admin_message = _(
        "Something other than Zoom's documented answer came back. Check that no proxy stands "
        "between the server and Zoom; otherwise report it to those who run the portal."
    )
    unconfirmed_message = _(
        "Zoom's confirmation could not be read. Look whether it was done before you try again."
    )


class ZoomRateLimited(ZoomError):
    """Too many calls; `retry_at` is when Zoom will take the next one, if it is known.

    Zoom API reference: Rate limits. The count is per Zoom account, over all its apps.
    """

    slug = "zoom_rate_limited"
    retryable = True
    user_message = _("Zoom is getting too many requests. Wait a few seconds and try again.")
    admin_message = _(
        "The Zoom account's limit of calls per second was reached. All apps of the account "
        "share it; find out which of them calls so often."
    )

    def __init__(
        self,
        *,
        call: str = "",
        http_status: int | None = None,
        code: int | str | None = None,
        tracking_id: str = "",
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(call=call, http_status=http_status, code=code, tracking_id=tracking_id)
        self.retry_at = retry_at


class ZoomDailyLimitReached(ZoomRateLimited):
    """One of Zoom's limits per day is used up; it starts anew at 00:00 UTC.

    `per_host` tells the two kinds apart: 100 creates and updates per host, or the account's calls.
    """

    slug = "zoom_daily_limit_reached"
    user_message = _("Zoom takes no more of these requests today. Try again tomorrow.")
    admin_message = _(
        "A daily limit of Zoom is used up until 00:00 UTC. The Zoom account's plan decides how "
        "many calls a day it has."
    )

    def __init__(
        self,
        *,
        call: str = "",
        http_status: int | None = None,
        code: int | str | None = None,
        tracking_id: str = "",
        retry_at: datetime | None = None,
        per_host: bool = False,
    ) -> None:
        super().__init__(
            call=call,
            http_status=http_status,
            code=code,
            tracking_id=tracking_id,
            retry_at=retry_at,
        )
        self.per_host = per_host
        if per_host:
            self.user_message = _(
                "This host's meetings were changed too often today for Zoom. Try again tomorrow."
            )
            self.admin_message = _(
                "Zoom allows 100 creations and changes of meetings per host and day, and this "
                "host's are used up until 00:00 UTC. Spread the meetings over more hosts."
            )


class ZoomCredentialsRejected(ZoomError):
    """Zoom does not know the account id, the client id or the client secret."""

    slug = "zoom_credentials_rejected"
    user_message = _(
        "Zoom does not accept your organization's credentials. Ask your admin to enter them anew."
    )
    admin_message = _(
        "Zoom does not accept the account ID, client ID or client secret. Copy all three again "
        "from the app's page in the Zoom Marketplace."
    )


class ZoomAppTypeWrong(ZoomCredentialsRejected):
    """The credentials belong to an app that is not of the kind Server-to-Server OAuth."""

    slug = "zoom_app_type_wrong"
    user_message = _(
        "Your organization's Zoom app is of the wrong kind. Ask your admin to create another."
    )
    admin_message = _(
        "These credentials belong to another kind of app. Create a Server-to-Server OAuth app "
        "in the Zoom Marketplace and enter its credentials."
    )


class ZoomAppDeactivated(ZoomCredentialsRejected):
    """The app exists but is switched off."""

    slug = "zoom_app_deactivated"
    user_message = _(
        "Your organization's Zoom app is switched off. Ask your admin to switch it on."
    )
    admin_message = _(
        "The app is deactivated in Zoom. Activate it in the Zoom Marketplace, or ask the "
        "administrator of the Zoom account whether apps were disabled there."
    )


class ZoomAccessTokenRejected(ZoomError):
    """This access token is not, or no longer, good; another one may be."""

    slug = "zoom_access_token_rejected"
    user_message = _("Zoom ended this portal's access. Try again; if it fails, ask your admin.")
    admin_message = _(
        "Zoom refused an access token it gave out. Run the connection check; if it fails too, "
        "see whether the app is still active in the Zoom Marketplace."
    )


class ZoomScopeMissing(ZoomError):
    """The app was not given what this call needs; `scopes` are the ones Zoom named."""

    slug = "zoom_scope_missing"
    user_message = _("Your organization's Zoom app lacks a permission. Ask your admin to add it.")
    admin_message = _(
        "The Zoom app lacks a scope. Add it on the app's page in the Zoom Marketplace; it "
        "counts from the next access token on."
    )

    def __init__(
        self,
        *,
        call: str = "",
        http_status: int | None = None,
        code: int | str | None = None,
        tracking_id: str = "",
        scopes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(call=call, http_status=http_status, code=code, tracking_id=tracking_id)
        self.scopes = scopes
        if scopes:
            self.admin_message = format_lazy(
                _(
                    "The Zoom app lacks one of these scopes: {scopes}. Add it on the app's page "
                    "in the Zoom Marketplace; it counts from the next access token on."
                ),
                scopes=", ".join(scopes),
            )


class ZoomUserNotFound(ZoomError):
    """No such user in this Zoom account."""

    slug = "zoom_user_not_found"
    user_message = _("Zoom does not know this host. Ask your admin to link the right Zoom user.")
    admin_message = _(
        "The host's Zoom user is not in the connected Zoom account. Link the host to a user "
        "that is, or add the user in Zoom."
    )


class ZoomUserInactive(ZoomError):
    """The user exists, but is deactivated, still invited, or not allowed to host."""

    slug = "zoom_user_inactive"
    user_message = _(
        "This host's Zoom user may not host at the moment. Ask your admin to activate it."
    )
    admin_message = _(
        "The host's Zoom user is deactivated, has not accepted the invitation, or may not "
        "schedule meetings. Change that in Zoom's user management."
    )


class ZoomMeetingNotFound(ZoomError):
    """No such meeting, or it was deleted or has expired."""

    slug = "zoom_meeting_not_found"
    user_message = _("This meeting no longer exists in Zoom. Schedule a new one.")
    admin_message = _(
        "The meeting was deleted in Zoom, or it expired there 30 days after its last use. "
        "Schedule it again."
    )


@dataclass(frozen=True)
class FieldError:
    """One field that Zoom refused, and why, in Zoom's words (cleaned, at most 200 characters)."""

    field: str
    message: str


class ZoomInputRefused(ZoomError):
    """Zoom, or the client before asking, refused what was sent; `fields` may be shown."""

    slug = "zoom_input_refused"
    user_message = _("Zoom does not accept these details. Correct them and try again.")
    admin_message = _(
        "Zoom refused a field that was sent. Compare it with the meeting rules in the Zoom "
        "account's settings, such as those for passcodes."
    )

    def __init__(
        self,
        *,
        call: str = "",
        http_status: int | None = None,
        code: int | str | None = None,
        tracking_id: str = "",
        fields: tuple[FieldError, ...] = (),
    ) -> None:
        super().__init__(call=call, http_status=http_status, code=code, tracking_id=tracking_id)
        self.fields = fields


class ZoomRefused(ZoomError):
    """Zoom understood and said no, for a reason that has no class of its own."""

    slug = "zoom_refused"
    user_message = _("Zoom refused this request. Ask your admin to look up the reason.")
    admin_message = _(
        "Zoom refused the call. Look up the Zoom code of this failure in Zoom's API reference."
    )


class ZoomNotConnected(ZoomError):
    """The organization has no usable Zoom account or credentials. Zoom was not asked."""

    slug = "zoom_not_connected"
    user_message = _("Your organization is not connected to Zoom. Ask your admin to connect it.")
    admin_message = _(
        "No usable Zoom account is connected. Enter the credentials of a Server-to-Server OAuth "
        "app and run the connection check."
    )


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An answer with an HTTP error status, and what Zoom said beside it.

    `message` decides between causes and is never shown. `day_ends_at` is the next 00:00 UTC.
    """

    call: str
    http_status: int
    code: int | str | None = None
    message: str = field(default="", repr=False)
    fields: tuple[FieldError, ...] = ()
    tracking_id: str = ""
    limit_type: str = ""
    retry_at: datetime | None = None
    day_ends_at: datetime | None = None
    asks_for_token: bool = False
    is_write: bool = False
    repeatable: bool = True


class _Facts(TypedDict):
    call: str
    http_status: int
    code: int | str | None
    tracking_id: str


# Zoom docs: OAuth error messages (4700 to 4741); the words are those of RFC 6749, section 5.2.
_APP_TYPE_WRONG = {"unsupported_grant_type", "unauthorized_client", 4705}
_APP_DEACTIVATED = {4717, 4738}
_CREDENTIALS_REJECTED = {"invalid_client", "invalid_request", 4702, 4704, 4706, 4741}

# Zoom API reference: Errors, and what the calls are seen to answer. An expired token is 124.
_ACCESS_TOKEN_REJECTED = {124, 4700, 4741}
_SCOPE_MISSING = 4711
_USER_NOT_FOUND = {1001, 1010}
_USER_INACTIVE = {1120, 1121, 3161}
_MEETING_NOT_FOUND = 3001
_MEETING_CLOSED_TO_US = 3000  # gone when the status is 404, otherwise forbidden
_VALIDATION = 300  # also: a daily limit, a missing meeting

_SCOPES = re.compile(r"does not contain scopes?\s*:?\s*(?:\[([^\]]{0,2000})\])?", re.IGNORECASE)
_SCOPE = re.compile(r"[a-z_]+(?::[a-z_]+)*")
_APP_IS_OFF = re.compile(r"\b(disabled|deactivated)\b", re.IGNORECASE)
_USER_IS_OFF = re.compile(r"\buser\b.*\b(inactive|deactivated|not active)\b", re.IGNORECASE)
_MEETING_IS_GONE = re.compile(r"\bmeeting\b.*\b(not found|not exist|expired)\b", re.IGNORECASE)
_DAILY = re.compile(r"\bdaily\b", re.IGNORECASE)
_PER_HOST = re.compile(r"create/update|particular user", re.IGNORECASE)


def make_zoom_error(refusal: Refusal) -> ZoomError:
    """The error for an answer with an HTTP error status.

    The status decides first, then Zoom's code, and its sentence last: 300 stands for a refused
    field, a daily limit and a missing meeting, and a missing scope comes as 104, 201 or 4711
    (Zoom API reference: Errors, Rate limits).
    """
    facts = _Facts(
        call=refusal.call,
        http_status=refusal.http_status,
        code=refusal.code,
        tracking_id=refusal.tracking_id,
    )
    # 408 is what a proxy says when it gave up waiting for the server behind it.
    if refusal.http_status >= 500 or refusal.http_status == 408:
        return ZoomUnavailable(
            **facts, outcome_unknown=refusal.is_write, repeatable=refusal.repeatable
        )
    if _is_daily_limit(refusal):
        return ZoomDailyLimitReached(
            **facts,
            retry_at=refusal.retry_at or refusal.day_ends_at,
            per_host=bool(_PER_HOST.search(refusal.message)),
        )
    if refusal.http_status == 429:
        return ZoomRateLimited(**facts, retry_at=refusal.retry_at)
    if refusal.asks_for_token:
        return _token_refusal_class(refusal)(**facts)
    sentence = _SCOPES.search(refusal.message)
    if sentence or refusal.code == _SCOPE_MISSING:
        named = (sentence and sentence.group(1)) or ""
        return ZoomScopeMissing(**facts, scopes=tuple(_SCOPE.findall(named)))
    refused_as = _refusal_class(refusal)
    if refused_as is ZoomInputRefused:
        return ZoomInputRefused(**facts, fields=refusal.fields)
    return refused_as(**facts)


def _is_daily_limit(refusal: Refusal) -> bool:
    says_daily = bool(_DAILY.search(refusal.message))
    if refusal.http_status == 429:
        return says_daily or bool(_DAILY.search(refusal.limit_type))
    return refusal.http_status == 400 and refusal.code == _VALIDATION and says_daily


def _token_refusal_class(refusal: Refusal) -> type[ZoomError]:
    if refusal.code in _APP_TYPE_WRONG:
        return ZoomAppTypeWrong
    if refusal.code in _APP_DEACTIVATED or _APP_IS_OFF.search(refusal.message):
        return ZoomAppDeactivated
    if refusal.http_status == 401 or refusal.code in _CREDENTIALS_REJECTED:
        return ZoomCredentialsRejected
    return ZoomRefused


def _refusal_class(refusal: Refusal) -> type[ZoomError]:
    code = refusal.code
    if code in _APP_DEACTIVATED:
        return ZoomAppDeactivated
    if refusal.http_status == 401 or code in _ACCESS_TOKEN_REJECTED:
        return ZoomAccessTokenRejected
    if code in _USER_NOT_FOUND:
        return ZoomUserNotFound
    if code in _USER_INACTIVE or _USER_IS_OFF.search(refusal.message):
        return ZoomUserInactive
    if code == _MEETING_NOT_FOUND or (code == _MEETING_CLOSED_TO_US and refusal.http_status == 404):
        return ZoomMeetingNotFound
    if code == _VALIDATION:
        gone = refusal.http_status == 404 or _MEETING_IS_GONE.search(refusal.message)
        return ZoomMeetingNotFound if gone else ZoomInputRefused
    return ZoomRefused
