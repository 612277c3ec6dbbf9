from django.db import migrations, models


class Migration(migrations.Migration):
    """Code that does not know of the duty leaves it to `give_token_duties`."""

    dependencies = [
        ("zoomauth", "0019_zoom_user_assignment_help_text"),
    ]

    operations = [
        migrations.AddField(
            model_name="accesstoken",
            name="next_refresh_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="accesstoken",
            index=models.Index(
                condition=models.Q(("next_refresh_at__isnull", False)),
                fields=["next_refresh_at"],
                name="accesstoken_next_refresh",
            ),
        ),
    ]
