"""The dates of recurring meetings."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomsandbox.rest.errors import ZoomRefusal
from zoomsandbox.rest.recurrence import clean_recurrence, make_occurrences

# A Friday, eleven in the morning in Berlin; the clocks go forward on Sunday.
FRIDAY = "2030-03-29T10:00:00Z"
BERLIN = "Europe/Berlin"


def clean(**recurrence):
    return clean_recurrence(recurrence, FRIDAY, BERLIN)


def starts(**recurrence):
    found = make_occurrences(clean(**recurrence), FRIDAY, BERLIN, 45)
    return [one["start_time"] for one in found]


def refused_field(**recurrence):
    with pytest.raises(ZoomRefusal) as refusal:
        starts(**recurrence)
    assert (refusal.value.status, refusal.value.code) == (400, 300)
    return refusal.value.body["errors"][0]["field"]


def test_daily_meeting_keeps_its_time_on_the_wall_when_summer_time_begins():
    assert starts(type=1, end_times=4) == [
        "2030-03-29T10:00:00Z",
        "2030-03-30T10:00:00Z",
        "2030-03-31T09:00:00Z",
        "2030-04-01T09:00:00Z",
    ]


def test_time_that_the_night_of_the_change_lacks_is_an_hour_later():
    recurrence = clean_recurrence({"type": 1, "end_times": 2}, "2030-03-30T01:30:00Z", BERLIN)
    dates = make_occurrences(recurrence, "2030-03-30T01:30:00Z", BERLIN, 30)
    # Half past two is not on that night's clocks, half past three is.
    assert dates[1]["start_time"] == "2030-03-31T01:30:00Z"


def test_interval_is_obeyed():
    assert starts(type=1, repeat_interval=10, end_times=2)[1] == "2030-04-08T09:00:00Z"


def test_weekly_meeting_is_on_the_weekday_of_its_start_unless_told():
    assert starts(type=2, end_times=2) == ["2030-03-29T10:00:00Z", "2030-04-05T09:00:00Z"]
    assert clean(type=2)["weekly_days"] == "6"


def test_weekly_days_are_counted_from_sunday():
    # Sunday and Tuesday.
    assert starts(type=2, weekly_days="3,1", end_times=3) == [
        "2030-03-31T09:00:00Z",
        "2030-04-02T09:00:00Z",
        "2030-04-07T09:00:00Z",
    ]


def test_monthly_meeting_is_on_the_day_of_its_start_unless_told():
    assert clean(type=3)["monthly_day"] == 29


def test_month_without_the_day_is_left_out():
    found = starts(type=3, monthly_day=31, end_times=3)
    assert [text[:10] for text in found] == ["2030-03-31", "2030-05-31", "2030-07-31"]


@pytest.mark.parametrize(
    ("week", "days"),
    [
        (1, ["2030-04-01", "2030-05-06"]),
        (4, ["2030-04-22", "2030-05-27"]),
        (-1, ["2030-04-29", "2030-05-27"]),
    ],
)
def test_monthly_meeting_on_a_weekday_of_a_week(week, days):
    found = starts(type=3, monthly_week=week, monthly_week_day=2, end_times=2)
    assert [text[:10] for text in found] == days


def test_end_date_is_the_last_moment():
    assert len(starts(type=1, end_date_time="2030-04-01T09:00:00Z")) == 4
    assert len(starts(type=1, end_date_time="2030-04-01T08:59:59Z")) == 3


def test_without_an_end_there_is_one_date():
    assert starts(type=1) == [FRIDAY]


def test_never_more_than_fifty_dates():
    assert len(starts(type=1, end_date_time="2032-01-01T00:00:00Z")) == 50


def test_id_of_an_occurrence_is_its_start_in_milliseconds():
    [found] = make_occurrences(clean(type=1), FRIDAY, BERLIN, 45)
    expected = str(int(datetime.fromisoformat(FRIDAY).timestamp()) * 1000)
    assert found == {
        "occurrence_id": expected,
        "start_time": FRIDAY,
        "duration": 45,
        "status": "available",
    }


@pytest.mark.parametrize(("kind", "most"), [(1, 90), (2, 12), (3, 3)])
def test_interval_has_zooms_limits(kind, most):
    assert clean(type=kind, repeat_interval=most)["repeat_interval"] == most
    assert refused_field(type=kind, repeat_interval=most + 1) == "recurrence.repeat_interval"
    assert refused_field(type=kind, repeat_interval=0) == "recurrence.repeat_interval"


def test_end_times_has_zooms_limits():
    assert len(starts(type=1, end_times=50)) == 50
    assert refused_field(type=1, end_times=51) == "recurrence.end_times"
    assert refused_field(type=1, end_times=0) == "recurrence.end_times"


@pytest.mark.parametrize(
    ("recurrence", "field"),
    [
        ({"type": 4}, "recurrence.type"),
        ({"type": True}, "recurrence.type"),
        ({"type": "1"}, "recurrence.type"),
        ({"type": 2, "weekly_days": "8"}, "recurrence.weekly_days"),
        ({"type": 2, "weekly_days": ""}, "recurrence.weekly_days"),
        ({"type": 2, "weekly_days": 2}, "recurrence.weekly_days"),
        ({"type": 3, "monthly_day": 32}, "recurrence.monthly_day"),
        ({"type": 3, "monthly_week": 1}, "recurrence.monthly_week_day"),
        ({"type": 3, "monthly_week_day": 1}, "recurrence.monthly_week"),
        ({"type": 3, "monthly_week": 0, "monthly_week_day": 1}, "recurrence.monthly_week"),
        ({"type": 3, "monthly_week": 5, "monthly_week_day": 1}, "recurrence.monthly_week"),
        (
            {"type": 3, "monthly_day": 1, "monthly_week": 1, "monthly_week_day": 1},
            "recurrence.monthly_day",
        ),
        ({"type": 1, "end_date_time": "2030-04-01"}, "recurrence.end_date_time"),
        ({"type": 1, "end_date_time": "2030-13-01T00:00:00Z"}, "recurrence.end_date_time"),
        (
            {"type": 1, "end_times": 2, "end_date_time": "2030-04-01T00:00:00Z"},
            "recurrence.end_date_time",
        ),
    ],
)
def test_wrong_recurrence_is_refused_by_the_fields_name(recurrence, field):
    assert refused_field(**recurrence) == field


def test_recurrence_that_is_no_object_is_refused():
    with pytest.raises(ZoomRefusal):
        clean_recurrence("daily", FRIDAY, BERLIN)


def test_end_before_the_first_date_is_refused():
    assert refused_field(type=1, end_date_time="2030-03-29T09:59:59Z") == "recurrence"


def test_what_the_type_does_not_use_is_left_out():
    assert clean(type=1, weekly_days="1", monthly_day=3) == {
        "type": 1,
        "repeat_interval": 1,
        "end_times": 1,
    }


@given(
    zone=st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    day=st.dates(min_value=date(2025, 1, 1), max_value=date(2035, 1, 1)),
    kind=st.integers(1, 3),
    times=st.integers(1, 50),
)
def test_dates_ascend_and_are_at_the_same_time_on_the_wall(zone, day, kind, times):
    start = f"{day}T16:00:00Z"
    recurrence = clean_recurrence({"type": kind, "end_times": times}, start, zone)
    dates = make_occurrences(recurrence, start, zone, 30)
    moments = [datetime.fromisoformat(one["start_time"]) for one in dates]
    assert moments == sorted(set(moments))
    assert len(moments) == times
    assert len({moment.astimezone(ZoneInfo(zone)).time() for moment in moments}) == 1
