"""The connection check: what is wrong with an account, by its exact cause, and what to do."""

from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from portal.models import AuditEvent
from tests.deliveries import Sent, write
from tests.factories import (
    HostFactory,
    MembershipFactory,
    UserFactory,
    ZoomAccountFactory,
    ZoomUserFactory,
)
from tests.sandbox import ACME
from tests.zoom_clock import skewed
from zoomauth import checklist
from zoomauth.client import Deadline
from zoomauth.connection_check import Result, hosts, is_fit, last_check, run_check
from zoomauth.models import (
    INSTALLATION,
    AccessToken,
    ConnectionCheck,
    ZoomAccount,
    ZoomConnection,
)
from zoomauth.scopes import LIST_USERS, NEEDED_SCOPES, READ_TOKEN, READ_USER, WRITE_USER
from zoomsandbox.state.accounts import ALL_SCOPES

pytestmark = pytest.mark.django_db
NAMES = [scope.name for scope in NEEDED_SCOPES]


@pytest.fixture
def account(cast, zoom):
    """acme's, with everything in order."""
    ZoomAccount.objects.filter(pk=cast.acme_account.pk).update(webhook_validated_at=timezone.now())
    return cast.acme_account


@pytest.fixture
def check(account):
    """Run it; the rows by name, and scopes by theirs."""

    def run():
        rows = run_check(account, actor=None)
        return {row.subject or row.name: row for row in rows}

    return run


def failed(rows):
    return {name: row.reason for name, row in rows.items() if row.result is Result.FAIL}


def not_checked(rows):
    return {name for name, row in rows.items() if row.result is Result.NOT_CHECKED}


def store(account, **columns):
    """As entered by somebody who did not look."""
    account = ZoomAccount.objects.get(pk=account.pk)
    for name, value in columns.items():
        setattr(account, name, value)
    account.save(update_fields=list(columns))


# --- All is well ------------------------------------------------------------------------------


def test_a_good_account_passes_every_row_but_the_version_nobody_set(check):
    rows = check()
    assert failed(rows) == {}
    assert not_checked(rows) == {"sdk_version"}


def test_the_rows_are_there_in_the_same_order_whatever_happens(account, zoom):
    def names():
        return [row.name for row in run_check(account, actor=None)]

    well = names()
    zoom.change_account(app_state="disabled")
    assert names() == well
    assert well == [
        "token", "clock", *["scope"] * len(NEEDED_SCOPES), "account", "host", "zak", "sdk",
        "region", "webhook", "sdk_version",
    ]  # fmt: skip


def test_zoom_is_asked_three_times_and_once_for_each_host_in_this_order(check, zoom):
    check()
    hosts = ["users.get"] * 2
    assert zoom.calls() == ["oauth.token", "users.list", *hosts, "users.token"]


def test_the_start_key_is_asked_for_with_a_short_life(check, zoom):
    check()
    (entry,) = zoom.ledger("users.token")
    assert entry["detail"]["ttl"] == 60


def test_a_good_token_of_the_past_does_not_hide_a_wrong_secret(check, zoom):
    assert failed(check()) == {}
    zoom.change_account(client_secret="another")
    assert "token" in failed(check())


def test_every_row_that_passed_says_so_in_words(check):
    rows = check()
    assert [name for name, row in rows.items() if not str(row.meaning) or not str(row.label)] == []
    assert [name for name, row in rows.items() if str(row.fix)] == []


# --- The table: what is broken, which row says so, by which cause, and with which advice ---------


def break_zoom(**changes):
    return lambda zoom, account, settings: zoom.change_account(**changes)


def break_users(**changes):
    def each(zoom, account, settings):
        for user in ACME["users"]:
            zoom.change_user(user["id"], **changes)

    return each


def break_user(user_id, **changes):
    return lambda zoom, account, settings: zoom.change_user(user_id, **changes)


def enter(**columns):
    return lambda zoom, account, settings: store(account, **columns)


def without(scope):
    return break_zoom(scopes=[name for name in ALL_SCOPES if name != scope])


def skew(seconds):
    """Zoom's clock is ahead of ours by so many seconds, for as long as the test goes on."""

    @contextmanager
    def change(zoom, account, settings):
        with skewed(zoom.url, seconds=seconds) as url:
            settings.ZOOM_API_URL, settings.ZOOM_OAUTH_URL = f"{url}/v2", f"{url}/oauth/token"
            yield

    return change


def ask_for_sdk(version, days):
    def change(zoom, account, settings):
        settings.ZOOM_SDK_MINIMUM = (version, timezone.now().date() + timedelta(days=days))

    return change


