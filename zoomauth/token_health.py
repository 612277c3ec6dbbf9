"""How getting an account's access tokens goes: kept on its row, said again, and put into words."""

from collections.abc import Iterator
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from portal.sealing import SealingError
from zoomauth.client.calls import REQUEST_ACCESS_TOKEN
from zoomauth.errors import (
    ZoomCredentialsRejected,
    ZoomError,
    ZoomNotConnected,
    ZoomRateLimited,
)
from zoomauth.models import AccessToken, Failure, Health

_SEALING = "sealing"


def make_failure(error: ZoomError | SealingError) -> Failure:
    """What the row keeps of it. Lasting is what somebody has to mend: credentials, or our keys."""
    if isinstance(error, SealingError):
        return Failure(slug=ZoomNotConnected.slug, code=_SEALING, is_lasting=True)
    return Failure(
        slug=error.slug,
        is_lasting=isinstance(error, ZoomCredentialsRejected),
        code="" if error.code is None else str(error.code)[:50],
        tracking_id=error.tracking_id[:200],
        not_before=error.retry_at if isinstance(error, ZoomRateLimited) else None,
    )


def make_error(row: AccessToken) -> ZoomError:
    """The failure that the row keeps, as if Zoom had just said it."""
    kind = _kinds().get(row.error_slug, ZoomError)
    return kind(
        call=REQUEST_ACCESS_TOKEN.name, code=row.error_code or None, tracking_id=row.tracking_id
    )


def _kinds() -> dict[str, type[ZoomError]]:
    return {kind.slug: kind for kind in _with_subclasses(ZoomError)}


def _with_subclasses(kind: type[ZoomError]) -> Iterator[type[ZoomError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _with_subclasses(narrower)


def describe_health(row: AccessToken | None) -> Any:
    """One or two words for a list."""
    if row is None or (row.generation == 0 and row.health == Health.HEALTHY):
        return _("No access token yet")
    return {
        Health.HEALTHY: _("Healthy"),
        Health.FAILING: _("Failing, tried again by itself"),
        Health.BLOCKED: _("Blocked: Zoom refuses the credentials"),
    }[Health(row.health)]


def explain_health(row: AccessToken | None) -> Any:
    """What is the matter, and what to do."""
    if row is None or row.health == Health.HEALTHY:
        return ""
    if row.error_code == _SEALING:
        return _("A secret of this account cannot be read. Enter the secrets again.")
    advice = make_error(row).admin_message
    if row.health == Health.BLOCKED:
        return advice
    return format_lazy("{} {}", advice, _("Nothing has to be done here; it is tried again."))
