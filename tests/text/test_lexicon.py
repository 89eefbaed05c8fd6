"""Word lists written short, and the expression that finds their words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TableError
from pipeline.text.lexicon import LONGEST_WORD, alternation, expand, read_lists


def test_braces_stand_for_every_choice() -> None:
    assert expand("闻{到,见}{,了}") == ["闻到", "闻到了", "闻见", "闻见了"]
    assert expand("煤气") == ["煤气"]


def test_a_list_may_name_one_before_it_and_gets_the_misspellings() -> None:
    lists = read_lists({"gas": "煤气 燃气", "agent": "@gas 罐"}, {"然气": "燃气"}, "表")
    assert lists == {"gas": ("煤气", "燃气", "然气"), "agent": ("煤气", "燃气", "然气", "罐")}


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ({"a": " "}, "至少一个词"),
        ({"a": "@b"}, "b"),
        ({"a": "长" * (LONGEST_WORD + 1)}, "太长"),
        ({"a": "闻{到"}, "花括号"),
    ],
)
def test_wrong_lists(entries: dict[str, object], told: str) -> None:
    with pytest.raises(TableError, match=told):
        read_lists(entries, {}, "表")


@given(
    st.lists(st.text("火烟了冒着(.", min_size=1, max_size=4), min_size=1, max_size=8),
    st.text("火烟了冒着(.", max_size=12),
)
def test_the_expression_finds_the_longest_word_at_each_place(words: list[str], text: str) -> None:
    expression = re.compile(alternation(words))
    for start in range(len(text)):
        match = expression.match(text, start)
        here = [word for word in words if text.startswith(word, start)]
        assert (match[0] if match else "") == max(here, key=len, default="")


def test_no_words_find_nothing() -> None:
    assert re.search(alternation([]), "火") is None
