import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0001_initial"),
        ("zoomauth", "0015_zoom_user_creation_owner"),
    ]

    operations = [
        migrations.AlterField(
            model_name="zoomuserimport",
            name="organization",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="zoom_user_imports",
                to="portal.organization",
            ),
        ),
    ]
