"""Whoever can help hears that Zoom refuses an account's credentials, once each time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import MembershipFactory, UserFactory, ZoomAccountFactory
from zoomauth.accounts import client_for
from zoomauth.errors import ZoomCredentialsRejected
from zoomauth.models import AccessToken, Health, ZoomConnection
from zoomauth.outage_mail import MOST_ATTEMPTS
from zoomauth.services import refresh_account
from zoomauth.tasks import mail_blocked_accounts
from zoomauth.tokens import get_access_token

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
BROKEN = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def blocked(cast):
    """acme's account, blocked a moment ago."""
    return AccessToken.objects.create(
        account=cast.acme_account,
        health=Health.BLOCKED,
        failures=1,
        failing_since=timezone.now(),
        failed_at=timezone.now(),
        error_slug="zoom_credentials_rejected",
        tracking_id="WEB_4711",
        notice_due_at=timezone.now(),
    )


def reached(mailoutbox):
    return [sorted(mail.recipients()) for mail in mailoutbox]


def test_the_active_admins_hear_of_it_in_one_mail(cast, blocked, mailoutbox):
    MembershipFactory(organization=cast.acme, role="admin", user__email="zed@acme.example")
    MembershipFactory(organization=cast.acme, role="admin", is_active=False)
    MembershipFactory(organization=cast.acme, role="admin", user=UserFactory(is_active=False))
    mail_blocked_accounts()
    assert reached(mailoutbox) == [["ada@acme.example", "zed@acme.example"]]


def test_they_do_not_read_of_each_other_in_it(cast, blocked, mailoutbox):
    MembershipFactory(organization=cast.acme, role="admin", user__email="zed@acme.example")
    mail_blocked_accounts()
    assert "zed@acme.example" not in str(mailoutbox[0].message())


def test_it_says_what_to_do_and_where(cast, blocked, mailoutbox):
    mail_blocked_accounts()
    text = mailoutbox[0].body
    assert str(ZoomCredentialsRejected.admin_message) in text
    assert f"/admin/zoomauth/zoomaccount/{cast.acme_account.pk}/check/" in text
    assert "WEB_4711" in text


def test_a_secret_is_in_neither_subject_nor_text(cast, blocked, mailoutbox):
    mail_blocked_accounts()
    text = str(mailoutbox[0].message())
    for name in ("client_secret", "sdk_client_secret", "webhook_secret"):
        assert getattr(cast.acme_account, name) not in text


def test_once_is_enough(blocked, mailoutbox):
    mail_blocked_accounts()
    mail_blocked_accounts()
    assert len(mailoutbox) == 1


def test_further_refusals_are_the_same_outage(cast, zoom, mailoutbox):
    zoom.change_account(client_secret="another-secret")
    for _ in range(2):
        with pytest.raises(ZoomCredentialsRejected):
            get_access_token(cast.acme_account, client_for(cast.acme_account))
        AccessToken.objects.update(failed_at=timezone.now() - timedelta(minutes=1))
        mail_blocked_accounts()
    assert len(mailoutbox) == 1


def test_the_next_outage_is_mailed_again(cast, zoom, mailoutbox):
    AccessToken.objects.create(account=cast.acme_account)
    for _ in range(2):
        zoom.change_account(client_secret="another-secret")
        cast.acme_account.access_token.refresh_from_db()
        with pytest.raises(ZoomCredentialsRejected):
            refresh_account(cast.acme_account)
        mail_blocked_accounts()
        zoom.change_account(client_secret="acme-client-secret-0123456789abcdef")
        refresh_account(cast.acme_account)
    assert len(mailoutbox) == 2


def test_what_ends_by_itself_is_not_mailed(blocked, mailoutbox):
    AccessToken.objects.update(health=Health.FAILING)
    mail_blocked_accounts()
    assert mailoutbox == []


def test_a_shared_account_is_the_operators_affair_alone(cast, mailoutbox):
    shared = ZoomAccountFactory(organization=None)
    ZoomConnection.objects.filter(organization=cast.globex).delete()
    ZoomConnection.objects.create(
        organization=cast.globex, account=shared, owner_key=shared.owner_key
    )
    AccessToken.objects.create(
        account=shared,
        health=Health.BLOCKED,
        failing_since=timezone.now(),
        notice_due_at=timezone.now(),
    )
    mail_blocked_accounts()
    assert reached(mailoutbox) == [[cast.operator.email]]


def test_a_mail_that_does_not_leave_is_tried_again(blocked, mailoutbox, settings, time_machine):
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = BROKEN, "127.0.0.1", 9
    mail_blocked_accounts()
    settings.EMAIL_BACKEND = backend
    mail_blocked_accounts()
    assert mailoutbox == []
    time_machine.move_to(timezone.now() + timedelta(minutes=6))
    mail_blocked_accounts()
    assert len(mailoutbox) == 1


def test_it_is_given_up_after_many_attempts(blocked, mailoutbox):
    AccessToken.objects.update(notice_attempts=MOST_ATTEMPTS)
    mail_blocked_accounts()
    assert mailoutbox == []


def test_two_mailers_at_once_send_it_once(blocked, mailoutbox):
    # The other one has taken it and is about to send.
    AccessToken.objects.update(notice_due_at=timezone.now() + timedelta(minutes=5))
    mail_blocked_accounts()
    assert mailoutbox == []


def test_a_line_break_in_a_name_begins_no_header(cast, blocked, mailoutbox):
    type(cast.acme_account).objects.filter(pk=cast.acme_account.pk).update(name="A\nBcc: x@y.z")
    mail_blocked_accounts()
    assert "\n" not in mailoutbox[0].subject
