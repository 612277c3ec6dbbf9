from django.db import migrations, models


class Migration(migrations.Migration):
    """The duty to mail that an account is blocked."""

    dependencies = [
        ("zoomauth", "0021_access_token_health"),
    ]

    operations = [
        migrations.AddField(
            model_name="accesstoken",
            name="notice_due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="accesstoken",
            name="notice_attempts",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddIndex(
            model_name="accesstoken",
            index=models.Index(
                condition=models.Q(("notice_due_at__isnull", False)),
                fields=["notice_due_at"],
                name="accesstoken_notice_due",
            ),
        ),
    ]
