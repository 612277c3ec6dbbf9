"""The audit trail."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.tenancy import tenant_manager


class AuditEvent(models.Model):
    """One sensitive action. Rows can be added and read; the database refuses anything else.

    Plain ids and a snapshot of names instead of foreign keys: an event outlives what it speaks of.
    """

    class Result(models.TextChoices):
        DONE = "done", _("Done")
        DENIED = "denied", _("Denied")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("time"), default=timezone.now, editable=False)
    organization_id = models.UUIDField(null=True, editable=False)
    organization_name = models.CharField(_("organization"), max_length=150, editable=False)
    actor_id = models.UUIDField(null=True, editable=False)
    actor_name = models.CharField(_("who"), max_length=254, editable=False)
    action = models.CharField(_("action"), max_length=60, editable=False)
    result = models.CharField(_("result"), max_length=10, choices=Result.choices, editable=False)
    target_kind = models.CharField(_("kind"), max_length=60, editable=False)
    target_id = models.CharField(max_length=64, editable=False)
    target_name = models.CharField(_("what"), max_length=300, editable=False)
    detail = models.JSONField(_("detail"), default=dict, editable=False)
    ip = models.GenericIPAddressField(_("address"), null=True, editable=False)
    request_id = models.CharField(_("request"), max_length=36, editable=False)

    objects = tenant_manager(models.QuerySet, organization="organization_id")

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["organization_id", "-at"], name="audit_by_organization"),
            # The operator's list, over all organizations.
            models.Index(fields=["-at", "-id"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.action}: {self.target_name}"
