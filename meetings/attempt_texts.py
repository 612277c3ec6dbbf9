"""Attempts to start in words, for an organization's admin: what happened, and what to do."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meetings.models import StartAttempt
from meetings.sdk_errors import sdk_error_texts
from meetings.start_steps import Outcome, Step, Way
from meetings.start_texts import fix_of, meaning_of
from zoomauth.errors import ZoomError

Text = str | Promise


class Words(NamedTuple):
    meaning: Text
    fix: Text


OUTCOMES: dict[Outcome, Text] = {
    Outcome.IN_MEETING: _("In the meeting"),
    Outcome.FAILED: _("Failed"),
    Outcome.STOPPED: _("Not heard of again"),
    Outcome.HANDED_OUT: _("Handed over to Zoom"),
    Outcome.UNDER_WAY: _("Under way"),
}

# What has been reached, as a line of the story.
_REACHED: dict[Step, Text] = {
    Step.PRESSED: _("Start was pressed"),
    Step.ALLOWED: _("The portal let them in"),
    Step.SIGNED: _("The Zoom account was read and the start signed"),
    Step.TOKEN: _("There was an access token"),
    Step.ZAK: _("Zoom gave the host's key (ZAK)"),
    Step.DELIVERED: _("The start package left the portal"),
    Step.INIT: _("The page had it, and began to set up Zoom's software"),
    Step.JOIN: _("The page asked Zoom to let the host in"),
    Step.IN_MEETING: _("The host was in the meeting"),
    Step.STARTED: _("Zoom reported that the meeting started"),
}
_REACHED_BY_LINK: dict[Step, Text] = {
    Step.ZAK: _("Zoom gave the start link"),
    Step.DELIVERED: _("The browser was sent on to Zoom"),
}
RENEWED: Text = _("Zoom did not take the host's key, and the page asked for a new one")
LOST: Text = _("The page lost its connection to the meeting")
FAILED: Text = _("It failed")

# Where it failed, as one counts them.
PLACES: dict[Step, Text] = {
    Step.PRESSED: _("On the way to the portal"),
    Step.ALLOWED: _("At the door"),
    Step.SIGNED: _("At the account and its signature"),
    Step.TOKEN: _("At the access token"),
    Step.ZAK: _("At the host's key (ZAK)"),
    Step.DELIVERED: _("Between the portal and the page"),
    Step.INIT: _("At setting up Zoom's software"),
    Step.JOIN: _("At joining"),
    Step.IN_MEETING: _("Right after joining"),
}

_LOG = _("If it happens again, ask those who run the portal to look into its log at this time.")
_OTHER_BROWSER = _(
    "Ask the host to try again, in another browser or with another network if it happens again. "
    "The Zoom app is the other way."
)
_NETWORK = _("Ask the host to check the network and to press Start again.")

_STOPPED: dict[Step, Words] = {
    Step.PRESSED: Words(_("The press did not arrive at the portal."), _NETWORK),
    Step.ALLOWED: Words(_("The portal stopped at the door."), _LOG),
    Step.SIGNED: Words(_("The portal stopped while it read the Zoom account."), _LOG),
    Step.TOKEN: Words(_("The portal stopped while it asked Zoom for an access token."), _LOG),
    Step.ZAK: Words(_("The portal stopped while Zoom made the host's key."), _LOG),
    Step.DELIVERED: Words(
        _("The page got its package and was not heard of again."), _OTHER_BROWSER
    ),
    Step.INIT: Words(
        _("The page began to set up Zoom's software and was not heard of again."), _OTHER_BROWSER
    ),
    Step.JOIN: Words(
        _("The page asked Zoom to let the host in and was not heard of again."), _OTHER_BROWSER
    ),
}
_STOPPED_BEFORE_THE_ANSWER = Words(_("The portal stopped before its answer had left."), _LOG)
_LOST_AT_ONCE = Words(
    _("The page had joined the meeting and lost its connection at once."), _OTHER_BROWSER
)
_HANDED_OUT = Words(
    _("What came of it is not known: nothing of the portal follows there, and Zoom has not "
      "reported a start."),
    _("Zoom reports starts by webhook; see whether it is set up. A meeting that was running "
      "already does not start again."),
)  # fmt: skip

_OURS: dict[str, Words] = {
    "taken_away": Words(
        _("The right to start was taken away while the start was under way."),
        _("“Explain this start” at the meeting says what is missing."),
    ),
    "busy": Words(
        _("Somebody was changing the meeting, or who may start it, at that moment."),
        _("Ask the host to press Start again."),
    ),
    "sealing": Words(
        _("A secret of the Zoom account could not be read."),
        _("Ask those who run the portal to look at its sealing keys."),
    ),
    "internal": Words(
        _("The portal had a fault of its own."),
        _("Ask those who run the portal to look into its log at this time."),
    ),
    "reason_missing": Words(_("The admin gave no reason."), _("It takes a reason.")),
    "stale_sign_in": Words(
        _("The admin's sign-in was too long ago."), _("Press Start again, and sign in once more.")
    ),
    "network": Words(_("The page could not reach the portal, or got no answer."), _NETWORK),
    "answer": Words(_("The page did not understand the portal's answer."), _LOG),
    "refused": Words(
        _("The portal did not let them start this meeting."),
        _("“Explain this start” at the meeting says what is missing."),
    ),
    "session": Words(
        _("The host was no longer signed in."), _("Signing in again leads back to the start.")
    ),
    "silence": Words(_("Zoom did not answer the page for 45 seconds."), _OTHER_BROWSER),
    "left": Words(
        _("The page was closed, reloaded or left before Zoom had let the host in."),
        _("Ask the host to leave the page open until the meeting is there."),
    ),
    "exception": Words(_("Zoom's software broke in the page."), _OTHER_BROWSER),
    "none": Words(_("Zoom's software gave up and said no reason."), _OTHER_BROWSER),
}


def reached_label(step: Step, way: str) -> Text:
    by_link = _REACHED_BY_LINK.get(step) if way == Way.APP else None
    return by_link or _REACHED[step]


def words_about(attempt: StartAttempt, outcome: Outcome, step: Step | None) -> Words | None:
    """What became of it and what to do; None where there is nothing to do."""
    if outcome is Outcome.HANDED_OUT:
        return _HANDED_OUT
    if outcome is Outcome.FAILED:
        return _LOST_AT_ONCE if step is Step.IN_MEETING else words_of_error(attempt.error_code)
    if outcome is not Outcome.STOPPED or step is None:
        return None
    if step is Step.DELIVERED and attempt.delivered_at is None:
        return _STOPPED_BEFORE_THE_ANSWER
    return _STOPPED[step]


def words_of_error(code: str) -> Words:
    """Of the portal's own code, a rule of the door, Zoom's REST side, or the Web SDK."""
    if code in _OURS:
        return _OURS[code]
    if code in _zoom_errors():
        return Words(_zoom_errors()[code].admin_message, "")
    rule, dot, reason = code.partition(".")
    if dot:
        return Words(meaning_of(rule, reason), fix_of(rule, reason))
    sdk = sdk_error_texts()
    told = sdk.get(code, sdk["default"])
    return Words(told["message"], told["next"])


@cache
def _zoom_errors() -> dict[str, type[ZoomError]]:
    def below(kind: type[ZoomError]) -> Iterator[type[ZoomError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from below(child)

    return {kind.slug: kind for kind in below(ZoomError)}
