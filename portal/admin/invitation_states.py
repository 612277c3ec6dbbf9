"""The filter over what has become of invitations."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy

from portal.models import Invitation


class StateFilter(admin.SimpleListFilter):
    """What has become of them."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Invitation.State.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        now = timezone.now()
        unanswered = queryset.filter(accepted_at=None, revoked_at=None)
        states = {
            Invitation.State.OPEN: unanswered.filter(expires_at__gt=now),
            Invitation.State.EXPIRED: unanswered.filter(expires_at__lte=now),
            Invitation.State.ACCEPTED: queryset.exclude(accepted_at=None),
            Invitation.State.REVOKED: queryset.exclude(revoked_at=None),
        }
        return states.get(self.value() or "")  # type: ignore[call-overload, no-any-return]
