"""Tomorrow's report: what will not start, why, told once a night."""

import smtplib
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail

from meetings.models import AlternativeHost, Meeting, TomorrowReport
from meetings.services import report_zoom as service
from meetings.services.report import make_report
from meetings.services.report_mail import headline, run_nightly
from meetings.tasks import make_report_now, report_tomorrow, sweep_reports
from portal.celery import app
from portal.models import AuditEvent, Membership
from portal.tenancy import acting_for
from tests.factories import HostFactory, MeetingFactory, MembershipFactory, ZoomUserFactory
from tests.sandbox import ACME
from zoomauth import standing
from zoomauth.services import MeetingStanding

pytestmark = pytest.mark.django_db
# A Tuesday evening; nobody in the cast has another zone.
EVENING = datetime(2040, 3, 6, 18, 30, tzinfo=UTC)
TOMORROW = datetime(2040, 3, 7, 9, 0, tzinfo=UTC)
ADMIN = "/admin/meetings/tomorrowreport/"


@pytest.fixture
def tomorrow(cast, schedule):
    """Three meetings at the sandbox: two of alice's, and one of bob's."""
    return [
        schedule(host, topic=topic, starts_at=TOMORROW + timedelta(hours=hours))
        for host, topic, hours in (
            (cast.alice_host, "Lecture", 0),
            (cast.alice_host, "Exam", 3),
            (cast.bob_host, "Seminar", 1),
        )
    ]


@pytest.fixture
def make(cast):
    def call(organization=None, now=EVENING):
        organization = organization or cast.acme
        with acting_for(organization.pk):
            return make_report(organization, now=now).report

    return call


@pytest.fixture
def nightly(cast):
    def call(organization=None, now=EVENING):
        organization = organization or cast.acme
        with acting_for(organization.pk):
            return run_nightly(organization, now=now)

    return call


def rows(report):
    return [(row.topic, row.rule, row.reason) for row in report.rows.all()]


def change(row, **values):
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))


# --- What is found --------------------------------------------------------------------------


@pytest.mark.both_databases
def test_where_all_is_well_there_is_nothing_to_tell(cast, tomorrow, make):
    report = make()
    assert (report.meetings, report.failing, report.unasked, rows(report)) == (3, 0, 0, [])


def test_no_zak_is_asked_for_and_each_meeting_once(cast, tomorrow, zoom, make):
    zoom.clear_ledger()
    make()
    assert sorted(zoom.calls()) == ["meetings.get"] * 3 + ["users.list"] * 2


@pytest.mark.both_databases
def test_a_meeting_deleted_at_zoom_is_told(cast, tomorrow, zoom, make):
    zoom.delete_meeting(tomorrow[1].meeting_number)
    report = make()
    assert rows(report) == [("Exam", "at_zoom", "gone")]
    assert (report.failing, report.meetings) == (1, 3)


def test_a_host_deactivated_at_zoom_is_told(cast, tomorrow, zoom, make):
    zoom.change_user("bob", status="inactive")
    assert rows(make()) == [("Seminar", "zoom_user", "inactive")]


def test_a_zoom_user_that_the_import_saw_gone_is_told(cast, tomorrow, make):
    ZoomUserFactory(account=cast.acme_account, zoom_user_id="bob", gone_at=EVENING)
    assert rows(make()) == [("Seminar", "zoom_user", "gone")]


def test_a_meeting_of_another_host_at_zoom_is_told(cast, tomorrow, make):
    type(cast.bob_host).objects.filter(pk=cast.bob_host.pk).update(
        zoom_user_id="bobby", email="bobby@acme.example"
    )
    assert rows(make()) == [("Seminar", "at_zoom", "other_host")]


@pytest.mark.parametrize(
    ("name", "is_theirs"),
    [("aBc", True), ("abc", False), ("Bob@Acme.example", True), ("bob@other.example", False)],
)
def test_zooms_ids_differ_by_case_and_addresses_do_not(name, is_theirs):
    standing = MeetingStanding(host_id="aBc", host_email="bob@acme.example", starts_at=None)
    assert standing.is_hosted_by(name) is is_theirs


