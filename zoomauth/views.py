"""Where Zoom's webhooks arrive. What becomes of them is decided in `zoomauth.webhooks`."""

import logging
import re
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from zoomauth.webhooks import Delivery, WebhookRefused, receive

log = logging.getLogger(__name__)

LONGEST_BODY = 256 * 1024
_LENGTH = re.compile(r"[0-9]{1,18}")
_TRACKING_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


class LengthMissing(WebhookRefused):
    """Sent in chunks, so that nobody knows beforehand how much it will be."""

    status = 411


class TooLarge(WebhookRefused):
    status = 413


class BrokenOff(WebhookRefused):
    status = 400


# Zoom has neither session nor CSRF token: the signature is what lets it in.
@never_cache
@login_not_required
@csrf_exempt
@require_POST
def webhook(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """One delivery of Zoom's: 204 once it is recorded, 200 with the answer to a validation.

    What is refused gets a status and nothing else; the reason is in the log.
    """
    tracking_id = _tracking_id_of(request)
    try:
        answer = receive(account_id, _read_delivery(request), timezone.now())
    except WebhookRefused as refused:
        log.warning(
            "Webhook for Zoom account %s refused: %s (tracking id %s)",
            account_id,
            refused,
            tracking_id,
        )
        return HttpResponse(status=refused.status)
    log.info("Webhook for Zoom account %s taken (tracking id %s)", account_id, tracking_id)
    return JsonResponse(answer) if answer else HttpResponse(status=204)


def _read_delivery(request: HttpRequest) -> Delivery:
    """The raw body, unless it is too large, and the headers about it. Raises `WebhookRefused`."""
    length = str(request.META.get("CONTENT_LENGTH", ""))
    if not _LENGTH.fullmatch(length):
        raise LengthMissing("no length given")
    if int(length) > LONGEST_BODY:
        raise TooLarge("too large")
    try:
        body = request.body
    except UnreadablePostError:
        raise BrokenOff("broke off before its end") from None
    return Delivery(
        body=body,
        timestamp=request.headers.get("x-zm-request-timestamp", ""),
        signature=request.headers.get("x-zm-signature", ""),
    )


def _tracking_id_of(request: HttpRequest) -> str:
    """Zoom's own name for this delivery; from anybody else it could be anything."""
    given = request.headers.get("x-zm-trackingid", "")
    return given if _TRACKING_ID.fullmatch(given) else "-"
