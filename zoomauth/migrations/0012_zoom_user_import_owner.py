from django.db import migrations

import portal.constraints


class Migration(migrations.Migration):
    dependencies = [
        ("zoomauth", "0011_zoom_user_import"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="zoomuserimport",
            constraint=portal.constraints.SameOrganization(
                field="account", name="zoomuserimport_account_owner", owner="owner_key"
            ),
        ),
    ]