LONG_AGO = timezone.now() - timedelta(days=4, minutes=1)
TABLE = {
    "wrong secret": (
        break_zoom(client_secret="another"), "token", "zoom_credentials_rejected",
        "Copy all three again",
    ),
    "wrong account id": (
        enter(account_id="another"), "token", "zoom_credentials_rejected", "Copy all three again",
    ),
    "wrong app type": (
        break_zoom(app_type="oauth"), "token", "zoom_app_type_wrong",
        "Create a Server-to-Server OAuth app",
    ),
    "deactivated app": (
        break_zoom(app_state="disabled"), "token", "zoom_app_deactivated", "Activate it",
    ),
    "app disabled by the admin": (
        break_zoom(app_state="disabled_by_admin"), "token", "zoom_app_deactivated", "Activate it",
    ),
    "no hosts have a license": (
        break_users(type=1), "host", "host_unlicensed",
        "Give Alice (alice@acme.example), Bob (bob@acme.example) a license",
    ),
    "one host without a license": (
        break_user("bob", type=1), "host", "some_basic", "Give Bob (bob@acme.example) a license",
    ),
    "one host without meetings": (
        break_user("bob", type=4), "host", "cannot_start", "a license with meetings",
    ),
    "hosts deactivated": (
        break_users(status="inactive"), "host", "cannot_start",
        "Activate Alice (alice@acme.example), Bob (bob@acme.example)",
    ),
    "one host deactivated": (
        break_user("bob", status="inactive"), "host", "cannot_start",
        "Activate Bob (bob@acme.example) in Zoom",
    ),
    "one host still invited": (
        break_user("bob", status="pending"), "host", "cannot_start",
        "accepted by Bob (bob@acme.example)",
    ),
    "one host gone from Zoom": (
        lambda zoom, account, settings: zoom.delete_user("bob"), "host", "cannot_start",
        "Link Bob (bob@acme.example) to Zoom users that are",
    ),
    "dead webhook": (
        enter(webhook_validated_at=LONG_AGO), "webhook", "stale", "press Validate",
    ),
    "webhook never validated": (
        enter(webhook_validated_at=None), "webhook", "never", "endpoint URL",
    ),
    "events of another account": (
        enter(webhook_foreign_at=timezone.now(), webhook_foreign_id="another-account"),
        "webhook", "foreign", "If another-account is the account ID on the app's page",
    ),
    "SDK id of the other app": (
        enter(sdk_client_id=ACME["client_id"]), "sdk", "same_id", "General app",
    ),
    "SDK secret of the other app": (
        enter(sdk_client_secret=ACME["client_secret"]), "sdk", "same_secret", "General app",
    ),
    "SDK pair swapped": (
        enter(sdk_client_id="s" * 32, sdk_client_secret="i" * 22), "sdk", "swapped",
        "the other way round",
    ),
    "SDK secret cut off": (
        enter(sdk_client_secret="half-of-a-secret"), "sdk", "shape", "Copy both again",
    ),
    "SDK id with a space": (
        enter(sdk_client_id="two words"), "sdk", "shape", "Copy both again",
    ),
    "clock behind": (skew(90), "clock", "behind", "network time (NTP)"),
    "clock ahead": (skew(-90), "clock", "ahead", "network time (NTP)"),
    **{
        f"without {name}": (without(name), name, "missing", f"Add {name} on the Scopes page")
        for name in NAMES
    },
    "SDK too old": (ask_for_sdk("99.0.0", -1), "sdk_version", "too_old", "newer release"),
    "SDK too old soon": (ask_for_sdk("99.0.0", 1), "sdk_version", "too_old_soon", "newer release"),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_the_cause_and_what_to_do_are_named_and_nothing_else_failed(
    check, account, zoom, settings, case
):
    do_break, name, reason, advice = TABLE[case]
    with ExitStack() as stack:
        if isinstance(broken := do_break(zoom, account, settings), AbstractContextManager):
            stack.enter_context(broken)
        rows = check()
    # Where no host could start, nobody could be asked a start key of.
    also = {"zak": "nobody_to_try"} if case == "hosts deactivated" else {}
    assert failed(rows) == {name: reason, **also}
    assert advice in str(rows[name].fix)
    assert str(rows[name].meaning)


@pytest.mark.parametrize("scope", NEEDED_SCOPES, ids=lambda scope: scope.name)
def test_a_missing_scope_is_named_with_its_feature_and_zoom_is_not_asked_in_vain(
    check, zoom, scope
):
    zoom.change_account(scopes=[name for name in ALL_SCOPES if name != scope.name])
    rows = check()
    assert failed(rows) == {scope.name: "missing"}
    assert str(scope.feature) in str(rows[scope.name].meaning)
    assert f"Add {scope.name} on the Scopes page" in str(rows[scope.name].fix)
    assert rows[scope.name].tracking_id
    assert all(entry["status"] == 200 for entry in zoom.ledger())


@pytest.mark.parametrize("scope", NEEDED_SCOPES, ids=lambda scope: scope.name)
def test_the_classic_scope_does_as_well(check, zoom, scope):
    zoom.change_account(
        scopes=[*(name for name in ALL_SCOPES if name != scope.name), scope.classic]
    )
    assert check()[scope.name].result is Result.PASS


def test_without_the_list_the_hosts_are_looked_at_all_the_same(check, zoom):
    zoom.change_account(scopes=[name for name in ALL_SCOPES if name != LIST_USERS])
    rows = check()
    assert not_checked(rows) == {"account", "sdk_version"}
    assert rows["zak"].result is Result.PASS


@pytest.mark.parametrize("told", [True, False], ids=["told with the token", "when asked"])
def test_without_the_scope_for_one_user_the_hosts_are_looked_for_in_the_lists(check, zoom, told):
    zoom.change_user("bob", status="inactive")
    if told:
        zoom.change_account(scopes=[name for name in ALL_SCOPES if name != READ_USER])
    else:
        body = {
            "code": 4711,
            "message": f"Invalid access token, does not contain scopes:[{READ_USER}].",
        }
        zoom.fault("users.get", "status", status=400, body=body)
    rows = check()
    assert problems(rows) == {"inactive": ["Bob (bob@acme.example)"]}
    assert (rows["host"].reason, rows["zak"].result) == ("cannot_start", Result.PASS)


def test_a_host_in_none_of_the_lists_is_gone(check, zoom):
    zoom.delete_user("bob")
    zoom.change_account(scopes=[name for name in ALL_SCOPES if name != READ_USER])
    assert problems(check()) == {"gone": ["Bob (bob@acme.example)"]}


def test_without_both_scopes_a_linked_host_is_tried_all_the_same(check, zoom):
    zoom.change_account(scopes=[name for name in ALL_SCOPES if name not in (LIST_USERS, READ_USER)])
    rows = check()
    assert not_checked(rows) == {"account", "host", "sdk_version"}
    assert rows["zak"].result is Result.PASS


def test_without_the_scope_for_start_keys_none_is_asked_for(check, zoom):
    zoom.change_account(scopes=[name for name in ALL_SCOPES if name != READ_TOKEN])
    rows = check()
    assert not_checked(rows) == {"zak", "sdk_version"}
    assert READ_TOKEN in str(rows["zak"].meaning)


@pytest.fixture
def creating(account):
    """acme on that account as a shared one, with leave to create Zoom users on it."""
    fields = ("account_id", "client_id", "client_secret", "sdk_client_id", "sdk_client_secret")
    shared = ZoomAccountFactory(
        organization=None, **{name: getattr(account, name) for name in fields}
    )
    ZoomConnection.objects.filter(organization=account.organization).update(
        account=shared, owner_key=INSTALLATION, may_create_users=True
    )
    return shared


def test_where_users_may_be_created_the_scope_for_it_is_looked_at_too(creating, zoom):
    zoom.change_account(scopes=NAMES)
    rows = {row.subject or row.name: row for row in run_check(creating, actor=None)}
    assert rows[WRITE_USER].reason == "missing"
    assert "creating Zoom users" in str(rows[WRITE_USER].meaning)
    # Meetings start without it.
    assert is_fit(list(rows.values()))


def test_where_nobody_may_create_users_the_scope_for_it_is_not_asked_for(creating, zoom):
    ZoomConnection.objects.update(may_create_users=False)
    assert WRITE_USER not in {row.subject for row in run_check(creating, actor=None)}


def test_on_an_account_of_ones_own_the_scope_for_creating_users_is_not_asked_for(check):
    assert WRITE_USER not in check()


def test_the_needed_scopes_are_zooms():
    assert set(NAMES) <= set(ALL_SCOPES)


# --- The clock --------------------------------------------------------------------------------


@pytest.fixture
def with_clock(account, zoom, settings):
    """Run the check with Zoom's clock ahead of ours by so many seconds; the clock's row."""

    def run(seconds):
        with skewed(zoom.url, seconds=seconds) as url:
            settings.ZOOM_API_URL, settings.ZOOM_OAUTH_URL = f"{url}/v2", f"{url}/oauth/token"
            return {row.name: row for row in run_check(account, actor=None)}

    return run


@pytest.mark.parametrize(("seconds", "reason"), [(90, "behind"), (-90, "ahead")])
def test_a_skewed_clock_is_told_with_its_direction(with_clock, seconds, reason):
    rows = with_clock(seconds)
    assert failed(rows) == {"clock": reason}
    assert 88 <= rows["clock"].facts["seconds"] <= 92
    assert f"seconds {reason}" in str(rows["clock"].meaning)
    assert "NTP" in str(rows["clock"].fix)


@pytest.mark.parametrize("seconds", [25, -25, 0])
def test_a_clock_that_is_a_little_off_is_fine(with_clock, seconds):
    assert with_clock(seconds)["clock"].result is Result.PASS


def test_a_zoom_that_tells_no_time_is_not_blamed(with_clock):
    assert with_clock(None)["clock"].reason == "unsaid"


def test_a_skewed_clock_is_told_also_when_zoom_gives_no_token(with_clock, zoom):
    zoom.change_account(client_secret="another")
    rows = with_clock(90)
    assert failed(rows).keys() == {"token", "clock"}


# --- Which host is looked at ------------------------------------------------------------------


def problems(rows):
    return {name: who["names"] for name, who in rows["host"].facts["problems"].items()}


def test_a_host_without_a_license_is_named_and_makes_the_account_no_less_fit(account, zoom):
    zoom.change_user("alice", type=1)
    rows = run_check(account, actor=None)
    assert problems({row.name: row for row in rows}) == {"basic": ["Alice (alice@acme.example)"]}
    assert is_fit(rows)
    assert [zak["user_id"] for zak in zoom.zaks()] == ["bob"]


@pytest.mark.parametrize("changes", [{"status": "inactive"}, {"status": "pending"}, {"type": 99}])
def test_one_host_who_cannot_start_makes_the_account_unfit(account, zoom, changes):
    zoom.change_user("bob", **changes)
    assert not is_fit(run_check(account, actor=None))


def test_the_start_key_is_asked_of_the_first_host_who_can_start(check, zoom):
    zoom.change_user("alice", status="inactive")
    assert check()["zak"].facts == {"host": "Bob (bob@acme.example)"}
    assert [zak["user_id"] for zak in zoom.zaks()] == ["bob"]


def test_each_host_is_named_once_under_the_reason(check, zoom):
    zoom.change_user("alice", status="inactive")
    zoom.delete_user("bob")
    rows = check()
    assert problems(rows) == {
        "gone": ["Bob (bob@acme.example)"], "inactive": ["Alice (alice@acme.example)"],
    }  # fmt: skip
    said = str(rows["host"].meaning)
    assert "Not in this Zoom account: Bob (bob@acme.example)." in said
    assert "Deactivated at Zoom: Alice (alice@acme.example)." in said


def test_a_name_with_braces_is_a_name(check, cast, zoom):
    cast.bob_host.name = "{names} {0}"
    cast.bob_host.save(update_fields=["name"])
    zoom.change_user("bob", status="inactive")
    assert "Activate {names} {0} (bob@acme.example) in" in str(check()["host"].fix)


def test_hosts_are_asked_for_by_themselves_however_many_users_there_are(check, cast, zoom):
    crowd = [
        {"id": f"u{n}", "email": f"u{n}@acme.example", "display_name": f"U {n}", "type": 1}
        for n in range(301)
    ]
    zoom.account(users=[*crowd, *ACME["users"]])
    assert check()["host"].reason == "all_able"
    assert zoom.calls().count("users.list") == 1


# --- Many hosts, and a Zoom that does not tell of them --------------------------------------------


@pytest.fixture
def crowd(cast):
    """The two of the cast, and 49 who come after them and are not at Zoom."""
    made = []
    for number in range(49):
        user = UserFactory(name=f"Host {number:02}", email=f"host{number:02}@acme.example")
        membership = MembershipFactory(organization=cast.acme, user=user)
        made.append(
            HostFactory(
                organization=cast.acme, membership=membership, zoom_user_id=f"host{number:02}"
            )
        )
    return made


def test_fifty_hosts_are_asked_for_and_the_others_not_looked_at(check, crowd, zoom):
    row = check()["host"]
    assert zoom.calls().count("users.get") == 50
    assert (row.facts["hosts"], row.facts["unseen"]) == (51, 1)
    assert row.facts["problems"]["gone"]["count"] == 48
    assert "Host 09 (host09@acme.example) and 38 others." in str(row.meaning)
    assert "Of 51 hosts, 1 could not be looked at." in str(row.meaning)


def test_of_the_others_it_is_told_what_the_last_import_saw_and_when(check, cast, crowd, zoom):
    seen_at = datetime(2026, 5, 4, 3, 11, tzinfo=UTC)
    ZoomUserFactory(
        account=cast.acme_account, zoom_user_id="host48", status="inactive", seen_at=seen_at
    )
    row = check()["host"]
    assert problems({"host": row})["inactive"] == ["Host 48 (host48@acme.example)"]
    assert (row.facts["unseen"], row.facts["as_of"]) == (0, seen_at.isoformat())
    assert "as the import of May 4, 2026, 3:11 a.m. saw them" in str(row.meaning)


def test_another_accounts_import_says_nothing_of_them(check, cast, crowd, zoom):
    ZoomUserFactory(account=cast.globex_account, zoom_user_id="host48", status="inactive")
    assert check()["host"].facts["unseen"] == 1


def test_when_the_time_is_over_the_rest_is_not_looked_at(check, zoom, monkeypatch):
    monkeypatch.setattr(hosts, "MOST_SECONDS", -1.0)
    rows = check()
    assert (rows["host"].result, rows["host"].reason) == (Result.NOT_CHECKED, "not_all_seen")
    assert rows["host"].facts["unseen"] == 2
    # Who was not looked at can be tried all the same.
    assert rows["zak"].result is Result.PASS


def test_a_zoom_that_keeps_failing_is_not_pressed(check, crowd, zoom):
    zoom.fault("users.get", "status", status=503)
    rows = check()
    assert zoom.calls().count("users.get") == 2
    assert (rows["host"].result, rows["host"].reason) == (Result.FAIL, "zoom_unavailable")


def test_one_host_whom_zoom_did_not_tell_of_is_counted(check, zoom):
    zoom.fault("users.get", "status", status=503, times=1)
    row = check()["host"]
    assert (row.reason, row.facts["unseen"]) == ("not_all_seen", 1)
    assert "Of 2 hosts, 1 could not be looked at." in str(row.meaning)


# --- A page that waits ----------------------------------------------------------------------------


@pytest.fixture
def check_in(account, settings):
    """Run it for a page that has so many seconds; the rows by name."""

    def run(seconds):
        rows = run_check(account, actor=None, deadline=Deadline.after(seconds))
        return {row.subject or row.name: row for row in rows}

    return run


def test_hosts_leave_time_for_a_start_key(check_in, zoom):
    zoom.fault("users.get", "stall", seconds=30)
    rows = check_in(5)
    assert (rows["host"].reason, rows["host"].facts["unseen"]) == ("not_all_seen", 2)
    assert zoom.calls().count("users.get") == 1
    assert rows["zak"].result is Result.PASS


def test_what_is_not_reached_in_time_is_left_out_and_nothing_failed(check_in, zoom):
    zoom.fault("users.list", "latency", seconds=1.5)
    rows = check_in(2.3)
    assert failed(rows) == {}
    assert rows["account"].result is Result.PASS
    assert (rows["zak"].result, rows["zak"].reason) == (Result.NOT_CHECKED, "no_time")
    assert "left out" in str(rows["zak"].meaning)
    assert str(rows["zak"].fix) == "Check again."
    assert "users.token" not in zoom.calls()


def test_what_we_cut_short_is_not_zooms_failure(check_in, zoom):
    for call in ("users.list", "users.get", "users.token"):
        zoom.fault(call, "stall", seconds=30)
    rows = check_in(2)
    assert failed(rows) == {}
    assert (rows["account"].reason, rows["zak"].reason) == ("no_time", "no_time")
    assert zoom.calls() == ["oauth.token", "users.list"]


def test_what_zoom_had_its_time_for_is(check_in, zoom, settings):
    settings.ZOOM_READ_TIMEOUT = 0.5
    zoom.fault("users.list", "stall", seconds=30)
    assert failed(check_in(5)) == {"account": "zoom_timeout"}


def test_what_was_left_out_leaves_it_open_and_takes_no_whole_checks_place(check, check_in, zoom):
    rows = check().values()
    assert is_fit(rows)
    zoom.fault("users.list", "latency", seconds=1.5)
    assert not is_fit(check_in(2.3).values())
    account = ZoomAccount.objects.get(account_id=ACME["account_id"])
    assert last_check(account).is_fit


def test_where_nobody_waits_each_call_has_a_deadline_of_its_own(account, zoom, settings):
    settings.ZOOM_DEADLINE = 3
    zoom.fault("users.list", "latency", seconds=2)
    zoom.fault("users.token", "latency", seconds=2)
    rows = {row.name: row for row in run_check(account, actor=None, in_background=True)}
    assert rows["host"].reason == "all_able"
    assert rows["zak"].result is Result.PASS


def test_a_list_that_was_cut_short_does_not_say_that_there_is_nobody(check_in, cast, zoom):
    cast.acme.hosts.update(is_active=False)
    names = [f"basic{number}" for number in range(301)]
    zoom.account(
        users=[
            {"id": name, "email": f"{name}@acme.example", "display_name": name, "type": 1}
            for name in names
        ]
    )
    zoom.fault("users.list", "latency", seconds=1.5)
    rows = check_in(2.4)
    assert failed(rows) == {}
    assert rows["account"].result is Result.PASS
    assert (rows["host"].reason, rows["zak"].reason) == ("no_time", "no_time")


# --- Whom a check may show to whom ----------------------------------------------------------------


@pytest.fixture
def shared(cast, zoom):
    """acme and globex on one account of the installation's."""
    ZoomConnection.objects.all().delete()
    fields = ("account_id", "client_id", "client_secret", "sdk_client_id", "sdk_client_secret")
    values = {name: getattr(cast.acme_account, name) for name in fields}
    account = ZoomAccount.objects.create(organization=None, name="Shared", **values)
    for organization in (cast.acme, cast.globex):
        ZoomConnection.objects.create(
            organization=organization, account=account, owner_key=INSTALLATION
        )
    return account


def test_on_a_shared_account_hosts_are_called_by_their_id(shared, zoom):
    rows = {row.name: row for row in run_check(shared, actor=None)}
    assert problems(rows) == {"gone": ["carol"]}


def test_another_organizations_host_does_not_hold_up_the_checklist(cast, shared, zoom):
    rows = run_check(shared, actor=None)
    assert not is_fit(rows)
    steps = {step.name: step for step in checklist.steps(cast.acme)}
    assert steps["checked"].done


def test_what_is_wrong_with_a_shared_account_itself_does(cast, shared, zoom):
    zoom.change_account(client_secret="another")
    run_check(shared, actor=None)
    assert not {step.name: step for step in checklist.steps(cast.acme)}["checked"].done


def test_an_organizations_admins_do_not_see_a_shared_accounts_check(cast, shared, zoom, signed_in):
    run_check(shared, actor=None)
    url = f"/admin/zoomauth/zoomaccount/{shared.pk}/check/"
    answer = signed_in(cast.ada).get(url, follow=True)
    assert "carol" not in answer.content.decode()


def test_a_deactivated_organizations_hosts_are_not_looked_at(cast, shared, zoom):
    cast.globex.is_active = False
    cast.globex.save(update_fields=["is_active"])
    rows = {row.name: row for row in run_check(shared, actor=None)}
    assert (rows["host"].reason, rows["host"].facts["hosts"]) == ("all_able", 2)


def test_another_users_license_does_not_help_the_hosts(check, zoom):
    zoom.change_user("alice", type=1)
    zoom.change_user("bob", type=1)
    zoom.change_user("sam", type=2)
    assert failed(check()) == {"host": "host_unlicensed"}


def test_a_host_is_found_by_its_address_too(check, cast, zoom):
    cast.alice_host.zoom_user_id = "ALICE@acme.example"
    cast.alice_host.save(update_fields=["zoom_user_id"])
    assert check()["host"].reason == "all_able"


def test_before_any_host_is_entered_any_licensed_user_will_do(check, cast, zoom):
    cast.acme.hosts.update(is_active=False)
    zoom.change_user("bob", type=1)
    assert check()["host"].facts == {"host": "alice@acme.example"}


def test_before_any_host_is_entered_an_account_without_licenses_is_called_so(check, cast, zoom):
    cast.acme.hosts.update(is_active=False)
    break_users(type=1)(zoom, None, None)
    assert failed(check()) == {"host": "none_licensed"}


def test_an_account_without_users_is_called_so(check, cast, zoom):
    cast.acme.hosts.update(is_active=False)
    break_users(status="inactive")(zoom, None, None)
    rows = check()
    assert failed(rows) == {"host": "no_user", "zak": "nobody_to_try"}


def test_before_any_host_is_entered_a_licensed_user_on_a_later_page_is_found(check, cast, zoom):
    cast.acme.hosts.update(is_active=False)
    crowd = [
        {"id": f"u{n}", "email": f"u{n}@acme.example", "display_name": f"U {n}", "type": 1}
        for n in range(301)
    ]
    zoom.account(users=[*crowd, *ACME["users"]])
    assert check()["host"].facts == {"host": "alice@acme.example"}
    assert zoom.calls().count("users.list") == 2


# --- Whatever Zoom does -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "row"),
    [
        ("oauth.token", "token"),
        ("users.list", "account"),
        ("users.get", "host"),
        ("users.token", "zak"),
    ],
)
@pytest.mark.parametrize("kind", ["drop", "bad_json", "html"])
def test_whatever_zoom_does_its_row_fails_and_those_after_it_are_not_reached(
    check, zoom, call, row, kind
):
    zoom.fault(call, kind)
    rows = check()
    assert failed(rows).keys() == {row}
    assert not_checked(rows) - {"clock", "sdk_version"} == (
        {*NAMES, "account", "host", "zak"} if row == "token" else set()
    )


