from django.db import migrations

import portal.constraints


class Migration(migrations.Migration):
    dependencies = [
        ("meetings", "0008_host_link"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="hostlink",
            constraint=portal.constraints.SameOrganization(
                field="membership",
                name="hostlink_membership_same_organization",
                owner="organization",
            ),
        ),
    ]
