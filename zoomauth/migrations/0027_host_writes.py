import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("zoomauth", "0026_background_turns"),
    ]

    operations = [
        migrations.CreateModel(
            name="HostWrites",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("zoom_user_id", models.CharField(max_length=100)),
                ("day", models.DateField()),
                ("count", models.PositiveSmallIntegerField(default=0)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="host_writes",
                        to="zoomauth.zoomaccount",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "zoom_user_id", "day"), name="hostwrites_once"
                    )
                ],
            },
        ),
    ]
