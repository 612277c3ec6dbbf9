"""The rows that compare what is stored here, without a call to Zoom."""

import re
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils.timezone import localtime
from django.views.decorators.debug import sensitive_variables

from portal.sealing import SealingError
from zoomauth.connection_check.rows import CheckRow, Result
from zoomauth.models import ZoomAccount
from zoomauth.signature import SignatureInputError, make_signature

# Zoom validates every 72 hours; a day more for a validation that it had to repeat.
OLDEST_VALIDATION = timedelta(days=4)

# As Zoom gives them out today; used only to recognize one in the place of the other.
_ID_LENGTH, _SECRET_LENGTH = 22, 32
_ANY_MEETING = 10**10
_REGIONAL_URL = re.compile(r"https://api-(?P<region>[a-z]{2})\.zoom\.us(/.*)?")


@sensitive_variables()
def check_sdk(account: ZoomAccount, now: datetime) -> CheckRow:
    """Whether the pair can sign, and is not the other app's: Zoom cannot be asked about it."""
    try:
        reason = _wrong_with_sdk(account, now)
    except SealingError:
        reason = "sealing"
    return CheckRow("sdk", Result.FAIL if reason else Result.PASS, reason or "fine")


@sensitive_variables()
def _wrong_with_sdk(account: ZoomAccount, now: datetime) -> str:
    sdk_id, secret = account.sdk_client_id, str(account.sdk_client_secret)
    if sdk_id == account.client_id:
        return "same_id"
    if secret and secret == _client_secret_of(account):
        return "same_secret"
    if (len(sdk_id), len(secret)) == (_SECRET_LENGTH, _ID_LENGTH):
        return "swapped"
    try:
        make_signature(
            sdk_client_id=sdk_id,
            sdk_client_secret=secret,
            meeting_number=_ANY_MEETING,
            role=1,
            now=now,
        )
    except SignatureInputError:
        return "shape"
    return ""


def _client_secret_of(account: ZoomAccount) -> str:
    try:
        return str(account.client_secret)
    except SealingError:
        # The row of the token says so.
        return ""


def check_region(account: ZoomAccount, api_url: str) -> CheckRow:
    """The region that is set, against the one that Zoom names with an access token."""
    named = _REGIONAL_URL.fullmatch(api_url)
    facts = {"region": named["region"]} if named else {}
    if not account.region:
        return CheckRow("region", Result.PASS, "global", facts=facts)
    if not named:
        return CheckRow("region", Result.NOT_CHECKED, "unsaid")
    same = named["region"] == account.region
    return CheckRow(
        "region", Result.PASS if same else Result.FAIL, "same" if same else "other", facts=facts
    )


def check_webhook(account: ZoomAccount, now: datetime) -> CheckRow:
    """By when Zoom last validated the address with the secret that is stored, and by whether its
    events are about the account that was entered.
    """
    # The raw column: whether something is stored can be told without unsealing it.
    if not account.__dict__.get("webhook_secret"):
        return CheckRow("webhook", Result.NOT_CHECKED, "no_secret")
    if foreign := account.foreign_account_id():
        facts = {"foreign": foreign, "entered": account.account_id}
        return CheckRow("webhook", Result.FAIL, "foreign", facts=facts)
    validated_at = account.webhook_validated_at
    if validated_at is None:
        return CheckRow("webhook", Result.FAIL, "never")
    facts = {"date": localtime(validated_at).date().isoformat()}
    if now - validated_at > OLDEST_VALIDATION:
        return CheckRow("webhook", Result.FAIL, "stale", facts=facts)
    return CheckRow("webhook", Result.PASS, "validated", facts=facts)


def check_sdk_version(today: date) -> CheckRow:
    """The SDK in use, against the version below which Zoom lets nobody in: it moves each quarter.

    Zoom, Meeting SDK: Minimum version. Announced three months ahead, so there is a date to it.
    """
    version = settings.ZOOM_SDK_VERSION
    if settings.ZOOM_SDK_MINIMUM is None:
        return CheckRow("sdk_version", Result.NOT_CHECKED, "no_minimum", facts={"version": version})
    minimum, since = settings.ZOOM_SDK_MINIMUM
    facts = {"version": version, "minimum": minimum, "date": since.isoformat()}
    if _as_numbers(version) >= _as_numbers(minimum):
        return CheckRow("sdk_version", Result.PASS, "new_enough", facts=facts)
    reason = "too_old" if since <= today else "too_old_soon"
    return CheckRow("sdk_version", Result.FAIL, reason, facts=facts)


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"[0-9]+", version)[:3])
