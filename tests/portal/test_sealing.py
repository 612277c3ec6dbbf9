"""Secrets at rest: readable in their own place, and nowhere else."""

import base64
import contextlib
import json
import logging
import pickle
import uuid
from itertools import permutations

import pytest
from django.core import serializers
from django.core.exceptions import FieldError
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F, Value
from django.forms import modelform_factory
from django.forms.models import model_to_dict
from hypothesis import given
from hypothesis import strategies as st

from meetings.models import Meeting
from portal.checks import sealing_keys_are_usable
from portal.rotation import SealedColumn, all_sealings
from portal.sealing import (
    Place,
    PlainTextRefused,
    SealBroken,
    Sealed,
    SealingError,
    load_keys,
    seal,
    unseal,
)
from tests.factories import MeetingFactory, OrganizationFactory, ZoomAccountFactory
from tests.portal.rows import row_with
from zoomauth.models import ZoomAccount

CANARY = "canary-7f3b9d-of-a-secret"
PLACE = Place(owner="acme", model="zoomauth.zoomaccount", field="client_secret", row="1")
OLD = "old=" + base64.b64encode(b"o" * 32).decode()
NEW = "new=" + base64.b64encode(b"n" * 32).decode()
SEALED_COLUMNS = [sealing for sealing in all_sealings() if isinstance(sealing, SealedColumn)]
in_database = [pytest.mark.django_db, pytest.mark.both_databases]


def column_of(row, field):
    """What stands in the column, read past the ORM."""
    table, key = row._meta.db_table, row._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {field} FROM {table} WHERE {key.column} = %s",  # noqa: S608 - our own names
            [key.get_db_prep_value(row.pk, connection)],
        )
        return cursor.fetchone()[0]


def put_in_column(row, field, text):
    table, key = row._meta.db_table, row._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {field} = %s WHERE {key.column} = %s",  # noqa: S608 - our own names
            [text, key.get_db_prep_value(row.pk, connection)],
        )


def reread(row):
    return type(row).objects.get(pk=row.pk)


# --- One text in one place --------------------------------------------------------------------


@given(st.text(min_size=1))
def test_what_was_sealed_opens_in_its_place(text):
    assert unseal(seal(text, PLACE), PLACE) == text


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=4))
def test_the_ciphertext_does_not_hold_the_text(text):
    assert text not in seal(text * 4, PLACE).ciphertext


def test_the_same_text_is_never_sealed_alike():
    assert seal(CANARY, PLACE) != seal(CANARY, PLACE)


@pytest.mark.parametrize("part", ["owner", "model", "field", "row"])
def test_every_part_of_the_place_is_bound(part):
    elsewhere = Place(**{**vars(PLACE), part: "other"})
    with pytest.raises(SealBroken):
        unseal(seal(CANARY, PLACE), elsewhere)


def test_two_places_never_read_the_same():
    shifted = Place(owner="acmezoomauth", model=".zoomaccount", field="client_secret", row="1")
    assert shifted.authenticated_data("k") != PLACE.authenticated_data("k")


@given(st.integers(0, 12 + len(CANARY) + 16 - 1), st.integers(1, 255))
def test_an_altered_byte_is_refused(index, change):
    head, _, encoded = seal(CANARY, PLACE).ciphertext.rpartition(".")
    data = bytearray(base64.b64decode(encoded))
    data[index] ^= change
    with pytest.raises(SealBroken):
        unseal(Sealed(f"{head}.{base64.b64encode(data).decode()}"), PLACE)


@pytest.mark.parametrize("end", [0, 3, 8, 20, -4])
def test_a_shortened_ciphertext_is_refused(end):
    with pytest.raises(SealBroken):
        unseal(Sealed(seal(CANARY, PLACE).ciphertext[:end]), PLACE)


@given(st.text())
def test_no_junk_opens_or_breaks(junk):
    for text in (junk, f"v1.test.{junk}"):
        with pytest.raises(SealBroken):
            unseal(Sealed(text), PLACE)


def test_an_unknown_key_is_refused(settings):
    settings.SEALING_KEYS = OLD
    sealed = seal(CANARY, PLACE)
    settings.SEALING_KEYS = NEW
    with pytest.raises(SealBroken, match="unknown"):
        unseal(sealed, PLACE)


