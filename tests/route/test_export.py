"""Out to a spreadsheet and back: nothing is lost, nothing can run, and a person finds their way."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from openpyxl import load_workbook

from pipeline.errors import OutputError
from pipeline.route.export import SHEETS, write_workbook
from pipeline.route.intake import read_workbook
from pipeline.route.rules import Unit
from pipeline.route.table import read_book
from tests.route.books import UNITS, book, books, rule
from tests.route.conditions import SCHEMA


def back(path: Path):
    read, faults = read_book(read_workbook(path, SCHEMA), SCHEMA)
    assert [str(fault) for fault in faults] == []
    return read


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(books())
def test_nothing_is_lost(tmp_path: Path, written) -> None:
    write_workbook(written, tmp_path / "a.xlsx", overwrite=True)
    assert back(tmp_path / "a.xlsx") == written


def test_the_shipped_table_comes_back(tmp_path: Path, router) -> None:
    write_workbook(router.rules, tmp_path / "a.xlsx")
    read, faults = read_book(read_workbook(tmp_path / "a.xlsx", router.rules.schema), router.rules.schema)
    assert (read, faults) == (router.rules, [])


def test_common_conditions_have_cells_of_their_own(tmp_path: Path, router) -> None:
    write_workbook(router.rules, tmp_path / "a.xlsx")
    sheet = load_workbook(tmp_path / "a.xlsx")["规则"]
    header, *rows = sheet.iter_rows(values_only=True)
    rest = [row[header.index("其他条件")] for row in rows]
    assert {text for text in rest if text} == {'时段 含 "采暖期"', '文本 不含 ["施工", "工地"]'}
    assert all(row[header.index("领域")] for row in rows)


def test_a_cell_cannot_run(tmp_path: Path) -> None:
    write_workbook(book(rule("=1+1", note="@SUM(A1)", basis="+甲")), tmp_path / "a.xlsx")
    cells = [cell for sheet in load_workbook(tmp_path / "a.xlsx") for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert [cell.quotePrefix for cell in cells if cell.value in ("=1+1", "@SUM(A1)", "+甲")] == [True] * 3
    assert back(tmp_path / "a.xlsx").rules[0].note == "@SUM(A1)"


@pytest.mark.parametrize(
    "text", ["_x0041_", "_x005F_x0041_", "a\nb", "1", "1e5", "TRUE", "#N/A", "2026-01-01", "'甲", "007"]
)
def test_text_stays_as_it_is(tmp_path: Path, text: str) -> None:
    write_workbook(book(rule(text, note=text)), tmp_path / "a.xlsx")
    assert [(one.name, one.note) for one in back(tmp_path / "a.xlsx").rules] == [(text, text)]


def test_units_of_one_name_are_told_apart(tmp_path: Path) -> None:
    units = {**UNITS, "again": Unit("again", "甲局", "市级部门", True, "")}
    write_workbook(book(rule("一", lead="again", support=("bureau", "other")), units=units), tmp_path / "a.xlsx")
    header, row = load_workbook(tmp_path / "a.xlsx")["规则"].iter_rows(values_only=True)
    cells = dict(zip(header, row, strict=True))
    assert (cells["主办单位"], cells["协办单位"]) == ("甲局(again)", "甲局(bureau)、乙局")
    assert back(tmp_path / "a.xlsx").rules[0].support == ("bureau", "other")


def test_few_answers_are_offered(tmp_path: Path) -> None:
    write_workbook(book(rule("一")), tmp_path / "a.xlsx")
    workbook = load_workbook(tmp_path / "a.xlsx")
    offered = {sheet.title: [v.formula1 for v in sheet.data_validations.dataValidation] for sheet in workbook}
    assert '"是,否"' in offered["规则"]
    assert any(formula.startswith("单位!$B$2") for formula in offered["规则"])
    assert '"小时,工作日,自然日"' in offered["时限"]


def test_the_help_names_every_column_and_field(tmp_path: Path) -> None:
    write_workbook(book(rule("一")), tmp_path / "a.xlsx")
    told = {value for row in load_workbook(tmp_path / "a.xlsx")["说明"].iter_rows(values_only=True) for value in row}
    assert {column.header for columns in SHEETS.values() for column in columns} <= told
    assert set(SCHEMA.fields) <= told


def test_the_examples_of_the_help_are_conditions(router) -> None:
    from pipeline.route.export import _EXAMPLES
    from pipeline.route.language import parse

    for _, condition in _EXAMPLES:
        assert parse(condition, router.rules.schema, "例")


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_text("旧")
    with pytest.raises(OutputError):
        write_workbook(book(rule("一")), tmp_path / "a.xlsx")
    assert (tmp_path / "a.xlsx").read_text() == "旧"
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]
