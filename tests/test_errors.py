from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError, Place, UsageError, YousuError


def test_a_message_says_what_where_expected_and_remedy():
    place = Place(Path("一月.xlsx"), "Sheet1", 7)
    error = InputError("单元格过长", where=place, expected="不超过 100 KB", remedy="拆分后重试")
    assert error.line() == "一月.xlsx 工作表“Sheet1” 第 7 行:单元格过长;应为不超过 100 KB;请拆分后重试"


@given(st.text(), st.text(), st.text())
def test_a_message_is_one_line(found, expected, remedy):
    assert len(YousuError(found, expected=expected, remedy=remedy).line().splitlines()) <= 1


def test_exit_codes():
    assert (YousuError("x").exit_code, InputError("x").exit_code, UsageError("x").exit_code) == (1, 1, 2)
