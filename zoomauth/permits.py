"""Whether a call may be made now: a person's at once or not at all, others' in turn."""

import time
from collections.abc import Callable

from django.utils import timezone

from zoomauth.budget import refusal_of_spent, take_turn
from zoomauth.client import Call
from zoomauth.errors import ZoomError, ZoomPutOff
from zoomauth.models import ZoomAccount

Permit = Callable[[Call], ZoomError | None]


def at_once(account: ZoomAccount) -> Permit:
    """For what a person waits for: refused only where the account's day is known to be used up."""
    return lambda call: refusal_of_spent(account, call.label, call=call.name, now=timezone.now())


def in_turn(account: ZoomAccount) -> Permit:
    """For what nobody waits for: waits for its turn, and is put off where hosts need the calls."""

    def permit(call: Call) -> ZoomError | None:
        if call.label is None:
            return None
        now = timezone.now()
        if (refused := refusal_of_spent(account, call.label, call=call.name, now=now)) is not None:
            return refused
        try:
            turn = take_turn(account, call.label, now=now)
        except ZoomPutOff as error:
            error.call = call.name
            return error
        time.sleep((turn - now).total_seconds())
        return None

    return permit
