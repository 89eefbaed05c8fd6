"""Units, rules and the book of them: which rule a ticket comes to, by when, and where the rules leave a gap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product

from pipeline.errors import TableError
from pipeline.route.condition import ALWAYS, Node, Test, compile_test, tell
from pipeline.route.decision import Deadline
from pipeline.route.region import ANYWHERE, Region, TooHard, judge, search
from pipeline.route.schema import Facts, Schema

__all__ = ["KINDS", "Rule", "RuleBook", "Unit", "units_of"]

KINDS = ("市级部门", "省级部门", "属地", "企业", "平台", "紧急")


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
    aliases : tuple of str
        Other and former names, by which exports call it.
    """

    code: str
    name: str
    kind: str
    verified: bool
    source: str
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    aliases: tuple[str, ...] = ()

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

    def gaps(
        self, day: dt.date | None = None, region: Region = ANYWHERE, undecided: list[str] | None = None
    ) -> Iterator[TableError]:
        """Yield an error for each domain × urgency of which some ticket has no rule.

        Parameters
        ----------
        day : datetime.date, optional
            On which rules must be in force; without it dates of validity do not matter.
        region : Region
            Tickets to look among.
        undecided : list of str, optional
            Gets each domain × urgency for which the search has given up.
        """
        domain, urgency = (self.schema.by_attribute[name] for name in ("domain", "urgency"))
        for one, level in product(domain.names, urgency.names):
            inside = Region({**region.known, domain: frozenset([one]), urgency: frozenset([level])})
            rules = [rule for rule, _ in self._may_fit(one, level) if day is None or rule.in_force(day)]
            if any(judge(rule.condition, inside) for rule in reversed(rules)):
                continue  # the usual case: a rule that asks for nothing else
            try:
                left = search([(rule.condition, False) for rule in rules], inside)
            except TooHard:
                if undecided is not None:
                    undecided.append(f"领域“{domain.show(one)}”紧急程度“{urgency.show(level)}”")
                continue
            if left is not None:
                found = f"领域“{domain.show(one)}”紧急程度“{urgency.show(level)}”有工单没有规则,例如{left.described()}"
                where = str(self.rules[0].where.partition(" ")[0]) if self.rules else None
                yield TableError(found, where=where, remedy=f"为“{domain.show(one)}”补一条只写领域的规则")

    def unit_name(self, code: str) -> str:
        """Return what people call a unit."""
        return self.units[code].name

    def notices(self, day: dt.date) -> list[str]:
        """Return what of the table takes no part on a day, one line in Chinese for each kind; nothing is silent."""
        off = [rule.name for rule in self.rules if not rule.active]
        lapsed = [rule.name for rule in self.ordered if not rule.in_force(day)]
        told = [(off, "已停用"), (lapsed, "不在有效期内")]
        notices = [f"{len(names)} 条规则{state},没有参加派单:{_some(names)}" for names, state in told if names]
        if lapsed and (gaps := list(self.gaps(day))):
            notices.append(f"派单表有 {len(gaps)} 处缺口,落在其中的工单转人工;请用 predict.py rules check 查看")
        return notices

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


def _some(names: list[str]) -> str:
    return "、".join(names[:5]) + ("等" if len(names) > 5 else "")


def _always(_: Facts) -> bool:
    return True


def _holds(first: dt.date | None, last: dt.date | None, day: dt.date) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)


def units_of(rule: Rule) -> Iterable[str]:
    """Yield the codes of all units that a rule names."""
    return dict.fromkeys((rule.lead, *rule.support, *rule.copy_to))
