"""What is wrong with a routing table, or soon will be: one line each, good, to be watched, or failed.

Whether a rule can fire, whether two meet and whether a ticket can fall through is decided by search
(:mod:`pipeline.route.region`), not by comparing texts, so that it holds for any condition; each finding gives a ticket
as its example.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from pipeline.errors import TableError
from pipeline.infer.folder import ModelCard
from pipeline.infer.prediction import Answer, Prediction
from pipeline.route.condition import Node, fields_of
from pipeline.route.mapping import LabelMap
from pipeline.route.region import ANYWHERE, Region, TooHard, judge, search
from pipeline.route.rules import Rule, RuleBook, units_of
from pipeline.route.schema import Field

__all__ = ["FAIL", "GOOD", "WARN", "Finding", "examine", "inspect_model"]

GOOD, WARN, FAIL = "通过", "注意", "失败"
SOON = 60
"""So many days before an end of validity it is pointed out."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check.

    Parameters
    ----------
    level : str
        ``通过``, ``注意`` or ``失败``.
    topic : str
        What was looked at.
    text : str
        What was found.
    where : str
        File and line.
    remedy : str
        What to do.
    """

    level: str
    topic: str
    text: str
    where: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        where = f"{self.where}:" if self.where else ""
        remedy = f";请{self.remedy}" if self.remedy else ""
        return f"[{self.level}] {self.topic}:{where}{self.text}{remedy}"


def examine(book: RuleBook, faults: Sequence[TableError], today: dt.date) -> Iterator[Finding]:
    """Yield what is to be said of a table, topic by topic.

    Parameters
    ----------
    book : RuleBook
        What of the table could be read.
    faults : sequence of TableError
        What could not.
    today : datetime.date
        The day on which validity is judged.
    """
    for fault in faults:
        yield Finding(FAIL, "写法与名称", _told(fault), str(fault.where or ""), fault.remedy)
    if not faults:
        count = f"{len(book.rules)} 条规则,{len(book.units)} 个单位"
        yield Finding(GOOD, "写法与名称", f"{count},没有不认识的字段、标签、单位、县区")
    checks: tuple[tuple[str, Callable[[RuleBook, dt.date], Iterator[Finding]], str], ...] = (
        ("停用与有效期", _find_lapsed, "没有停用、过期或即将过期的规则"),
        ("单位有效期", _find_lapsed_units, "用到的单位都在有效期内"),
        ("没有来源", _find_pending, "条件里的字段都有来源"),
        ("永不生效", _find_dead, "每条规则都有工单能用到"),
        ("同级冲突", _find_overlaps, "没有优先级相同而单位不同的重叠"),
        ("缺口", _find_gaps, "每个领域、紧急程度、县区的工单都有规则"),
        ("未核实", _find_unverified, "职责和单位都已核实"),
    )
    for topic, check, praise in checks:
        findings = list(check(book, today))
        yield from findings or [Finding(GOOD, topic, praise)]


def _told(fault: TableError) -> str:
    return f"{fault.found};应为{fault.expected}" if fault.expected else fault.found


def _find_lapsed(book: RuleBook, today: dt.date) -> Iterator[Finding]:
    for rule in book.rules:
        if not rule.active:
            yield Finding(WARN, "停用与有效期", f"规则“{rule.name}”已停用", rule.where, "不再用就删去")
        elif rule.valid_to is not None and rule.valid_to < today:
            found = f"规则“{rule.name}”已于 {rule.valid_to} 过期"
            yield Finding(WARN, "停用与有效期", found, rule.where, "延长有效期或删去")
        elif rule.valid_to is not None and rule.valid_to < today + dt.timedelta(SOON):
            found = f"规则“{rule.name}”将于 {rule.valid_to} 过期"
            yield Finding(WARN, "停用与有效期", found, rule.where, "确认届时由哪条规则接上")


def _find_lapsed_units(book: RuleBook, today: dt.date) -> Iterator[Finding]:
    for rule in book.ordered:
        if rule.valid_to is not None and rule.valid_to < today:
            continue
        for code in units_of(rule):
            unit = book.units[code]
            if unit.valid_to is not None and unit.valid_to < today:
                found = f"规则“{rule.name}”派给的{unit.name}已于 {unit.valid_to} 撤并"
                yield Finding(FAIL, "单位有效期", found, rule.where, "改派承接的单位")
            elif unit.valid_from is not None and unit.valid_from > max(today, rule.valid_from or today):
                found = f"规则“{rule.name}”派给的{unit.name}自 {unit.valid_from} 起才存在"
                yield Finding(FAIL, "单位有效期", found, rule.where, "规则的有效期起改到那一天,或改派现有的单位")
            elif unit.valid_to is not None and unit.valid_to < today + dt.timedelta(SOON):
                found = f"规则“{rule.name}”派给的{unit.name}将于 {unit.valid_to} 撤并"
                yield Finding(WARN, "单位有效期", found, rule.where, "确认由哪个单位承接")


def _find_pending(book: RuleBook, today: dt.date) -> Iterator[Finding]:
    del today
    for rule in book.ordered:
        names = sorted(field.name for field in fields_of(rule.condition) if field.attribute in book.schema.pending)
        if names:
            found = f"规则“{rule.name}”的条件用到{'、'.join(names)},目前没有来源,一律按未知算"
            yield Finding(WARN, "没有来源", found, rule.where, "先用别的条件,或等接入后再启用")


def _find_dead(book: RuleBook, today: dt.date) -> Iterator[Finding]:
    """Find the rules that no ticket can reach: their conditions contradict themselves or earlier rules take all."""
    days = _turning_days(book, today)
    for at, rule in enumerate(book.ordered):
        on = [day for day in days if rule.in_force(day)]
        if not on:
            continue
        try:
            if search([(rule.condition, True)]) is None:
                yield Finding(FAIL, "永不生效", f"规则“{rule.name}”的条件自相矛盾", rule.where, "改条件")
            elif not any(_reached(rule, book.ordered[:at], day) for day in on):
                covering = "”“".join(other.name for other in _covering(rule, book.ordered[:at], on))
                found = f"规则“{rule.name}”永远轮不到:前面的“{covering}”已经全包了"
                yield Finding(FAIL, "永不生效", found, rule.where, "把它的优先级数字调小,或删去")
        except TooHard:
            yield Finding(WARN, "永不生效", f"规则“{rule.name}”太复杂,没能判断", rule.where, "拆成几条")


def _reached(rule: Rule, earlier: Iterable[Rule], day: dt.date) -> Region | None:
    """Return a ticket of a day that comes to a rule, or ``None``."""
    before = [(other.condition, False) for other in earlier if other.in_force(day)]
    return search([(rule.condition, True), *before])


def _covering(rule: Rule, earlier: Sequence[Rule], days: Sequence[dt.date]) -> list[Rule]:
    """Return the earlier rules that together leave nothing: those without which something would be left."""
    kept = [other for other in earlier if any(other.in_force(day) for day in days)]
    for other in reversed(kept.copy()):
        fewer = [one for one in kept if one is not other]
        if not any(_reached(rule, fewer, day) for day in days):
            kept = fewer
    return kept


def _find_overlaps(book: RuleBook, today: dt.date) -> Iterator[Finding]:
    """Find the pairs of equal priority and different lead units that one ticket can fit."""
    days = _turning_days(book, today)
    domains = {rule.name: _domains(rule.condition, book) for rule in book.ordered}
    for first, second in combinations(book.ordered, 2):
        if first.priority != second.priority or first.lead == second.lead:
            continue
        if not domains[first.name] & domains[second.name]:
            continue
        try:
            example = _meeting(first, second, book.ordered, days)
        except TooHard:
            found = f"规则“{first.name}”与“{second.name}”太复杂,没能判断会不会碰到一起"
            yield Finding(WARN, "同级冲突", found, second.where, "拆成几条,或给不同的优先级")
            continue
        if example is not None:
            found = (
                f"规则“{first.name}”(派{book.unit_name(first.lead)})与“{second.name}”(派{book.unit_name(second.lead)})"
                f"优先级都是 {first.priority} 而会碰到同一张工单,例如{example.described()};现按书写顺序用“{first.name}”"
            )
            yield Finding(WARN, "同级冲突", found, second.where, "给两条规则不同的优先级")


def _domains(condition: Node, book: RuleBook) -> frozenset[str]:
    field = book.schema.by_attribute["domain"]
    return frozenset(one for one in field.values if judge(condition, Region({field: frozenset([one])})) is not False)


def _meeting(first: Rule, second: Rule, ordered: Sequence[Rule], days: Sequence[dt.date]) -> Region | None:
    """Return a ticket that fits both rules and that no rule of higher priority takes."""
    for day in days:
        if not (first.in_force(day) and second.in_force(day)):
            continue
        before = [
            (other.condition, False) for other in ordered if other.priority < first.priority and other.in_force(day)
        ]
        example = search([(first.condition, True), (second.condition, True), *before])
        if example is not None:
            return example
    return None


def _find_gaps(book: RuleBook, today: dt.date) -> Iterator[Finding]:
    """Find each domain × urgency × district of which some ticket has no rule, now or on a later day."""
    seen: set[str] = set()
    undecided: list[str] = []
    for day in _turning_days(book, today):
        when = "" if day == today else f"自 {day} 起,"
        for fault in book.gaps(day, undecided=undecided):
            districts = _districts_left(book, fault, day)
            text = f"{fault.found}{districts}"
            if text not in seen:
                seen.add(text)
                yield Finding(FAIL, "缺口", when + text, str(fault.where or ""), fault.remedy)
    for text in dict.fromkeys(undecided):
        yield Finding(WARN, "缺口", f"{text}的规则太复杂,没能判断有没有缺口", "", "补一条只写领域的规则")


def _districts_left(book: RuleBook, fault: TableError, day: dt.date) -> str:
    """Return for which districts a gap is open, where that is not all of them."""
    field = book.schema.by_attribute["district"]
    open_ones = [
        one for one in [*field.names, ""] if any(_same_gap(fault, other) for other in _gaps_in(book, day, one))
    ]
    return "" if len(open_ones) == len(field.values) else f"(属地:{'、'.join(map(field.show, open_ones))})"


def _gaps_in(book: RuleBook, day: dt.date, district: str) -> Iterator[TableError]:
    return book.gaps(day, Region({book.schema.by_attribute["district"]: frozenset([district])}))


def _same_gap(fault: TableError, other: TableError) -> bool:
    return fault.found.partition("有工单")[0] == other.found.partition("有工单")[0]


def _find_unverified(book: RuleBook, today: dt.date) -> Iterator[Finding]:
    del today
    rules = sum(not rule.verified for rule in book.rules)
    units = sum(not unit.verified for unit in book.units.values())
    if rules or units:
        found = f"{rules} 条规则、{units} 个单位的职责没有核实来源,派单依据里会写“未核实”"
        yield Finding(WARN, "未核实", found, "", "逐条与责任单位确认后改为已核实")


def _turning_days(book: RuleBook, today: dt.date) -> list[dt.date]:
    """Return today and the later days on which a rule begins or ends to hold."""
    turns = {today}
    for rule in book.ordered:
        turns |= {rule.valid_from} if rule.valid_from else set()
        turns |= {rule.valid_to + dt.timedelta(1)} if rule.valid_to and rule.valid_to < dt.date.max else set()
    return sorted(day for day in turns if day >= today)


def inspect_model(book: RuleBook, card: ModelCard, labels: LabelMap) -> Iterator[Finding]:
    """Yield what does not go together between a table and the model in service.

    Parameters
    ----------
    book : RuleBook
        The table.
    card : ModelCard
        The model's heads and labels.
    labels : LabelMap
        What other label sets mean.
    """
    parts: tuple[tuple[str, Callable[[Prediction], object], str], ...] = (
        ("domain", labels.domain, "领域"),
        ("urgency", labels.urgency, "紧急程度"),
        ("nature", labels.nature, "诉求类型"),
    )
    for part, read, name in parts:
        heads = [head for head in card.heads if head.name in labels.heads[part]]
        if not heads:
            yield Finding(WARN, "模型标签", f"模型 {card.version} 不判{name},用到它的条件都按未知算")
            continue
        meant = {label: _meant(read, heads[0].name, label) for label in heads[0].labels}
        yield from _compare(book.schema.by_attribute[part], meant, book, card.version)


def _meant(read: Callable[[Prediction], object], head: str, label: str) -> str | None:
    reading = read(Prediction({head: Answer(label, 1.0)}, ""))
    found = getattr(reading, "label", None)
    return str(found.id) if found else None


def _compare(field: Field, meant: dict[str, str | None], book: RuleBook, version: str) -> Iterator[Finding]:
    """Yield labels that lead nowhere, and rules that wait for a label that never comes."""
    lost = [label for label, target in meant.items() if target is None]
    if lost:
        found = f"模型 {version} 的{field.name}标签 {'、'.join(lost)} 没有派单映射,会转人工"
        yield Finding(FAIL, "模型标签", found, "", "在 data/mapping.toml 里补上对应")
    produced = frozenset(target for target in meant.values() if target is not None)
    if field.attribute == "urgency":
        return  # signals and rules raise to any of them
    idle = False
    for rule in book.ordered:
        can = judge(rule.condition, Region({field: produced | frozenset([""])}))
        if can is False and search([(rule.condition, True)], ANYWHERE) is not None:
            idle = True
            found = f"规则“{rule.name}”等的{field.name}标签,模型 {version} 从不给出"
            yield Finding(WARN, "模型标签", found, rule.where, "换模型,或停用这条规则")
    if not lost and not idle:
        yield Finding(
            GOOD, "模型标签", f"模型 {version} 的 {len(meant)} 个{field.name}标签都有对应,规则用到的它都会给出"
        )
