"""The audit trail: one way to write an `AuditEvent`."""

import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from portal.models import AuditEvent, Organization, User
from portal.tenancy import across_all_organizations


@dataclass(frozen=True)
class _Origin:
    """Where an action comes from."""

    ip: str | None = None
    request_id: str = ""


_origin: ContextVar[_Origin] = ContextVar("audit_origin", default=_Origin())  # noqa: B039 - frozen


class AuditMiddleware:
    """Remembers address and request id, and tells the id to whoever reads the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        origin = _Origin(ip=_address_of(request), request_id=str(uuid.uuid4()))
        reset = _origin.set(origin)
        try:
            response = self.get_response(request)
        finally:
            _origin.reset(reset)
        response["X-Request-Id"] = origin.request_id
        return response


def _address_of(request: HttpRequest) -> str | None:
    # allauth's rule for its rate limits, so that both speak of the same address.
    try:
        address: str = get_adapter().get_client_ip(request)
    except PermissionDenied:
        # None that is an address, as over a socket file. That is no reason to refuse the request.
        return None
    return address


def organizations_of(person: User) -> list[Organization | None]:
    """In whose trails stands what happens to how a person signs in; of strangers, in nobody's.

    In each that they are an active member of, as a row of its own: a password opens all of them,
    and no row tells one organization of another.
    """
    with across_all_organizations():
        rows = Organization.objects.filter(
            memberships__user=person, memberships__is_active=True, is_active=True
        )
        return list(rows.order_by("pk")) or [None]


def record(
    action: str,
    *,
    organization: Organization | None,
    actor: User | None,
    target: models.Model | None = None,
    result: AuditEvent.Result = AuditEvent.Result.DONE,
    **detail: Any,
) -> AuditEvent:
    """Write one event. `detail` must hold no secret. Raises whatever the database raises."""
    origin = _origin.get()
    event = AuditEvent(
        organization_id=organization.pk if organization else None,
        organization_name=organization.name if organization else "",
        actor_id=actor.pk if actor else None,
        actor_name=actor.email if actor else "",
        action=action,
        result=result,
        target_kind=target._meta.label_lower if target else "",
        target_id=str(target.pk) if target else "",
        target_name=str(target)[:300] if target else "",
        detail=detail,
        ip=origin.ip,
        request_id=origin.request_id,
    )
    event.save(force_insert=True)
    return event
