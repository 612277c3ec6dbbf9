"""Creating Zoom users on a shared account: once, only where allowed, and never somebody else's."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_scopes import scopes_disabled

from portal.models import AuditEvent
from tests.factories import ZoomUserAssignmentFactory, ZoomUserFactory
from tests.keys import fetch_zak
from tests.shared import let_create, share_account
from zoomauth.containment import place_for
from zoomauth.models import ZoomUser, ZoomUserAssignment, ZoomUserCreation
from zoomauth.services import (
    create_zoom_user,
    dismiss_creation,
    may_create_users,
    unknown_creations,
    zoom_users_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def shared(cast, zoom):
    """acme may create users on it; globex is on it too, and may not."""
    account = share_account(cast)
    let_create(cast.acme)
    return account


def create(cast, email="nora@isv.example", name="Nora New", organization=None):
    return create_zoom_user(
        organization=organization or cast.acme, email=email, name=name, actor=cast.ada
    )


def creations(zoom):
    return zoom.calls().count("users.create")


def addresses(organization):
    return set(zoom_users_of(organization).values_list("email", flat=True))


def events(action="zoomuser.created"):
    return AuditEvent.objects.filter(action=action)


# --- Created ----------------------------------------------------------------------------------


def test_a_created_user_is_the_organizations_and_is_licensed(cast, zoom, shared):
    row = create(cast, email="Nora@ISV.example")
    user = zoom_users_of(cast.acme).get()
    assert (row.state, row.zoom_user_id) == ("done", user.zoom_user_id)
    assert (user.email, user.name) == ("nora@isv.example", "Nora New")
    assert (user.licence, user.status) == (2, "active")


def test_nobody_else_sees_or_gets_it(cast, zoom, shared):
    create(cast)
    assert addresses(cast.globex) == set()
    assert ZoomUserAssignment.objects.get().organization == cast.acme


def test_it_can_start_at_once(cast, zoom, shared):
    row = create(cast)
    assert fetch_zak(organization=cast.acme, zoom_user_id=row.zoom_user_id)


def test_at_zoom_it_has_no_sign_in(cast, zoom, shared):
    row = create(cast)
    token = zoom.ask_token().json()["access_token"]
    user = zoom.api("GET", f"/users/{row.zoom_user_id}", token).json()
    assert (user["login_types"], user["type"]) == ([99], 2)


def test_wish_and_outcome_are_written_down(cast, zoom, shared):
    row = create(cast)
    asked, done = events("zoomuser.create_asked").get(), events().get()
    assert (asked.actor_id, asked.organization_id) == (cast.ada.pk, cast.acme.pk)
    assert (done.result, done.target_id) == ("done", str(row.pk))
    assert done.detail["zoom_user_id"] == row.zoom_user_id
    assert asked.at <= done.at


# --- Who may ----------------------------------------------------------------------------------


def refused(cast, organization):
    with pytest.raises(PermissionDenied):
        create(cast, organization=organization)
    assert not may_create_users(organization)
    return events().get().result


def test_without_the_operators_word_nothing_is_asked(cast, zoom, shared):
    let_create(cast.acme, allowed=False)
    assert refused(cast, cast.acme) == "denied"
    assert zoom.calls() == []


def test_the_word_for_one_organization_is_none_for_another(cast, zoom, shared):
    assert refused(cast, cast.globex) == "denied"
    assert may_create_users(cast.acme)


def test_on_an_account_of_its_own_the_switch_means_nothing(cast, zoom):
    let_create(cast.acme)
    assert refused(cast, cast.acme) == "denied"
    assert zoom.calls() == []


def test_a_deactivated_organization_creates_nobody(cast, zoom, shared):
    cast.acme.is_active = False
    cast.acme.save(update_fields=["is_active"])
    assert refused(cast, cast.acme) == "denied"


# --- Refused by Zoom --------------------------------------------------------------------------


def test_a_taken_address_gives_nobody_to_anybody(cast, zoom, shared):
    row = create(cast, email="bob@acme.example")
    assert (row.state, row.error_code, row.zoom_code) == ("failed", "zoom_address_taken", "1005")
    assert not ZoomUserAssignment.objects.exists()
    assert not ZoomUser.objects.exists()
    assert addresses(cast.acme) == set()


def test_a_taken_address_of_a_user_known_here_stays_whose_it_is(cast, zoom, shared):
    ZoomUserFactory(account=shared, zoom_user_id="bob", email="bob@acme.example")
    ZoomUserAssignmentFactory(organization=cast.globex, account=shared, zoom_user_id="bob")
    assert create(cast, email="bob@acme.example").state == "failed"
    assert ZoomUserAssignment.objects.get().organization == cast.globex
    assert addresses(cast.acme) == set()


def test_a_conflict_without_zooms_code_gives_nobody_to_anybody(cast, zoom, shared):
    zoom.fault("users.create", "status", status=409, body={"id": "bob", "message": "no"})
    assert create(cast, email="bob@acme.example").state == "failed"
    assert not ZoomUserAssignment.objects.exists()


def test_a_refusal_is_written_down_with_zooms_code_and_tracking_id(cast, zoom, shared):
    create(cast, email="bob@acme.example")
    event = events().get()
    assert (event.result, event.detail["cause"]) == ("failed", "zoom_address_taken")
    assert (event.detail["code"], event.detail["outcome_unknown"]) == ("1005", False)
    assert event.detail["tracking_id"]


def test_a_missing_scope_is_a_failure_and_not_a_doubt(cast, zoom, shared):
    zoom.change_account(scopes=["user:read:list_users:admin"])
    row = create(cast)
    assert (row.state, row.error_code) == ("failed", "zoom_scope_missing")
    assert unknown_creations(cast.acme) == []


def test_no_licence_left_is_a_failure(cast, zoom, shared):
    zoom.change_account(seats=2)
    assert (create(cast).state, creations(zoom)) == ("failed", 1)


def test_after_a_failure_one_may_ask_again(cast, zoom, shared):
    zoom.fault("users.create", "rate_limit", times=1)
    assert create(cast).state == "failed"
    assert create(cast).state == "done"


# --- The outcome is not known -----------------------------------------------------------------


@pytest.fixture(params=["lost_reply", "bad_json", "html_error"])
def lost(request, zoom, shared):
    zoom.fault("users.create", request.param, times=1)


def test_a_lost_answer_assigns_nobody_and_is_kept(cast, zoom, lost):
    row = create(cast)
    assert row.state == "unknown"
    assert not ZoomUserAssignment.objects.exists()
    assert unknown_creations(cast.acme) == [row]
    assert events().get().detail["outcome_unknown"] is True


def test_while_it_is_not_known_the_same_address_is_not_asked_for_again(cast, zoom, lost):
    first, second = create(cast), create(cast)
    assert (first.pk, second.state) == (second.pk, "unknown")
    assert creations(zoom) == 1


def test_the_duty_is_written_before_zoom_is_asked(cast, zoom, shared, settings):
    """Whoever dies in between leaves it: here, because what comes then is no error of Zoom's."""
    settings.ZOOM_API_URL = "{no such placeholder}"
    with pytest.raises(KeyError):
        create(cast)
    assert (ZoomUserCreation.objects.get().state, unknown_creations(cast.acme)) == ("asked", [])


