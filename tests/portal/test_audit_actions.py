"""Which actions are audited, and where that is tested.

The actions are read from the sources: every call of `record`. One that the tables below do not name
fails the build, and so does one whose test has gone.
"""

import ast
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.invitations.issuing import invite_again
from portal.management.commands.create_organization import _make_password_link
from portal.models import AuditEvent, User
from portal.receivers import record_set_password
from tests.factories import PASSWORD, InvitationFactory, MembershipFactory
from tests.second_factors import App
from tests.server import ROOT
from tests.sessions import sign_in_by_page

pytestmark = pytest.mark.django_db
HERE = "portal/test_audit_actions.py"

# What must be in the trail: what it is -> the actions by which it gets there -> the test of each.
AUDITED: dict[str, dict[str, str]] = {
    "sign-in": {
        "login.completed": "portal/test_oidc.py",
        "login.failed": "portal/test_mfa.py",
        "sessions.ended": "portal/test_sessions.py",
        "password.changed": HERE,
        "password.set": HERE,
        "password.reset": HERE,
        "identity.linked": "portal/test_oidc.py",
        "identity.unlinked": "portal/test_oidc.py",
    },
    "second step": {
        "second_factor.added": "portal/test_mfa.py",
        "second_factor.removed": "portal/test_mfa.py",
        "second_factor.replaced": HERE,
        "second_factor.reset": "portal/test_reset_second_factors.py",
    },
    "secret set or replaced": {
        "zoomaccount.secret_set": "zoomauth/test_admin.py",
        "zoomaccount.secret_rotated": "zoomauth/test_admin.py",
    },
    "check run": {"zoomaccount.checked": "zoomauth/test_connection_check.py"},
    "import": {
        "zoomusers.import_asked": "zoomauth/test_zoom_users.py",
        "zoomusers.imported": "zoomauth/test_zoom_users.py",
    },
    "assignment": {"zoomuserassignment.added": "zoomauth/test_zoom_users_admin.py"},
    "Zoom user created": {
        "zoomuser.create_asked": "zoomauth/test_provisioning.py",
        "zoomuser.created": "zoomauth/test_provisioning.py",
        "zoomuser.create_dismissed": "zoomauth/test_provisioning.py",
    },
    "ZAK issued or denied": {
        "meeting.start": "meetings/test_start.py",
        "meeting.app_link": HERE,
        "start.on_behalf": "meetings/test_on_behalf.py",
    },
    "role, membership, person": {
        "membership.added": "portal/test_create_organization.py",
        "membership.changed": "portal/test_memberships.py",
        "user.added": "portal/test_create_organization.py",
        "user.taken_over": "portal/test_invitations.py",
        "user.changed": "portal/test_admin.py",
    },
    "invitation": {
        "invitation.added": "portal/test_invitations.py",
        "invitation.sent_again": HERE,
        "invitation.revoked": "portal/test_invitations.py",
        "invitation.accepted": "portal/test_invitations.py",
    },
    "link": {
        "host.linked": "meetings/test_hosts.py",
        "host.unlinked": "meetings/test_hosts.py",
        "host.link_": "meetings/test_hosts.py",
        "host.followed": "meetings/test_hosts_following.py",
        "host.held": "meetings/test_hosts_following.py",
        "host.released": "meetings/test_hosts_following.py",
    },
    "policy and deactivation": {
        "organization.added": "portal/test_create_organization.py",
        "organization.changed": "portal/test_admin.py",
    },
    "meeting": {
        "meeting.scheduled": "meetings/test_schedule.py",
        "meeting.discarded": "meetings/test_schedule.py",
    },
    "explanation and report": {
        "start.explained": "meetings/test_explain.py",
        "report.requested": "meetings/test_report.py",
    },
    "export": {"audit.exported": "portal/test_audit_admin.py"},
    "pruning": {"audit.pruned": "portal/test_prune_audit.py"},
    "rotation": {
        "keys.rotation_begun": "portal/test_rotate_keys.py",
        "keys.rotated": "portal/test_rotate_keys.py",
    },
    "erasure": {
        "organization.erasure_marked": "portal/test_erasure.py",
        "organization.erasure_begun": "portal/test_erasure.py",
        "organization.erasure_done": "portal/test_erasure.py",
    },
}
# Calls whose action is put together -> the module, and the rows above that it writes.
PUT_TOGETHER = {
    ("action", "meetings/services/start.py"): ("meeting.start", "meeting.app_link"),
    ("PRUNED", "portal/management/commands/prune_audit.py"): ("audit.pruned",),
    ("f'{_OWN_ACTIONS}marked'", "portal/erasure.py"): ("organization.erasure_marked",),
    ("f'{_OWN_ACTIONS}begun'", "portal/erasure.py"): ("organization.erasure_begun",),
    ("f'{_OWN_ACTIONS}done'", "portal/erasure.py"): ("organization.erasure_done",),
    ("f'host.link_{verb}'", "meetings/services/host_questions.py"): ("host.link_",),
    ("f'invitation.{verb}'", "portal/invitations/issuing.py"): (
        "invitation.added", "invitation.sent_again", "invitation.revoked",
    ),
    ("f'second_factor.{verb}'", "portal/receivers.py"): (
        "second_factor.added", "second_factor.removed", "second_factor.replaced",
    ),
    ("f'user.{verb}'", "portal/admin/people.py"): ("user.added", "user.changed"),
    ("f'zoomaccount.{verb}'", "zoomauth/credentials.py"): (
        "zoomaccount.secret_set", "zoomaccount.secret_rotated",
    ),
    # Every change in the admin, of whatever class; see TenantModelAdmin.
    ("f'{obj._meta.model_name}.{verb}'", "portal/admin/base.py"): (
        "membership.changed", "organization.changed",
    ),
}  # fmt: skip
# A sign-in by somebody whom the provider knows and the organization does not: no test yet names it.
WITHOUT_A_TEST = {"login.denied"}


