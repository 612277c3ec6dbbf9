"""Hosts in several organizations, each with a Zoom account, a meeting, and a browser signed in."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from meetings.models import Meeting
from portal.models import User
from tests.factories import (
    HostFactory,
    MeetingFactory,
    MembershipFactory,
    OrganizationFactory,
    UserFactory,
    ZoomAccountFactory,
    ZoomConnectionFactory,
)
from tests.sandbox import Sandbox
from zoomauth.models import ZoomAccount

BARE_BACKEND = "django.contrib.auth.backends.ModelBackend"
_CSRF = "b" * 32


@dataclass(frozen=True)
class Seat:
    """A host in front of the meeting they are to start."""

    user: User
    zoom_user_id: str
    meeting: Meeting
    account: ZoomAccount

    @property
    def domain(self) -> str:
        return self.user.email.partition("@")[2]

    def posts(self, path: str, backend: str = settings.AUTHENTICATION_BACKENDS[0]) -> str:
        """This person's POST, as their signed-in browser sends it."""
        return (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Cookie: {self._cookies(backend)}\r\nX-CSRFToken: {_CSRF}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n"
        )

    def gets(self, path: str) -> str:
        """This person's GET."""
        cookies = self._cookies(settings.AUTHENTICATION_BACKENDS[0])
        return (
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Cookie: {cookies}\r\n\r\n"
        )

    def starts(self) -> str:
        """The press of Start."""
        return self.posts(f"/meetings/{self.meeting.pk}/start/")

    def _cookies(self, backend: str) -> str:
        session = sign_in(self.user, backend)
        return f"sessionid={session}; csrftoken={_CSRF}"


def sign_in(user: User, backend: str) -> str:
    """The key of a new session, as a sign-in makes it."""
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = backend
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)


def make_crowd(zoom: Sandbox, *, organizations: int, hosts: int) -> list[Seat]:
    """So many hosts in each of so many organizations; neighbours are of different ones.

    Their Zoom accounts are on no plan of Zoom's, so that no limit of Zoom's is what is measured.
    """
    rows = [_make_organization(zoom, number, hosts) for number in range(organizations)]
    return [seat for together in zip(*rows, strict=True) for seat in together]


def _make_organization(zoom: Sandbox, number: int, hosts: int) -> list[Seat]:
    domain = f"bench-{number}.example"
    organization = OrganizationFactory(name=f"Bench {number}")
    account = ZoomAccountFactory(organization=organization)
    ZoomConnectionFactory(organization=organization, account=account)
    seats = [_make_seat(account, domain, host) for host in range(hosts)]
    users = [
        {
            "id": seat.zoom_user_id,
            "email": seat.user.email,
            "display_name": seat.user.name,
            "type": 2,
        }
        for seat in seats
    ]
    fields = ("account_id", "client_id", "client_secret", "sdk_client_id", "sdk_client_secret")
    zoom.account(**{name: getattr(account, name) for name in fields}, users=users, plan="unlimited")
    return seats


def _make_seat(account: ZoomAccount, domain: str, number: int) -> Seat:
    organization, name = account.organization, f"host-{number}"
    user = UserFactory(name=f"Host {number}", email=f"{name}@{domain}")
    membership = MembershipFactory(user=user, organization=organization)
    host = HostFactory(
        organization=organization,
        membership=membership,
        zoom_user_id=f"{domain.partition('.')[0]}-{name}",
    )
    return Seat(user, host.zoom_user_id, MeetingFactory(host=host), account)
