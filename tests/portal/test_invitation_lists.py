"""Inviting a list of people from a CSV file: shown first, then done."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from portal.celery import app
from portal.invitations.mailing import mail_due_invitations
from portal.models import AuditEvent, Invitation, Membership
from tests.factories import InvitationFactory, MembershipFactory

pytestmark = pytest.mark.django_db
PAGE = "/admin/portal/invitation/list/"
FATE = re.compile(r'data-fate="(\w+)"')


def body(response):
    return response.content.decode()


def file_of(text):
    content = text if isinstance(text, bytes) else text.encode()
    return SimpleUploadedFile("people.csv", content, content_type="text/csv")


def upload(client, organization, text):
    return client.post(PAGE, {"organization": organization.pk, "file": file_of(text)})


def confirm(client, organization, text):
    return client.post(PAGE, {"organization": organization.pk, "text": text})


@pytest.fixture
def ada(cast, signed_in):
    return signed_in(cast.ada)


def test_each_row_is_shown_with_its_fate(cast, ada):
    InvitationFactory(organization=cast.acme, email="asked@people.example")
    InvitationFactory(
        organization=cast.acme,
        email="late@people.example",
        expires_at=timezone.now() - timedelta(days=1),
    )
    rows = [
        "email,name,role",
        "new@people.example,New,scheduler",
        "NEW@people.example,Twice,",
        "mia@acme.example,Mia,",
        "asked@people.example,,",
        "late@people.example,,",
        "nobody,,",
        "boss@people.example,,emperor",
        "carol@globex.example,,Member",
    ]
    shown = body(upload(ada, cast.acme, "\n".join(rows)))
    assert FATE.findall(shown) == [
        "new", "duplicate", "member", "invited", "again", "invalid", "invalid", "new",
    ]  # fmt: skip


def test_showing_does_nothing(cast, ada):
    upload(ada, cast.acme, "email\nnew@people.example")
    assert not Invitation.objects.exists()


def test_what_was_shown_is_done_when_confirmed(cast, ada):
    text = "email;name;role\nn1@people.example;One;Scheduler\nn2@people.example;Two;\nbad;;"
    shown = body(confirm(ada, cast.acme, text))
    assert shown.count("http://localhost/invitation/#") == 2
    roles = dict(Invitation.objects.values_list("email", "role"))
    assert roles == {"n1@people.example": "scheduler", "n2@people.example": "member"}
    assert AuditEvent.objects.filter(action="invitation.added").count() == 2


def test_the_preview_carries_the_file_to_the_confirmation(cast, ada):
    text = 'email,name\nn1@people.example,"O\'Neil, <Pat>"'
    form = upload(ada, cast.acme, text).context["confirmation"]
    assert form["text"].value() == text
    confirm(ada, cast.acme, form["text"].value())
    assert Invitation.objects.get().name == "O'Neil, <Pat>"


def test_the_mails_leave_with_the_sweep(cast, ada, mailoutbox):
    confirm(ada, cast.acme, "email\nn1@people.example\nn2@people.example")
    assert mailoutbox == []
    mail_due_invitations()
    assert sorted(mail.to[0] for mail in mailoutbox) == ["n1@people.example", "n2@people.example"]


def test_a_worker_is_asked_to_mail_a_list_at_once(cast, ada, django_capture_on_commit_callbacks):
    with app.connection_for_read() as broker, broker.SimpleQueue("celery") as queue:
        queue.clear()
        with django_capture_on_commit_callbacks(execute=True):
            confirm(ada, cast.acme, "email\nn1@people.example\nn2@people.example")
        message = queue.get(timeout=5)
        message.ack()
        assert message.headers["task"] == "portal.tasks.mail_invitations"


def test_an_expired_invitation_is_sent_again(cast, ada):
    late = timezone.now() - timedelta(days=8)
    InvitationFactory(
        organization=cast.acme, email="late@people.example", expires_at=late, issued_at=late
    )
    confirm(ada, cast.acme, "email\nlate@people.example")
    assert Invitation.objects.get().expires_at > timezone.now()


def test_confirming_twice_invites_once(cast, ada):
    for _ in range(2):
        confirm(ada, cast.acme, "email\nn1@people.example")
    assert Invitation.objects.count() == 1


def test_nobody_is_invited_into_another_organization(cast, ada):
    for send in (upload, confirm):
        assert "Select a valid choice" in body(send(ada, cast.globex, "email\nn1@people.example"))
    assert not Invitation.objects.exists()


def test_an_admin_of_two_organizations_has_the_choice(cast, ada):
    MembershipFactory(user=cast.ada, organization=cast.globex, role=Membership.Role.ADMIN)
    confirm(ada, cast.globex, "email\nn1@people.example")
    assert Invitation.objects.get().organization == cast.globex


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\xff\xfe\x00", "not a CSV file"),
        (b"PK\x03\x04\x00", "not a CSV file"),
        ("name,role\nNora,member", "must name the columns"),
        ("email", "no rows"),
        ("email\n\n\n", "no rows"),
        ('email\n"open', "cannot be read"),
        ("email\n" + "\n".join(f"p{n}@people.example" for n in range(501)), "at most 500"),
        ("email\n" + "x" * 200_001, "too large"),
    ],
    ids=["binary", "spreadsheet", "no column", "no row", "empty rows", "quote", "rows", "size"],
)
def test_a_file_that_cannot_be_used_says_why(cast, ada, text, said):
    assert said in body(upload(ada, cast.acme, text))


def test_a_spreadsheets_mark_at_the_beginning_is_no_mistake(cast, ada):
    shown = upload(ada, cast.acme, b"\xef\xbb\xbfEmail\r\nn1@people.example\r\n")
    assert FATE.findall(body(shown)) == ["new"]


def test_a_list_over_the_days_limit_is_refused(cast, ada):
    many = [
        InvitationFactory.build(organization=cast.acme, email=f"p{n}@people.example")
        for n in range(1999)
    ]
    Invitation.objects.bulk_create(many)
    text = "email\na@people.example\nb@people.example"
    assert "a day are the most" in body(upload(ada, cast.acme, text))


def test_over_the_limit_since_the_preview_the_reason_is_said(cast, ada, monkeypatch):
    monkeypatch.setattr("portal.invitations.issuing.DAILY_LIMIT", 0)
    shown = body(confirm(ada, cast.acme, "email\nn1@people.example"))
    assert "a day are the most" in shown
    assert "This field is required" not in shown


def test_who_is_left_out_over_a_limit_is_said_and_the_others_are_invited(cast, ada):
    taken_back = {"email": "often@people.example", "revoked_at": timezone.now()}
    InvitationFactory.create_batch(5, organization=cast.acme, **taken_back)
    shown = body(confirm(ada, cast.acme, "email\noften@people.example\nn1@people.example"))
    assert "5 times within a day are the most for often@people.example" in shown
    assert Invitation.objects.get(revoked_at=None).email == "n1@people.example"


@pytest.mark.parametrize("who", ["alice", "mia", "sam"])
def test_others_are_not_let_in(cast, signed_in, who):
    client = signed_in(getattr(cast, who))
    assert client.get(PAGE).status_code == 302
    assert upload(client, cast.acme, "email\nn1@people.example").status_code == 302


def test_five_hundred_rows_are_few_queries(cast, ada, django_assert_max_num_queries):
    rows = "\n".join(f"p{n}@people.example" for n in range(500))
    with django_assert_max_num_queries(25):
        upload(ada, cast.acme, f"email\n{rows}")