def test_the_first_key_writes_and_every_key_reads(settings):
    settings.SEALING_KEYS = OLD
    before = seal(CANARY, PLACE)
    settings.SEALING_KEYS = f"{NEW},{OLD}"
    assert unseal(before, PLACE) == CANARY
    assert seal(CANARY, PLACE).ciphertext.startswith("v1.new.")


def test_the_key_id_cannot_be_swapped(settings):
    same_key_twice = f"{OLD},{OLD.replace('old=', 'alias=')}"
    settings.SEALING_KEYS = same_key_twice
    swapped = seal(CANARY, PLACE).ciphertext.replace("v1.old.", "v1.alias.")
    with pytest.raises(SealBroken):
        unseal(Sealed(swapped), PLACE)


def test_a_broken_seal_tells_neither_text_nor_cause():
    with pytest.raises(SealBroken) as caught:
        unseal(Sealed(seal(CANARY, PLACE).ciphertext[:-8] + "AAAAAAA="), PLACE)
    assert caught.value.__suppress_context__
    assert CANARY not in str(caught.value)


# --- Keys -------------------------------------------------------------------------------------


def test_keys_are_read_in_their_order():
    assert list(load_keys(f" {NEW} , {OLD},")) == ["new", "old"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " , ",
        "novalue",
        "=" + OLD.partition("=")[2],
        "short=" + base64.b64encode(b"s" * 31).decode(),
        "long=" + base64.b64encode(b"l" * 33).decode(),
        "bad=not base64!",
        "bad=schlüssel",
        "dot.ted=" + OLD.partition("=")[2],
        f"{OLD},{OLD}",
        f"{OLD};{NEW}",
    ],
)
def test_a_bad_list_of_keys_is_refused(text):
    with pytest.raises(SealingError):
        load_keys(text)


@given(st.text())
def test_any_text_is_a_list_of_keys_or_a_sealing_error(text):
    with contextlib.suppress(SealingError):
        assert all(len(key) == 32 for key in load_keys(text).values())


def test_the_error_does_not_repeat_the_keys():
    with pytest.raises(SealingError) as caught:
        load_keys(f"{OLD},{CANARY}=zzz")
    assert CANARY not in str(caught.value)
    assert OLD.partition("=")[2] not in str(caught.value)


def test_the_system_check_names_bad_keys(settings):
    settings.SEALING_KEYS = "bad"
    assert [error.id for error in sealing_keys_are_usable(None)] == ["portal.E001"]


def test_the_system_check_takes_good_keys(settings):
    settings.SEALING_KEYS = NEW
    assert sealing_keys_are_usable(None) == []


# --- Rows -------------------------------------------------------------------------------------


@pytest.fixture
def account(db):
    return ZoomAccountFactory(client_secret=CANARY)