@pytest.mark.parametrize(
    ("break_it", "rule", "reason"),
    [
        (lambda cast: change(cast.bob_host, is_active=False), "host_active", "inactive"),
        (
            lambda cast: change(cast.bob_host, zoom_user_id="bob@acme.example"),
            "host_named",
            "by_address",
        ),
        (
            lambda cast: change(cast.bob_host, held_since=EVENING),
            "host_settled",
            "on_hold",
        ),
        (lambda cast: change(cast.bob_host, membership=None), "user", "nobody"),
        (
            lambda cast: change(cast.bob.memberships.get(), is_active=False),
            "member",
            "inactive",
        ),
        (lambda cast: change(cast.bob, is_active=False), "user", "inactive"),
    ],
    ids=["host", "by address", "on hold", "unlinked", "membership", "user"],
)
def test_what_the_door_would_say_is_told(cast, tomorrow, make, break_it, rule, reason):
    break_it(cast)
    assert rows(make()) == [("Seminar", rule, reason)]


def test_a_meeting_zoom_never_confirmed_is_told_and_not_asked_for(cast, tomorrow, zoom, make):
    change(tomorrow[2], meeting_number=None)
    zoom.clear_ledger()
    assert rows(make()) == [("Seminar", "confirmed", "unconfirmed")]
    assert zoom.calls().count("meetings.get") == 2


def test_of_two_at_once_the_later_one_is_told(cast, tomorrow, make):
    change(tomorrow[1], starts_at=TOMORROW + timedelta(minutes=20))
    assert rows(make()) == [("Exam", "free", "busy")]


def test_one_that_is_still_on_at_midnight_is_in_the_way_of_the_first(cast, schedule, make):
    eve = datetime(2040, 3, 6, 23, 0, tzinfo=UTC)
    schedule(cast.alice_host, topic="Gala", starts_at=eve, duration_minutes=180)
    schedule(cast.alice_host, topic="Early", starts_at=eve + timedelta(minutes=90))
    report = make()
    assert (report.meetings, rows(report)) == (1, [("Early", "free", "busy")])


def test_one_that_ends_at_midnight_is_in_nobodys_way(cast, schedule, make):
    midnight = datetime(2040, 3, 7, tzinfo=UTC)
    schedule(cast.alice_host, starts_at=midnight - timedelta(hours=1), duration_minutes=60)
    schedule(cast.alice_host, starts_at=midnight)
    assert rows(make()) == []


def test_two_that_touch_are_not_at_once(cast, tomorrow, make):
    change(tomorrow[1], starts_at=tomorrow[0].ends_at)
    assert rows(make()) == []


def test_two_hosts_at_once_are_no_matter(cast, tomorrow, make):
    change(tomorrow[2], starts_at=TOMORROW)
    assert rows(make()) == []


def test_an_alternative_host_who_can_start_it_is_named_and_it_is_not_counted(cast, tomorrow, make):
    AlternativeHost.objects.create(
        organization=cast.acme, meeting=tomorrow[2], host=cast.alice_host
    )
    change(cast.bob_host, is_active=False)
    report = make()
    assert report.failing == 0
    assert [row.alternative for row in report.rows.all()] == ["Alice"]


def test_an_alternative_host_who_cannot_either_is_not_named(cast, tomorrow, make):
    AlternativeHost.objects.create(
        organization=cast.acme, meeting=tomorrow[2], host=cast.alice_host
    )
    change(cast.bob_host, is_active=False)
    change(tomorrow[0], ends_at=TOMORROW + timedelta(minutes=90))
    report = make()
    assert report.failing == 1
    assert [row.alternative for row in report.rows.all()] == [""]


def test_credentials_that_zoom_refuses_stop_every_meeting(cast, tomorrow, zoom, make):
    zoom.change_account(client_secret="another-secret")
    cast.acme_account.access_token.delete()
    report = make()
    assert {(rule, reason) for _topic, rule, reason in rows(report)} == {("account", "refused")}
    assert report.failing == 3


def test_an_organization_without_account_is_told_so(cast, tomorrow, make):
    cast.acme.zoom_connection.delete()
    assert {rule for _topic, rule, _reason in rows(make())} == {"account"}


# --- Zoom on a bad night --------------------------------------------------------------------


def test_a_zoom_that_fails_is_no_reason_and_is_said(cast, tomorrow, zoom, make):
    zoom.fault("meetings.get", "status", status=500)
    report = make()
    assert (rows(report), report.unasked) == ([], 3)


def test_a_host_of_whom_zoom_knows_nothing_is_told(cast, tomorrow, zoom, make):
    body = {"code": 1001, "message": "User does not exist: bob."}
    zoom.fault("meetings.get", "status", status=404, body=body, skip=1, times=1)
    report = make()
    assert (rows(report), report.unasked) == ([("Seminar", "zoom_user", "gone")], 0)


