"""Deactivating an organization shuts every door at the next request, and opens all of them again.

The doors come from the live URL configuration, the tasks from Celery. A route or a task that the
tables below do not name fails the build: whoever adds one says what becomes of it.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from meetings import tasks as meetings_tasks
from meetings.models import Meeting, TomorrowReport
from meetings.services.schedule import Plan, schedule_meeting
from portal import tasks as portal_tasks
from portal.celery import QUEUES, app
from portal.invitations.issuing import digest_of
from portal.models import Organization
from tests.deliveries import Sent, write
from tests.factories import (
    HostLinkFactory,
    IdentityProviderFactory,
    InvitationFactory,
    MeetingFactory,
    OnBehalfStartFactory,
    WebhookEventFactory,
    ZoomUserImportFactory,
)
from tests.sandbox import ACME
from tests.sessions import sign_in
from tests.test_permissions import ROUTES
from zoomauth import tasks as zoom_tasks
from zoomauth.models import AccessToken, ConnectionCheck, WebhookEvent, ZoomUserImport

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@dataclass
class World:
    """acme with everything that a door could show, and who comes to the doors."""

    cast: Any
    zoom: Any
    meeting: Meeting
    provider: Any
    invitation: Any
    clients: dict[str, Client] = field(default_factory=dict)

    def as_(self, name: str) -> Client:
        if name not in self.clients:
            self.clients[name] = Client()
            if name != "nobody":
                sign_in(self.clients[name], getattr(self.cast, name))
        return self.clients[name]


@pytest.fixture
def world(cast, zoom) -> World:
    Organization.objects.filter(pk=cast.acme.pk).update(admins_may_start_on_behalf=True)
    plan = Plan(
        host=cast.alice_host,
        topic="Rehearsal",
        starts_at=timezone.now() + timedelta(hours=1),
        duration_minutes=45,
    )
    with scope(organization=[cast.acme.pk]):
        meeting = schedule_meeting(plan=plan, user=cast.alice, key=uuid.uuid4())
    return World(
        cast=cast,
        zoom=zoom,
        meeting=meeting,
        provider=IdentityProviderFactory(organization=cast.acme),
        invitation=InvitationFactory(
            organization=cast.acme, invited_by=cast.ada, shown_digest=digest_of("the-token")
        ),
    )


def deactivate(world: World) -> None:
    Organization.objects.filter(pk=world.cast.acme.pk).update(is_active=False)


def activate(world: World) -> None:
    Organization.objects.filter(pk=world.cast.acme.pk).update(is_active=True)


# --- doors: route -> whether it is open -------------------------------------------------------

Door = Callable[[World], bool]


def _answers(person: str, method: str, route: str, opened: set[int], **form: Any) -> Door:
    """A door of alice's meeting."""

    def door(world: World) -> bool:
        address = reverse(route, args=[world.meeting.pk])
        status = getattr(world.as_(person), method)(address, form).status_code
        assert status in opened | {302, 403, 404}, status
        return status in opened

    return door


def _list(world: World) -> bool:
    return "Rehearsal" in world.as_("alice").get(reverse("meetings:list")).content.decode()


