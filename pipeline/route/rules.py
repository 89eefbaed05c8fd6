"""The routing table, read and checked: units, deadlines, calls and ordered rules of ``data/routing.toml``.

A rule that names anything unknown stops the load; nothing is switched off silently.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.errors import TableError
from pipeline.route.decision import UNITS, Deadline
from pipeline.tables import DATA, build, read_toml
from pipeline.taxonomy import Taxonomy
from pipeline.text.signals import require_known

__all__ = ["Facts", "Rule", "RuleBook", "Unit"]

KINDS = ("市级部门", "省级部门", "属地", "企业", "平台", "紧急")
SECTIONS = ("fallback", "deadlines", "calls", "units", "rules")


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
    valid_from : datetime.date or None
        First day on which the unit exists under this name.
    """

    code: str
    name: str
    kind: str
    verified: bool
    source: str
    valid_from: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the conditions of a rule are tried on: ids of the taxonomy, the text, and the day's seasons."""

    domain: str
    urgency: str
    nature: str
    text: str
    seasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the routing table; an empty condition holds always.

    Parameters
    ----------
    name : str
        What a reason calls it.
    domain, lead : str
        Domain id; unit code of the lead unit.
    support : tuple of str
        Unit codes of the support units.
    urgency, nature : tuple of str
        Ids, one of which must hold.
    contains : tuple of str
        Words, one of which the text must contain.
    season : str or None
        Season in which the ticket must have come.
    raise_to : str or None
        Urgency id that the rule raises to; a rule never lowers.
    copy_to_district : bool
        Whether the district's government receives a copy.
    days : int or None
        Deadline of an ordinary ticket, in the unit of the table's ``normal`` deadline.
    clock : Deadline or None
        Statutory clock, in place of the hotline's for the urgencies of ``clock_for``.
    clock_for : tuple of str
        Urgency ids.
    verified : bool
        Whether a source is known for the assignment.
    basis : str
        The law or document.
    """

    name: str
    domain: str
    lead: str
    support: tuple[str, ...] = ()
    urgency: tuple[str, ...] = ()
    nature: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    season: str | None = None
    raise_to: str | None = None
    copy_to_district: bool = False
    days: int | None = None
    clock: Deadline | None = None
    clock_for: tuple[str, ...] = ("normal",)
    verified: bool = True
    basis: str = ""

    def fits(self, facts: Facts) -> bool:
        """Return whether every condition holds."""
        return (
            self.domain == facts.domain
            and (not self.urgency or facts.urgency in self.urgency)
            and (not self.nature or facts.nature in self.nature)
            and (self.season is None or self.season in facts.seasons)
            and (not self.contains or any(word in facts.text for word in self.contains))
        )

    @property
    def catches_all(self) -> bool:
        """Whether the rule asks for nothing but domain and urgency."""
        return not (self.nature or self.contains or self.season)


@dataclass(frozen=True)
class RuleBook:
    """The whole routing table."""

    units: Mapping[str, Unit]
    rules: tuple[Rule, ...]
    deadlines: Mapping[str, Deadline]
    calls: Mapping[str, tuple[str, ...]]
    fallback: str
    unknown_district: str

    @classmethod
    def load(
        cls,
        path: Path = DATA / "routing.toml",
        *,
        taxonomy: Taxonomy,
        signals: Collection[str],
        seasons: Collection[str],
    ) -> RuleBook:
        """Read and check the table.

        Parameters
        ----------
        path : Path
            The table.
        taxonomy : Taxonomy
            Where its domain, urgency and nature ids come from.
        signals, seasons : collection of str
            Names that ``calls`` and ``season`` may use.

        Raises
        ------
        TableError
            On an unknown key or name anywhere, a unit given twice, or a domain × urgency that no rule catches.
        """
        table = read_toml(path)
        for key in table:
            require_known(key, SECTIONS, str(path), "键")
        units = _units(table.get("units", []), str(path))
        fallback = build(_Fallback, table.get("fallback"), f"{path} fallback")
        for code in (fallback.unit, fallback.unknown_district):
            require_known(code, units, f"{path} fallback", "单位")
        names = _Names(taxonomy, units, seasons)
        rules = tuple(
            _rule(entry, f"{path} 第 {number} 条 rules", names)
            for number, entry in enumerate(table.get("rules", ()), 1)
        )
        _require_whole(rules, taxonomy, str(path))
        deadlines = _deadlines(table.get("deadlines", {}), taxonomy, f"{path} deadlines")
        calls = _calls(table.get("calls", {}), units, signals, f"{path} calls")
        return cls(units, rules, deadlines, calls, fallback.unit, fallback.unknown_district)

    def first(self, facts: Facts) -> Rule | None:
        """Return the first rule that fits, or ``None`` for a domain outside the taxonomy."""
        return next((rule for rule in self._by_domain.get(facts.domain, ()) if rule.fits(facts)), None)

    def deadline(self, rule: Rule | None, urgency: str) -> Deadline:
        """Return the deadline of a ticket: the rule's statutory clock, the rule's days, or the urgency's own."""
        own = self.deadlines[urgency]
        if rule is None:
            return own
        if rule.clock is not None and urgency in rule.clock_for:
            return rule.clock
        if rule.days is not None and urgency == "normal":
            return Deadline(rule.days, own.unit, own.basis)
        return own

    @cached_property
    def _by_domain(self) -> dict[str, tuple[Rule, ...]]:
        domains = dict.fromkeys(rule.domain for rule in self.rules)
        return {domain: tuple(rule for rule in self.rules if rule.domain == domain) for domain in domains}


