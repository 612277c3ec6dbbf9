"""`manage.py erase_organization`: nothing goes without an export, and then all of it does."""

import hashlib
import json
import stat
from datetime import timedelta
from io import StringIO

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.utils import timezone

from meetings.models import Meeting
from portal.audit import record
from portal.erasure import erase, mark_for_erasure
from portal.erasure_export import tenant_models
from portal.models import AuditEvent, Membership, Organization, OrganizationErasure, User
from tests.factories import MembershipFactory
from tests.leaks import dump_database, find_leaks
from tests.portal.rows import MAKERS, make_row
from tests.portal.test_rotate_keys import seed_of
from zoomauth.models import AccessToken, ZoomConnection

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def acme(cast):
    """Deactivated, with a row of every kind that there is."""
    for model in MAKERS:
        if model not in (Organization, OrganizationErasure, ZoomConnection):
            make_row(model, cast.acme)
    AccessToken.objects.create(account=cast.acme_account, token="the-access-token-of-acme")
    Organization.objects.filter(pk=cast.acme.pk).update(is_active=False)
    cast.acme.refresh_from_db()
    return cast.acme


def run(*arguments):
    out = StringIO()
    call_command("erase_organization", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def exported(acme, tmp_path):
    run("acme", "--export", tmp_path / "acme.json")
    return tmp_path / "acme.json"


def rows_left(organization):
    return {
        model._meta.label: count
        for model in tenant_models()
        if (count := model._default_manager.filter(
            **{model._default_manager.owner_path: organization.pk}
        ).count())
    }  # fmt: skip


# --- step 1 -----------------------------------------------------------------------------------


def test_the_export_has_every_kind_of_row(acme, exported):
    rows = json.loads(exported.read_text())["rows"]
    expected = {model._meta.label_lower for model in MAKERS if model is not OrganizationErasure}
    assert {name for name, found in rows.items() if found} >= expected
    assert "Alice's lecture" in {meeting["topic"] for meeting in rows["meetings.meeting"]}
    assert {"alice@acme.example", "ada@acme.example"} <= {
        person["email"] for person in rows["portal.user"]
    }


def test_the_export_has_nothing_of_another_organization(cast, exported):
    text = exported.read_text()
    for canary in ("Carol", "carol@globex", str(cast.globex.pk), "secret board meeting"):
        assert canary not in text


def test_the_export_holds_no_secret(cast, exported):
    names = ("client_secret", "sdk_client_secret", "webhook_secret")
    secrets = {name: getattr(cast.acme_account, name) for name in names}
    secrets |= {"passcode": "pass123", "password": cast.alice.password, "join": "?pwd="}
    assert find_leaks(secrets, {"export": exported.read_text()}) == []
    assert "v1.test." not in exported.read_text()


def test_only_its_owner_reads_the_file(exported):
    assert stat.S_IMODE(exported.stat().st_mode) == 0o600


def test_no_file_is_overwritten(acme, tmp_path):
    (tmp_path / "there").write_text("mine")
    with pytest.raises(CommandError, match="cannot be written"):
        run("acme", "--export", tmp_path / "there")
    assert (tmp_path / "there").read_text() == "mine"
    assert not OrganizationErasure.objects.exists()


def test_the_export_is_audited_with_its_checksum(acme, exported):
    event = AuditEvent.objects.get(action="organization.erasure_marked")
    assert event.detail["sha256"] == hashlib.sha256(exported.read_bytes()).hexdigest()
    assert event.organization_id == acme.pk


def test_an_active_organization_is_not_exported_for_erasure(cast, tmp_path):
    with pytest.raises(CommandError, match="Deactivate"):
        run("acme", "--export", tmp_path / "acme.json")


# --- step 2 -----------------------------------------------------------------------------------


def refused(acme, text):
    before = rows_left(acme)
    with pytest.raises(CommandError, match=text):
        run("acme", "--erase", "--confirm", "Acme")
    assert rows_left(acme) == before


def test_without_an_export_nothing_is_erased(acme):
    refused(acme, "Export the organization first")


def test_an_export_that_is_too_old_does_not_count(acme, exported):
    long_ago = timezone.now() - timedelta(days=31)
    OrganizationErasure.objects.update(exported_at=long_ago)
    refused(acme, "too old")


def test_what_was_done_since_wants_another_export(acme, exported):
    record("organization.changed", organization=acme, actor=None)
    refused(acme, "something was done")


def test_an_organization_that_is_active_again_is_not_erased(acme, exported):
    Organization.objects.filter(pk=acme.pk).update(is_active=True)
    refused(acme, "is active")


@pytest.mark.parametrize("name", ["", "acme", "Globex"])
def test_it_wants_the_exact_name_once_more(acme, exported, name):
    with pytest.raises(CommandError, match="Confirm it by its name"):
        run("acme", "--erase", "--confirm", name)


def test_every_row_goes_but_the_audit_trail(acme, exported, cast):
    told = AuditEvent.objects.filter(organization_id=acme.pk).count()
    out = run("acme", "--erase", "--confirm", "Acme")
    assert "Acme is erased" in out
    assert set(rows_left(acme)) == {"portal.AuditEvent"}
    assert AuditEvent.objects.filter(organization_id=acme.pk).count() == told + 2
    assert not AccessToken.objects.filter(account=cast.acme_account.pk).exists()
    done = AuditEvent.objects.get(action="organization.erasure_done")
    assert done.organization_name == "Acme"
    assert done.detail["erased"]["meetings.Meeting"] >= 2


def test_nothing_of_the_other_organization_goes(acme, exported, cast):
    before = rows_left(cast.globex)
    run(acme.pk, "--erase", "--confirm", "Acme")
    assert rows_left(cast.globex) == before
    assert Meeting.objects.get(pk=cast.carols_meeting.pk).passcode == "pass123"


def test_people_of_another_organization_too_and_operators_stay(acme, cast, tmp_path):
    MembershipFactory(user=cast.bob, organization=cast.globex)
    MembershipFactory(user=cast.operator, organization=acme)
    seed_of(cast.alice)
    run("acme", "--export", tmp_path / "acme.json")
    run("acme", "--erase", "--confirm", "Acme")
    left = set(User.objects.values_list("email", flat=True))
    assert {"bob@acme.example", "operator@greenroom.example", "carol@globex.example"} <= left
    assert left.isdisjoint({"alice@acme.example", "ada@acme.example", "mia@acme.example"})
    assert Membership.objects.get(user=cast.bob).organization_id == cast.globex.pk


def test_links_to_its_identity_provider_go_with_it(acme, cast, tmp_path):
    MembershipFactory(user=cast.bob, organization=cast.globex)
    provider = acme.identity_providers.get()
    SocialAccount.objects.create(user=cast.bob, provider=str(provider.pk), uid="bob")
    run("acme", "--export", tmp_path / "acme.json")
    run("acme", "--erase", "--confirm", "Acme")
    assert not SocialAccount.objects.exists()


def test_what_the_admins_history_says_of_it_goes_too(acme, cast, exported):
    kind = ContentType.objects.get_for_model(Meeting)
    for meeting in (cast.meeting, cast.carols_meeting):
        LogEntry.objects.create(
            user=cast.operator, content_type=kind, object_id=str(meeting.pk),
            object_repr=str(meeting), action_flag=ADDITION, change_message="",
        )  # fmt: skip
    run("acme", "--erase", "--confirm", "Acme")
    assert LogEntry.objects.get().object_id == str(cast.carols_meeting.pk)


@pytest.mark.parametrize("parts", [0, 3, 8])
def test_a_run_that_died_is_run_again(acme, exported, parts):
    done = []

    def die(model, count):
        done.append(model)
        if len(done) > parts:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        erase(acme, timezone.now(), die)
    # However late.
    OrganizationErasure.objects.update(exported_at=timezone.now() - timedelta(days=60))
    run("acme", "--erase", "--confirm", "Acme")
    assert set(rows_left(acme)) == {"portal.AuditEvent"}
    assert AuditEvent.objects.filter(action="organization.erasure_begun").count() == 1


def test_its_name_is_free_again(acme, exported):
    run("acme", "--erase", "--confirm", "Acme")
    assert Organization.objects.create(name="Acme").pk != acme.pk


@pytest.mark.parametrize("text", ["nobody", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"])
def test_an_unknown_organization_is_told(db, text):
    with pytest.raises(CommandError, match="no organization"):
        run(text, "--export", "/nonexistent/file")


@pytest.mark.django_db(transaction=True)
def test_a_dump_afterwards_has_its_meetings_and_hosts_nowhere(acme, tmp_path):
    mark_for_erasure(acme, tmp_path / "acme.json", timezone.now())
    assert "Bob's seminar" in dump_database().replace("''", "'")
    erase(acme, timezone.now(), lambda model, count: None)
    assert "Bob's seminar" not in dump_database().replace("''", "'")
