"""People, organizations (tenants), who belongs where, and the audit trail."""

from portal.models.audit import AuditEvent
from portal.models.erasure import EXPORT_HOLDS_FOR, OrganizationErasure
from portal.models.identity import IdentityProvider
from portal.models.invitations import Invitation
from portal.models.organizations import Membership, Organization
from portal.models.people import User, UserManager, normalize_address, validate_time_zone

__all__ = [
    "EXPORT_HOLDS_FOR",
    "AuditEvent",
    "IdentityProvider",
    "Invitation",
    "Membership",
    "Organization",
    "OrganizationErasure",
    "User",
    "UserManager",
    "normalize_address",
    "validate_time_zone",
]