def test_who_dies_while_asking_leaves_a_doubt(cast, zoom, shared, time_machine):
    row = ZoomUserCreation.objects.create(
        organization=cast.acme, account=shared, email="nora@isv.example", name="Nora"
    )
    assert not dismiss_creation(row=row, actor=cast.ada)
    time_machine.move_to(timezone.now() + timedelta(minutes=1), tick=True)
    assert unknown_creations(cast.acme) == [row]
    assert create(cast).pk == row.pk
    assert creations(zoom) == 0


def test_taken_off_the_list_it_may_be_asked_for_again(cast, zoom, shared):
    zoom.fault("users.create", "drop", times=1)
    assert dismiss_creation(row=create(cast), actor=cast.ada)
    assert unknown_creations(cast.acme) == []
    assert events("zoomuser.create_dismissed").get().actor_id == cast.ada.pk
    assert create(cast).state == "done"


def test_if_it_was_made_after_all_asking_again_still_assigns_nobody(cast, zoom, shared):
    zoom.fault("users.create", "lost_reply", times=1)
    dismiss_creation(row=create(cast), actor=cast.ada)
    assert create(cast).error_code == "zoom_address_taken"
    assert not ZoomUserAssignment.objects.exists()


@pytest.mark.parametrize(
    "answer",
    [
        {"id": "x", "email": "other@isv.example", "type": 2},
        {"email": "nora@isv.example", "type": 2},
        {"id": "x" * 101, "email": "nora@isv.example", "type": 2},
    ],
    ids=["another address", "no id", "no such id"],
)
def test_an_answer_about_somebody_else_assigns_nobody(cast, zoom, shared, answer):
    zoom.fault("users.create", "status", status=201, body=answer)
    assert create(cast).state == "unknown"
    assert not ZoomUserAssignment.objects.exists()


