"""Organizations that are to be erased."""

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.models.organizations import Organization
from portal.tenancy import tenant_manager

# An older export says too little of what would be lost.
EXPORT_HOLDS_FOR = timedelta(days=30)


class OrganizationErasure(models.Model):
    """An export was made, so this organization may be erased. It goes with the organization."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.OneToOneField(
        Organization, models.CASCADE, related_name="erasure", verbose_name=_("organization")
    )
    exported_at = models.DateTimeField(_("exported"), default=timezone.now)
    # Of the exported file, so that whoever keeps it can tell that it is this one.
    sha256 = models.CharField(max_length=64)
    begun_at = models.DateTimeField(_("begun"), null=True)

    objects = tenant_manager(models.QuerySet, organization="organization")

    class Meta:
        verbose_name = _("erasure of an organization")
        verbose_name_plural = _("erasures of organizations")

    def __str__(self) -> str:
        return str(self.organization)

    @property
    def holds_until(self) -> datetime:
        """Until when erasing may begin. Once it has begun, it may always be ended."""
        return self.exported_at + EXPORT_HOLDS_FOR