def test_where_all_users_were_read_nothing_else_is_said(cast, tomorrow, make):
    assert not make().users_unread


def test_a_users_list_that_failed_is_said(cast, tomorrow, zoom, make, signed_in):
    zoom.fault("users.list", "status", status=500)
    report = make()
    assert report.users_unread
    page = signed_in(cast.ada).get(f"{ADMIN}{report.pk}/change/").content.decode()
    assert "Not all deactivated and invited users" in page


def test_more_users_than_are_read_are_said(cast, zoom, schedule, nightly, monkeypatch):
    monkeypatch.setattr(standing, "_MOST_PAGES", 1)
    crowd = [
        {"id": f"u{n}", "email": f"u{n}@acme.example", "display_name": "U", "status": "inactive"}
        for n in range(301)
    ]
    zoom.account(users=[*ACME["users"], *crowd])
    schedule(cast.bob_host, starts_at=TOMORROW)
    change(cast.bob_host, is_active=False)
    report = nightly()
    assert report.users_unread
    assert "Not all deactivated and invited users" in mail.outbox[0].body
    # There would be no more of them an hour later.
    assert TomorrowReport.objects.get().nightly_at == EVENING


def test_a_zoom_that_keeps_failing_is_not_pressed(cast, schedule, zoom, make):
    for hours in range(8):
        schedule(cast.alice_host, starts_at=TOMORROW + timedelta(hours=hours))
    zoom.fault("meetings.get", "status", status=500)
    zoom.clear_ledger()
    assert make().unasked == 8
    assert zoom.calls().count("meetings.get") == service.MOST_FAILURES


def test_at_a_limit_of_zooms_the_asking_ends(cast, tomorrow, zoom, make):
    zoom.fault("meetings.get", "status", status=429, body={"code": 429, "message": "x"})
    zoom.clear_ledger()
    assert make().unasked == 3
    assert zoom.calls().count("meetings.get") == 1


def test_a_users_list_that_is_refused_does_not_hide_the_rest(cast, tomorrow, zoom, make):
    zoom.fault("users.list", "status", status=500)
    zoom.delete_meeting(tomorrow[0].meeting_number)
    assert rows(make()) == [("Lecture", "at_zoom", "gone")]


# --- Which day ------------------------------------------------------------------------------


def test_only_tomorrows_meetings_are_looked_at(cast, schedule, make):
    for hours in (-10, 15, 30):
        schedule(cast.alice_host, starts_at=TOMORROW + timedelta(hours=hours))
    assert make().meetings == 0


def test_the_day_is_that_of_most_of_the_admins(cast, schedule, make):
    change(cast.ada, time_zone="Asia/Tokyo")
    late = schedule(cast.alice_host, starts_at=datetime(2040, 3, 7, 20, 0, tzinfo=UTC))
    report = make(now=datetime(2040, 3, 7, 9, 0, tzinfo=UTC))
    assert (report.day, report.time_zone, report.meetings) == (date(2040, 3, 8), "Asia/Tokyo", 1)
    assert late.starts_at.date() == date(2040, 3, 7)


def test_of_two_zones_the_one_of_more_admins_counts(cast, make):
    for zone in ("Europe/Berlin", "Europe/Berlin", "Asia/Tokyo"):
        MembershipFactory(organization=cast.acme, role=Membership.Role.ADMIN, user__time_zone=zone)
    assert make().time_zone == "Europe/Berlin"


def test_a_member_who_is_no_admin_does_not_count(cast, make):
    change(cast.mia, time_zone="Asia/Tokyo")
    assert make().time_zone == "UTC"


def test_made_again_it_is_the_same_report_anew(cast, tomorrow, zoom, make):
    first = make()
    zoom.delete_meeting(tomorrow[0].meeting_number)
    second = make(now=EVENING + timedelta(hours=1))
    assert first.pk == second.pk
    assert len(rows(make())) == 1


@pytest.mark.both_databases
def test_another_tenants_meetings_are_in_no_report(cast, tomorrow, zoom, schedule, make):
    theirs = schedule(cast.carol_host, topic="Board", starts_at=TOMORROW)
    zoom.delete_meeting(theirs.meeting_number)
    assert (make().meetings, rows(make())) == (3, [])
    assert rows(make(cast.globex)) == [("Board", "at_zoom", "gone")]


