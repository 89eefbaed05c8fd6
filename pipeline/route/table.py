"""The routing table as it is written, checked name by name and made into a book of rules.

A rule that names anything unknown stops the load; nothing is switched off silently.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.errors import TableError
from pipeline.route.decision import UNITS, Deadline
from pipeline.route.language import parse
from pipeline.route.rules import KINDS, Rule, RuleBook, Unit
from pipeline.route.schema import Schema
from pipeline.tables import DATA, build, read_toml
from pipeline.text.signals import require_known

__all__ = ["SEPARATORS", "Table", "load_book", "read_book", "read_table"]

SECTIONS = ("fallback", "deadlines", "calls", "units", "rules")
FIRST, LAST = 1, 9999
"""Bounds of a priority; the lower number is tried first."""
LONGEST = 8000
"""No text of the table is longer, in characters."""
SEPARATORS = re.compile(r"[、,\uff0c;\uff1b\n]")
"""What stands between several names in one cell."""
_HEADING = re.compile(r"\s*\[\[\s*(\w+)\s*\]\]")
_CODE = re.compile(r"[\w.-]{1,64}")
_INVISIBLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Table:
    """A routing table as it was written, before any name in it is checked; TOML and xlsx both come to this."""

    path: Path
    sections: Mapping[str, Any]
    places: Mapping[str, Sequence[str]]
    """For ``units`` and ``rules``: where each entry stands."""

    def place(self, section: str, number: int) -> str:
        """Return where the entry of this number, from 0, stands."""
        known = self.places.get(section, ())
        line = f" {known[number]}" if number < len(known) else ""
        return f"{self.path}{line} 第 {number + 1} 条 {section}"


def read_table(path: Path) -> Table:
    """Read a routing table from TOML.

    Raises
    ------
    TableError
        If the file is missing or is not TOML.
    """
    sections = read_toml(path)
    found: dict[str, list[str]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        heading = _HEADING.match(line)
        if heading:
            found.setdefault(heading[1], []).append(f"第 {number} 行")
    # A heading inside a long string would shift all that follow: better no line than a wrong one.
    places = {key: lines for key, lines in found.items() if len(lines) == len(sections.get(key, ()))}
    return Table(path, sections, places)


def load_book(path: Path = DATA / "routing.toml", *, schema: Schema) -> RuleBook:
    """Read and check a table, all or nothing.

    Parameters
    ----------
    path : Path
        A TOML file.
    schema : Schema
        Names that conditions and other columns may use.

    Raises
    ------
    TableError
        On an unknown key or name anywhere, a condition that cannot be read, a unit or rule given twice, or a domain ×
        urgency that the rules do not cover; it tells the first fault and how many more there are.
    """
    book, faults = read_book(read_table(path), schema)
    faults = faults or list(book.gaps())
    if faults:
        first = faults[0]
        more = f"(另有 {len(faults) - 1} 处,用 predict.py rules check 看全部)" if len(faults) > 1 else ""
        raise TableError(first.found + more, where=first.where, expected=first.expected, remedy=first.remedy)
    return book


def read_book(table: Table, schema: Schema) -> tuple[RuleBook, list[TableError]]:
    """Return what of a table can be used, and every fault in it."""
    reader = _Reader(table, schema)
    return reader.book(), reader.faults


@dataclass(frozen=True, slots=True)
class _Fallback:
    unit: str
    unknown_district: str


@dataclass(frozen=True, slots=True)
class _Clock:
    """A deadline as tables write it: a rule's may leave the basis to the urgency's own."""

    value: int
    unit: str
    basis: str = ""


class _Reader:
    """Builds a book part by part; what is wrong is put on the list and left out."""

    def __init__(self, table: Table, schema: Schema) -> None:
        self.faults: list[TableError] = []
        self._table = table
        self._where = str(table.path)
        self._schema = schema

    def book(self) -> RuleBook:
        sections = self._table.sections
        for key in sections:
            self._try(require_known, key, SECTIONS, self._where, "键")
        units = self._units(sections.get("units", []))
        fallback = self._try(self._fallback, sections.get("fallback"), units) or _Fallback("", "")
        deadlines = self._try(self._deadlines, sections.get("deadlines", {})) or {}
        calls = self._try(self._calls, sections.get("calls", {}), units) or {}
        rules = self._rules(sections.get("rules", []), units)
        return RuleBook(units, rules, deadlines, calls, fallback.unit, fallback.unknown_district, self._schema)

    def _try(self, make: Any, *given: Any) -> Any:  # noqa: ANN401 - passes through what it is given
        try:
            return make(*given)
        except TableError as fault:
            self.faults.append(fault)
            return None

    def _entries(self, section: str, entries: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield each entry of a list with where it stands, its strings tidied."""
        if not isinstance(entries, list):
            self.faults.append(TableError(f"{section} 不是列表", where=self._where, expected=f"若干个 [[{section}]]"))
            return
        for number, entry in enumerate(entries):
            where = self._table.place(section, number)
            tidied = self._try(_tidy, entry, where)
            if isinstance(tidied, Mapping):
                yield f"{where}({tidied.get('name', '未命名')})", tidied
            elif tidied is not None:
                self.faults.append(TableError(f"{entry!r} 不是一组键值", where=where, expected="一个 TOML 表"))

    def _units(self, entries: object) -> dict[str, Unit]:
        units: dict[str, Unit] = {}
        for where, entry in self._entries("units", entries):
            unit = self._try(_unit, entry, where, units)
            if unit:
                units[unit.code] = unit
        return units

    def _rules(self, entries: object, units: Mapping[str, Unit]) -> tuple[Rule, ...]:
        rules: dict[str, Rule] = {}
        for where, entry in self._entries("rules", entries):
            rule = self._try(self._rule, entry, where, units)
            if rule and rule.name in rules:
                found = f"规则“{rule.name}”重名"
                self.faults.append(TableError(found, where=where, remedy="改名,依据和比对按名称认规则"))
            elif rule:
                rules[rule.name] = rule
        return tuple(rules.values())

    def _rule(self, entry: Mapping[str, Any], where: str, units: Mapping[str, Unit]) -> Rule:
        for key in ("condition", "where"):
            if key in entry:
                raise TableError(f"不认识的键“{key}”", where=where, remedy="条件写在 when 里")
        clock = {"deadline": _deadline(entry["deadline"], f"{where} deadline")} if "deadline" in entry else {}
        rule = build(Rule, {**entry, **clock}, where)
        if not rule.name:
            raise TableError("规则没有名称", where=where, remedy="补上名称")
        if not FIRST <= rule.priority <= LAST:
            raise TableError(f"优先级 {rule.priority} 不对", where=where, expected=f"{FIRST} 到 {LAST},数字小的先看")
        _require_order(rule.valid_from, rule.valid_to, where)
        for code in (rule.lead, *rule.support, *rule.copy_to):
            require_known(code, units, where, "单位")
        return replace(
            rule,
            condition=parse(rule.when, self._schema, where),
            raise_to=self._urgency(rule.raise_to, where) if rule.raise_to else None,
            deadline_for=tuple(self._urgency(name, where) for name in rule.deadline_for),
            where=where,
        )

    def _fallback(self, entry: object, units: Mapping[str, Unit]) -> _Fallback:
        where = f"{self._where} fallback"
        fallback = build(_Fallback, _tidy(entry, where), where)
        for code in (fallback.unit, fallback.unknown_district):
            require_known(code, units, where, "单位")
        return fallback

    def _deadlines(self, entries: object) -> dict[str, Deadline]:
        where = f"{self._where} deadlines"
        table = _tidy(_mapping(entries, where), where)
        given = {self._urgency(key, where): _deadline(entry, f"{where}.{key}") for key, entry in table.items()}
        names = self._schema.by_attribute["urgency"].names
        for key, name in names.items():
            if key not in given:
                raise TableError(f"缺少“{key}”({name})的时限", where=where, remedy=f"补上 {key}")
        for key, deadline in given.items():
            if not deadline.basis:
                raise TableError(f"“{key}”的时限没有依据", where=where, remedy="补上 basis")
        return {key: given[key] for key in names}

    def _calls(self, entries: object, units: Mapping[str, Unit]) -> dict[str, tuple[str, ...]]:
        where = f"{self._where} calls"
        table = _tidy(_mapping(entries, where), where)
        for signal, codes in table.items():
            require_known(signal, self._schema.by_attribute["signals"].names, where, "信号")
            if not isinstance(codes, list):
                raise TableError("不是列表", where=f"{where}.{signal}", expected="单位代码的列表")
            for code in codes:
                require_known(code, units, f"{where}.{signal}", "单位")
        return {signal: tuple(codes) for signal, codes in table.items()}

    def _urgency(self, spelling: str, where: str) -> str:
        """Return the id of an urgency given by id or name."""
        scale = self._schema.by_attribute["urgency"]
        found = scale.find(spelling)
        if found is None:
            require_known(spelling, [*scale.names, *scale.names.values()], where, "紧急程度")
        return found or spelling


