"""Due moments: hours, days, working days, nights, holidays, the extension's cut-off."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TableError
from pipeline.route.clock import Clock
from pipeline.route.decision import Deadline

CLOCK = Clock.load()
MOMENTS = st.datetimes(dt.datetime(2023, 12, 1), dt.datetime(2024, 11, 30, 23, 59))
TERMS = st.builds(Deadline, st.integers(1, 60), st.sampled_from(["小时", "自然日", "工作日"]), st.just(""))


def due(arrival: str, value: int, unit: str) -> str:
    return CLOCK.due(dt.datetime.fromisoformat(arrival), Deadline(value, unit, "")).moment.isoformat(" ", "minutes")


@pytest.mark.parametrize(
    ("arrival", "value", "unit", "moment"),
    [
        ("2024-01-25 23:30", 2, "小时", "2024-01-26 01:30"),  # hours do not sleep
        ("2024-02-10 09:00", 24, "小时", "2024-02-11 09:00"),  # nor keep the Spring Festival
        ("2024-01-25 10:00", 1, "自然日", "2024-01-26 23:59"),
        ("2024-01-25 18:00", 1, "自然日", "2024-01-27 23:59"),  # out of hours: counts for the next day
        ("2024-01-25 17:59", 1, "工作日", "2024-01-26 23:59"),  # Thursday
        ("2024-01-25 22:00", 1, "工作日", "2024-01-29 23:59"),  # counts for Friday, due on Monday
        ("2024-01-26 05:00", 1, "工作日", "2024-01-29 23:59"),  # before opening: still that day
        ("2024-01-27 10:00", 1, "工作日", "2024-01-30 23:59"),  # Saturday counts for Monday
        ("2024-02-09 10:00", 7, "工作日", "2024-02-26 23:59"),  # over the festival, Sunday the 18th worked
        ("2024-02-17 12:00", 1, "工作日", "2024-02-19 23:59"),  # festival's last day: counts for the worked Sunday
    ],
)
def test_due(arrival: str, value: int, unit: str, moment: str) -> None:
    assert due(arrival, value, unit) == moment


@pytest.mark.parametrize(
    ("arrival", "value", "unit", "until"),
    [
        ("2024-01-25 10:00", 1, "工作日", "2024-01-26 17:00"),
        ("2024-01-25 10:00", 2, "小时", "2024-01-25 12:00"),  # never after the ticket is due
        ("2024-01-25 20:00", 2, "小时", "2024-01-25 20:00"),  # nor before it came
    ],
)
def test_extension(arrival: str, value: int, unit: str, until: str) -> None:
    found = CLOCK.due(dt.datetime.fromisoformat(arrival), Deadline(value, unit, ""))
    assert found.extend_by.isoformat(" ", "minutes") == until


def test_a_year_without_its_notice_is_told() -> None:
    found = CLOCK.due(dt.datetime(2198, 12, 30, 9), Deadline(7, "工作日", ""))
    assert [notice[:5] for notice in found.notices] == ["2198年", "2199年"]
    assert not CLOCK.due(dt.datetime(2198, 12, 30, 9), Deadline(48, "小时", "")).notices
    assert not CLOCK.due(dt.datetime(2024, 12, 30, 9), Deadline(7, "工作日", "")).notices


@given(MOMENTS, TERMS)
def test_due_after_the_start_and_the_start_not_before_the_arrival(arrival: dt.datetime, term: Deadline) -> None:
    found = CLOCK.due(arrival, term)
    assert arrival <= found.start < found.moment
    assert arrival <= found.extend_by <= found.moment


@given(MOMENTS, st.integers(1, 60))
def test_working_days_end_on_a_worked_day_and_hold_so_many(arrival: dt.datetime, value: int) -> None:
    found = CLOCK.due(arrival, Deadline(value, "工作日", ""))
    first, last = found.start.date(), found.moment.date()
    days = [first + dt.timedelta(days=step) for step in range(1, (last - first).days + 1)]
    assert CLOCK.workdays.is_workday(first)
    assert CLOCK.workdays.is_workday(last)
    assert sum(map(CLOCK.workdays.is_workday, days)) == value


@given(MOMENTS, MOMENTS, TERMS)
def test_who_comes_earlier_is_due_no_later(one: dt.datetime, other: dt.datetime, term: Deadline) -> None:
    earlier, later = sorted((one, other))
    assert CLOCK.due(earlier, term).moment <= CLOCK.due(later, term).moment


@given(MOMENTS, st.integers(1, 59), st.sampled_from(["小时", "自然日", "工作日"]))
def test_more_time_ends_later(arrival: dt.datetime, value: int, unit: str) -> None:
    shorter, longer = (CLOCK.due(arrival, Deadline(count, unit, "")).moment for count in (value, value + 1))
    assert shorter < longer


def test_every_day_of_a_year() -> None:
    """A working day's limit from each day of a year, against a count by hand over the days that are worked."""
    day = dt.date(2024, 1, 1)
    worked = [day + dt.timedelta(days=step) for step in range(400)]
    worked = [one for one in worked if CLOCK.workdays.is_workday(one)]
    while day.year == 2024:
        first = next(one for one in worked if one >= day)
        expected = worked[worked.index(first) + 7]
        assert CLOCK.due(dt.datetime.combine(day, dt.time(10)), Deadline(7, "工作日", "")).moment.date() == expected
        day += dt.timedelta(days=1)


@pytest.mark.parametrize(("value", "unit"), [(0, "小时"), (-1, "工作日"), (1, "分钟")])
def test_no_such_term(value: int, unit: str) -> None:
    with pytest.raises(ValueError, match="no such term"):
        CLOCK.due(dt.datetime(2024, 1, 1), Deadline(value, unit, ""))


TABLE = """
[clock]
opens = "08:30"
closes = "18:00"
night = "当日"
due_at = "23:59"
extension_cutoff = "17:00"
"""


def test_nights_may_count_for_the_day_itself(tmp_path) -> None:
    path = tmp_path / "calendar.toml"
    path.write_text(TABLE, encoding="utf-8")
    found = Clock.load(path).due(dt.datetime(2024, 1, 25, 22), Deadline(1, "工作日", ""))
    assert found.moment.date() == dt.date(2024, 1, 26)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("08:30", "8:30", "时:分"),
        ("17:00", "25:00", "时:分"),
        ("08:30", "19:00", "颠倒"),
        ("当日", "后天", "起算日"),
        ("closes", "close", "改为“closes”"),
        ("[clock]", "[clocks]", "键值"),
    ],
)
def test_wrong_table(tmp_path, old: str, new: str, told: str) -> None:
    path = tmp_path / "calendar.toml"
    path.write_text(TABLE.replace(old, new), encoding="utf-8")
    with pytest.raises(TableError) as caught:
        Clock.load(path)
    assert told in str(caught.value)
