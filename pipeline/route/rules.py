"""The routing table, read and checked: units, deadlines, calls and rules of ``data/routing.toml``.

A rule that names anything unknown stops the load; nothing is switched off silently.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from pipeline.errors import TableError
from pipeline.route.condition import ALWAYS, Node, Test, compile_test, tell
from pipeline.route.decision import UNITS, Deadline
from pipeline.route.language import parse
from pipeline.route.region import Region, TooHard, judge, search
from pipeline.route.schema import Facts, Schema
from pipeline.tables import DATA, build, read_toml
from pipeline.text.signals import require_known

__all__ = ["KINDS", "Rule", "RuleBook", "Table", "Unit", "read_table"]

KINDS = ("市级部门", "省级部门", "属地", "企业", "平台", "紧急")
SECTIONS = ("fallback", "deadlines", "calls", "units", "rules")
FIRST, LAST = 1, 9999
"""Bounds of a priority; the lower number is tried first."""
_HEADING = re.compile(r"\s*\[\[\s*(\w+)\s*\]\]")
_CODE = re.compile(r"[\w.-]{1,64}")
LONGEST = 8000
"""No text of the table is longer, in characters."""
_INVISIBLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that tickets go to.

    Parameters
    ----------
    code : str
        What rules write.
    name : str
        What people read.
    kind : str
        ``市级部门``, ``省级部门``, ``属地`` (stands for the district's government), ``企业``, ``平台`` or ``紧急``.
    verified : bool
        Whether a source is known for the unit's duty.
    source : str
        Where the duty is laid down.
    valid_from, valid_to : datetime.date or None
        First and last day on which the unit exists under this name.
    """

    code: str
    name: str
    kind: str
    verified: bool
    source: str
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    def exists_on(self, day: dt.date) -> bool:
        """Return whether the unit exists on a day."""
        return _holds(self.valid_from, self.valid_to, day)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the routing table.

    Parameters
    ----------
    name : str
        What a reason calls it; no two rules share it.
    lead : str
        Unit code of the lead unit.
    when : str
        The condition as :mod:`pipeline.route.language` reads it; an empty one holds always.
    priority : int
        1 to 9999; the lower number is tried first, of equal ones the one written first.
    active : bool
        Whether it takes part at all.
    valid_from, valid_to : datetime.date or None
        First and last day of arrival for which it holds.
    support, copy_to : tuple of str
        Unit codes of those that assist, and of those that receive a copy.
    raise_to : str or None
        Urgency id that the rule raises to; a rule never lowers.
    deadline : Deadline or None
        In place of the hotline's, for the urgencies of ``deadline_for``; without a basis of its own it takes the
        hotline's.
    deadline_for : tuple of str
        Urgency ids.
    call : bool
        Whether the unit is to be called until it acknowledges, whatever the urgency.
    confidential : bool
        Whether the caller is to be hidden from the unit, whatever the nature.
    verified : bool
        Whether a source is known for the assignment.
    basis, note : str
        The law or document; whatever else a person should know.
    condition : Node
        ``when``, read.
    where : str
        File and line, for messages.
    """

    name: str
    lead: str
    when: str = ""
    priority: int = 100
    active: bool = True
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    support: tuple[str, ...] = ()
    copy_to: tuple[str, ...] = ()
    raise_to: str | None = None
    deadline: Deadline | None = None
    deadline_for: tuple[str, ...] = ("normal",)
    call: bool = False
    confidential: bool = False
    verified: bool = True
    basis: str = ""
    note: str = ""
    condition: Node = field(default=ALWAYS, compare=False)
    where: str = field(default="", compare=False)

    def in_force(self, day: dt.date) -> bool:
        """Return whether the rule holds for tickets that arrive on a day."""
        return self.active and _holds(self.valid_from, self.valid_to, day)

    def reasons(self, facts: Facts) -> tuple[str, ...]:
        """Return the facts on which the rule holds, in Chinese phrases."""
        return tell(self.condition, facts)


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


@dataclass(frozen=True)
class RuleBook:
    """The whole routing table, the rules in the order in which they are written."""

    units: Mapping[str, Unit]
    rules: tuple[Rule, ...]
    deadlines: Mapping[str, Deadline]
    calls: Mapping[str, tuple[str, ...]]
    fallback: str
    unknown_district: str
    schema: Schema

    @classmethod
    def load(cls, path: Path = DATA / "routing.toml", *, schema: Schema) -> RuleBook:
        """Read and check the table.

        Parameters
        ----------
        path : Path
            The table.
        schema : Schema
            Names that conditions and other columns may use.

        Raises
        ------
        TableError
            On an unknown key or name anywhere, a condition that cannot be read, a unit or rule given twice, or a
            domain × urgency that the rules do not cover.
        """
        book, faults = cls.read(read_table(path), schema)
        faults = faults or list(book.gaps())
        if faults:
            first = faults[0]
            more = f"(另有 {len(faults) - 1} 处,用 predict.py rules check 看全部)" if len(faults) > 1 else ""
            raise TableError(first.found + more, where=first.where, expected=first.expected, remedy=first.remedy)
        return book

    @classmethod
    def read(cls, table: Table, schema: Schema) -> tuple[RuleBook, list[TableError]]:
        """Return what of a table can be used, and every fault in it."""
        reader = _Reader(table, schema)
        return reader.book(cls), reader.faults

    def first(self, facts: Facts, day: dt.date | None = None) -> Rule | None:
        """Return the first rule that fits, or ``None`` where none does.

        Parameters
        ----------
        facts : Facts
            What is known of the ticket.
        day : datetime.date, optional
            The day of its arrival; without it dates of validity do not matter.
        """
        return next(self.fitting(facts, day), None)

    def fitting(self, facts: Facts, day: dt.date | None = None) -> Iterator[Rule]:
        """Yield the rules that fit, in the order in which they are tried."""
        key = facts.domain, facts.urgency
        candidates = self._index.get(key)
        if candidates is None:
            candidates = self._index[key] = self._may_fit(*key)
        for rule, test in candidates:
            if test(facts) and (day is None or _holds(rule.valid_from, rule.valid_to, day)):
                yield rule

    def deadline(self, rule: Rule | None, urgency: str) -> Deadline:
        """Return the deadline of a ticket: the rule's where it has one for this urgency, else the urgency's own."""
        own = self.deadlines[urgency]
        if rule is None or rule.deadline is None or urgency not in rule.deadline_for:
            return own
        return rule.deadline if rule.deadline.basis else replace(rule.deadline, basis=own.basis)

    def gaps(self, day: dt.date | None = None) -> Iterator[TableError]:
        """Yield an error for each domain × urgency of which some ticket has no rule (in force on ``day``)."""
        domain, urgency = (self.schema.by_attribute[name] for name in ("domain", "urgency"))
        for one, level in product(domain.names, urgency.names):
            inside = Region({domain: frozenset([one]), urgency: frozenset([level])})
            rules = [rule for rule, _ in self._may_fit(one, level) if day is None or rule.in_force(day)]
            try:
                left = search([(rule.condition, False) for rule in rules], inside)
            except TooHard:
                continue
            if left is not None:
                found = f"领域“{domain.show(one)}”紧急程度“{urgency.show(level)}”有工单没有规则,例如{left.described()}"
                where = str(self.rules[0].where.partition(" ")[0]) if self.rules else None
                yield TableError(found, where=where, remedy=f"为“{domain.show(one)}”补一条只写领域的规则")

    def unit_name(self, code: str) -> str:
        """Return what people call a unit."""
        return self.units[code].name

    @cached_property
    def ordered(self) -> tuple[Rule, ...]:
        """The active rules in the order in which they are tried."""
        return tuple(sorted((rule for rule in self.rules if rule.active), key=lambda rule: rule.priority))

    @cached_property
    def _index(self) -> dict[tuple[str, str], list[tuple[Rule, Test]]]:
        """Rules that a domain and urgency leave possible, filled as tickets come."""
        return {}

    @cached_property
    def _in_domain(self) -> dict[str, list[tuple[Rule, Test]]]:
        return {}

    def _may_fit(self, domain: str, urgency: str) -> list[tuple[Rule, Test]]:
        fields = self.schema.by_attribute
        inside = Region({fields["domain"]: frozenset([domain])})
        possible = self._in_domain.get(domain)
        if possible is None:
            possible = [(rule, test) for rule, test in self._tests if judge(rule.condition, inside) is not False]
            self._in_domain[domain] = possible
        inside = Region({**inside.known, fields["urgency"]: frozenset([urgency])})
        candidates = []
        for rule, test in possible:
            verdict = judge(rule.condition, inside)
            if verdict is not False:
                candidates.append((rule, test))
            if verdict and rule.valid_from is None and rule.valid_to is None:
                candidates[-1] = rule, _always
        return candidates

    @cached_property
    def _tests(self) -> list[tuple[Rule, Test]]:
        return [(rule, compile_test(rule.condition)) for rule in self.ordered]


def _always(_: Facts) -> bool:
    return True


def _holds(first: dt.date | None, last: dt.date | None, day: dt.date) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)


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

    def book(self, cls: type[RuleBook]) -> RuleBook:
        sections = self._table.sections
        for key in sections:
            self._try(require_known, key, SECTIONS, self._where, "键")
        units = self._units(sections.get("units", []))
        fallback = self._try(self._fallback, sections.get("fallback"), units) or _Fallback("", "")
        deadlines = self._try(self._deadlines, sections.get("deadlines", {})) or {}
        calls = self._try(self._calls, sections.get("calls", {}), units) or {}
        rules = self._rules(sections.get("rules", []), units)
        return cls(units, rules, deadlines, calls, fallback.unit, fallback.unknown_district, self._schema)

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


def units_of(rule: Rule) -> Iterable[str]:
    """Yield the codes of all units that a rule names."""
    return dict.fromkeys((rule.lead, *rule.support, *rule.copy_to))