@pytest.mark.parametrize("known", ["assigned", "imported"])
def test_a_new_user_who_was_known_before_is_nobodys_new_user(cast, zoom, shared, known):
    if known == "assigned":
        ZoomUserAssignmentFactory(organization=cast.globex, account=shared, zoom_user_id="bob")
    else:
        ZoomUserFactory(account=shared, zoom_user_id="bob", email="bob@acme.example")
    answer = {"id": "bob", "email": "nora@isv.example", "type": 2}
    zoom.fault("users.create", "status", status=201, body=answer)
    assert create(cast).state == "unknown"
    assert not ZoomUserAssignment.objects.filter(organization=cast.acme).exists()


# --- Once -------------------------------------------------------------------------------------


def test_a_second_click_after_the_first_is_told_and_asks_nobody(cast, zoom, shared):
    create(cast)
    with pytest.raises(ValidationError, match="already"):
        create(cast)
    assert (creations(zoom), ZoomUserCreation.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_are_one_call_and_one_answer(cast, zoom, shared):
    zoom.fault("users.create", "latency", seconds=0.5)

    def click(_):
        try:
            with scopes_disabled():
                return create(cast)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(click, range(2))
    assert (first.pk, first.state, second.state) == (second.pk, "done", "done")
    assert creations(zoom) == 1
    assert ZoomUserAssignment.objects.count() == 1


def test_who_would_wait_where_all_places_are_taken_is_told_to_come_again(
    cast, zoom, shared, settings
):
    settings.ZOOM_CALLS_AT_ONCE = 1
    wish = {"organization": cast.acme, "account": shared, "email": "nora@isv.example", "name": "N"}
    ZoomUserCreation.objects.create(**wish)
    with place_for(shared.pk), pytest.raises(ValidationError, match="being created"):
        create(cast)
    assert creations(zoom) == 0


def test_the_database_keeps_a_second_wish_out(cast, shared):
    wish = {"organization": cast.acme, "account": shared, "email": "n@isv.example", "name": "N"}
    ZoomUserCreation.objects.create(**wish)
    with pytest.raises(IntegrityError), transaction.atomic():
        ZoomUserCreation.objects.create(**wish)


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_zoom_is_asked(cast, zoom, shared):
    """Another connection sees the duty, and may write, while Zoom takes its time."""
    zoom.fault("users.create", "latency", seconds=0.6)

    def click():
        try:
            with scopes_disabled():
                return create(cast)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(click)
        zoom.wait_until(lambda: ZoomUserCreation.objects.filter(state="asked").exists())
        ZoomUserCreation.objects.update(name="Somebody")
        assert not made.done()
        assert made.result().state == "done"
