from django.db import migrations, models


class Migration(migrations.Migration):
    """Code that does not know these columns leaves them at what they are in the database."""

    dependencies = [
        ("zoomauth", "0020_access_token_duty"),
    ]

    operations = [
        migrations.AddField(
            model_name="accesstoken",
            name="health",
            field=models.CharField(
                choices=[("healthy", "healthy"), ("failing", "failing"), ("blocked", "blocked")],
                db_default="healthy",
                default="healthy",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="accesstoken",
            name="failures",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="accesstoken",
            name="failing_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="accesstoken",
            name="failed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="accesstoken",
            name="error_slug",
            field=models.CharField(blank=True, db_default="", default="", max_length=50),
        ),
        migrations.AddField(
            model_name="accesstoken",
            name="error_code",
            field=models.CharField(blank=True, db_default="", default="", max_length=50),
        ),
        migrations.AddField(
            model_name="accesstoken",
            name="tracking_id",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
    ]