def test_zoom_down_is_told_apart_from_wrong_credentials(check, zoom):
    zoom.fault("oauth.token", "status", status=503)
    row = check()["token"]
    assert (row.reason, row.code) == ("zoom_unavailable", "503")


def test_zoom_out_of_reach_is_told(check, settings, zoom):
    settings.ZOOM_OAUTH_URL = "http://127.0.0.1:9/oauth/token"
    assert check()["token"].reason == "zoom_unreachable"


def test_a_failed_call_brings_zooms_code_and_tracking_id(check, zoom):
    zoom.change_account(app_state="disabled")
    row = check()["token"]
    assert (row.code, bool(row.tracking_id)) == ("4717", True)


def test_a_row_not_reached_names_the_one_to_put_right(check, zoom):
    zoom.change_account(client_secret="another")
    assert "Access token" in str(check()["zak"].meaning)


def test_a_scope_that_zoom_names_only_when_asked_is_told(check, zoom):
    """Some answers with a token say nothing of scopes; then the call itself does."""
    zoom.change_account(scopes=[])
    rows = check()
    assert {rows[name].reason for name in NAMES} == {"unsaid"}
    assert rows["account"].reason == "zoom_scope_missing"
    assert LIST_USERS in str(rows["account"].fix)


@pytest.mark.parametrize(
    ("column", "row"), [("client_secret", "token"), ("sdk_client_secret", "sdk")]
)
def test_a_secret_that_cannot_be_unsealed_is_asked_for_anew(check, cast, account, column, row):
    other = cast.globex_account.__dict__[column]
    ZoomAccount.objects.filter(pk=account.pk).update(**{column: other})
    rows = check()
    assert failed(rows).keys() == {row}
    assert "Enter the" in str(rows[row].fix)


