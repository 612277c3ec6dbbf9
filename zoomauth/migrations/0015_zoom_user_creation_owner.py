from django.db import migrations

import portal.constraints


class Migration(migrations.Migration):
    dependencies = [
        ("zoomauth", "0014_zoom_user_creation"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="zoomusercreation",
            constraint=portal.constraints.SameOrganization(
                field="account", name="zoomusercreation_account_owner", owner="owner_key"
            ),
        ),
    ]
