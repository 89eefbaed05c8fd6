"""What a duty officer may write in the spreadsheet, and what is refused with its sheet and row."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from pipeline.errors import YousuError
from pipeline.route.decision import Deadline
from pipeline.route.export import SHEETS, write_workbook
from pipeline.route.intake import read_workbook
from pipeline.route.table import read_book
from tests.route.books import book, rule
from tests.route.conditions import SCHEMA


@pytest.fixture
def edit(tmp_path: Path):
    """Write a small table, change cells of a sheet by their headers, and read it back."""

    def run(title: str = "规则", row: int = 2, **cells: object):
        path = tmp_path / "routing.xlsx"
        write_workbook(book(rule("燃气", "领域 == 燃气"), rule("兜底")), path, overwrite=True)
        workbook = load_workbook(path)
        headers = [cell.value for cell in workbook[title][1]]
        for header, value in cells.items():
            workbook[title].cell(row, headers.index(header) + 1).value = value
        workbook.save(path)
        return read_book(read_workbook(path, SCHEMA), SCHEMA)

    return run


def faults(result) -> str:
    return "\n".join(str(fault) for fault in result[1])


@pytest.mark.parametrize(
    ("cells", "when"),
    [
        ({"领域": "燃气"}, '领域 == "燃气"'),
        ({"领域": " 燃气、供暖 "}, '领域 in ["燃气", "供暖"]'),
        ({"领域": "危化品、矿山与工贸"}, '领域 == "危化品、矿山与工贸"'),
        ({"领域": "燃气;危化品、矿山与工贸"}, '领域 in ["燃气", "危化品、矿山与工贸"]'),
        (
            {"领域": "燃气", "紧急程度": "紧急", "诉求类型": "举报"},
            '领域 == "燃气" 且 紧急程度 == "紧急" 且 诉求类型 == "举报"',
        ),
        ({"领域": None, "文中有任一词": "气费,收费"}, '文本 含 ["气费", "收费"]'),
        ({"领域": "燃气", "其他条件": "小时 < 7 或 小时 > 21"}, '领域 == "燃气" 且 (小时 < 7 或 小时 > 21)'),
        ({"领域": "燃气", "其他条件": "小时 < 7"}, '领域 == "燃气" 且 小时 < 7'),
        ({"领域": None, "其他条件": "小时 < 7 或 小时 > 21"}, "小时 < 7 或 小时 > 21"),
        ({"领域": None}, ""),
    ],
)
def test_cells_are_joined_to_a_condition(edit, cells, when: str) -> None:
    read, found = edit(**{"其他条件": None, **cells})
    assert not found
    assert read.rules[0].when == when


@pytest.mark.parametrize(
    "day", [dt.date(2026, 10, 15), dt.datetime(2026, 10, 15), "2026-10-15", "2026/10/15", "2026年10月15日"]
)
def test_days_as_people_write_them(edit, day: object) -> None:
    assert edit(有效期起=day)[0].rules[0].valid_from == dt.date(2026, 10, 15)


def test_a_deadline_and_its_urgencies(edit) -> None:
    read, _ = edit(时限="24", 时限单位="小时", 时限适用="一般、紧急", 时限依据="某法", 升为="紧急")
    assert read.rules[0].deadline == Deadline(24, "小时", "某法")
    assert read.rules[0].deadline_for == ("normal", "urgent")
    assert read.rules[0].raise_to == "urgent"


@pytest.mark.parametrize("unit", ["乙局", "other", "乙局(other)", "乙局（other）"])
def test_a_unit_by_name_or_code(edit, unit: str) -> None:
    assert edit(主办单位=unit)[0].rules[0].lead == "other"


def test_a_new_unit_and_a_new_rule(edit, tmp_path: Path) -> None:
    edit()
    workbook = load_workbook(tmp_path / "routing.xlsx")
    workbook["单位"].append(["third", "丙局", "市级部门", None, None, "是", None])
    workbook["规则"].append(["新"] + [None] * 7 + ["丙局"])
    workbook.save(tmp_path / "routing.xlsx")
    read, found = read_book(read_workbook(tmp_path / "routing.xlsx", SCHEMA), SCHEMA)
    assert not found
    assert (read.rules[-1].lead, read.rules[-1].active, read.rules[-1].priority) == ("third", True, 100)
    assert not read.rules[-1].verified


@pytest.mark.parametrize(
    ("title", "cells", "told"),
    [
        ("规则", {"主办单位": "丙局"}, "工作表“规则” 第 2 行 第 1 条 rules(燃气):不认识的单位“丙局”"),
        ("规则", {"主办单位": None}, "不认识的单位“”"),
        ("规则", {"领域": "然气"}, "改为“燃气”"),
        ("规则", {"其他条件": "领城 == 燃气"}, "工作表“规则” 第 2 行"),
        ("规则", {"名称": None}, "没有名称"),
        ("规则", {"名称": "兜底"}, "重名"),
        ("规则", {"时限": 3}, "缺少键“unit”"),
        ("规则", {"时限": 3, "时限单位": "天"}, "时限单位"),
        ("规则", {"时限适用": "特别急"}, "紧急程度“特别急”"),
        ("规则", {"有效期起": "2026-02-01", "有效期止": "2026-01-01"}, "早于"),
        ("单位", {"代码": "other"}, "重复"),
        ("单位", {"类别": "部门"}, "单位类别"),
        ("单位", {"名称": None}, "缺少键“name”"),
        ("时限", {"紧急程度": "特别急"}, "紧急程度“特别急”"),
        ("时限", {"时限": 0}, "不小于 1"),
        ("时限", {"依据": None}, "没有依据"),
        ("紧急电话", {"信号": "漏水"}, "改为“漏气”"),
        ("紧急电话", {"立即转接": "丙局"}, "不认识的单位"),
        ("兜底", {"单位": "丙局"}, "不认识的单位"),
    ],
)
def test_a_fault_names_sheet_and_row(edit, title: str, cells, told: str) -> None:
    assert told in faults(edit(title, **cells))


@pytest.mark.parametrize(
    ("title", "cells", "told"),
    [
        ("规则", {"优先级": "高"}, "工作表“规则” 第 2 行 “优先级”:“高”不是整数"),
        ("规则", {"优先级": 1.5}, "不是整数"),
        ("规则", {"启用": "或许"}, "既不是“是”也不是“否”"),
        ("规则", {"有效期起": "冬天"}, "“冬天”不是日期"),
        ("规则", {"有效期起": "2026-13-01"}, "不是日期"),
        ("兜底", {"情形": "别的"}, "不认识的情形"),
    ],
)
def test_a_cell_of_another_kind_stops_the_reading(edit, title: str, cells, told: str) -> None:
    with pytest.raises(YousuError, match=told):
        edit(title, **cells)


@pytest.mark.parametrize("title", list(SHEETS))
def test_a_missing_sheet_or_column(tmp_path: Path, title: str) -> None:
    path = tmp_path / "routing.xlsx"
    write_workbook(book(rule("一")), path)
    workbook = load_workbook(path)
    workbook[title].delete_cols(1)
    workbook.save(path)
    with pytest.raises(YousuError, match=f"工作表“{title}” 第 1 行.*缺少"):
        read_workbook(path, SCHEMA)
    del workbook[title]
    workbook.save(path)
    with pytest.raises(YousuError, match=f"没有工作表“{title}”"):
        read_workbook(path, SCHEMA)


def test_a_misspelt_column_and_words_beside_the_table(edit, tmp_path: Path) -> None:
    edit()
    workbook = load_workbook(tmp_path / "routing.xlsx")
    workbook["规则"].cell(3, 40).value = "这条以后再说"
    workbook.save(tmp_path / "routing.xlsx")
    with pytest.raises(YousuError, match="第 3 行:第 40 列没有列名却有内容"):
        read_workbook(tmp_path / "routing.xlsx", SCHEMA)
    workbook["规则"].cell(1, 40).value = "优先极"
    workbook.save(tmp_path / "routing.xlsx")
    with pytest.raises(YousuError, match="改为“优先级”"):
        read_workbook(tmp_path / "routing.xlsx", SCHEMA)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 damaged", b"a,b\n1,2\n"])
def test_what_is_no_workbook(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "routing.xlsx"
    path.write_bytes(content)
    with pytest.raises(YousuError, match=r"routing\.xlsx"):
        read_workbook(path, SCHEMA)


CELLS = st.one_of(
    st.none(), st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8), st.integers(), st.booleans()
)
CELLS |= st.floats(allow_nan=False, allow_infinity=False) | st.datetimes(
    dt.datetime(1950, 1, 1), dt.datetime(2100, 1, 1)
)
CELLS |= st.sampled_from(["燃气", "甲局", "是", "小时 < 7", "(", "紧急", "、", "=1+1"])


@pytest.mark.slow
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(list(SHEETS)), st.integers(1, 4), st.data())
def test_any_cells_are_a_table_or_a_clear_error(edit, title: str, row: int, data) -> None:
    headers = [column.header for column in SHEETS[title]]
    cells = data.draw(st.dictionaries(st.sampled_from(headers), CELLS, max_size=4))
    try:
        _, found = edit(title, row, **cells)
    except YousuError as error:
        found = [error]
    assert all(fault.found and fault.where for fault in found)