# --- What is compared here --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("api_url", "region", "result", "reason"),
    [
        ("https://api-eu.zoom.us", "", Result.PASS, "global"),
        ("https://api-eu.zoom.us", "eu", Result.PASS, "same"),
        ("https://api-eu.zoom.us", "us", Result.FAIL, "other"),
        ("https://api-eu.zoom.us.evil.example", "us", Result.NOT_CHECKED, "unsaid"),
        ("https://api.zoom.us", "us", Result.NOT_CHECKED, "unsaid"),
        ("", "us", Result.NOT_CHECKED, "unsaid"),
        ("http://[", "", Result.PASS, "global"),
    ],
)
def test_the_region_is_compared_with_the_one_that_zoom_names(
    account, zoom, api_url, region, result, reason
):
    answer = f'{{"access_token": "t", "expires_in": 3600, "api_url": "{api_url}"}}'
    zoom.fault("oauth.token", "status", status=200, body=answer)
    store(account, region=region)
    (row,) = (row for row in run_check(account, actor=None) if row.name == "region")
    assert (row.result, row.reason) == (result, reason)


def test_another_region_is_named(account, zoom):
    answer = '{"access_token": "t", "expires_in": 3600, "api_url": "https://api-eu.zoom.us"}'
    zoom.fault("oauth.token", "status", status=200, body=answer)
    store(account, region="us")
    (row,) = (row for row in run_check(account, actor=None) if row.name == "region")
    assert "European Union" in str(row.meaning)


