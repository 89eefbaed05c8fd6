"""Seasons over New Year, and the day of a ticket in the spellings of exports."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TableError
from pipeline.route.calendar import Calendar, Season, Workdays, read_day


@pytest.mark.parametrize(
    ("day", "heated"),
    [("2023-10-14", False), ("2023-10-15", True), ("2024-01-01", True), ("2024-04-15", True), ("2024-04-16", False)],
)
def test_heating_season_runs_over_new_year(day: str, heated: bool) -> None:
    assert ("采暖期" in Calendar.load().seasons_on(dt.date.fromisoformat(day))) is heated


def test_heating_season_is_marked_unverified() -> None:
    assert {season.name for season in Calendar.load().seasons if not season.verified} == {"采暖期"}


@pytest.mark.parametrize(
    ("day", "festive"),
    [("2024-02-08", False), ("2024-02-09", True), ("2024-02-24", True), ("2024-02-25", False), ("2025-02-09", True)],
)
def test_spring_festival_is_another_day_every_year(day: str, festive: bool) -> None:
    assert ("春节期间" in Calendar.load().seasons_on(dt.date.fromisoformat(day))) is festive


@given(st.dates(), st.tuples(st.integers(1, 12), st.integers(1, 28)), st.tuples(st.integers(1, 12), st.integers(1, 28)))
def test_a_day_is_in_a_season_or_in_the_rest_of_the_year(day: dt.date, first, last) -> None:
    ends = {first, last}
    inside = Season("甲", first, last, True).holds(day)
    rest = Season("乙", last, first, True).holds(day)
    if (day.month, day.day) in ends:
        assert inside
    elif first != last:
        assert inside is not rest


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-25",
        "2024-01-25 08:30:00",
        "2024-01-25T08:30",
        "2024/1/25 8:30",
        "2024.1.25",
        "2024年1月25日",
        "20240125",
        "20240125083000",
        dt.date(2024, 1, 25),
        dt.datetime(2024, 1, 25, 8, 30),
    ],
)
def test_day_is_read(text: object) -> None:
    assert read_day(text) == dt.date(2024, 1, 25)


@pytest.mark.parametrize("text", [None, "", "昨天", "2024-13-45", "13800001111", "1/25", "9" * 100_000])
def test_no_day(text: object) -> None:
    assert read_day(text) is None


@given(st.text())
def test_any_time_is_read_or_unknown(text: str) -> None:
    assert read_day(text) is None or isinstance(read_day(text), dt.date)


@pytest.mark.parametrize(
    ("line", "told"),
    [('from = "13-01"', "月-日"), ('from = "一月"', "月-日"), ('form = "10-15"', "form"), ("from = 10", "类型")],
)
def test_wrong_table(tmp_path, line: str, told: str) -> None:
    path = tmp_path / "calendar.toml"
    path.write_text(f'[[seasons]]\nname = "冬"\n{line}\nto = "04-15"\n', encoding="utf-8")
    with pytest.raises(TableError) as caught:
        Calendar.load(path)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [("2026-02-17", "03-03", "不成对"), ("2026-03-03", "2026-02-17", "不成对"), ("2026-02-30", "2026-03-01", "月-日")],
)
def test_wrong_dated_season(tmp_path, start: str, end: str, told: str) -> None:
    path = tmp_path / "calendar.toml"
    path.write_text(f'[[seasons]]\nname = "春"\nfrom = "{start}"\nto = "{end}"\n', encoding="utf-8")
    with pytest.raises(TableError) as caught:
        Calendar.load(path)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2024-02-12", False),  # a Monday of the Spring Festival
        ("2024-02-18", True),  # a Sunday worked to make up for it
        ("2024-02-24", False),
        ("2025-10-08", False),
        ("2025-10-11", True),
    ],
)
def test_make_up_days_are_worked(day: str, worked: bool) -> None:
    assert Workdays().is_workday(dt.date.fromisoformat(day)) is worked


def test_an_unknown_year_is_told_and_rests_at_weekends_only() -> None:
    days = Workdays()
    assert not days.known(2199)
    assert days.is_workday(dt.date(2199, 10, 1))  # a Tuesday
    assert not days.is_workday(dt.date(2199, 10, 5))


YEAR = """
[[years]]
year = 2199
rest = ["2199-10-01"]
work = ["2199-10-05"]
source = "通知"
"""


def test_the_table_knows_a_year_that_the_package_does_not(tmp_path) -> None:
    path = tmp_path / "calendar.toml"
    path.write_text(YEAR, encoding="utf-8")
    days = Calendar.load(path).workdays
    assert days.known(2199)
    assert not days.is_workday(dt.date(2199, 10, 1))
    assert days.is_workday(dt.date(2199, 10, 5))
    assert days.is_workday(dt.date(2024, 2, 18))  # other years stay the package's


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("2199-10-01", "2198-10-01", "不是 2199 年"),
        ("2199-10-05", "10-05", "不是 2199 年"),
        ('source = "通知"', 'source = " "', "依据"),
        ("work =", "wrok =", "改为“work”"),
        ("[[years]]", "[[yaers]]", "改为“years”"),
    ],
)
def test_wrong_year(tmp_path, old: str, new: str, told: str) -> None:
    path = tmp_path / "calendar.toml"
    path.write_text(YEAR.replace(old, new), encoding="utf-8")
    with pytest.raises(TableError) as caught:
        Calendar.load(path)
    assert told in str(caught.value)


@given(st.dates(dt.date(2023, 1, 1), dt.date(2026, 11, 30)), st.integers(0, 60))
def test_counting_working_days(day: dt.date, count: int) -> None:
    days = Workdays()
    last = days.after(day, count)
    between = [day + dt.timedelta(days=step) for step in range(1, (last - day).days + 1)]
    assert days.is_workday(last)
    if count:
        assert sum(map(days.is_workday, between)) == count
    else:
        assert not any(map(days.is_workday, [day, *between][:-1]))
