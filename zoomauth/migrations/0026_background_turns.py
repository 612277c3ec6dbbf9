import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("zoomauth", "0025_account_spent_until"),
    ]

    operations = [
        migrations.CreateModel(
            name="BackgroundTurns",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.CharField(max_length=20)),
                ("per_second", models.PositiveSmallIntegerField(null=True)),
                ("next_at", models.DateTimeField(null=True)),
                ("away_until", models.DateTimeField(null=True)),
                (
                    "away_reason",
                    models.CharField(
                        blank=True,
                        choices=[("limited", "Limited"), ("reserve", "Reserve")],
                        default="",
                        max_length=10,
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="background_turns",
                        to="zoomauth.zoomaccount",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "label"), name="backgroundturns_once"
                    )
                ],
            },
        ),
    ]
