from django.db import migrations, models


class Migration(migrations.Migration):
    """Code that does not know these columns leaves them at what they are in the database."""

    dependencies = [
        ("zoomauth", "0017_operators_import"),
    ]

    operations = [
        migrations.AddField(
            model_name="zoomaccount",
            name="webhook_foreign_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="zoomaccount",
            name="webhook_foreign_id",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=100
            ),
        ),
    ]