def _unit(entry: Mapping[str, Any], where: str, units: Mapping[str, Unit]) -> Unit:
    unit = build(Unit, entry, where)
    if not unit.code or not unit.name:
        raise TableError("单位没有代码或名称", where=where, remedy="补上")
    if not _CODE.fullmatch(unit.code):
        raise TableError(f"单位代码“{unit.code}”不对", where=where, expected="字母、数字、汉字、下划线、点、减号")
    if unit.code in units:
        raise TableError(f"单位“{unit.code}”重复", where=where, remedy="删去其中一个")
    require_known(unit.kind, KINDS, where, "单位类别")
    for alias in unit.aliases:
        if not alias or SEPARATORS.search(alias):
            raise TableError(f"别名“{alias}”不对", where=where, expected="不带顿号、逗号、分号的名称")
    _require_order(unit.valid_from, unit.valid_to, where)
    return unit


def _deadline(entry: object, where: str) -> Deadline:
    clock = entry if isinstance(entry, Deadline) else build(_Clock, entry, where)
    require_known(clock.unit, UNITS, where, "时限单位")
    if clock.value < 1:
        raise TableError(f"时限 {clock.value} 不对", where=where, expected="不小于 1 的整数")
    return Deadline(clock.value, clock.unit, clock.basis)


