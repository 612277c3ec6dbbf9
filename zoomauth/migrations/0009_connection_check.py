import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("zoomauth", "0008_secret_notes"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConnectionCheck",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="connection_check",
                        serialize=False,
                        to="zoomauth.zoomaccount",
                        verbose_name="Zoom account",
                    ),
                ),
                ("credentials_generation", models.PositiveIntegerField()),
                ("checked_at", models.DateTimeField(db_index=True, verbose_name="checked")),
                (
                    "checked_by",
                    models.CharField(blank=True, max_length=254, verbose_name="checked by"),
                ),
                ("rows", models.JSONField(default=list)),
            ],
            options={
                "verbose_name": "connection check",
                "verbose_name_plural": "connection checks",
            },
        ),
    ]
