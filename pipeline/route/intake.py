"""A routing table back from the spreadsheet that :mod:`pipeline.route.export` writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import TableError
from pipeline.route.clauses import Clauses, join
from pipeline.route.columns import Column, Names, read_cell, split_labels
from pipeline.route.export import SHEETS
from pipeline.route.rules import Unit
from pipeline.route.schema import Schema
from pipeline.route.table import Table
from pipeline.tables import build
from pipeline.text.signals import require_known
from pipeline.tickets.cells import is_blank, text_of
from pipeline.tickets.formats import find_kind
from pipeline.tickets.workbook import open_workbook

__all__ = ["read_workbook"]

_CASES = {"没有规则": "unit", "属地不明": "unknown_district"}
_CONDITION = ("domain", "urgency", "nature", "words", "rest")
Entry = dict[str, Any]


def read_workbook(path: Path, schema: Schema) -> Table:
    """Read a routing table from xlsx.

    Parameters
    ----------
    path : Path
        The workbook.
    schema : Schema
        For the cells that together are a condition.

    Raises
    ------
    UnreadableFile
        If it is missing, damaged or no workbook.
    TableError
        If a sheet or column is missing or unknown, or a cell is not of its column's kind.
    """
    sheets = _rows(path)
    units = {entry["code"]: entry for entry, _ in sheets["单位"] if entry.get("code")}
    names = Names({code: _named(entry) for code, entry in units.items()})
    rules = [_rule(entry, names, schema) for entry, _ in sheets["规则"]]
    sections = {
        "fallback": _fallback(sheets["兜底"], names),
        "deadlines": {entry.pop("urgency", ""): entry for entry, _ in sheets["时限"]},
        "calls": {entry.get("signal", ""): names.codes(entry.get("units", "")) for entry, _ in sheets["紧急电话"]},
        "units": [_unit(entry) for entry, _ in sheets["单位"]],
        "rules": rules,
    }
    _require_once([(entry.get("signal", ""), where) for entry, where in sheets["紧急电话"]], path)
    places = {"rules": [where for _, where in sheets["规则"]], "units": [where for _, where in sheets["单位"]]}
    return Table(path, sections, places)


def _rows(path: Path) -> dict[str, list[tuple[Entry, str]]]:
    """Return the filled rows of each sheet as entries, with where each stands."""
    if (kind := find_kind(path)) not in ("xlsx", "xls"):
        raise TableError(
            f"这是 {kind} 文件", where=path, expected="xlsx 工作簿", remedy="用 predict.py rules export 导出的表"
        )
    source = open_workbook(path, kind)
    try:
        found = {sheet.name: list(sheet.rows()) for sheet in source.sheets() if sheet.name in SHEETS}
    finally:
        source.close()
    for title in SHEETS:
        if title not in found:
            raise TableError(f"没有工作表“{title}”", where=path, remedy="在 predict.py rules export 导出的表上改")
    return {title: list(_entries(title, found[title], path)) for title in SHEETS}


def _entries(title: str, rows: Sequence[tuple[int, Sequence[object], str]], path: Path) -> Iterator[tuple[Entry, str]]:
    columns: list[Column | None] = []
    for number, cells, _ in rows:
        where = f"工作表“{title}” 第 {number} 行"
        if is_blank(cells):
            continue
        if not columns:
            columns = _header(title, cells, f"{path} {where}")
            continue
        yield _entry(columns, cells, f"{path} {where}"), where
    if not columns:
        raise TableError("工作表是空的", where=f"{path} 工作表“{title}”", remedy="用 predict.py rules export 重新导出")


def _header(title: str, cells: Sequence[object], where: str) -> list[Column | None]:
    known = {column.header: column for column in SHEETS[title]}
    headers = [text_of(cell).strip() for cell in cells]
    for header in filter(None, headers):
        require_known(header, known, where, "列")
        if headers.count(header) > 1:
            raise TableError(f"“{header}”列有两个", where=where, remedy="删去其中一个")
    for header in known:
        if header not in headers:
            raise TableError(f"缺少“{header}”列", where=where, remedy="补上这一列,没有内容也可以")
    return [known.get(header) for header in headers]


def _entry(columns: Sequence[Column | None], cells: Sequence[object], where: str) -> Entry:
    entry: Entry = {}
    for at, cell in enumerate(cells):
        column = columns[at] if at < len(columns) else None
        if column is None:
            if cell is not None and text_of(cell).strip():
                raise TableError(f"第 {at + 1} 列没有列名却有内容", where=where, remedy="删掉,或写到“备注”里")
            continue
        value = read_cell(column, cell, where)
        if value is not None:
            entry[column.key] = value
    for column in filter(None, columns):
        if column.kind == "flag":
            entry.setdefault(column.key, column.empty)
    return entry


def _rule(entry: Entry, names: Names, schema: Schema) -> Entry:
    """Return a row of rules as TOML would hold it."""
    rule = {key: value for key, value in entry.items() if key in {"name", *_PLAIN}}
    clauses = Clauses(**{key: entry.get(key, "") for key in _CONDITION})
    rule["when"] = join(clauses, schema)
    rule.setdefault("name", "")
    rule["lead"] = names.code(entry.get("lead", ""))
    for key in ("support", "copy_to"):
        rule[key] = names.codes(entry.get(key, ""))
    if "deadline_for" in entry:
        rule["deadline_for"] = split_labels(entry["deadline_for"])
    clock = {"value": entry.get("value"), "unit": entry.get("unit"), "basis": entry.get("clock_basis")}
    given = {key: value for key, value in clock.items() if value is not None}
    return rule | ({"deadline": given} if given else {})


_PLAIN = (
    "priority",
    "active",
    "valid_from",
    "valid_to",
    "raise_to",
    "call",
    "confidential",
    "verified",
    "basis",
    "note",
)


def _unit(entry: Entry) -> Entry:
    """Return a row of units as TOML would hold it."""
    return {"source": "", **entry, "aliases": list(split_labels(entry.get("aliases", "")))}


def _named(entry: Mapping[str, Any]) -> Unit:
    """Return enough of a unit to find it by name."""
    plain = {"code": entry["code"], "name": entry.get("name", ""), "kind": "", "verified": False, "source": ""}
    return build(Unit, plain, "")


def _fallback(rows: Sequence[tuple[Entry, str]], names: Names) -> Entry:
    """Return the two ways out; an unknown case is an error."""
    fallback: Entry = {}
    for entry, where in rows:
        case = entry.get("case", "")
        require_known(case, _CASES, where, "情形")
        fallback[_CASES[case]] = names.code(entry.get("unit", ""))
    return fallback


def _require_once(entries: Sequence[tuple[str, str]], path: Path) -> None:
    seen: set[str] = set()
    for name, where in entries:
        if name in seen:
            raise TableError(f"“{name}”写了两行", where=f"{path} {where}", remedy="合并为一行")
        seen.add(name)
