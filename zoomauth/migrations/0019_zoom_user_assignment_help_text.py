from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("zoomauth", "0018_webhook_foreign"),
    ]

    operations = [
        migrations.AlterField(
            model_name="zoomuserassignment",
            name="zoom_user_id",
            field=models.CharField(
                help_text="As the list of Zoom users shows it; not the address.",
                max_length=100,
                verbose_name="Zoom user ID",
            ),
        ),
    ]
