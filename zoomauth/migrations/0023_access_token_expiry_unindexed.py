from django.db import migrations


class Migration(migrations.Migration):
    """Nothing is looked up by the end of tokens any more."""

    dependencies = [
        ("zoomauth", "0022_access_token_notice"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="accesstoken", name="accesstoken_expires_at"),
    ]