def test_a_validation_of_almost_four_days_ago_is_fine(check, account):
    store(account, webhook_validated_at=timezone.now() - timedelta(days=3, hours=23))
    assert failed(check()) == {}


def test_events_of_another_account_are_told_with_both_ids(account, check, client):
    now = timezone.now()
    body = write("meeting.started", {}, account_id="another-account", event_ts=1)
    sent = Sent.signed(account.pk, body, secret=account.webhook_secret, at=now.timestamp())
    assert sent.to(client).status_code == 401
    row = check()["webhook"]
    assert (row.reason, row.facts["foreign"]) == ("foreign", "another-account")
    assert "speak of account another-account" in str(row.meaning)
    assert "entered here is acme-account" in str(row.meaning)


def test_what_was_foreign_is_not_once_its_account_id_is_entered(check, account):
    store(account, webhook_foreign_at=timezone.now(), webhook_foreign_id=account.account_id)
    assert check()["webhook"].reason == "validated"


def test_an_account_without_a_webhook_secret_is_told_what_it_misses(check, account):
    store(account, webhook_secret="")
    row = check()["webhook"]
    assert (row.result, row.reason) == (Result.NOT_CHECKED, "no_secret")


@pytest.mark.parametrize("minimum", ["0.9", "6.2.0", "6.1.99"])
def test_an_sdk_that_is_new_enough_passes(check, settings, minimum):
    settings.ZOOM_SDK_MINIMUM = (minimum, timezone.now().date())
    row = check()["sdk_version"]
    assert (row.result, django_settings.ZOOM_SDK_VERSION in str(row.meaning)) == (
        Result.PASS, True
    )  # fmt: skip


