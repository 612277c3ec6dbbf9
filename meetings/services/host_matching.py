"""Zoom users beside members: who is linked, who could be, and what nobody should guess."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from allauth.account.models import EmailAddress
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models import Host, HostLink
from meetings.services.zoom_people import ZoomPerson, get_zoom_people
from portal.models import Invitation, Membership, Organization
from zoomauth.services import fold_name


class Reason(models.TextChoices):
    """Why a member may be a Zoom user. The first is proof, the others are hints."""

    VERIFIED = "verified", _("verified address")
    ADDRESS = "address", _("same address, not verified")
    ALIAS = "alias", _("address with another “+”")


_RANK = {Reason.VERIFIED: 0, Reason.ADDRESS: 1, Reason.ALIAS: 2}


class Verdict(models.TextChoices):
    """Where a Zoom user stands."""

    LINKED = "linked", _("Linked")
    HELD = "held", _("On hold: the address at Zoom changed")
    WAITING = "waiting", _("Waiting for an answer")
    SAFE = "safe", _("Can be linked")
    SUGGESTED = "suggested", _("Suggestion")
    CONFLICT = "conflict", _("To be decided")
    INVITED = "invited", _("Invited to the portal")
    NOBODY = "nobody", _("No member matches")
    GONE = "gone", _("No longer at Zoom")


@dataclass(frozen=True)
class Candidate:
    """A member of the organization who may be the Zoom user."""

    membership_id: str
    name: str
    email: str
    reason: Reason
    is_active: bool
    is_linked: bool

    @property
    def label(self) -> str:
        return f"{self.name} ({self.email})" if self.name else self.email


@dataclass(frozen=True)
class Match:
    """One Zoom user, and what is known of whose it is."""

    person: ZoomPerson
    verdict: Verdict
    candidates: tuple[Candidate, ...] = ()
    # Who is linked, or is waited for.
    member: str = ""
    detail: object = ""

    @property
    def is_safe(self) -> bool:
        return self.verdict == Verdict.SAFE

    @property
    def can_be_invited(self) -> bool:
        return self.verdict == Verdict.NOBODY and bool(self.person.email)


def get_matches(organization: Organization) -> list[Match]:
    """Every Zoom user the organization may know of. As many queries for ten as for 5,000."""
    members = Membership.objects.filter(organization=organization)
    return _match(organization, get_zoom_people(organization), members)


def get_match(organization: Organization, person: ZoomPerson) -> Match:
    """The same for one Zoom user. Of the others those alone are read that may be the same member's.

    As many queries in an account of ten users as of 100,000, and as many rows.
    """
    everybody = Membership.objects.filter(organization=organization)
    similar = everybody.filter(_has_address_like([person.email]))
    addresses = {address for of_user in _addresses_of(similar).values() for address in of_user}
    addresses |= set(similar.values_list("user__email", flat=True))
    rivals = get_zoom_people(organization, _resembles("email", addresses))
    people = [person, *(rival for rival in rivals if rival.pk != person.pk)]
    members = everybody.filter(_has_address_like([one.email for one in people]))
    return next(m for m in _match(organization, people, members) if m.person.pk == person.pk)


def _match(
    organization: Organization, people: list[ZoomPerson], rows: models.QuerySet[Membership]
) -> list[Match]:
    members = _Members(organization, rows)
    linked, waiting = _linked(organization), _waiting(organization)
    invited = _invited(organization)
    matches = []
    for person in people:
        names = [linked[name] for name in person.names if name in linked]
        if names:
            member, is_on_hold = names[0]
            verdict = Verdict.HELD if is_on_hold else Verdict.LINKED
            matches.append(Match(person, verdict, member=member))
        elif person.zoom_user_id in waiting:
            matches.append(Match(person, Verdict.WAITING, member=waiting[person.zoom_user_id]))
        else:
            matches.append(_judge(person, members.find(person.email), invited))
    return _without_rivals(matches)


def count_by_verdict(matches: Iterable[Match]) -> dict[Verdict, int]:
    """How many there are of each, in the order in which they are to be looked at."""
    found = Counter(match.verdict for match in matches)
    return {verdict: found[verdict] for verdict in Verdict if found[verdict]}


def _judge(person: ZoomPerson, candidates: tuple[Candidate, ...], invited: set[str]) -> Match:
    if person.is_gone:
        return Match(person, Verdict.GONE)
    if not person.zoom_user_id:
        detail = _("Has no ID before Zoom's invitation is accepted.")
        return Match(person, Verdict.CONFLICT, detail=detail)
    if not candidates:
        if not person.email:
            return Match(person, Verdict.CONFLICT, detail=_("Zoom knows no address."))
        is_invited = person.email in invited
        return Match(person, Verdict.INVITED if is_invited else Verdict.NOBODY)
    if len(candidates) > 1:
        return Match(person, Verdict.CONFLICT, candidates, detail=_("Several members match."))
    (one,) = candidates
    if not one.is_active:
        detail = _("The member is deactivated. Make the membership active first.")
        return Match(person, Verdict.CONFLICT, detail=detail, candidates=candidates)
    if one.is_linked:
        detail = _("The member is linked to another Zoom user.")
        return Match(person, Verdict.CONFLICT, detail=detail, candidates=candidates)
    verdict = Verdict.SAFE if one.reason == Reason.VERIFIED else Verdict.SUGGESTED
    return Match(person, verdict, candidates)


def _without_rivals(matches: list[Match]) -> list[Match]:
    """A member may fit two Zoom users. The better reason wins; of two alike, nobody guesses."""
    ranks: dict[str, list[int]] = {}
    for match in matches:
        if match.verdict in (Verdict.SAFE, Verdict.SUGGESTED):
            (one,) = match.candidates
            ranks.setdefault(one.membership_id, []).append(_RANK[one.reason])

    def is_beaten(match: Match) -> bool:
        if match.verdict not in (Verdict.SAFE, Verdict.SUGGESTED):
            return False
        (one,) = match.candidates
        rivals = sorted(ranks[one.membership_id])
        return _RANK[one.reason] > rivals[0] or rivals.count(rivals[0]) > 1

    detail = _("The member matches another Zoom user too.")
    return [
        replace(match, verdict=Verdict.CONFLICT, detail=detail) if is_beaten(match) else match
        for match in matches
    ]


class _Members:
    """The organization's members by their addresses. Nobody else's people are looked at.

    An identity provider's word is in here too: who came in by one has the address that it named,
    which nobody has verified.
    """

    def __init__(self, organization: Organization, rows: models.QuerySet[Membership]) -> None:
        linked = set(
            Host.objects.filter(organization=organization)
            .exclude(membership=None)
            .values_list("membership_id", flat=True)
        )
        self._exact: dict[str, dict[str, Candidate]] = {}
        self._plain: dict[str, dict[str, Candidate]] = {}
        addresses = _addresses_of(rows)
        for row in rows.select_related("user"):
            of_user = {row.user.email.lower(): False, **addresses.get(row.user_id, {})}
            for address, is_verified in of_user.items():
                one = Candidate(
                    membership_id=str(row.pk),
                    name=row.user.name,
                    email=row.user.email,
                    reason=Reason.VERIFIED if is_verified else Reason.ADDRESS,
                    is_active=row.is_active and row.user.is_active,
                    is_linked=row.pk in linked,
                )
                self._exact.setdefault(address, {})[one.membership_id] = one
                alias = replace(one, reason=Reason.ALIAS)
                self._plain.setdefault(_without_tag(address), {})[one.membership_id] = alias

    def find(self, email: str) -> tuple[Candidate, ...]:
        """Who has this address; if nobody, who has it but for what follows a “+”."""
        if not email:
            return ()
        found = self._exact.get(email) or self._plain.get(_without_tag(email)) or {}
        return tuple(sorted(found.values(), key=lambda one: one.email))


def _addresses_of(members: models.QuerySet[Membership]) -> dict[object, dict[str, bool]]:
    rows = EmailAddress.objects.filter(user__in=members.values("user"))
    found: dict[object, dict[str, bool]] = {}
    for user_id, email, is_verified in rows.values_list("user_id", "email", "verified"):
        found.setdefault(user_id, {})[email.lower()] = is_verified
    return found


def _resembles(field: str, addresses: Iterable[str]) -> Q:
    """Rows that may have one of these addresses, whatever stands behind a “+”."""
    found = Q(pk__in=[])
    for address in addresses:
        plain = _without_tag(address)
        name, _at, domain = plain.partition("@")
        tagged = {f"{field}__istartswith": f"{name}+", f"{field}__iendswith": f"@{domain}"}
        if address:
            found |= Q(**{f"{field}__iexact": plain}) | Q(**tagged)
    return found


def _has_address_like(addresses: Iterable[str]) -> Q:
    """Memberships of people who may have one of these addresses."""
    wanted = list(addresses)
    shown = EmailAddress.objects.filter(_resembles("email", wanted))
    return _resembles("user__email", wanted) | Q(user__in=shown.values("user"))


def _without_tag(address: str) -> str:
    name, _at, domain = address.partition("@")
    return f"{name.partition('+')[0]}@{domain}"


def _linked(organization: Organization) -> dict[str, tuple[str, bool]]:
    """Zoom user ID, or an address entered by hand once -> who is linked, and whether on hold."""
    hosts = Host.objects.filter(organization=organization).exclude(membership=None)
    rows = hosts.values_list("zoom_user_id", "membership__user__email", "held_since")
    return {fold_name(name): (email, held_since is not None) for name, email, held_since in rows}


def _waiting(organization: Organization) -> dict[str, str]:
    links = HostLink.objects.open(timezone.now()).filter(organization=organization)
    return dict(links.values_list("zoom_user_id", "membership__user__email"))


def _invited(organization: Organization) -> set[str]:
    open_ones = Invitation.objects.open(timezone.now()).filter(organization=organization)
    return {email.lower() for email in open_ones.values_list("email", flat=True)}
