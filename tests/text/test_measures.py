"""Degrees in numbers: digits, Chinese numerals, ranges and vague ones; what is no degree is left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.measures import KINDS, find_measures, read_number


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("13", 13),
        ("9.5", 9.5),
        ("十五", 15),
        ("十五六", 15),
        ("二十几", 23),
        ("一百二十", 120),
        ("两千", 2000),
        ("半", 0.5),
        ("几", 3),
    ],
)
def test_numbers(word: str, value: float) -> None:
    assert read_number(word) == value


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("家里只有13度", "temperature", 13),
        ("屋里十五六度", "temperature", 15),
        ("室内14～16℃", "temperature", 14),
        ("室温１２度", "temperature", 12),
        ("停了三天", "days", 3),
        ("两天半没水", "days", 2.5),
        ("半个月没气", "days", 15),
        ("一个星期了", "days", 7),
        ("等了两个多小时", "hours", 2),
        ("三十多个工人", "people", 30),
        ("二十几号人", "people", 23),
        ("整栋48户", "households", 48),
    ],
)
def test_what_is_measured(text: str, kind: str, value: float) -> None:
    (measure,) = find_measures(text)
    assert (measure.kind, measure.value) == (kind, value)


@pytest.mark.parametrize(
    "text", ["室外13度", "家里零下5度", "11月12日", "2019年", "3月", "发烧39度", "提高一度", "三楼", ""]
)
def test_what_is_not(text: str) -> None:
    assert list(find_measures(text)) == []


@given(st.text("0123456789一二三十百千几半个多天月年度户人小时家里-～ ", max_size=30))
def test_any_text_is_read(text: str) -> None:
    for measure in find_measures(text):
        assert measure.kind in KINDS
        assert measure.value >= 0
        assert 0 <= measure.start < measure.end <= len(text)
