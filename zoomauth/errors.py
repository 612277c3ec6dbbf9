"""Everything that can go wrong with Zoom, as one tree of exceptions.

ZoomError
├── ZoomUnreachable              no connection: refused, DNS, TLS. Nothing was sent
├── ZoomTimeout                  the deadline passed
├── ZoomUnavailable              HTTP 5xx, or the connection broke off before the answer
├── ZoomAnswerInvalid            not what Zoom documents: no JSON, a redirect, too large
├── ZoomRateLimited              too many calls at this moment
│   ├── ZoomDailyLimitReached    no more of these calls today
│   └── ZoomPutOff               ours: hosts come first; Zoom was not asked
├── ZoomCredentialsRejected      account id, client id or client secret is wrong
│   ├── ZoomAppTypeWrong         they are not those of a Server-to-Server OAuth app
│   └── ZoomAppDeactivated       the app is switched off in Zoom
├── ZoomAccessTokenRejected      not, or no longer, good; another one may be
├── ZoomScopeMissing             the app lacks what the call needs; `scopes`, if Zoom named any
├── ZoomUserNotFound             no such user in this Zoom account
├── ZoomUserInactive             deactivated, still invited, or not allowed to host
├── ZoomMeetingNotFound          no such meeting, or it was deleted or has expired
├── ZoomInputRefused             refused by Zoom, or before asking; `fields` may be shown
├── ZoomRefused                  any other HTTP 4xx: understood, and no
│   └── ZoomAddressTaken         a user with this address is there already
├── ZoomNotConnected             ours: no usable Zoom account; Zoom was not asked
├── ZoomFailedRepeatedly         ours: the account's calls fail; Zoom is not asked for seconds
└── ZoomTooManyAtOnce            ours: too many of the account's calls hang; Zoom was not asked
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from zoomauth.zoom_error import FieldError as FieldError
from zoomauth.zoom_error import ZoomError as ZoomError


class ZoomUnreachable(ZoomError):
    slug = "zoom_unreachable"
    retryable = True
    user_message = _("Zoom cannot be reached at the moment. Try again in a minute.")
    admin_message = _(
        "No connection to Zoom could be made. Check the server's network, DNS and firewall, "
        "and Zoom's own status page."
    )


class ZoomTimeout(ZoomError):
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


@dataclass(kw_only=True, eq=False, repr=False)
class ZoomRateLimited(ZoomError):
    """Too many calls; `retry_at` is when Zoom will take the next one, if it is known.

    Zoom API reference: Rate limits. The count is per Zoom account, over all its apps. `is_of_read`:
    the call only reads, so it may be made once more.
    """

    slug = "zoom_rate_limited"
    retryable = True
    user_message = _("Zoom is getting too many requests. Wait a few seconds and try again.")
    admin_message = _(
        "The Zoom account's limit of calls per second was reached. All apps of the account "
        "share it; find out which of them calls so often."
    )
    retry_at: datetime | None = None
    is_of_read: bool = False


@dataclass(kw_only=True, eq=False, repr=False)
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
    per_host: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.per_host:
            self.user_message = _(
                "This host's meetings were changed too often today for Zoom. Try again tomorrow."
            )
            self.admin_message = _(
                "Zoom allows 100 creations and changes of meetings per host and day, and this "
                "host's are used up until 00:00 UTC. Spread the meetings over more hosts."
            )


class ZoomPutOff(ZoomRateLimited):
    """Work that nobody waits for would take from what hosts need: later, at `retry_at`."""

    slug = "zoom_put_off"
    user_message = _("Zoom is left to the hosts at the moment. Try again in a few minutes.")
    admin_message = _(
        "Hosts have the Zoom account's calls for themselves at the moment: a limit of Zoom's was "
        "reached, or little is left of a day's. What waits is done later by itself."
    )


class ZoomCredentialsRejected(ZoomError):
    slug = "zoom_credentials_rejected"
    user_message = _(
        "Zoom does not accept your organization's credentials. Ask your admin to enter them anew."
    )
    admin_message = _(
        "Zoom does not accept the account ID, client ID or client secret. Copy all three again "
        "from the app's page in the Zoom Marketplace."
    )


class ZoomAppTypeWrong(ZoomCredentialsRejected):
    slug = "zoom_app_type_wrong"
    user_message = _(
        "Your organization's Zoom app is of the wrong kind. Ask your admin to create another."
    )
    admin_message = _(
        "These credentials belong to another kind of app. Create a Server-to-Server OAuth app "
        "in the Zoom Marketplace and enter its credentials."
    )


class ZoomAppDeactivated(ZoomCredentialsRejected):
    slug = "zoom_app_deactivated"
    user_message = _(
        "Your organization's Zoom app is switched off. Ask your admin to switch it on."
    )
    admin_message = _(
        "The app is deactivated in Zoom. Activate it in the Zoom Marketplace, or ask the "
        "administrator of the Zoom account whether apps were disabled there."
    )


class ZoomAccessTokenRejected(ZoomError):
    slug = "zoom_access_token_rejected"
    user_message = _("Zoom ended this portal's access. Try again; if it fails, ask your admin.")
    admin_message = _(
        "Zoom refused an access token it gave out. Run the connection check; if it fails too, "
        "see whether the app is still active in the Zoom Marketplace."
    )


@dataclass(kw_only=True, eq=False, repr=False)
class ZoomScopeMissing(ZoomError):
    slug = "zoom_scope_missing"
    user_message = _("Your organization's Zoom app lacks a permission. Ask your admin to add it.")
    admin_message = _(
        "The Zoom app lacks a scope. Add it on the app's page in the Zoom Marketplace; it "
        "counts from the next access token on."
    )
    scopes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scopes:
            self.admin_message = format_lazy(
                _(
                    "The Zoom app lacks one of these scopes: {scopes}. Add it on the app's page "
                    "in the Zoom Marketplace; it counts from the next access token on."
                ),
                scopes=", ".join(self.scopes),
            )


class ZoomUserNotFound(ZoomError):
    slug = "zoom_user_not_found"
    user_message = _("Zoom does not know this host. Ask your admin to link the right Zoom user.")
    admin_message = _(
        "The host's Zoom user is not in the connected Zoom account. Link the host to a user "
        "that is, or add the user in Zoom."
    )


class ZoomUserInactive(ZoomError):
    slug = "zoom_user_inactive"
    user_message = _(
        "This host's Zoom user may not host at the moment. Ask your admin to activate it."
    )
    admin_message = _(
        "The host's Zoom user is deactivated, has not accepted the invitation, or may not "
        "schedule meetings. Change that in Zoom's user management."
    )


class ZoomMeetingNotFound(ZoomError):
    slug = "zoom_meeting_not_found"
    user_message = _("This meeting no longer exists in Zoom. Schedule a new one.")
    admin_message = _(
        "The meeting was deleted in Zoom, or it expired there 30 days after its last use. "
        "Schedule it again."
    )


@dataclass(kw_only=True, eq=False, repr=False)
class ZoomInputRefused(ZoomError):
    slug = "zoom_input_refused"
    user_message = _("Zoom does not accept these details. Correct them and try again.")
    admin_message = _(
        "Zoom refused a field that was sent. Compare it with the meeting rules in the Zoom "
        "account's settings, such as those for passcodes."
    )
    fields: tuple[FieldError, ...] = ()


class ZoomRefused(ZoomError):
    slug = "zoom_refused"
    user_message = _("Zoom refused this request. Ask your admin to look up the reason.")
    admin_message = _("Zoom refused the call. Look up its Zoom code in Zoom's API reference.")


class ZoomAddressTaken(ZoomRefused):
    slug = "zoom_address_taken"
    user_message = _("Zoom knows a user with this address already. Ask your admin what to do.")
    admin_message = _("Zoom knows a user with this address already, so none was created.")


class ZoomNotConnected(ZoomError):
    slug = "zoom_not_connected"
    user_message = _("Your organization is not connected to Zoom. Ask your admin to connect it.")
    admin_message = _(
        "No usable Zoom account is connected. Enter the credentials of a Server-to-Server OAuth "
        "app and run the connection check."
    )


@dataclass(kw_only=True, eq=False, repr=False)
class ZoomFailedRepeatedly(ZoomError):
    """Not asked, as the account's last calls failed; at `retry_at` one call is let through."""

    slug = "zoom_failed_repeatedly"
    retryable = True
    user_message = _(
        "Zoom has failed several times in a row for your organization. "
        "Try again in a quarter of a minute."
    )
    admin_message = _(
        "The last calls to this Zoom account failed, so it is asked again only every few seconds, "
        "until it answers. Check the server's network and Zoom's own status page."
    )
    retry_at: datetime | None = None


class ZoomTooManyAtOnce(ZoomError):
    slug = "zoom_too_many_at_once"
    retryable = True
    user_message = _(
        "Many people of your organization are waiting for Zoom at this moment, and Zoom is slow. "
        "Try again in a few seconds."
    )
    admin_message = _(
        "So many calls to this Zoom account wait for an answer that no more were made. Zoom is "
        "slow, or cannot be reached; see its own status page."
    )