# --- What it leaves ---------------------------------------------------------------------------


def test_a_passed_check_is_written_down(check, cast):
    check()
    event = AuditEvent.objects.get(action="zoomaccount.checked")
    assert (event.organization_id, event.actor_id, event.result) == (cast.acme.pk, None, "done")
    assert event.detail["rows"]["token"] == "pass"
    assert event.detail["rows"][f"scope {LIST_USERS}"] == "pass"


def test_a_failed_check_is_written_down_as_failed(check, zoom):
    zoom.change_account(app_state="disabled")
    check()
    event = AuditEvent.objects.get(action="zoomaccount.checked")
    assert (event.result, event.detail["rows"]["token"]) == ("failed", "fail")


def test_the_rows_are_kept_as_they_were_shown(account, zoom):
    zoom.change_account(client_secret="another")
    rows = run_check(account, actor=None)
    assert last_check(account).rows == rows


def test_the_last_check_takes_the_place_of_the_one_before(account, zoom):
    run_check(account, actor=None)
    zoom.change_account(app_state="disabled")
    run_check(account, actor=None)
    assert not last_check(account).is_fit
    assert ConnectionCheck.objects.count() == 1


def test_a_check_that_began_earlier_does_not_replace_a_later_one(account, zoom):
    run_check(account, actor=None)
    zoom.change_account(app_state="disabled")
    run_check(account, actor=None, now=timezone.now() - timedelta(minutes=1))
    assert last_check(account).is_fit


