import uuid

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("zoomauth", "0016_import_without_organization"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="zoomuserimport",
            constraint=models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=["waiting", "running"], organization__isnull=True),
                name="zoomuserimport_operators_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="zoomuserimport",
            constraint=models.CheckConstraint(
                condition=Q(organization__isnull=False) | Q(owner_key=uuid.UUID(int=0)),
                name="zoomuserimport_operators_shared",
            ),
        ),
    ]
