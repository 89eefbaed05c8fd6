"""The table as TOML: read, written and read it stays the same."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import OutputError, TableError
from pipeline.route.rulefile import count_comments, format_table, write_table
from pipeline.route.table import load_book, read_book, read_table
from pipeline.tables import DATA
from tests.route.books import book, books, rule
from tests.route.conditions import SCHEMA


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(books())
def test_nothing_is_lost(tmp_path: Path, written) -> None:
    (tmp_path / "a.toml").write_text(format_table(written), encoding="utf-8", newline="\n")
    read, faults = read_book(read_table(tmp_path / "a.toml"), SCHEMA)
    assert [str(fault) for fault in faults] == []
    assert read == written


def test_the_shipped_table_stands_in_its_one_form(router) -> None:
    assert format_table(router.rules) == (DATA / "routing.toml").read_text(encoding="utf-8")


def test_what_stood_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "routing.toml"
    assert write_table(book(rule("一")), path) is None
    first = path.read_bytes()
    assert write_table(book(rule("二")), path) == tmp_path / "routing.toml.bak"
    assert (tmp_path / "routing.toml.bak").read_bytes() == first
    assert [rule.name for rule in load_book(path, schema=SCHEMA).rules] == ["二"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["routing.toml", "routing.toml.bak"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        write_table(book(rule("一")), tmp_path / "none" / "routing.toml")


def test_comments_of_one_s_own_are_counted() -> None:
    text = format_table(book(rule("一", note="# 不是注释")))
    assert count_comments(text) == 0
    assert count_comments(text + "\n  # 小王改的\n") == 1


def test_a_file_nested_too_deep(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("a = " + "[" * 100_000, encoding="utf-8")
    with pytest.raises(TableError, match="套得太深"):
        read_table(tmp_path / "a.toml")


KEYS = st.sampled_from(["name", "lead", "when", "priority", "deadline", "support", "active", "valid_from", "别的"])
VALUES = st.recursive(
    st.one_of(st.text(max_size=5), st.integers(), st.booleans(), st.floats(), st.dates(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=4,
)


@given(
    st.dictionaries(
        st.sampled_from(["fallback", "deadlines", "calls", "units", "rules", "x"]),
        st.one_of(VALUES, st.lists(st.dictionaries(KEYS, VALUES), max_size=3)),
    )
)
def test_any_sections_are_a_table_or_clear_errors(sections) -> None:
    from pipeline.route.table import Table

    _, faults = read_book(Table(Path("表.toml"), sections, {}), SCHEMA)
    assert faults
    assert all(fault.found and "表.toml" in str(fault.where) for fault in faults)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(), st.text().map('[[rules]]\nname = "一"\nwhen = {}'.format)))
def test_any_file_is_a_table_or_a_clear_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.toml").write_text(text, encoding="utf-8", errors="replace")
    with pytest.raises(TableError, match=r"a\.toml"):
        load_book(tmp_path / "a.toml", schema=SCHEMA)
