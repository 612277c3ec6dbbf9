"""What the last connection check of each account found."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.tenancy import tenant_manager
from zoomauth.models.accounts import ZoomAccount


class ConnectionCheck(models.Model):
    """The last check of one account; the audit trail has those before it.

    It says something only while the credentials are those that were tried: `is_current`.
    """

    account = models.OneToOneField(
        ZoomAccount,
        models.CASCADE,
        primary_key=True,
        related_name="connection_check",
        verbose_name=_("Zoom account"),
    )
    # Of the credentials that were tried; see ZoomAccount.
    credentials_generation = models.PositiveIntegerField()
    checked_at = models.DateTimeField(_("checked"), db_index=True)
    checked_by = models.CharField(_("checked by"), max_length=254, blank=True)
    # Results, reasons and facts, no sentences and no secrets: see `zoomauth.connection_check`.
    rows = models.JSONField(default=list)

    objects = tenant_manager(models.QuerySet, organization="account__organization")

    class Meta:
        verbose_name = _("connection check")
        verbose_name_plural = _("connection checks")

    def __str__(self) -> str:
        return f"{self.account_id}: {self.checked_at:%Y-%m-%d %H:%M}"

    def is_current(self) -> bool:
        """Whether the account still has the credentials that were tried."""
        return self.credentials_generation == self.account.credentials_generation