def _calls() -> set[tuple[str, str]]:
    """The action of every call of `record`, as written, and its module."""
    found = set()
    for app in ("portal", "zoomauth", "meetings"):
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if _is_record(node):
                    action: Any = node.args[0]
                    constant = isinstance(action, ast.Constant)
                    text = action.value if constant else ast.unparse(action)
                    found.add((text, str(path.relative_to(ROOT))))
    return found


def _is_record(node: Any) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "record"
        and bool(node.args)
    )


ACTIONS = {action: test for kind in AUDITED.values() for action, test in kind.items()}


def test_every_action_in_the_sources_is_in_the_table():
    unknown = {
        (text, path)
        for text, path in _calls()
        if text not in ACTIONS | dict.fromkeys(WITHOUT_A_TEST) and (text, path) not in PUT_TOGETHER
    }
    assert unknown == set()


def test_every_row_of_the_table_is_an_action_in_the_sources():
    written = {text for text, _ in _calls()}
    put_together = {
        action for call, actions in PUT_TOGETHER.items() if call in _calls() for action in actions
    }
    assert set(ACTIONS) - written - put_together == set()


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_has_its_test(action):
    text = (ROOT / "tests" / ACTIONS[action]).read_text()
    assert f'"{action}' in text
    assert "AuditEvent" in text


def test_no_exception_that_is_none():
    everything = "".join(path.read_text() for path in Path(ROOT / "tests").rglob("test_*.py")
                         if path.name != Path(HERE).name)  # fmt: skip
    assert {action for action in WITHOUT_A_TEST if f'"{action}"' in everything} == set()


# --- those that have no better place ----------------------------------------------------------


def test_the_way_into_the_app_is_audited(cast):
    client = Client()
    client.force_login(cast.bob)
    client.post(reverse("meetings:open_in_app", args=[cast.meeting.pk]))
    event = AuditEvent.objects.get(action="meeting.app_link")
    assert (event.actor_id, event.result) == (cast.bob.pk, "done")