@dataclass(frozen=True, slots=True)
class _Fallback:
    unit: str
    unknown_district: str


@dataclass(frozen=True, slots=True)
class _Names:
    """What a rule may refer to."""

    taxonomy: Taxonomy
    units: Mapping[str, Unit]
    seasons: Collection[str]

    def check(self, rule: Rule, where: str) -> None:
        """Refuse every name that nothing defines."""
        urgencies = _ids(self.taxonomy.urgencies)
        require_known(rule.domain, _ids(self.taxonomy.domains), where, "领域")
        for code in (rule.lead, *rule.support):
            require_known(code, self.units, where, "单位")
        for urgency in (*rule.urgency, *rule.clock_for, *([rule.raise_to] if rule.raise_to else [])):
            require_known(urgency, urgencies, where, "紧急程度")
        for nature in rule.nature:
            require_known(nature, _ids(self.taxonomy.natures), where, "诉求类型")
        if rule.season is not None:
            require_known(rule.season, self.seasons, where, "时段")


def _ids(labels: Iterable[Any]) -> list[str]:
    return [label.id for label in labels]


def _units(entries: Iterable[object], where: str) -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for entry in entries:
        unit = build(Unit, entry, f"{where} units")
        if unit.code in units:
            raise TableError(f"单位“{unit.code}”重复", where=where, remedy="删去其中一个")
        require_known(unit.kind, KINDS, f"{where} units {unit.code}", "单位类别")
        units[unit.code] = unit
    return units


def _rule(entry: object, where: str, names: _Names) -> Rule:
    """Build one rule; its clock is a table inside the table."""
    if not isinstance(entry, Mapping):
        raise TableError(f"{entry!r} 不是一组键值", where=where, expected="一个 TOML 表")
    where = f"{where}({entry.get('name', '未命名')})"
    clock = {"clock": _deadline(entry["clock"], f"{where} clock")} if "clock" in entry else {}
    rule = build(Rule, {**entry, **clock}, where)
    names.check(rule, where)
    return rule


def _deadline(entry: object, where: str) -> Deadline:
    deadline = build(Deadline, entry, where)
    require_known(deadline.unit, UNITS, where, "时限单位")
    if deadline.value < 1:
        raise TableError(f"时限 {deadline.value} 不对", where=where, expected="不小于 1 的整数")
    return deadline


def _deadlines(table: Mapping[str, object], taxonomy: Taxonomy, where: str) -> dict[str, Deadline]:
    urgencies = _ids(taxonomy.urgencies)
    for key in table:
        require_known(key, urgencies, where, "紧急程度")
    for urgency in urgencies:
        if urgency not in table:
            raise TableError(f"缺少“{urgency}”的时限", where=where, remedy=f"补上 {urgency}")
    return {urgency: _deadline(entry, f"{where}.{urgency}") for urgency, entry in table.items()}


def _calls(
    table: Mapping[str, Iterable[str]], units: Mapping[str, Unit], signals: Collection[str], where: str
) -> dict[str, tuple[str, ...]]:
    for signal, codes in table.items():
        require_known(signal, signals, where, "信号")
        for code in codes:
            require_known(code, units, f"{where}.{signal}", "单位")
    return {signal: tuple(codes) for signal, codes in table.items()}


def _require_whole(rules: Iterable[Rule], taxonomy: Taxonomy, where: str) -> None:
    """Refuse a table with a domain × urgency that nothing catches."""
    caught = {
        (rule.domain, urgency)
        for rule in rules
        if rule.catches_all
        for urgency in (rule.urgency or _ids(taxonomy.urgencies))
    }
    for domain in taxonomy.domains:
        for urgency in taxonomy.urgencies:
            if (domain.id, urgency.id) not in caught:
                found = f"领域“{domain.id}”紧急程度“{urgency.id}”没有规则"
                raise TableError(found, where=where, remedy=f"为 {domain.id} 补一条不带条件的规则")
