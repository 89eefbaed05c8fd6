"""What changes for real tickets between two routing tables: how many move, from where to where, on which rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.route.decision import Decision

__all__ = ["Comparison", "Move", "match_unit"]

NONE = "(没有规则)"
SHOWN = 12
"""So many lines of each table on the terminal."""


@dataclass(frozen=True, slots=True)
class Move:
    """One ticket under the old and the new table.

    Parameters
    ----------
    row, text : int, str
        Where it stands in the export; its masked text.
    old, new : Decision
        What the two tables say.
    final : str
        The unit that handled it in the end, empty where the export does not say.
    """

    row: int
    text: str
    old: Decision
    new: Decision
    final: str

    @property
    def moved(self) -> bool:
        """Whether the lead unit changed."""
        return self.old.lead_unit != self.new.lead_unit

    @property
    def changed(self) -> bool:
        """Whether anything changed that a unit would notice."""
        return _outcome(self.old) != _outcome(self.new)


def _outcome(decision: Decision) -> tuple[object, ...]:
    return (
        decision.lead_unit,
        decision.support_units,
        decision.copy_units,
        decision.urgency,
        str(decision.deadline),
        decision.call_until_acknowledged,
    )


class Comparison:
    """Counts over all tickets, and the tickets that changed.

    Parameters
    ----------
    units : mapping of str to iterable of str
        The lead units that the two tables know with their other names, to find the final unit among.
    """

    def __init__(self, units: Mapping[str, Iterable[str]]) -> None:
        self.total = 0
        self.changes: list[Move] = []
        self.judged: Counter[tuple[bool, bool]] = Counter()
        self.unknown: Counter[str] = Counter()
        self._units = units
        self._matched: dict[str, str | None] = {}

    def add(self, move: Move) -> None:
        """Count one ticket."""
        self.total += 1
        if move.changed:
            self.changes.append(move)
        if move.final:
            final = self._match(move.final)
            if final is None:
                self.unknown[move.final] += 1
            else:
                self.judged[move.old.lead_unit == final, move.new.lead_unit == final] += 1

    def _match(self, name: str) -> str | None:
        if name not in self._matched:
            self._matched[name] = match_unit(name, self._units)
        return self._matched[name]

    def verdict(self, move: Move) -> str:
        """Return whether a move was for the better by the unit that handled the ticket in the end."""
        final = self._match(move.final) if move.final else None
        if final is None:
            return ""
        old, new = move.old.lead_unit == final, move.new.lead_unit == final
        return {(False, True): "改对", (True, False): "改错", (True, True): "都对"}.get((old, new), "都不对")

    def lines(self) -> Iterator[str]:
        """Yield the comparison in Chinese, for a terminal."""
        moved = [move for move in self.changes if move.moved]
        share = 100 * len(moved) / self.total if self.total else 0.0
        others = len(self.changes) - len(moved)
        yield f"共 {self.total} 件:改派 {len(moved)} 件({share:.1f}%),只改协办、抄送、时限或叫应 {others} 件"
        units = Counter((move.old.lead_unit, move.new.lead_unit) for move in moved)
        yield from _ranked("从哪个单位改到哪个单位", {f"{old} → {new}": count for (old, new), count in units.items()})
        rules = Counter((move.old.rule or NONE, move.new.rule or NONE) for move in self.changes)
        yield from _ranked("因为哪条规则", {f"“{old}” → “{new}”": count for (old, new), count in rules.items()})
        yield from self._against_final()

    def _against_final(self) -> Iterator[str]:
        judged = sum(self.judged.values())
        if judged:
            old = sum(count for (right, _), count in self.judged.items() if right)
            new = sum(count for (_, right), count in self.judged.items() if right)
            yield (
                f"与最终承办单位相比({judged} 件):旧表对 {100 * old / judged:.1f}%,新表对 {100 * new / judged:.1f}%;"
                + (f"改对 {self.judged[False, True]} 件,改错 {self.judged[True, False]} 件")
            )
        if self.unknown:
            names = "、".join(name for name, _ in self.unknown.most_common(5))
            yield f"{sum(self.unknown.values())} 件的最终单位在两张表里都认不出来(如 {names}),没有参加比较"

    HEADER = (
        "行号",
        "工单编号",
        "内容(已脱敏)",
        "领域",
        "紧急程度",
        "旧单位",
        "新单位",
        "旧规则",
        "新规则",
        "旧时限",
        "新时限",
        "旧协办",
        "新协办",
        "最终单位",
        "对比",
    )
    """Columns of :meth:`rows`."""

    def rows(self) -> Iterator[Sequence[object]]:
        """Yield the tickets that changed, for a spreadsheet."""
        for move in self.changes:
            old, new = move.old, move.new
            yield (
                move.row,
                new.id,
                move.text,
                new.domain,
                new.urgency,
                old.lead_unit,
                new.lead_unit,
                old.rule or NONE,
                new.rule or NONE,
                str(old.deadline),
                str(new.deadline),
                "、".join((*old.support_units, *old.copy_units)),
                "、".join((*new.support_units, *new.copy_units)),
                move.final,
                self.verdict(move),
            )


def _ranked(title: str, counts: Mapping[str, int]) -> Iterator[str]:
    if not counts:
        return
    yield f"{title}:"
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    for name, count in ranked[:SHOWN]:
        yield f"  {count:6d}  {name}"
    if len(ranked) > SHOWN:
        yield f"  {sum(count for _, count in ranked[SHOWN:]):6d}  其余 {len(ranked) - SHOWN} 种"


def match_unit(name: str, units: Mapping[str, Iterable[str]]) -> str | None:
    """Return the unit that an export's unit name means: the same but for city, district and brackets, else ``None``.

    Parameters
    ----------
    name : str
        As the export writes it.
    units : mapping of str to iterable of str
        Other names by each name of a unit.

    Examples
    --------
    >>> match_unit("城西区城管局", {"市城市管理局": ["城管局"], "市教育局": []})
    '市城市管理局'
    """
    if name in units:
        return name
    cores = {core: unit for unit, aliases in units.items() for core in map(_core, (unit, *aliases)) if core}
    longest = max((core for core in cores if name.endswith(core)), key=len, default="")
    alike = {unit for unit, aliases in units.items() if longest in map(_core, (unit, *aliases))}
    return alike.pop() if len(alike) == 1 else None


def _core(name: str) -> str:
    """Return a unit's name without its city and what stands in brackets."""
    return name.partition("(")[0].removeprefix("市")
