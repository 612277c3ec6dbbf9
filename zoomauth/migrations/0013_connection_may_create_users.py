from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("zoomauth", "0012_zoom_user_import_owner"),
    ]

    operations = [
        migrations.AddField(
            model_name="zoomconnection",
            name="may_create_users",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text=(
                    "On a shared account: the organization's admins may create Zoom users there. "
                    "Each one takes a licence of the account."
                ),
                verbose_name="may create Zoom users",
            ),
        ),
    ]
