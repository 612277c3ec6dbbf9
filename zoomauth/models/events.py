"""What Zoom told of an account: its webhook events, each once."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.sealing import SealedTextField
from portal.tenancy import tenant_manager
from zoomauth.models.accounts import ZoomAccount


class WebhookEvent(models.Model):
    """One event, as Zoom sent it. Recorded; what it changes is worked out later.

    It is its account's and has no owner of its own, so an event of a shared account is in no
    organization's scope. Zoom delivers at least once and in any order (Zoom, Webhooks: Notification
    delivery), so whoever uses these rows goes by `happened_at` and not by the order of arrival.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(
        ZoomAccount,
        models.CASCADE,
        related_name="webhook_events",
        verbose_name=_("Zoom account"),
    )
    name = models.CharField(_("event"), max_length=100)
    happened_at = models.DateTimeField(_("happened"))
    received_at = models.DateTimeField(_("received"), default=timezone.now, db_index=True)
    # Text, whatever Zoom sends: the same meeting is a number in some events and a string in others.
    object_id = models.CharField(_("object ID"), max_length=200, blank=True)
    meeting_uuid = models.CharField(_("meeting UUID"), max_length=200, blank=True)
    # What makes two deliveries the same event; see `zoomauth.webhooks`.
    key = models.CharField(max_length=64)
    # Join links, passcodes and addresses of people are in there.
    payload = SealedTextField(owner="account_id")
    processed_at = models.DateTimeField(null=True)

    objects = tenant_manager(models.QuerySet, organization="account__organization")

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="webhookevent_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.object_id}".strip()