def _mapping(entry: object, where: str) -> Mapping[str, Any]:
    if not isinstance(entry, Mapping):
        raise TableError(f"{entry!r} 不是一组键值", where=where, expected="一个 TOML 表")
    return entry


def _require_order(first: dt.date | None, last: dt.date | None, where: str) -> None:
    if first is not None and last is not None and last < first:
        raise TableError(f"有效期止 {last} 早于有效期起 {first}", where=where, remedy="改正日期")


def _tidy(value: Any, where: str) -> Any:  # noqa: ANN401 - any TOML value
    """Return a value with its strings stripped; what a spreadsheet could not give back is refused.

    Raises
    ------
    TableError
        On a control character other than a line feed, and on a text of more than :data:`LONGEST` characters.
    """
    if isinstance(value, str):
        text = value.replace("\r\n", "\n").strip()
        if found := _INVISIBLE.search(text):
            raise TableError(f"有看不见的字符 U+{ord(found[0]):04X}", where=where, remedy="删掉它,重新输入这一格")
        if len(text) > LONGEST:
            raise TableError(f"文字有 {len(text)} 个字", where=where, expected=f"不超过 {LONGEST} 个字", remedy="缩短")
        return text
    if isinstance(value, list):
        return [_tidy(item, where) for item in value]
    if isinstance(value, Mapping):
        return {_tidy(key, where): _tidy(item, where) for key, item in value.items()}
    return value
