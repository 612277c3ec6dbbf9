from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("zoomauth", "0007_credentials_generation"),
    ]

    operations = [
        migrations.AddField(
            model_name="zoomaccount",
            name="secret_notes",
            field=models.JSONField(default=dict, editable=False, null=True),
        ),
    ]