def test_the_database_is_asked_as_often_for_many(cast, zoom, make, django_assert_max_num_queries):
    change(cast.acme.zoom_connection.account, client_secret="x")
    hosts = HostFactory.create_batch(20, organization=cast.acme)
    for host in hosts:
        MeetingFactory(host=host, starts_at=TOMORROW, meeting_number=None)
    with django_assert_max_num_queries(20):
        assert make().failing == 20


# --- The night ------------------------------------------------------------------------------


def test_the_admins_are_told_once(cast, tomorrow, zoom, nightly):
    zoom.delete_meeting(tomorrow[1].meeting_number)
    nightly()
    nightly(now=EVENING + timedelta(hours=1))
    (message,) = mail.outbox
    assert message.to == ["ada@acme.example"]
    assert message.subject == "Acme: 1 of 3 meetings will not start tomorrow"
    assert "Exam" in message.body
    assert "deleted at Zoom" in message.body
    assert "Schedule it again" in message.body
    assert f"{ADMIN}{TomorrowReport.objects.get().pk}/change/" in message.body


def test_what_an_alternative_host_can_start_has_a_headline_of_its_own(cast, tomorrow, nightly):
    AlternativeHost.objects.create(
        organization=cast.acme, meeting=tomorrow[2], host=cast.alice_host
    )
    change(cast.bob_host, is_active=False)
    nightly()
    (message,) = mail.outbox
    assert message.subject == (
        "Acme: 1 meeting of tomorrow can be started by an alternative host only"
    )
    assert "Alice can start it all the same" in message.body


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((0, 0, 0, 0), "There are no meetings tomorrow"),
        ((1, 0, 0, 0), "Nothing known is in the way of tomorrow's 1 meeting"),
        ((3, 0, 0, 0), "Nothing known is in the way of tomorrow's 3 meetings"),
        ((1, 1, 1, 0), "1 of 1 meeting will not start tomorrow"),
        ((3, 1, 2, 1), "1 of 3 meetings will not start tomorrow"),
        ((3, 0, 2, 1), "2 meetings of tomorrow can be started by alternative hosts only"),
        ((1, 0, 0, 1), "1 of tomorrow's 1 meeting could not be looked up at Zoom"),
    ],
)
def test_the_headline_is_the_worst_there_is_to_tell(counts, said):
    meetings, failing, rows, unasked = counts
    report = TomorrowReport(meetings=meetings, failing=failing, unasked=unasked)
    assert headline(report, rows=rows) == said


def test_where_all_is_well_no_mail_leaves_and_zoom_is_asked_once(cast, tomorrow, zoom, nightly):
    nightly()
    zoom.clear_ledger()
    nightly(now=EVENING + timedelta(hours=1))
    assert (mail.outbox, zoom.calls()) == ([], [])


def test_the_evening_is_the_organizations_own(cast, tomorrow, zoom, nightly):
    zoom.delete_meeting(tomorrow[0].meeting_number)
    assert nightly(now=EVENING.replace(hour=16)) is None
    change(cast.ada, time_zone="America/Los_Angeles")
    assert nightly() is None
    assert mail.outbox == []


# --- A night on which Zoom is down ----------------------------------------------------------


@pytest.fixture
def zoom_down(zoom):
    for call in ("users.list", "meetings.get"):
        zoom.fault(call, "status", status=503)


def test_while_nothing_can_be_looked_up_the_next_hour_tries_again(
    cast, tomorrow, zoom, zoom_down, nightly
):
    zoom.delete_meeting(tomorrow[1].meeting_number)
    nightly()
    assert (TomorrowReport.objects.get().nightly_at, mail.outbox) == (None, [])
    zoom.clear_faults()
    nightly(now=EVENING + timedelta(hours=1))
    (message,) = mail.outbox
    assert message.subject == "Acme: 1 of 3 meetings will not start tomorrow"
    assert TomorrowReport.objects.get().nightly_at == EVENING + timedelta(hours=1)


def test_a_user_list_that_failed_is_asked_for_again_too(cast, tomorrow, zoom, nightly):
    zoom.change_user("bob", status="inactive")
    zoom.fault("users.list", "status", status=503, times=1)
    nightly()
    nightly(now=EVENING + timedelta(hours=1))
    assert [message.subject for message in mail.outbox] == [
        "Acme: 1 of 3 meetings will not start tomorrow"
    ]


