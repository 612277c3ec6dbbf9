"""The Django admin: the tenant-scoped base class and the portal's own classes."""

from portal.admin import identity, invitations, organizations, people, trail  # noqa: F401