def test_an_invitation_that_is_sent_again_is_audited(cast):
    earlier = timezone.now() - timezone.timedelta(hours=1)
    invitation = InvitationFactory(organization=cast.acme, issued_at=earlier)
    invite_again(invitation=invitation, actor=cast.ada)
    event = AuditEvent.objects.get(action="invitation.sent_again")
    assert (event.actor_id, event.target_id) == (cast.ada.pk, str(invitation.pk))


# allauth tells of it once the transaction has been committed.
@pytest.mark.django_db(transaction=True)
def test_new_recovery_codes_are_audited(cast):
    client = Client()
    sign_in = {"login": cast.alice.email, "password": "correct-horse-battery"}
    client.post(reverse("account_login"), sign_in)
    client.post(reverse("account_reauthenticate"), {"password": sign_in["password"]})
    _set_up_app(client)
    client.post(reverse("mfa_generate_recovery_codes"))
    event = AuditEvent.objects.get(action="second_factor.replaced")
    assert (event.actor_id, event.detail["method"]) == (cast.alice.pk, "recovery_codes")


def test_a_changed_password_is_audited_without_it(cast):
    client = sign_in_by_page(Client(), cast.alice)
    new = "another-horse-battery-9"
    fields = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    client.post(reverse("account_change_password"), fields)
    event = AuditEvent.objects.get(action="password.changed")
    assert (event.actor_id, event.detail) == (cast.alice.pk, {})


def test_a_password_by_a_mailed_link_is_audited(cast):
    client, new = Client(), "another-horse-battery-9"
    form = client.get(_make_password_link(cast.alice), follow=True)
    client.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    assert User.objects.get(pk=cast.alice.pk).check_password(new)
    assert AuditEvent.objects.get(action="password.reset").actor_id == cast.alice.pk


def test_a_first_password_is_audited(cast):
    """No page of ours leads there yet, but allauth has a word for it."""
    record_set_password(sender=User, user=cast.alice)
    assert AuditEvent.objects.get(action="password.set").actor_id == cast.alice.pk


def test_each_organization_of_a_person_reads_of_a_failed_sign_in_in_a_row_of_its_own(
    cast, signed_in
):
    MembershipFactory(user=cast.alice, organization=cast.globex)
    Client().post(reverse("account_login"), {"login": cast.alice.email, "password": "wrong"})
    for admin, own, foreign in ((cast.ada, "Acme", "Globex"), (cast.gus, "Globex", "Acme")):
        page = signed_in(admin).get(reverse("admin:portal_auditevent_changelist"))
        (event,) = page.context["cl"].result_list
        assert (event.action, event.organization_name) == ("login.failed", own)
        assert foreign not in str(event.__dict__)


def test_who_belongs_nowhere_is_in_the_operators_trail_alone(cast):
    cast.mia.memberships.update(is_active=False)
    Client().post(reverse("account_login"), {"login": cast.mia.email, "password": "wrong"})
    assert AuditEvent.objects.get(action="login.failed").organization_id is None


def test_its_admins_read_what_the_operator_changed_of_a_person(cast, signed_in):
    fields = {"email": "m@new.example", "name": "Mia", "time_zone": "UTC", "is_active": "on"}
    page = reverse("admin:portal_user_change", args=[cast.mia.pk])
    signed_in(cast.operator).post(page, fields)
    trail = reverse("admin:portal_auditevent_changelist")
    events = signed_in(cast.ada).get(trail).context["cl"].result_list
    assert {event.action for event in events} == {"user.changed", "sessions.ended"}
    assert not signed_in(cast.gus).get(trail).context["cl"].result_list


def _set_up_app(client: Client) -> None:
    app = App(client.get(reverse("mfa_activate_totp")).context["form"].secret)
    assert client.post(reverse("mfa_activate_totp"), {"code": app.code()}).status_code == 302


def test_an_event_and_the_answer_have_the_same_request_id(cast, signed_in):
    answer = signed_in(cast.mia).post(reverse("meetings:start", args=[cast.meeting.pk]))
    event = AuditEvent.objects.get(action="meeting.start")
    assert event.request_id == answer["X-Request-Id"]


def test_no_two_requests_have_one_id(cast, signed_in):
    client = signed_in(cast.alice)
    ids = {client.get(reverse("meetings:list"))["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3
