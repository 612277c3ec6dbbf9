"""An account of the installation's that several organizations use."""

from zoomauth.models import INSTALLATION, ZoomAccount, ZoomConnection

_FIELDS = ("account_id", "client_id", "client_secret", "sdk_client_id", "sdk_client_secret")


def share_account(cast) -> ZoomAccount:
    """acme's at Zoom, owned by the installation; acme and globex use it, and may create nobody."""
    ZoomConnection.objects.all().delete()
    values = {name: getattr(cast.acme_account, name) for name in _FIELDS}
    account = ZoomAccount.objects.create(organization=None, name="Shared", **values)
    for organization in (cast.acme, cast.globex):
        ZoomConnection.objects.create(
            organization=organization, account=account, owner_key=INSTALLATION
        )
    return account


def let_create(organization, allowed=True) -> None:
    """The operator's switch."""
    ZoomConnection.objects.filter(organization=organization).update(may_create_users=allowed)
