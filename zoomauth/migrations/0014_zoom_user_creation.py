import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0001_initial"),
        ("zoomauth", "0013_connection_may_create_users"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ZoomUserCreation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "owner_key",
                    models.UUIDField(
                        default=uuid.UUID("00000000-0000-0000-0000-000000000000"), editable=False
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("name", models.CharField(max_length=128)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Asked"),
                            ("done", "Created"),
                            ("failed", "Not created"),
                            ("unknown", "Not known whether it was created"),
                            ("dismissed", "Taken off the list"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                ("settled_at", models.DateTimeField(null=True)),
                ("zoom_user_id", models.CharField(blank=True, default="", max_length=100)),
                ("error_code", models.CharField(blank=True, default="", max_length=60)),
                ("zoom_code", models.CharField(blank=True, default="", max_length=60)),
                ("tracking_id", models.CharField(blank=True, default="", max_length=80)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="user_creations",
                        to="zoomauth.zoomaccount",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="zoom_user_creations",
                        to="portal.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "creation of a Zoom user",
                "verbose_name_plural": "creations of Zoom users",
                "ordering": ["-asked_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["asked", "unknown"])),
                        fields=("organization", "account", "email"),
                        name="zoomusercreation_unsettled_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("owner_key", uuid.UUID("00000000-0000-0000-0000-000000000000"))
                        ),
                        name="zoomusercreation_shared_account",
                    ),
                ],
            },
        ),
    ]
