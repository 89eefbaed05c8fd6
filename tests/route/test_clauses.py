"""A condition in cells: the common parts apart, the rest as written, and back letter for letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TableError
from pipeline.route.clauses import Clauses, join, split
from pipeline.route.language import parse
from tests.route.conditions import CONDITIONS, SCHEMA


@pytest.mark.parametrize(
    ("when", "cells"),
    [
        ("", Clauses()),
        ('领域 == "燃气"', Clauses(domain="燃气")),
        ('领域 in ["燃气", "供暖"] 且 小时 < 7', Clauses(domain="燃气、供暖", rest="小时 < 7")),
        ('领域 in ["燃气", "危化品、矿山与工贸"]', Clauses(domain="燃气;危化品、矿山与工贸")),
        ('紧急程度 == "一般" 且 文本 含 ["气费", "收费"]', Clauses(urgency="一般", words="气费、收费")),
        ('领域 == "燃气" 且 (小时 < 7 或 小时 > 21)', Clauses(domain="燃气", rest="(小时 < 7 或 小时 > 21)")),
        ('领域 == "燃气" 或 小时 < 7', Clauses(rest='领域 == "燃气" 或 小时 < 7')),
        ("领域 == 燃气", Clauses(rest="领域 == 燃气")),
        ('小时 < 7 且 领域 == "燃气"', Clauses(rest='小时 < 7 且 领域 == "燃气"')),
        ('文本 含 "气、费"', Clauses(rest='文本 含 "气、费"')),
    ],
)
def test_split(when: str, cells: Clauses) -> None:
    assert split(when, SCHEMA) == cells


PARTS = st.sampled_from(
    [
        '领域 == "燃气"',
        '领域 in ["燃气", "供暖"]',
        '诉求类型 == "举报"',
        '文本 含 ["气费", "收费"]',
        '文本 含 "甲 乙"',
        "小时 < 7",
    ]
)


@given(st.one_of(CONDITIONS, st.lists(PARTS, max_size=5).map(" 且 ".join), st.text()))
def test_split_and_join_give_the_same_letters(when: str) -> None:
    when = when.strip()
    assert join(split(when, SCHEMA), SCHEMA) == when


WORD = st.text(st.sampled_from("气费、,; 或\"'(燃"), max_size=5)


@given(st.builds(Clauses, WORD, WORD, WORD, WORD, st.one_of(WORD, CONDITIONS)))
def test_whatever_is_in_the_cells_is_read_or_refused(cells: Clauses) -> None:
    try:
        parse(join(cells, SCHEMA), SCHEMA, "表")
    except TableError as error:
        assert error.found
