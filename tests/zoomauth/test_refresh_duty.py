"""Which tokens the sweep takes, who may then do the work, and that nothing is lost."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from portal.models import Organization
from tests.factories import ZoomAccountFactory
from zoomauth.accounts import client_for
from zoomauth.credentials import add_account, change_account
from zoomauth.models import AccessToken, ZoomAccount, ZoomConnection
from zoomauth.refresh_duty import begin, give_duties, take_due, taken_for
from zoomauth.tasks import refresh_access_token
from zoomauth.tokens import get_access_token

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
SECOND = timedelta(seconds=1)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def due(cast, now):
    """acme's token, due a second ago."""
    return AccessToken.objects.create(account=cast.acme_account, next_refresh_at=now - SECOND)


def connected_accounts(count, due_at):
    """That many accounts in use, each due a moment after the one before."""
    organizations = [Organization.objects.create(name=f"Organization {n}") for n in range(count)]
    accounts = [ZoomAccountFactory(organization=each) for each in organizations]
    for organization, account in zip(organizations, accounts, strict=True):
        ZoomConnection.objects.create(
            organization=organization, account=account, owner_key=organization.pk
        )
    AccessToken.objects.bulk_create(
        AccessToken(account=account, next_refresh_at=due_at + n * timedelta(milliseconds=1))
        for n, account in enumerate(accounts)
    )
    return accounts


def perform(duty):
    refresh_access_token(str(duty.account_id), duty.taken_until.isoformat())


# --- What is due ------------------------------------------------------------------------------


def test_every_stored_token_says_when_to_replace_it(cast, zoom, now):
    get_access_token(cast.acme_account, client_for(cast.acme_account))
    due_at = AccessToken.objects.get().next_refresh_at
    assert timedelta(minutes=29) < due_at - now < timedelta(minutes=49)


def test_what_is_due_is_taken_and_what_is_not_is_left(cast, due, now):
    AccessToken.objects.create(account=cast.globex_account, next_refresh_at=now + SECOND)
    assert [duty.account_id for duty in take_due(now)] == [cast.acme_account.pk]


def test_a_batch_is_bounded_and_begins_with_the_longest_overdue(db, now):
    accounts = connected_accounts(4, now - SECOND)
    first, second = take_due(now, limit=3), take_due(now, limit=3)
    assert [d.account_id for d in first + second] == [account.pk for account in accounts]


def test_what_was_taken_is_nobody_elses_for_less_than_a_minute(due, now):
    assert taken_for() < timedelta(seconds=30)
    assert take_due(now)
    assert take_due(now + taken_for() - SECOND) == []
    assert take_due(now + taken_for())


def test_an_account_that_nobody_uses_loses_its_duty_and_does_not_clog_the_sweep(cast, due, now):
    Organization.objects.filter(pk=cast.acme.pk).update(is_active=False)
    AccessToken.objects.create(account=cast.globex_account, next_refresh_at=now)
    assert take_due(now, limit=1) == []
    assert len(take_due(now, limit=1)) == 1
    due.refresh_from_db()
    assert due.next_refresh_at is None


@pytest.mark.parametrize("others", [1, 30])
def test_a_sweep_costs_the_same_queries_among_many_accounts(
    cast, due, now, others, django_assert_num_queries
):
    connected_accounts(others, now + timedelta(hours=1))
    with django_assert_num_queries(5):  # two of them begin and end the transaction
        assert len(take_due(now)) == 1


def test_the_sweep_goes_down_its_index(due, now):
    rows = AccessToken.objects.filter(next_refresh_at__lte=now).order_by("next_refresh_at")[:9]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The planner reads a table this small as it lies; asked not to, it shows what it can.
            cursor.execute("SET LOCAL enable_seqscan = off")
    assert "accesstoken_next_refresh" in rows.explain()


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_take_each_duty_once(db, now):
    accounts = connected_accounts(20, now - SECOND)
    together = threading.Barrier(4)

    def sweep(_):
        together.wait(10)
        try:
            return [duty.account_id for duty in take_due(now, limit=20)]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        taken = [account_id for part in pool.map(sweep, range(4)) for account_id in part]
    assert sorted(taken) == sorted(account.pk for account in accounts)


# --- Who does it ------------------------------------------------------------------------------


