"""How many meetings of each host were created and changed on a day."""

from django.db import models

from zoomauth.models.accounts import ZoomAccount


class HostWrites(models.Model):
    """How many meetings of one Zoom user were created and changed on one day (UTC).

    Not scoped by organization: Zoom counts for the user, whichever organization asked. Only
    `zoomauth.host_writes` reads and writes it.
    """

    account = models.ForeignKey(ZoomAccount, models.CASCADE, related_name="host_writes")
    zoom_user_id = models.CharField(max_length=100)
    day = models.DateField()
    count = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "zoom_user_id", "day"], name="hostwrites_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.zoom_user_id} on {self.day}: {self.count}"