def test_a_check_of_the_credentials_before_says_nothing(account):
    run_check(account, actor=None)
    ZoomAccount.objects.filter(pk=account.pk).update(credentials_generation=2)
    assert last_check(account) is None


@pytest.mark.parametrize(
    ("do_break", "fit"),
    [
        (enter(webhook_validated_at=None), True),
        (enter(webhook_foreign_at=timezone.now(), webhook_foreign_id="another"), True),
        (ask_for_sdk("99.0.0", 1), True),
        (ask_for_sdk("99.0.0", -1), False),
        (break_zoom(scopes=list(ALL_SCOPES[:1])), False),
        (break_zoom(client_secret="another"), False),
    ],
    ids=["webhook", "foreign events", "SDK old soon", "SDK too old", "scopes", "secret"],
)
def test_what_keeps_from_starting_makes_an_account_unfit(account, zoom, settings, do_break, fit):
    do_break(zoom, account, settings)
    assert is_fit(run_check(account, actor=None)) is fit


def test_an_account_that_was_never_checked_is_not_fit(account):
    assert not is_fit([])
    assert last_check(account) is None


def test_neither_row_nor_trail_nor_log_has_a_secret(account, zoom, caplog):
    with caplog.at_level("DEBUG"):
        run_check(account, actor=None)
    token = AccessToken.objects.get(account=account).token
    (zak,) = zoom.zaks()
    secrets = [token, zak["value"], *(ACME[name] for name in ACME if name.endswith("secret"))]
    left = str([vars(event) for event in AuditEvent.objects.all()])
    left += str(list(ConnectionCheck.objects.values())) + caplog.text
    assert len(secrets) == 5
    assert not any(secret in left for secret in secrets)
