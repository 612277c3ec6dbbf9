from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("zoomauth", "0024_account_breaker"),
    ]

    operations = [
        migrations.AddField(
            model_name="zoomaccount",
            name=f"{label}_spent_until",
            field=models.DateTimeField(editable=False, null=True),
        )
        for label in ("light", "medium", "heavy")
    ]
