from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("zoomauth", "0006_webhook_event"),
    ]

    operations = [
        migrations.AddField(
            model_name="zoomaccount",
            name="credentials_generation",
            field=models.PositiveIntegerField(db_default=1, default=1, editable=False),
        ),
    ]
