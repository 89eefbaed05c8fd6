"""A routing table as a spreadsheet that a duty officer can edit."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from unicodedata import east_asian_width

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.route.clauses import split
from pipeline.route.columns import CALLS, CLOCKS, FALLBACK, NO, RULES, UNIT_ROWS, YES, Column, Names
from pipeline.route.rules import Rule, RuleBook, Unit
from pipeline.route.schema import LABEL, NAME, NUMBER, SCALE, SET, TEXT, Field
from pipeline.tickets.cells import is_formula, letter
from pipeline.tickets.draft import Draft, as_output_error

__all__ = ["SHEETS", "write_workbook"]

SHEETS = {"规则": RULES, "单位": UNIT_ROWS, "时限": CLOCKS, "紧急电话": CALLS, "兜底": FALLBACK}
PLAIN = Rule(name="", lead="").deadline_for
SPARE = 500
"""So many rows under the last one get the same drop-down lists."""
_HEAD = PatternFill("solid", fgColor="DDEBF7")
_OFF = PatternFill("solid", fgColor="EEEEEE")
_LINE = Border(bottom=Side(style="thin", color="D0D0D0"))
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_MOST_LINES = 20
_FIRST_DAY = dt.date(1901, 1, 1)
"""Earlier days are written as text: a spreadsheet counts days from 1900."""
_OPERATORS = {
    LABEL: '==  !=  in  not in;如 领域 == "燃气"、诉求类型 in ["投诉", "举报"]、属地 == 未知',
    SCALE: '==  !=  in  <  <=  >  >=;如 紧急程度 >= "紧急"',
    SET: '含  不含;如 时段 含 "采暖期"、场所 含 ["小餐饮", "小旅馆"](有其一即可)',
    NAME: '==  !=  in  not in  含  不含;如 渠道 == "微信"',
    TEXT: '含  不含;如 文本 含 ["气费", "收费"](有其一即可)',
    NUMBER: "==  !=  <  <=  >  >=  in;如 室温 < 16、相似件数 >= 5、室温 == 未知",
}
_EXAMPLES = (
    ("夜里的供暖求助", '领域 == "供暖" 且 (小时 >= 22 或 小时 < 7)'),
    ("采暖期室温不到 16 度", '领域 == "供暖" 且 时段 含 "采暖期" 且 室温 < 16'),
    ("把握不足、又没有说地点", "置信度 < 0.6 且 属地 == 未知"),
    ("说停水、但不是问停水通知", '文本 含 "停水" 且 文本 不含 ["停水通知", "停水公告"]'),
    ("工地欠薪,或欠薪且多人", '领域 == "工资" 且 (文本 含 ["工地", "农民工"] 或 人数 >= 10)'),
    ("不是咨询的燃气件", '领域 == "燃气" 且 非 (诉求类型 == "咨询" 或 紧急程度 == "咨询")'),
)


def write_workbook(book: RuleBook, path: Path, *, overwrite: bool = False) -> None:
    """Write the table as xlsx, whole or not at all; :func:`pipeline.route.intake.read_workbook` reads it back.

    Raises
    ------
    OutputError
        If the file exists and may not be replaced, or cannot be written.
    """
    workbook = Workbook()
    workbook.remove(workbook.active)
    names = Names(book.units)
    rows: dict[str, list[list[object]]] = {
        "规则": [_rule_row(rule, book, names) for rule in book.rules],
        "单位": [_unit_row(unit) for unit in book.units.values()],
        "时限": [
            [book.schema.by_attribute["urgency"].show(key), deadline.value, deadline.unit, deadline.basis]
            for key, deadline in book.deadlines.items()
        ],
        "紧急电话": [[signal, _listed(codes, names)] for signal, codes in book.calls.items()],
        "兜底": [["没有规则", names.label(book.fallback)], ["属地不明", names.label(book.unknown_district)]],
    }
    for title, columns in SHEETS.items():
        _fill(workbook.create_sheet(title), columns, rows[title])
    _offer_lists(workbook, book)
    _shade_inactive(workbook["规则"])
    _write_help(workbook.create_sheet("说明"), book)
    draft = Draft(path, overwrite=overwrite)
    try:
        with as_output_error(path):
            workbook.save(draft.partial)
        draft.commit()
    finally:
        draft.discard()


def _rule_row(rule: Rule, book: RuleBook, names: Names) -> list[object]:
    scale = book.schema.by_attribute["urgency"]
    cells = asdict(split(rule.when, book.schema)) | {
        "lead": names.label(rule.lead),
        "support": _listed(rule.support, names),
        "copy_to": _listed(rule.copy_to, names),
        "value": rule.deadline.value if rule.deadline else None,
        "unit": rule.deadline.unit if rule.deadline else None,
        "clock_basis": rule.deadline.basis if rule.deadline else None,
        "deadline_for": "、".join(map(scale.show, rule.deadline_for)) if rule.deadline_for != PLAIN else None,
        "raise_to": scale.show(rule.raise_to) if rule.raise_to else None,
    }
    return [cells[column.key] if column.key in cells else getattr(rule, column.key) for column in RULES]


def _unit_row(unit: Unit) -> list[object]:
    cells = {"aliases": "、".join(unit.aliases)}
    return [cells[column.key] if column.key in cells else getattr(unit, column.key) for column in UNIT_ROWS]


def _listed(codes: Iterable[str], names: Names) -> str:
    return "、".join(map(names.label, codes))


def _fill(sheet: Worksheet, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> None:
    """Write the header and the rows of one sheet."""
    for at, column in enumerate(columns, 1):
        _put(sheet.cell(1, at), column.header)
        sheet.cell(1, at).font, sheet.cell(1, at).fill = Font(bold=True), _HEAD
        sheet.cell(1, at).alignment = Alignment(vertical="center", wrap_text=True)
        sheet.column_dimensions[letter(at - 1)].width = column.width
    last = 1
    for last, row in enumerate(rows, 2):
        for at, value in enumerate(row, 1):
            cell = sheet.cell(last, at)
            _put(cell, value)
            middle = "center" if columns[at - 1].kind in ("flag", "whole") else None
            cell.alignment, cell.border = Alignment(horizontal=middle, vertical="top", wrap_text=True), _LINE
        _set_height(sheet, last, [column.width for column in columns])
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{letter(len(columns) - 1)}{last}"
    sheet.print_title_rows = "1:1"
    _fit_page(sheet)


def _fit_page(sheet: Worksheet) -> None:
    sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = "landscape", 8, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _set_height(sheet: Worksheet, row: int, widths: Sequence[int]) -> None:
    """Make a row as high as its longest cell needs: a spreadsheet does not do so on opening."""
    texts = (str(cell.value or "") for cell in sheet[row])
    lines = max(
        sum(1 + _width(line) // width for line in text.split("\n")) for text, width in zip(texts, widths, strict=True)
    )
    sheet.row_dimensions[row].height = 17 * min(lines, _MOST_LINES)


def _width(text: str) -> int:
    return sum(1 + (east_asian_width(char) in "WFA") for char in text)


def _put(cell: Cell, value: object) -> None:
    """Set a cell; text stays text whatever it looks like."""
    if value is None or value == "":
        return
    if isinstance(value, bool):
        value = YES if value else NO
    if isinstance(value, dt.date) and value < _FIRST_DAY:
        value = value.isoformat()
    if isinstance(value, str):
        cell.value = _ESCAPED.sub("_x005F_", value)
        cell.data_type = "s"
        cell.quotePrefix = is_formula(value)
        return
    cell.value = value
    if isinstance(value, dt.date):
        cell.number_format = "yyyy-mm-dd"


def _offer_lists(workbook: Workbook, book: RuleBook) -> None:
    """Give the cells with few answers a drop-down list; only yes and no, and units of time, are enforced."""
    scale = ",".join(book.schema.by_attribute["urgency"].names.values())
    for title, columns in SHEETS.items():
        sheet = workbook[title]
        for at, column in enumerate(columns):
            if column.options:
                _offer(sheet, at, f'"{",".join(column.options)}"', strict=True)
            elif column.key in ("lead", "unit") and column.kind == "unit":
                _offer(sheet, at, f"单位!$B$2:$B${len(book.units) + SPARE}", strict=False)
            elif column.key == "raise_to":
                _offer(sheet, at, f'"{scale}"', strict=True)


def _offer(sheet: Worksheet, at: int, formula: str, *, strict: bool) -> None:
    validation = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=strict)
    validation.error, validation.errorTitle = "请从下拉列表里选", "没有这个选项"
    sheet.add_data_validation(validation)
    validation.add(f"{letter(at)}2:{letter(at)}{sheet.max_row + SPARE}")


def _shade_inactive(sheet: Worksheet) -> None:
    at = [column.key for column in RULES].index("active")
    for row in sheet.iter_rows(min_row=2):
        if row[at].value == NO:
            for cell in row:
                cell.fill = _OFF


def _write_help(sheet: Worksheet, book: RuleBook) -> None:
    """Write what each column and each field of a condition means."""
    widths = (18, 8, 60, 70)
    for at, width in enumerate(widths):
        sheet.column_dimensions[letter(at)].width = width
    for number, (row, bold) in enumerate(_help(book), 1):
        for at, value in enumerate(row, 1):
            cell = sheet.cell(number, at)
            _put(cell, value)
            cell.alignment = Alignment(vertical="top", wrap_text=True)
            if bold:
                cell.font, cell.fill = Font(bold=True), _HEAD
        _set_height(sheet, number, widths)
    _fit_page(sheet)


def _help(book: RuleBook) -> Iterator[tuple[tuple[str, ...], bool]]:
    yield ("怎么改", "", "", ""), True
    for line in (
        "一行一条规则。工单从优先级数字小的规则看起,第一条条件都成立的生效。",
        "先在“单位”里加单位,再在“规则”里用;改完用 predict.py rules import 导回,有错会指出工作表和行号,原文件不变。",
        "导回后用 predict.py rules check 检查,用 predict.py rules backtest 旧表 新表 导出表 看哪些工单会改派。",
        "停用一条规则:启用 写 否。不要留空行以外的说明文字在表里。",
    ):
        yield ("", "", line, ""), False
    for title, columns in SHEETS.items():
        yield (f"“{title}”的列", "", "填什么", "可选"), True
        for column in columns:
            yield (column.header, "", column.help, "、".join(column.options)), False
    yield ("条件里的字段", "类型", "是什么", "可用的值"), True
    for field in book.schema.fields.values():
        yield (field.name, field.kind, field.meaning, _options(field)), False
    yield ("比较符", "类型", "写法", ""), True
    for kind, usage in _OPERATORS.items():
        yield ("", kind, usage, ""), False
    for line in (
        "且、或、非 连接(也可写 and、or、not);且 比 或 先算,拿不准就加括号;字段、比较符、值之间留空格。",
        "也可写中文比较符:是、不是、不低于、不高于、高于、低于、属于、不属于。中文引号、括号、逗号都认。",
        "数未知时(如文中没有说室温),任何大小比较都不成立;要专门处理写 室温 == 未知。",
    ):
        yield ("", "", line, ""), False
    yield ("例子", "", "意思", "写法"), True
    for meaning, condition in _EXAMPLES:
        yield ("", "", meaning, condition), False


def _options(field: Field) -> str:
    if field.names:
        return "、".join(field.names.values())
    return f"{field.low:g} 到 {field.high:g}" if field.kind == NUMBER and field.high < float("inf") else ""
