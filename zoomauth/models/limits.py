"""The turns that background work takes in Zoom's limits."""

from django.db import models

from zoomauth.models.accounts import ZoomAccount


class BackgroundTurns(models.Model):
    """When work that nobody waits for may next ask one account's calls of one label.

    Shared by all processes. Not scoped by organization: an account may serve several, and only
    `zoomauth.budget` reads and writes it.
    """

    class Reason(models.TextChoices):
        """Why it keeps away."""

        LIMITED = "limited"  # Zoom refused a call for its limit.
        RESERVE = "reserve"  # What is left of the day is the hosts'.

    account = models.ForeignKey(ZoomAccount, models.CASCADE, related_name="background_turns")
    label = models.CharField(max_length=20)
    # Calls a second as Zoom's answers say; null: as the plan has it.
    per_second = models.PositiveSmallIntegerField(null=True)
    next_at = models.DateTimeField(null=True)
    away_until = models.DateTimeField(null=True)
    away_reason = models.CharField(max_length=10, choices=Reason.choices, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "label"], name="backgroundturns_once"),
        ]

    def __str__(self) -> str:
        return f"{self.label} calls of {self.account_id}"
