from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tickets.dates import read_time

AT = datetime(2024, 1, 25, 8, 3)


@pytest.mark.parametrize(
    "value",
    [
        AT,
        "2024-01-25 08:03",
        "2024-01-25 08:03:00",
        "2024-01-25T08:03:00",
        "2024-01-25 08:03:00.0",
        "2024-1-25 8:03",
        "2024/1/25 8:03:00",
        "2024.1.25 8:03",
        "2024年1月25日 8时3分",
        "2024年01月25日08时03分00秒",
        "2024年1月25日上午8点3分",
        "2024年1月25日(星期四) 08:03",
        "２０２４－０１－２５　０８：０３",
        " 2024-01-25  08:03 ",
        "2024-01-25 8:03 AM",
        "2024-01-25T00:03:00Z",
        "2024-01-25T08:03:00+08:00",
        datetime(2024, 1, 25, 0, 3, tzinfo=UTC),
        "202401250803",
        "20240125080300",
        "20240125080300123",
        20240125080300,
        45316.335416666667,
        "45316.335416666667",
        1706140980,
        1706140980000,
        "1706140980000",
    ],
)
def test_one_moment_in_many_forms(value):
    assert read_time(value) == AT


@pytest.mark.parametrize(
    "value", ["2024-01-25", "2024/1/25", "2024年1月25日", "20240125", 20240125, 45316, date(2024, 1, 25)]
)
def test_days(value):
    assert read_time(value) == datetime(2024, 1, 25)


def test_afternoon_and_midnight():
    assert read_time("2024年1月25日 下午3点") == datetime(2024, 1, 25, 15)
    assert read_time("2024-01-25 12:05 AM") == datetime(2024, 1, 25, 0, 5)
    assert read_time("2024-01-25 12:05 PM") == datetime(2024, 1, 25, 12, 5)


def test_the_1904_system():
    assert read_time(45316 - 1462, mac_dates=True) == datetime(2024, 1, 25)


@pytest.mark.parametrize(
    "value",
    ["", "昨天", "1月25日", "2024-13-01", "2024-02-30", "20241301", "1/25/2024", "24-1-25", "2024-01-25 25:00", "08:03",
     None, True, 0, 3.5, -1, 1e300, float("inf"), float("nan"), "9" * 40, "9" * 17, "2024-01-25 08:03 " * 3,
     "0001-01-01 00:00", "9999-12-31 23:59", datetime.max],
)  # fmt: skip
def test_what_cannot_be_read_is_not_guessed(value):
    assert read_time(value) is None


@given(st.datetimes(datetime(1950, 1, 1), datetime(2099, 12, 30)))
def test_round_trips(value):
    value = value.replace(microsecond=0)
    assert read_time(value.isoformat(sep=" ")) == value
    assert (
        read_time(f"{value.year}年{value.month}月{value.day}日{value.hour}时{value.minute}分{value.second}秒") == value
    )
    assert read_time(f"{value:%Y%m%d%H%M%S}") == value


@given(st.datetimes(datetime(1955, 1, 1), datetime(2099, 12, 30)))
def test_serial_numbers_round_to_the_second(value):
    value = value.replace(microsecond=0)
    serial = (value - datetime(1899, 12, 30)) / timedelta(days=1)
    assert read_time(serial) == value


@given(st.one_of(st.text(), st.floats(), st.integers(), st.text("0123456789-/:年月日时分秒 APMz+.", max_size=60)))
def test_nothing_crashes(value):
    result = read_time(value)
    assert result is None or (result.tzinfo is None and result.microsecond == 0)
