import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0001_initial"),
        ("zoomauth", "0010_zoom_user"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ZoomUserImport",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("owner_key", models.UUIDField(editable=False)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting for a worker"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                (
                    "phase",
                    models.CharField(
                        choices=[
                            ("active", "active users"),
                            ("inactive", "deactivated users"),
                            ("pending", "invited users"),
                            ("lookup", "single users"),
                        ],
                        max_length=10,
                    ),
                ),
                ("cursor", models.TextField(blank=True, default="")),
                ("cursor_at", models.DateTimeField(null=True)),
                ("done", models.PositiveIntegerField(default=0)),
                ("done_before_phase", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(null=True)),
                ("skipped", models.PositiveIntegerField(default=0)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now, null=True)),
                ("holder", models.UUIDField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error_code", models.CharField(blank=True, default="", max_length=60)),
                ("error", models.TextField(blank=True, default="")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="user_imports",
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
                        related_name="zoom_user_imports",
                        to="portal.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "import of Zoom users",
                "verbose_name_plural": "imports of Zoom users",
                "ordering": ["-asked_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)),
                        fields=["due_at"],
                        name="zoomuserimport_due",
                    ),
                    models.Index(
                        fields=["organization", "-asked_at"], name="zoomuserimport_by_org"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=("organization",),
                        name="zoomuserimport_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("owner_key", models.F("organization")),
                            ("owner_key", uuid.UUID("00000000-0000-0000-0000-000000000000")),
                            _connector="OR",
                        ),
                        name="zoomuserimport_own_or_shared",
                    ),
                ],
            },
        ),
    ]
