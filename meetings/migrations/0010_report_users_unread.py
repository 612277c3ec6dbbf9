from django.db import migrations, models


class Migration(migrations.Migration):
    """Code that does not know the column leaves it at what it is in the database."""

    dependencies = [
        ("meetings", "0009_host_link_same_organization"),
    ]

    operations = [
        migrations.AddField(
            model_name="tomorrowreport",
            name="users_unread",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