def _schedule(world: World) -> bool:
    form = {
        "key": uuid.uuid4(),
        "host": world.cast.alice_host.pk,
        "topic": "Another",
        "starts_at": (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"),
        "duration_minutes": 30,
    }
    return world.as_("alice").post(reverse("meetings:schedule"), form).status_code == 302


def _discard(world: World) -> bool:
    unconfirmed = MeetingFactory(host=world.cast.alice_host, meeting_number=None)
    address = reverse("meetings:discard", args=[unconfirmed.pk])
    return world.as_("alice").post(address).status_code == 302


def _api_list(world: World) -> bool:
    return bool(world.as_("alice").get(reverse("api-meeting-list")).json()["results"])


def _webhook(world: World) -> bool:
    now = time.time()
    body = write("meeting.started", {"id": 1}, account_id=ACME["account_id"], event_ts=int(now))
    secret = ACME["webhook_secret"]
    sent = Sent.signed(world.cast.acme_account.pk, body, secret=secret, at=now)
    before = WebhookEvent.objects.count()
    status = sent.to(Client()).status_code
    WebhookEvent.objects.all().delete()
    return status == 204 and before == 0


def _invitation(world: World) -> bool:
    """Opening a link takes its token out of the address; what it opens is the next page."""
    client = world.as_("nobody")
    page = client.post(reverse("invitation:open"), {"token": "the-token"}, follow=True)
    return page.status_code == 200 and world.invitation.email in page.content.decode()


def _host_link(world: World) -> bool:
    HostLinkFactory._meta.model.objects.all().delete()
    link = HostLinkFactory(
        organization=world.cast.acme,
        membership=world.cast.mia.memberships.get(),
        asked_by=world.cast.ada,
        digest=digest_of("link-token"),
    )
    page = Client().post(reverse("host_link:open"), {"token": "link-token"}, follow=True)
    return page.status_code == 200 and link.organization.name in page.content.decode()


def _sign_in_by_provider(world: World) -> bool:
    address = reverse("openid_connect_login", args=[world.provider.pk])
    return Client().get(address).status_code == 200


def _provider_callback(world: World) -> bool:
    address = reverse("openid_connect_callback", args=[world.provider.pk])
    return Client().get(address).status_code != 404


def _link_provider(world: World) -> bool:
    address = reverse("identity:link", args=[world.provider.pk])
    return world.as_("alice").post(address).status_code != 404


DOORS: dict[str, Door] = {
    "meetings:list": _list,
    "meetings:schedule": _schedule,
    "meetings:detail": _answers("alice", "get", "meetings:detail", {200}),
    "meetings:discard": _discard,
    "meetings:start": _answers("alice", "post", "meetings:start", {200}),
    # An empty form: let in, and told that it is nothing.
    "meetings:start_trace": _answers("alice", "post", "meetings:start_trace", {400}),
    "meetings:start_on_behalf": _answers("ada", "get", "meetings:start_on_behalf", {200}),
    "meetings:open_in_app": _answers("alice", "post", "meetings:open_in_app", {303}),
    "api-meeting-list": _api_list,
    "api-meeting-detail": _answers("alice", "get", "api-meeting-detail", {200}),
    "api-meeting-start": _answers("alice", "post", "api-meeting-start", {200}),
    "zoomauth:webhook": _webhook,
    "invitation:open": _invitation,
    "invitation:accept": _invitation,
    "host_link:open": _host_link,
    "host_link:answer": _host_link,
    "openid_connect_login": _sign_in_by_provider,
    "openid_connect_callback": _provider_callback,
    "identity:link": _link_provider,
}
# A person's own: they may belong to other organizations too. In none of these is anything of an
# organization's.
PERSONAL = {
    "healthz", "readyz",
    "home", "api-schema", "api-docs", "invitation:change_person", "identity:account",
    "identity:unlink", "usersessions_list",
    "account_login", "account_logout", "account_signup", "account_inactive",
    "account_reauthenticate", "account_change_password", "account_reset_password",
    "account_reset_password_done", "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_activate_totp", "mfa_add_webauthn", "mfa_authenticate", "mfa_deactivate_totp",
    "mfa_download_recovery_codes", "mfa_edit_webauthn", "mfa_generate_recovery_codes", "mfa_index",
    "mfa_list_webauthn", "mfa_login_webauthn", "mfa_reauthenticate", "mfa_reauthenticate_webauthn",
    "mfa_remove_webauthn", "mfa_view_recovery_codes",
}  # fmt: skip
ADMIN = {route for route in ROUTES if route.startswith("admin:")}


def test_every_route_is_a_door_or_a_persons_own():
    assert set(ROUTES) - ADMIN == set(DOORS) | PERSONAL


@pytest.mark.parametrize("route", DOORS)
def test_the_door_is_shut_at_the_next_request_and_opens_again(world, route):
    door = DOORS[route]
    assert door(world)
    deactivate(world)
    world.zoom.clear_ledger()
    assert not door(world)
    assert world.zoom.calls() == []
    activate(world)
    assert door(world)


def _admin_addresses(world: World) -> dict[str, str]:
    """Every page of the admin that can be asked for, with acme's own rows."""
    keys = (
        [], [world.cast.acme_account.pk], [world.cast.alice_host.pk], [world.meeting.pk],
    )  # fmt: skip
    found = {}
    for route in ADMIN:
        for number, key in enumerate(keys):
            try:
                found[f"{route} {number}"] = reverse(route, args=key)
            except Exception:  # noqa: BLE001, S112 - a route with other arguments
                continue
    return found


OPEN_TO_ALL = ("admin:login", "admin:jsi18n", "admin:logout")


def test_the_whole_admin_is_shut_to_its_admins_and_opens_again(world):
    ada = world.as_("ada")
    addresses = {
        name: address
        for name, address in _admin_addresses(world).items()
        if not name.startswith(OPEN_TO_ALL)
    }
    assert ada.get(reverse("admin:index")).status_code == 200
    deactivate(world)
    world.zoom.clear_ledger()
    opened = {
        (name, method)
        for name, address in addresses.items()
        for method in ("get", "post")
        if getattr(ada, method)(address).status_code not in (302, 403, 404, 405)
    }
    assert len(addresses) > 40
    assert opened == set()
    assert world.zoom.calls() == []
    activate(world)
    assert ada.get(reverse("admin:index")).status_code == 200


def test_who_belongs_elsewhere_too_goes_on_there(world):
    world.cast.alice.memberships.create(organization=world.cast.globex, role="admin")
    deactivate(world)
    assert world.as_("alice").get(reverse("admin:index")).status_code == 200
    assert not DOORS["meetings:detail"](world)


# --- tasks: what they do for acme while it is active ------------------------------------------

Work = Callable[[World], Callable[[], Any]]


def _token_ends_soon(world: World) -> None:
    ends = timezone.now() + timedelta(minutes=5)
    AccessToken.objects.all().delete()
    AccessToken.objects.create(
        account=world.cast.acme_account,
        token="old",
        expires_at=ends,
        next_refresh_at=timezone.now() - timedelta(minutes=1),
    )


def _sweep(world: World) -> Any:
    _token_ends_soon(world)
    return zoom_tasks.sweep_access_tokens()


def _refresh(world: World) -> Any:
    _token_ends_soon(world)
    row = AccessToken.objects.get()
    zoom_tasks.refresh_access_token(str(row.pk), row.next_refresh_at.isoformat())
    return world.zoom.calls()


def _give_duties(world: World) -> Any:
    AccessToken.objects.all().delete()
    # globex has its own.
    return zoom_tasks.give_token_duties() - 1


def _mail_blocked(world: World) -> Any:
    now = timezone.now()
    AccessToken.objects.all().delete()
    AccessToken.objects.create(
        account=world.cast.acme_account, health="blocked", failing_since=now, notice_due_at=now
    )
    zoom_tasks.mail_blocked_accounts()
    return _sent()


def _check_all(world: World) -> Any:
    # globex has its own.
    return zoom_tasks.check_connections() - 1


def _check(world: World) -> Any:
    ConnectionCheck.objects.all().delete()
    zoom_tasks.check_connection(str(world.cast.acme_account.pk))
    return world.zoom.calls()


def _waiting_import(world: World) -> ZoomUserImport:
    ZoomUserImport.objects.all().delete()
    return ZoomUserImportFactory(
        organization=world.cast.acme, account=world.cast.acme_account, due_at=timezone.now()
    )


def _import(world: World) -> Any:
    zoom_tasks.import_zoom_users(str(_waiting_import(world).pk))
    return world.zoom.calls()


def _sweep_imports(world: World) -> Any:
    _waiting_import(world)
    return zoom_tasks.sweep_zoom_user_imports()


def _import_all(world: World) -> Any:
    row = _waiting_import(world)
    ZoomUserImport.objects.filter(pk=row.pk).update(
        state=ZoomUserImport.State.DONE, due_at=None, finished_at=timezone.now()
    )
    return zoom_tasks.import_zoom_users_of_all()


def _mail_invitations(world: World) -> Any:
    type(world.invitation).objects.update(mail_due_at=timezone.now(), mail_attempts=0)
    portal_tasks.mail_invitations()
    return _sent()


def _mail_links(world: World) -> Any:
    HostLinkFactory._meta.model.objects.all().delete()
    HostLinkFactory(
        organization=world.cast.acme,
        membership=world.cast.mia.memberships.get(),
        mail_due_at=timezone.now(),
    )
    meetings_tasks.mail_host_links()
    return _sent()


def _sent() -> int:
    count, mail.outbox = len(mail.outbox), []
    return count


def _sweep_reports(world: World) -> Any:
    return meetings_tasks.sweep_reports() - 1


def _report_now(world: World) -> Any:
    TomorrowReport.objects.all().delete()
    meetings_tasks.make_report_now(str(world.cast.acme.pk))
    return TomorrowReport.objects.count()


def _report_tomorrow(world: World) -> Any:
    TomorrowReport.objects.all().delete()
    # In some zone it is evening; acme's people live there.
    hour = timezone.now().hour
    zone = "UTC" if hour >= 17 else "Etc/GMT+6" if hour < 3 else f"Etc/GMT-{min(14, 20 - hour)}"
    type(world.cast.ada).objects.update(time_zone=zone)
    meetings_tasks.report_tomorrow(str(world.cast.acme.pk))
    return TomorrowReport.objects.count()


TASKS: dict[str, Callable[[World], Any]] = {
    "zoomauth.tasks.sweep_access_tokens": _sweep,
    "zoomauth.tasks.refresh_access_token": _refresh,
    "zoomauth.tasks.give_token_duties": _give_duties,
    "zoomauth.tasks.mail_blocked_accounts": _mail_blocked,
    "zoomauth.tasks.check_connections": _check_all,
    "zoomauth.tasks.check_connection": _check,
    "zoomauth.tasks.import_zoom_users": _import,
    "zoomauth.tasks.sweep_zoom_user_imports": _sweep_imports,
    "zoomauth.tasks.import_zoom_users_of_all": _import_all,
    "portal.tasks.mail_invitations": _mail_invitations,
    "meetings.tasks.mail_host_links": _mail_links,
    "meetings.tasks.sweep_reports": _sweep_reports,
    "meetings.tasks.report_tomorrow": _report_tomorrow,
    "meetings.tasks.make_report_now": _report_now,
}
# They go on, and why.
GO_ON = {
    "zoomauth.tasks.prune_webhook_events": "what is kept for 30 days is not kept for longer",
    "meetings.tasks.prune_start_attempts": "what is kept for 90 days is not kept for longer",
    "meetings.tasks.mail_hosts_started_for": "a host hears of a start that has happened",
}


def test_every_task_is_in_the_tables():
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    assert ours == set(TASKS) | set(GO_ON)


@pytest.fixture
def queues():
    """The broker's queues, emptied of what these tests put there."""
    yield
    with app.connection_for_read() as broker:
        for name in QUEUES:
            with broker.SimpleQueue(name) as simple:
                simple.clear()


@pytest.mark.parametrize("name", TASKS)
def test_the_task_does_nothing_meanwhile_and_goes_on_afterwards(world, queues, name):
    work = TASKS[name]
    world.zoom.clear_ledger()
    assert work(world), "the control: it does something"
    deactivate(world)
    world.zoom.clear_ledger()
    assert not work(world)
    assert world.zoom.calls() == []
    activate(world)
    assert work(world)


def test_an_import_that_was_under_way_waits_and_does_not_fail(world):
    row = _waiting_import(world)
    deactivate(world)
    zoom_tasks.import_zoom_users(str(row.pk))
    row.refresh_from_db()
    assert row.state == ZoomUserImport.State.WAITING


def test_old_webhook_events_are_still_pruned(world):
    long_ago = timezone.now() - timedelta(days=400)
    WebhookEventFactory(account=world.cast.acme_account, received_at=long_ago)
    deactivate(world)
    assert zoom_tasks.prune_webhook_events() == 1


def test_a_host_still_hears_of_a_start_that_has_happened(world):
    OnBehalfStartFactory(meeting=world.meeting)
    deactivate(world)
    meetings_tasks.mail_hosts_started_for()
    assert _sent() == 1


# --- how it is done ---------------------------------------------------------------------------


def test_only_the_operator_deactivates_and_it_is_audited(world):
    address = reverse("admin:portal_organization_change", args=[world.cast.acme.pk])
    form = {"name": "Acme", "mfa_required": "admins", "who_may_schedule": "hosts_and_schedulers"}
    world.as_("ada").post(address, form)
    assert Organization.objects.get(pk=world.cast.acme.pk).is_active
    world.as_("operator").post(address, {"name": "Acme"})
    assert not Organization.objects.get(pk=world.cast.acme.pk).is_active
    world.as_("operator").post(address, {"name": "Acme", "is_active": "on"})
    assert Organization.objects.get(pk=world.cast.acme.pk).is_active
