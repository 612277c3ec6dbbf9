from django.db import migrations, models


class Migration(migrations.Migration):
    """Code that does not know these columns leaves them alone, and calls as it always did."""

    dependencies = [
        ("zoomauth", "0023_access_token_expiry_unindexed"),
    ]

    operations = [
        migrations.AddField(
            model_name="zoomaccount",
            name="failures",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="zoomaccount",
            name="failing_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="zoomaccount",
            name="stopped_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="zoomaccount",
            name="try_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