class TestRows:
    pytestmark = in_database

    def test_a_saved_secret_is_read_back(self, account):
        assert reread(account).client_secret == CANARY

    def test_the_column_holds_ciphertext_only(self, account):
        column = column_of(account, "client_secret")
        assert column.startswith("v1.test.")
        assert CANARY not in column

    def test_an_unsaved_secret_can_be_read(self):
        assert ZoomAccount(client_secret=CANARY).client_secret == CANARY

    def test_empty_stays_empty(self):
        account = ZoomAccountFactory(webhook_secret="")
        assert column_of(account, "webhook_secret") == ""
        assert reread(account).webhook_secret == ""

    def test_a_secret_can_be_replaced(self, account):
        account.client_secret = "another"
        account.save(update_fields=["client_secret"])
        assert reread(account).client_secret == "another"

    def test_saving_something_else_keeps_the_ciphertext(self, account):
        before = column_of(account, "client_secret")
        row = reread(account)
        row.name = "Other"
        row.save()
        assert column_of(account, "client_secret") == before

    def test_bulk_create_seals(self):
        account = ZoomAccountFactory.build(organization=OrganizationFactory(), client_secret=CANARY)
        ZoomAccount.objects.bulk_create([account])
        assert CANARY not in column_of(account, "client_secret")
        assert reread(account).client_secret == CANARY

    def test_a_deferred_secret_is_fetched_on_access(self, account):
        row = ZoomAccount.objects.defer("client_secret").get(pk=account.pk)
        assert "client_secret" not in vars(row)
        assert row.client_secret == CANARY

    def test_saving_with_a_deferred_secret_keeps_it(self, account):
        row = ZoomAccount.objects.only("name").get(pk=account.pk)
        row.name = "Other"
        row.save()
        assert reread(account).client_secret == CANARY

    def test_refresh_from_db_reads_what_another_wrote(self, account):
        row = reread(account)
        account.client_secret = "another"
        account.save(update_fields=["client_secret"])
        row.refresh_from_db()
        assert row.client_secret == "another"

    def test_update_takes_a_sealed_text(self, account):
        sealed = ZoomAccount._meta.get_field("client_secret").seal_for(account, "another")
        ZoomAccount.objects.filter(pk=account.pk).update(client_secret=sealed)
        assert reread(account).client_secret == "another"

    @pytest.mark.parametrize(
        "write",
        [
            lambda rows: rows.update(client_secret="plain"),
            lambda rows: rows.update(client_secret=F("name")),
            lambda rows: rows.update(client_secret=F("sdk_client_secret")),
            lambda rows: rows.update(client_secret=Value("plain")),
            lambda rows: rows.bulk_update(rows.all(), ["client_secret"]),
        ],
        ids=["text", "F", "F of a sealed field", "Value", "bulk_update"],
    )
    def test_a_write_past_the_instance_is_refused(self, account, write):
        before = column_of(account, "client_secret")
        with pytest.raises(PlainTextRefused), transaction.atomic():
            write(ZoomAccount.objects.filter(pk=account.pk))
        assert column_of(account, "client_secret") == before

    @pytest.mark.parametrize("lookup", ["", "__exact"])
    def test_filtering_by_plain_text_is_refused(self, account, lookup):
        with pytest.raises(PlainTextRefused):
            ZoomAccount.objects.filter(**{f"client_secret{lookup}": CANARY}).exists()

    @pytest.mark.parametrize(
        "lookup", ["contains", "iexact", "startswith", "endswith", "regex", "gt", "lt"]
    )
    def test_sealed_text_cannot_be_searched(self, account, lookup):
        with pytest.raises(FieldError, match="Unsupported lookup"):
            ZoomAccount.objects.filter(**{f"client_secret__{lookup}": CANARY})

    def test_rows_without_a_secret_can_be_found(self, account):
        bare = ZoomAccountFactory(webhook_secret="")
        assert ZoomAccount.objects.get(webhook_secret="") == bare

    def test_filtering_by_a_list_of_plain_texts_is_refused(self, account):
        with pytest.raises(PlainTextRefused):
            ZoomAccount.objects.filter(client_secret__in=[CANARY]).exists()

    def test_values_are_not_unsealed(self, account):
        assert CANARY not in repr(list(ZoomAccount.objects.values("client_secret")))


# --- Every place against every other ----------------------------------------------------------


@pytest.fixture
def places(db):
    """(row, field) of every sealed column that there is, in two organizations."""
    found = []
    for organization in OrganizationFactory.create_batch(2):
        for column in SEALED_COLUMNS:
            row = row_with(column.model, organization)
            setattr(row, column.field.name, "something")
            row.save(update_fields=[column.field.name])
            found.append((row, column.field.name))
    return found


class TestSwapping:
    pytestmark = in_database

    def test_no_ciphertext_opens_in_any_other_place(self, places):
        columns = {index: column_of(*place) for index, place in enumerate(places)}
        opened = []
        for source, target in permutations(range(len(places)), 2):
            row, field = places[target]
            put_in_column(row, field, columns[source])
            with contextlib.suppress(SealBroken):
                opened.append((source, target, getattr(reread(row), field)))
            put_in_column(row, field, columns[target])
        assert len(places) == 2 * len(SEALED_COLUMNS) >= 16
        assert opened == []

    def test_every_ciphertext_opens_in_its_own_place(self, places):
        for row, field in places:
            put_in_column(row, field, column_of(row, field))
            assert getattr(reread(row), field)

    def test_a_secret_does_not_follow_an_account_to_another_owner(self, account):
        ZoomAccount.objects.filter(pk=account.pk).update(organization=OrganizationFactory())
        with pytest.raises(SealBroken):
            _ = reread(account).client_secret

    def test_nor_to_the_installation(self, account):
        ZoomAccount.objects.filter(pk=account.pk).update(organization=None)
        with pytest.raises(SealBroken):
            _ = reread(account).client_secret

    def test_nor_by_saving_the_instance(self, account):
        row = reread(account)
        row.organization = OrganizationFactory()
        row.save(update_fields=["organization", "client_secret"])
        with pytest.raises(SealBroken):
            _ = reread(account).client_secret

    def test_nor_to_a_copy_under_another_id(self, account):
        row = reread(account)
        row.pk, row._state.adding = uuid.uuid4(), True
        row.save(force_insert=True)
        with pytest.raises(SealBroken):
            _ = reread(row).client_secret

    def test_the_installations_own_account_is_a_place_too(self):
        account = ZoomAccountFactory(organization=None, client_secret=CANARY)
        assert reread(account).client_secret == CANARY


