"""Which of Zoom's scopes the portal needs, and for what.

Zoom, OAuth scopes. Apps made today are given the granular names; older ones have the classic ones,
each of which stands for several.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class NeededScope:
    """A granular scope, the classic one that contains it, and the feature that fails without it."""

    name: str
    classic: str
    feature: str | Promise

    def is_in(self, granted: Iterable[str]) -> bool:
        """Whether these scopes of an access token contain it, under either name."""
        return not {self.name, self.classic}.isdisjoint(granted)


LIST_USERS = "user:read:list_users:admin"
READ_USER = "user:read:user:admin"
READ_TOKEN = "user:read:token:admin"  # noqa: S105 - a scope
WRITE_USER = "user:write:user:admin"

# The one list: the connection check, its tests and docs/zoom-setup.md go by it.
NEEDED_SCOPES = (
    NeededScope(READ_TOKEN, "user:read:admin", _("starting in the page (the host's ZAK)")),
    NeededScope("meeting:read:meeting:admin", "meeting:read:admin", _("starting in the Zoom app")),
    NeededScope("meeting:write:meeting:admin", "meeting:write:admin", _("scheduling")),
    NeededScope(
        LIST_USERS, "user:read:admin", _("finding the account's hosts, and the connection check")
    ),
    NeededScope(READ_USER, "user:read:admin", _("following hosts whose Zoom user changes")),
)

# Only where the operator allows an organization to create Zoom users; nobody else needs them.
OPTIONAL_SCOPES = (
    NeededScope(WRITE_USER, "user:write:admin", _("creating Zoom users, on a shared account")),
)
