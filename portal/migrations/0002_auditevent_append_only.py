from django.db import migrations

from portal.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial")]

    operations = [AppendOnly("AuditEvent")]
