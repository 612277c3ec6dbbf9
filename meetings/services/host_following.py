"""What hosts take over from a finished import: addresses change, Zoom's id stays."""

from meetings.models import Host
from portal.audit import record
from portal.models import Organization
from zoomauth.services import zoom_users_of


def follow_zoom_users(organization: Organization) -> None:
    """Give each host the address its Zoom user has now, and Zoom's id where it had an address.

    Who is linked to whom stays. Called in the transaction that ends the import.
    """
    known = {
        user.zoom_user_id: user for user in zoom_users_of(organization).exclude(zoom_user_id="")
    }
    by_address = {user.email: user for user in known.values() if not user.is_gone}
    hosts = list(Host.objects.filter(organization=organization))
    taken = {host.zoom_user_id for host in hosts}
    for host in hosts:
        user = known.get(host.zoom_user_id)
        if user is None and "@" in host.zoom_user_id:
            user = by_address.get(host.zoom_user_id.lower())
            if user is not None and user.zoom_user_id in taken:
                # Two hosts for one Zoom user: an admin has to say which of them stays.
                continue
        if user is not None:
            _follow(host, user.zoom_user_id, user.email)


def _follow(host: Host, zoom_user_id: str, email: str) -> None:
    before = {"zoom_user_id": host.zoom_user_id, "email": host.email}
    after = {"zoom_user_id": zoom_user_id, "email": email or host.email}
    if before == after:
        return
    host.zoom_user_id, host.email = after["zoom_user_id"], after["email"]
    host.save(update_fields=["zoom_user_id", "email"])
    record(
        "host.followed",
        organization=host.organization,
        actor=None,
        target=host,
        before=before,
        after=after,
    )
