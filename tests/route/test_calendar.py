"""Seasons over New Year, and the day of a ticket in the spellings of exports."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TableError
from pipeline.route.calendar import Calendar, Season, read_day


@pytest.mark.parametrize(
    ("day", "heated"),
    [("2023-10-14", False), ("2023-10-15", True), ("2024-01-01", True), ("2024-04-15", True), ("2024-04-16", False)],
)
def test_heating_season_runs_over_new_year(day: str, heated: bool) -> None:
    assert ("采暖期" in Calendar.load().seasons_on(dt.date.fromisoformat(day))) is heated


def test_heating_season_is_marked_unverified() -> None:
    assert [season.verified for season in Calendar.load().seasons] == [False]


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
