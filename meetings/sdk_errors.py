"""The Web SDK's error codes, as sentences for a host."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ErrorText(NamedTuple):
    message: Promise
    next_step: Promise


# One constant per cause that reaches us under several codes: the client and the component view
# number the same failure differently, and so do Zoom's web and meeting servers.
_GENERIC = ErrorText(
    _("Zoom did not let this meeting start and gave no reason."),
    _("Open the meeting in the Zoom app."),
)
_MEETING_GONE = ErrorText(
    _("Zoom no longer has this meeting; it may have been deleted there."),
    _("Go back to your meetings and schedule a new one."),
)
_STALE_ZAK = ErrorText(
    _("Zoom did not accept your permission to start this meeting as its host."),
    _("Press Try again to ask Zoom for it once more."),
)
_SIGN_IN_REQUIRED = ErrorText(
    _("Zoom wants you to be signed in for this meeting, and did not recognize you."),
    _("Open the meeting in the Zoom app, where you are signed in."),
)
_WEB_CLIENT_OFF = ErrorText(
    _("Your Zoom account does not allow this meeting in a web page."),
    _("Use the Zoom app for this meeting."),
)
_HOST_INACTIVE = ErrorText(
    _("Your Zoom user is deactivated or was removed from your organization's Zoom account."),
    _("Ask your administrator to reactivate your Zoom user."),
)
_SDK_APP_OFF = ErrorText(
    _("Zoom does not accept your organization's Meeting SDK app."),
    _("Ask your administrator to check the Meeting SDK client ID."),
)
_WRONG_NUMBER = ErrorText(
    _("The meeting number the portal has is not the one Zoom has."),
    _("Go back to the meeting, check its number, and start again from there."),
)
_STRANGER = ErrorText(
    _("This meeting belongs to another Zoom account, which lets in only people it knows."),
    _("Open the meeting in the Zoom app with a Zoom user that account accepts."),
)

_TEXTS: dict[str, ErrorText] = {
    "": ErrorText(
        _("The portal's signature for Zoom was incomplete, so nothing was sent."),
        _("Ask your administrator to enter the Meeting SDK client ID again."),
    ),
    "1": _GENERIC,
    "200": _GENERIC,
    "2": ErrorText(
        _("Zoom's software in this page was not ready yet."),
        _("Wait a moment, then press Try again."),
    ),
    "3": ErrorText(
        _("This portal and its copy of Zoom's software do not fit together."),
        _("Tell your administrator that Zoom refused the join parameters."),
    ),
    "3000": ErrorText(
        _("You already have another Zoom meeting running."),
        _("End that meeting in the place where it runs, then press Try again."),
    ),
    "3001": _MEETING_GONE,
    "3610": _MEETING_GONE,
    "3003": ErrorText(
        _("Zoom says that you are not the host of this meeting."),
        _("Ask its host to start it, or to name you as an alternative host."),
    ),
    "3004": ErrorText(
        _("The passcode the portal has for this meeting is not the one Zoom has."),
        _("It was changed at Zoom. Open the meeting in the Zoom app."),
    ),
    "3005": ErrorText(
        _("Zoom wants an e-mail address for this meeting and did not get one."),
        _("Ask your administrator to add an e-mail address to your portal user."),
    ),
    "3008": ErrorText(
        _("Zoom took you for a guest and is waiting for the host."),
        _("Press Try again to be announced as the host."),
    ),
    "3009": ErrorText(
        _("You were removed from this meeting, and it does not let removed people back in."),
        _("Ask whoever runs the meeting now to end it, then press Try again."),
    ),
    "3082": _SIGN_IN_REQUIRED,
    "3100": _SIGN_IN_REQUIRED,
    "3265": _STALE_ZAK,
    "3623": _STALE_ZAK,
    "3603": _WEB_CLIENT_OFF,
    "3611": _WEB_CLIENT_OFF,
    "3625": _HOST_INACTIVE,
    "3702": _HOST_INACTIVE,
    "3709": _HOST_INACTIVE,
    "3633": ErrorText(
        _("Zoom has had too many start attempts from here in a short time."),
        _("Wait one minute, then press Try again."),
    ),
    "3634": ErrorText(
        _("Zoom asks for proof that a person is at the keyboard, which this page cannot show."),
        _("Open the meeting in the Zoom app this time."),
    ),
    "3635": ErrorText(
        _("Part of Zoom's audio and video software could not be downloaded."),
        _("Switch off content blockers for this site, then press Try again."),
    ),
    "3636": ErrorText(
        _("Zoom was given two kinds of permission at once and accepted neither."),
        _("Close this tab and start the meeting in a new one."),
    ),
    "3704": _SDK_APP_OFF,
    "3710": _SDK_APP_OFF,
    "3705": ErrorText(
        _("The permission for this start ran out before Zoom saw it."),
        _("Press Try again for a fresh permission."),
    ),
    "3706": _WRONG_NUMBER,
    "3714": _WRONG_NUMBER,
    "3707": ErrorText(
        _("Zoom cannot find a meeting with this number in your organization's account."),
        _("Ask your administrator whether the portal is connected to the right Zoom account."),
    ),
    "3708": ErrorText(
        _("Zoom did not accept you in the role of host for this meeting."),
        _("Ask your administrator who is the meeting's host at Zoom."),
    ),
    "3711": ErrorText(
        _("Zoom does not let you host two meetings at the same time."),
        _("End your other meeting, then press Try again."),
    ),
    "3712": ErrorText(
        _("Zoom did not accept the portal's signature."),
        _("Ask your administrator to check the Meeting SDK client secret."),
    ),
    "3713": ErrorText(
        _("Your Zoom user has no permission to start this meeting."),
        _("Ask your administrator to look at your role and license at Zoom."),
    ),
    "4003": ErrorText(
        _("Something in the start request did not make sense to Zoom."),
        _("Tell your administrator the error code below."),
    ),
    "4004": ErrorText(
        _("This meeting has already ended."),
        _("Schedule another meeting to meet again."),
    ),
    "4005": ErrorText(
        _("This meeting is full."),
        _("Ask someone in the meeting to leave, then press Try again."),
    ),
    "4006": ErrorText(
        _("This meeting is locked from the inside."),
        _("Ask the person running it to unlock it, then press Try again."),
    ),
    "4007": ErrorText(
        _("An information barrier at Zoom keeps you out of this meeting."),
        _("Ask your administrator which Zoom group you need to be in."),
    ),
    "4008": ErrorText(
        _("You are already in this meeting, on another device or in another tab."),
        _("Leave there first, then press Try again here."),
    ),
    "4009": ErrorText(
        _("Zoom's own server had a problem."),
        _("Look at Zoom's status page before you try again."),
    ),
    "4011": ErrorText(
        _("Zoom has not yet cleared the portal's app for other accounts' meetings."),
        _("Open this meeting of another account in the Zoom app."),
    ),
    "4012": _STRANGER,
    "4013": _STRANGER,
    "4014": ErrorText(
        _("Zoom did not accept the permission to take part on somebody else's behalf."),
        _("Start the meeting as yourself, from your own list of meetings."),
    ),
    "4015": ErrorText(
        _("The permission from Zoom was made out for a different meeting."),
        _("Go back to your meetings and start this one again from the list."),
    ),
    "4016": ErrorText(
        _("The permission to record this meeting has run out."),
        _("Press Try again, then start recording from inside the meeting."),
    ),
    "4017": ErrorText(
        _("The person on whose behalf this was started is not in the meeting."),
        _("Ask that person to join first, then press Try again."),
    ),
    "4018": ErrorText(
        _("This browser is signed in to Zoom as somebody else."),
        _("Sign out of Zoom in this browser, then press Try again."),
    ),
    "4019": ErrorText(
        _("The person on whose behalf this was started has left the meeting."),
        _("Ask that person to come back in, then start again."),
    ),
    "6603": ErrorText(
        _("The Zoom account that owns this meeting has blocked the portal's app."),
        _("Ask your administrator to have the app allowed in the Zoom account's settings."),
    ),
    "10000": ErrorText(
        _("Zoom no longer accepts the version of its software that this portal uses."),
        _("Tell your administrator that the Zoom SDK must be updated."),
    ),
    "default": ErrorText(
        _("The meeting could not be started, for a reason this portal does not know."),
        _("Open the meeting in the Zoom app instead."),
    ),
}


def sdk_error_texts() -> dict[str, dict[str, str]]:
    """Sentence and next step for each error code of the Web SDK, in the active language.

    Keys are codes as strings; ``""`` is what the SDK reports for a signature without ``appKey``,
    and ``default`` stands for every other code.
    """
    return {
        code: {"message": str(text.message), "next": str(text.next_step)}
        for code, text in _TEXTS.items()
    }