# --- Ways out ---------------------------------------------------------------------------------


def dump(row):
    return serializers.serialize("json", [row])


class TestWaysOut:
    pytestmark = in_database

    @pytest.mark.parametrize(
        "way_out",
        [
            repr,
            str,
            lambda row: repr(vars(row)),
            lambda row: json.dumps(vars(row), default=repr),
            model_to_dict,
            lambda row: model_to_dict(row, fields=["client_secret"]),
            lambda row: modelform_factory(ZoomAccount, fields="__all__")(instance=row).as_p(),
        ],
        ids=["repr", "str", "vars", "json", "model_to_dict", "model_to_dict-field", "form"],
    )
    @pytest.mark.parametrize("state", ["unsaved", "saved", "read", "refreshed", "changed"])
    def test_no_way_out_shows_the_text(self, state, way_out):
        row = in_state(state)
        assert row.client_secret == CANARY
        assert CANARY not in str(way_out(row))

    @pytest.mark.parametrize("state", ["saved", "read", "refreshed", "changed"])
    def test_a_serialized_row_holds_ciphertext_only(self, state):
        serialized = dump(in_state(state))
        assert '"client_secret": "v1.test.' in serialized
        assert CANARY not in serialized

    @pytest.mark.parametrize("state", ["saved", "read"])
    def test_a_pickle_holds_ciphertext_only(self, state):
        pickled = pickle.dumps(in_state(state))
        assert CANARY.encode() not in pickled
        assert pickle.loads(pickled).client_secret == CANARY  # noqa: S301 - made above

    @pytest.mark.parametrize("state", ["unsaved", "changed"])
    def test_unsealed_text_cannot_be_pickled(self, state):
        with pytest.raises(PlainTextRefused):
            pickle.dumps(in_state(state))

    def test_a_log_line_about_the_row_has_no_text(self, account, caplog):
        with caplog.at_level(logging.DEBUG):
            logging.getLogger("any").warning("%s %r %s", account, account, vars(account))
        assert CANARY not in caplog.text

    def test_statements_sent_to_the_database_have_no_text(self, account):
        with connection.execute_wrapper(recorder := Recorder()):
            account.client_secret = CANARY
            account.save(update_fields=["client_secret"])
        assert "v1.test." in recorder.seen
        assert CANARY not in recorder.seen

    def test_dumpdata_has_no_text(self, account, capsys):
        call_command("dumpdata", "zoomauth", "meetings")
        printed = capsys.readouterr().out
        assert str(account.pk) in printed
        assert CANARY not in printed

    def test_loading_a_dump_is_refused_rather_than_sealed_twice(self, account):
        (loaded,) = serializers.deserialize("json", dump(reread(account)))
        with pytest.raises(PlainTextRefused), transaction.atomic():
            loaded.save()
        assert reread(account).client_secret == CANARY

    def test_passcode_and_join_link_are_sealed_too(self):
        meeting = MeetingFactory(passcode=CANARY, join_url=f"https://zoom.us/j/1?pwd={CANARY}")
        assert CANARY not in column_of(meeting, "passcode") + column_of(meeting, "join_url")
        assert CANARY not in dump(Meeting.objects.get(pk=meeting.pk))


def in_state(state):
    """An account whose client secret is the canary, at this point of its life."""
    if state == "unsaved":
        return ZoomAccount(client_secret=CANARY, name="Zoom")
    if state == "changed":
        row = reread(ZoomAccountFactory(client_secret="another"))
        row.client_secret = CANARY
        return row
    account = ZoomAccountFactory(client_secret=CANARY)
    if state == "refreshed":
        account.refresh_from_db()
    return reread(account) if state == "read" else account


class Recorder:
    seen = ""

    def __call__(self, execute, sql, params, many, context):
        self.seen += f"{sql} {params}"
        return execute(sql, params, many, context)