LAST_HOUR = datetime(2040, 3, 6, 23, 20, tzinfo=UTC)


def test_at_the_last_hour_it_is_said_that_nothing_could_be_looked_up(
    cast, tomorrow, zoom_down, nightly
):
    for hours in range(5, -1, -1):
        nightly(now=LAST_HOUR - timedelta(hours=hours))
        assert len(mail.outbox) == (0 if hours else 1)
    (message,) = mail.outbox
    assert message.subject == ("Acme: 3 of tomorrow's 3 meetings could not be looked up at Zoom")
    assert "Each with where" not in message.body
    assert TomorrowReport.objects.get().nightly_at == LAST_HOUR


@pytest.mark.parametrize(("zone", "minute"), [("UTC", 22 * 60 + 20), ("Asia/Kolkata", 17 * 60)])
def test_the_last_hour_is_the_last_of_which_a_task_is_sure_to_run(
    cast, tomorrow, zoom_down, nightly, zone, minute
):
    """The sweep comes at twenty past by UTC: in Kolkata at ten to the hour, and its tasks later."""
    change(cast.ada, time_zone=zone)
    midnight = datetime(2040, 3, 6, tzinfo=UTC)
    nightly(now=midnight + timedelta(minutes=minute))
    assert mail.outbox == []
    nightly(now=midnight + timedelta(minutes=minute + 60))
    assert len(mail.outbox) == 1


def test_what_comes_to_light_after_a_first_mail_is_told_in_another(cast, tomorrow, zoom, nightly):
    change(cast.bob_host, is_active=False)
    zoom.delete_meeting(tomorrow[1].meeting_number)
    zoom.fault("meetings.get", "status", status=503)
    nightly()
    nightly(now=EVENING + timedelta(hours=1))
    zoom.clear_faults()
    for hours in (2, 3):
        nightly(now=EVENING + timedelta(hours=hours))
    assert [message.subject for message in mail.outbox] == [
        "Acme: 1 of 3 meetings will not start tomorrow",
        "Acme: 2 of 3 meetings will not start tomorrow",
    ]


def test_what_is_over_the_limit_is_said_and_not_tried_again(cast, tomorrow, nightly, monkeypatch):
    monkeypatch.setattr(service, "MOST_ASKED", 2)
    nightly()
    (message,) = mail.outbox
    assert message.subject == ("Acme: 1 of tomorrow's 3 meetings could not be looked up at Zoom")
    assert TomorrowReport.objects.get().nightly_at == EVENING


def test_the_next_night_is_another_report(cast, tomorrow, nightly):
    nightly()
    nightly(now=EVENING + timedelta(days=1))
    assert TomorrowReport.objects.count() == 2


class BrokenBackend:
    """A mail server that is away."""

    def __init__(self, *args, **kwargs):
        pass

    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("away")


def test_a_mail_that_does_not_leave_is_tried_again(cast, tomorrow, zoom, nightly, settings):
    zoom.delete_meeting(tomorrow[1].meeting_number)
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.BrokenBackend"
    nightly()
    assert TomorrowReport.objects.get().mailed_at is None
    settings.EMAIL_BACKEND = working
    nightly(now=EVENING + timedelta(hours=1))
    assert len(mail.outbox) == 1


def test_two_at_once_send_one_mail(cast, tomorrow, zoom, nightly):
    """The second has made its report when the first has taken the mail."""
    zoom.delete_meeting(tomorrow[1].meeting_number)
    nightly()
    TomorrowReport.objects.update(nightly_at=None)
    nightly()
    assert len(mail.outbox) == 1


def test_former_admins_are_told_nothing(cast, tomorrow, zoom, nightly):
    zoom.delete_meeting(tomorrow[1].meeting_number)
    MembershipFactory(organization=cast.acme, role=Membership.Role.ADMIN, is_active=False)
    nightly()
    assert mail.outbox[0].to == ["ada@acme.example"]


def test_a_line_break_in_a_name_makes_no_header(cast, tomorrow, zoom, nightly):
    zoom.delete_meeting(tomorrow[1].meeting_number)
    change(cast.acme, name="Acme\nBcc: eve@evil.example")
    nightly()
    assert "\n" not in mail.outbox[0].subject


# --- The tasks ------------------------------------------------------------------------------


