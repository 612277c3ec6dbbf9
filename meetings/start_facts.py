"""Gathers what is known of a start, for those who foretell it: "Explain this start" and the report.

Reads what is stored; Zoom is not asked, and least of all for a ZAK.
"""

from dataclasses import replace

from django.conf import settings

from meetings.models import Host, Meeting
from meetings.start_rules import Account, Belongs, StartFacts
from portal.identity.second_factors import has_second_factor
from portal.models import Membership, User
from zoomauth.services import (
    AccountStanding,
    Fitness,
    get_account_standing,
    get_fitness_of,
)


def explain_facts(meeting: Meeting, membership: Membership) -> tuple[StartFacts, Host | None]:
    """All that is known of this member and this meeting; and the host whom they would be."""
    facts, host = meeting.get_start_facts(membership.user)
    facts = replace(
        facts,
        # The door finds the membership by the host; here it is known anyway.
        user_active=membership.user.is_active,
        belongs=Belongs.ACTIVE if membership.is_active else Belongs.INACTIVE,
        is_admin=membership.role == Membership.Role.ADMIN,
        second_step=second_step_of(membership.user),
    )
    return with_zoom_facts(facts, meeting, host), host


def on_behalf_facts(meeting: Meeting, user: User) -> StartFacts:
    """The same for an admin who would start it as its host."""
    facts = replace(meeting.get_on_behalf_facts(user), second_step=second_step_of(user))
    return with_zoom_facts(facts, meeting, meeting.host)


def with_zoom_facts(facts: StartFacts, meeting: Meeting, host: Host | None) -> StartFacts:
    """With what is stored about the account and the host's Zoom user."""
    standing = get_account_standing(meeting.organization)
    names = [host.zoom_user_id] if host else []
    users = get_fitness_of(meeting.organization, names)
    known = add_standing(facts, standing, host, users.get(host.zoom_user_id) if host else None)
    return replace(known, free=_is_free(meeting, host) if host else None)


def add_standing(
    facts: StartFacts, standing: AccountStanding, host: Host | None, user: Fitness | None
) -> StartFacts:
    return replace(
        facts,
        account=_account(standing, host),
        account_fit=standing.fit,
        # What the last import did not tell is not known, which is no obstacle.
        zoom_user=user.value if user and user is not Fitness.UNKNOWN else None,
    )


def second_step_of(user: User) -> bool | None:
    """Whether the sign-in lets this person on; None where nothing is asked of them.

    An identity provider's own second step is that organization's affair and not known here.
    """
    if not settings.MFA_ENFORCED or not user.must_have_second_factor():
        return None
    return has_second_factor(user)


def _account(standing: AccountStanding, host: Host | None) -> Account:
    if not standing.connected:
        return Account.MISSING
    if not standing.has_credentials:
        return Account.NO_CREDENTIALS
    if host is not None and not standing.acts_as(host.zoom_user_id):
        return Account.NOT_ASSIGNED
    return Account.CONNECTED


def is_on_before(other: Meeting, meeting: Meeting) -> bool:
    """Whether the other one has begun and is still on when this one begins.

    Zoom lets a user host one meeting at a time, so it is the later one that does not start. Two
    that touch do not overlap.
    """
    if other.pk == meeting.pk or not other.is_scheduled or other.ends_at <= meeting.starts_at:
        return False
    return (other.starts_at, other.pk) < (meeting.starts_at, meeting.pk)


def _is_free(meeting: Meeting, host: Host) -> bool:
    others = Meeting.objects.filter(
        host=host, starts_at__lte=meeting.starts_at, ends_at__gt=meeting.starts_at
    ).defer("passcode", "join_url")
    return not any(is_on_before(other, meeting) for other in others)
