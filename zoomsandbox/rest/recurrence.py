"""The dates of a recurring meeting with a fixed time. Pure: no request, no clock.

Source: Zoom API reference, Recurrence object definitions.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, FR, MO, MONTHLY, SA, SU, TH, TU, WE, WEEKLY, rrule

from zoomsandbox.rest.errors import invalid

DAILY_TYPE, WEEKLY_TYPE, MONTHLY_TYPE = 1, 2, 3
# A date every so many days, weeks or months at most.
LONGEST_INTERVAL = {DAILY_TYPE: 90, WEEKLY_TYPE: 12, MONTHLY_TYPE: 3}
MOST_DATES = 50
FREQUENCIES = {DAILY_TYPE: DAILY, WEEKLY_TYPE: WEEKLY, MONTHLY_TYPE: MONTHLY}
# Zoom counts the days of the week from Sunday, which is 1.
WEEKDAYS = (SU, MO, TU, WE, TH, FR, SA)
END = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def clean_recurrence(value: Any, start_time: str, timezone: str) -> dict[str, Any]:
    """The recurrence as Zoom keeps it, or a refusal with code 300.

    What the type does not use is left out, and what is missing is that of the start: its weekday,
    its day of the month. Two ends, or two ways to name a day of the month, exclude each other: Zoom
    says so of the ends; of the days it is a guess.
    """
    if not isinstance(value, dict):
        raise invalid("recurrence")
    kind = _read_number(value, "type", 1, 3)
    start = _to_local(start_time, timezone)
    cleaned: dict[str, Any] = {"type": kind}
    if kind == WEEKLY_TYPE:
        cleaned["weekly_days"] = _read_weekly_days(value.get("weekly_days"), start)
    if kind == MONTHLY_TYPE:
        cleaned |= _read_monthly(value, start)
    cleaned["repeat_interval"] = _read_number(value, "repeat_interval", 1, LONGEST_INTERVAL[kind])
    return cleaned | _read_end(value)


def make_occurrences(
    recurrence: dict[str, Any], start_time: str, timezone: str, duration: int
) -> list[dict[str, Any]]:
    """The dates of a cleaned recurrence; refused when there is none.

    The time of day is that of the start in the meeting's timezone, on both sides of a change of
    summer time. At most fifty, also where the last date would allow more (a guess), and a day of
    the month that a month lacks is left out (a guess).
    """
    found = list(islice(_make_dates(recurrence, start_time, timezone), MOST_DATES))
    if not found:
        raise invalid("recurrence", "The recurrence has no date.")
    return [
        {
            "occurrence_id": str(int(moment.timestamp() * 1000)),
            "start_time": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "duration": duration,
            "status": "available",
        }
        for moment in found
    ]


def _make_dates(recurrence: dict[str, Any], start_time: str, timezone: str) -> Iterator[datetime]:
    dates = rrule(
        FREQUENCIES[recurrence["type"]],
        dtstart=_to_local(start_time, timezone),
        interval=recurrence["repeat_interval"],
        wkst=SU,
        count=recurrence.get("end_times"),
        **_read_days(recurrence),
    )
    zone, end = ZoneInfo(timezone), recurrence.get("end_date_time")
    last = datetime.fromisoformat(end) if end else None
    for date in dates:
        moment = date.replace(tzinfo=zone).astimezone(UTC)
        if last and moment > last:
            return
        yield moment


def _read_days(recurrence: dict[str, Any]) -> dict[str, Any]:
    if "weekly_days" in recurrence:
        days = recurrence["weekly_days"].split(",")
        return {"byweekday": [WEEKDAYS[int(day) - 1] for day in days]}
    if "monthly_week" in recurrence:
        day = WEEKDAYS[recurrence["monthly_week_day"] - 1]
        return {"byweekday": day(recurrence["monthly_week"])}
    if "monthly_day" in recurrence:
        return {"bymonthday": recurrence["monthly_day"]}
    return {}


def _to_local(start_time: str, timezone: str) -> datetime:
    """The time on the wall there, without a zone: what repeats."""
    moment = datetime.fromisoformat(start_time).astimezone(ZoneInfo(timezone))
    return moment.replace(tzinfo=None)


def _read_number(value: dict[str, Any], name: str, least: int, most: int) -> int:
    number = value.get(name, 1)
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        raise invalid(f"recurrence.{name}")
    return number


def _read_weekly_days(text: Any, start: datetime) -> str:
    if text is None:
        return str(start.isoweekday() % 7 + 1)
    if not isinstance(text, str) or not re.fullmatch(r"[1-7](,[1-7]){0,6}", text):
        raise invalid("recurrence.weekly_days")
    return ",".join(sorted(set(text.split(","))))


def _read_monthly(value: dict[str, Any], start: datetime) -> dict[str, int]:
    by_week = "monthly_week" in value or "monthly_week_day" in value
    if not by_week:
        given = {"monthly_day": start.day, **value}
        return {"monthly_day": _read_number(given, "monthly_day", 1, 31)}
    if "monthly_day" in value:
        raise invalid("recurrence.monthly_day")
    for name in ("monthly_week", "monthly_week_day"):
        if name not in value:
            raise invalid(f"recurrence.{name}")
    week = _read_number(value, "monthly_week", -1, 4)
    if week == 0:
        raise invalid("recurrence.monthly_week")
    day = _read_number(value, "monthly_week_day", 1, 7)
    return {"monthly_week": week, "monthly_week_day": day}


def _read_end(value: dict[str, Any]) -> dict[str, Any]:
    """``end_times`` (once, if nothing is said) or ``end_date_time`` in UTC."""
    end = value.get("end_date_time")
    if end is None:
        return {"end_times": _read_number(value, "end_times", 1, MOST_DATES)}
    if "end_times" in value or not isinstance(end, str) or not END.fullmatch(end):
        raise invalid("recurrence.end_date_time")
    try:
        datetime.fromisoformat(end)
    except ValueError as error:
        raise invalid("recurrence.end_date_time") from error
    return {"end_date_time": end}