@pytest.fixture
def eager():
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def test_each_active_organization_has_a_task_of_its_own(cast, tomorrow, zoom, eager):
    zoom.delete_meeting(tomorrow[1].meeting_number)
    with time_machine.travel(EVENING, tick=True):
        assert sweep_reports() == 2
    assert {report.organization for report in TomorrowReport.objects.all()} == {
        cast.acme,
        cast.globex,
    }


def test_an_inactive_organization_has_none(cast, zoom, eager):
    change(cast.acme, is_active=False)
    with time_machine.travel(EVENING, tick=True):
        assert sweep_reports() == 1
        report_tomorrow(str(cast.acme.pk))
    assert TomorrowReport.objects.get().organization == cast.globex


def test_a_broken_organization_stops_nobody(cast, schedule, zoom):
    """A secret that cannot be unsealed: its meetings are not looked up, and the next one is."""
    schedule(cast.alice_host, starts_at=TOMORROW)
    theirs = schedule(cast.carol_host, topic="Board", starts_at=TOMORROW)
    zoom.delete_meeting(theirs.meeting_number)
    foreign = cast.globex_account.__dict__["client_secret"]
    cast.acme_account.access_token.delete()
    type(cast.acme_account).objects.filter(pk=cast.acme_account.pk).update(client_secret=foreign)
    with time_machine.travel(EVENING, tick=True):
        report_tomorrow(str(cast.acme.pk))
        report_tomorrow(str(cast.globex.pk))
    found = {r.organization: (r.failing, r.unasked) for r in TomorrowReport.objects.all()}
    assert found == {cast.acme: (0, 1), cast.globex: (1, 0)}


# --- The admin ------------------------------------------------------------------------------


@pytest.fixture
def report(cast, tomorrow, zoom, make):
    zoom.delete_meeting(tomorrow[1].meeting_number)
    return make()


def test_the_page_tells_each_with_its_fix_and_link(cast, tomorrow, report, signed_in):
    body = signed_in(cast.ada).get(f"{ADMIN}{report.pk}/change/").content.decode()
    assert "1 of 3 meetings will not start tomorrow." in body
    assert "The meeting was deleted at Zoom." in body
    assert "Schedule it again" in body
    assert f"/admin/meetings/meeting/{tomorrow[1].pk}/change/" in body


def test_the_list_has_the_headline(cast, report, signed_in):
    body = signed_in(cast.ada).get(ADMIN).content.decode()
    assert "1 of 3 meetings will not start tomorrow" in body
    assert "report now" in body


def test_a_report_outlives_its_meetings(cast, tomorrow, report, signed_in):
    Meeting.objects.filter(pk=tomorrow[1].pk).delete()
    assert "Exam" in signed_in(cast.ada).get(f"{ADMIN}{report.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("who", "status"), [("gus", 302), ("operator", 403), ("alice", 302), ("sam", 302)]
)
def test_nobody_else_reads_it(cast, report, signed_in, who, status):
    answer = signed_in(getattr(cast, who)).get(f"{ADMIN}{report.pk}/change/")
    assert answer.status_code == status
    assert "Exam" not in answer.content.decode()


def test_the_button_makes_it_now_without_mail(cast, tomorrow, zoom, signed_in, eager):
    zoom.delete_meeting(tomorrow[1].meeting_number)
    client = signed_in(cast.ada)
    with time_machine.travel(EVENING, tick=True):
        client.force_login(cast.ada)
        assert client.post(f"{ADMIN}run/").status_code == 302
        assert client.post(f"{ADMIN}run/").status_code == 302
    made = TomorrowReport.objects.get()
    assert (made.organization, made.failing) == (cast.acme, 1)
    assert mail.outbox == []
    assert AuditEvent.objects.filter(action="report.requested").count() == 2


def test_two_clicks_are_one_report(cast, tomorrow, zoom, eager):
    with time_machine.travel(EVENING, tick=True):
        make_report_now(str(cast.acme.pk))
        zoom.clear_ledger()
        make_report_now(str(cast.acme.pk))
    assert zoom.calls() == []


@pytest.mark.parametrize(("who", "status"), [("alice", 302), ("operator", 403), ("ada", 302)])
def test_the_button_is_the_admins(cast, zoom, signed_in, eager, who, status):
    assert signed_in(getattr(cast, who)).post(f"{ADMIN}run/").status_code == status
    assert TomorrowReport.objects.exists() is (who == "ada")


def test_the_button_is_a_post(cast, signed_in):
    assert signed_in(cast.ada).get(f"{ADMIN}run/").status_code == 405