def test_a_taken_duty_ends_in_a_new_token(cast, zoom, due, now):
    [duty] = take_due(now)
    perform(duty)
    due.refresh_from_db()
    assert due.generation == 1
    assert due.next_refresh_at > now + timedelta(minutes=25)


def test_a_message_that_comes_twice_is_one_token_request(cast, zoom, due, now):
    [duty] = take_due(now)
    perform(duty)
    perform(duty)
    assert zoom.calls() == ["oauth.token"]


def test_a_message_that_comes_twice_is_one_request_also_when_it_fails(cast, zoom, due, now):
    zoom.change_account(client_secret="another-secret")
    [duty] = take_due(now)
    perform(duty)
    perform(duty)
    assert zoom.calls() == ["oauth.token"]


def test_a_message_whose_duty_was_taken_anew_does_nothing(cast, zoom, due, now):
    [lost] = take_due(now)
    [duty] = take_due(now + taken_for())
    perform(lost)
    assert zoom.calls() == []
    perform(duty)
    assert zoom.calls() == ["oauth.token"]


def test_a_host_who_got_the_token_meanwhile_leaves_nothing_to_do(cast, zoom, due, now):
    [duty] = take_due(now)
    get_access_token(cast.acme_account, client_for(cast.acme_account))
    perform(duty)
    assert zoom.calls() == ["oauth.token"]


def test_a_worker_that_dies_at_work_leaves_the_duty_behind(due, now):
    [duty] = take_due(now)
    assert begin(duty, now + SECOND)
    assert take_due(now + taken_for()) == []
    assert take_due(now + SECOND + taken_for())


def test_an_account_that_is_gone_disturbs_nobody(cast, zoom, due, now):
    [duty] = take_due(now)
    ZoomConnection.objects.filter(account=cast.acme_account).delete()
    ZoomAccount.objects.filter(pk=cast.acme_account.pk).delete()
    perform(duty)
    assert zoom.calls() == []


# --- How duties come about --------------------------------------------------------------------


def new_account(organization, **fields):
    credentials = {
        "account_id": "new-account",
        "client_id": "new-client",
        "client_secret": "new-secret",
        "sdk_client_id": "new-sdk",
        "sdk_client_secret": "new-sdk-secret",
    }
    account = ZoomAccount(organization=organization, **{**credentials, **fields})
    add_account(account, actor=None)
    return account


def test_new_credentials_are_due_at_once_so_that_no_host_waits(cast, now):
    ZoomConnection.objects.filter(organization=cast.acme).delete()
    account = new_account(cast.acme)
    ZoomConnection.objects.create(organization=cast.acme, account=account, owner_key=cast.acme.pk)
    assert account.pk in [duty.account_id for duty in take_due(timezone.now())]


def test_changed_credentials_are_due_at_once(cast, zoom, now):
    get_access_token(cast.acme_account, client_for(cast.acme_account))
    cast.acme_account.client_secret = "another"
    change_account(cast.acme_account, ["client_secret"], actor=None)
    assert [duty.account_id for duty in take_due(timezone.now())] == [cast.acme_account.pk]


def test_an_account_in_use_without_a_row_gets_one(cast, now):
    assert give_duties(now) == 2
    assert len(take_due(now)) == 2


def test_an_organization_that_is_active_again_gets_its_duty_back(cast, due, now):
    AccessToken.objects.update(next_refresh_at=None)
    assert give_duties(now) == 2
    due.refresh_from_db()
    assert due.next_refresh_at == now


def test_a_token_without_a_duty_is_due_by_its_end(cast, due, now):
    ends = now + timedelta(minutes=45)
    AccessToken.objects.update(next_refresh_at=None, expires_at=ends)
    give_duties(now)
    due.refresh_from_db()
    assert due.next_refresh_at == ends - timedelta(minutes=20)


def test_duties_are_given_to_nobody_who_has_one_or_is_not_in_use(cast, now):
    give_duties(now)
    Organization.objects.filter(pk=cast.globex.pk).update(is_active=False)
    AccessToken.objects.filter(account=cast.globex_account).update(next_refresh_at=None)
    assert give_duties(now) == 0


def test_a_message_holds_ids_and_times_alone(due, now):
    [duty] = take_due(now)
    assert isinstance(duty.account_id, UUID)
    assert duty.taken_until == now + taken_for()
