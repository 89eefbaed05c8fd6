"""Clocks that the law sets over the hotline's own: ``data/clocks.toml``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import TableError
from pipeline.route.clock import DAYS, HOURS, WORKDAYS
from pipeline.tables import DATA, build, read_toml
from pipeline.taxonomy import Taxonomy
from pipeline.text.signals import require_known

__all__ = ["StatuteBook", "StatutoryClock"]

STARTS = ("收到", "立案")


@dataclass(frozen=True, slots=True)
class StatutoryClock:
    """A time limit set by law.

    Parameters
    ----------
    name : str
        What a reason calls it.
    value, unit : int, str
        How long: ``小时``, ``自然日`` or ``工作日``.
    step : str
        What must be done by then: 核查, 决定是否受理, 处理, 告知是否受理, 办结.
    basis, source : str
        What the rule says, and where.
    domain, nature : tuple of str
        Ids of the taxonomy, one of which must hold; none holds always.
    contains, without : tuple of str
        Words, one of which the text must contain; words, none of which it may contain.
    urgencies : tuple of str
        For which urgencies it takes the place of the hotline's limit; never for a 特急.
    starts : str
        ``收到`` (the arrival), or ``立案``, which the hotline does not know.
    extension : int
        By how much it may be extended, in the same unit.
    governs : bool
        Whether it takes the place of the hotline's limit, or is only told.
    verified : bool
        Whether the text of the rule was seen.
    """

    name: str
    value: int
    unit: str
    step: str
    basis: str
    source: str
    domain: tuple[str, ...] = ()
    nature: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ("low", "normal")
    starts: str = "收到"
    extension: int = 0
    governs: bool = False
    verified: bool = True

    def fits(self, domain: str, nature: str, text: str) -> bool:
        """Return whether every condition holds."""
        return (
            (not self.domain or domain in self.domain)
            and (not self.nature or nature in self.nature)
            and (not self.contains or any(word in text for word in self.contains))
            and not any(word in text for word in self.without)
        )

    @property
    def reason(self) -> str:
        """The clock as a duty officer reads it."""
        unverified = "" if self.verified else "，原文未核实"
        start = "" if self.starts == "收到" else f"（自{self.starts}起算，热线不知立案日）"
        return f"法定时钟“{self.name}”：{self.basis}（{self.source}{unverified}）{start}"


@dataclass(frozen=True, slots=True)
class StatuteBook:
    """All statutory clocks, in the order in which they are tried."""

    clocks: tuple[StatutoryClock, ...]

    @classmethod
    def load(cls, path: Path = DATA / "clocks.toml", *, taxonomy: Taxonomy) -> StatuteBook:
        """Read and check the table.

        Raises
        ------
        TableError
            On an unknown key, label, unit or start, or a limit under 1.
        """
        table = read_toml(path)
        for key in table:
            require_known(key, ("clocks",), str(path), "键")
        clocks = tuple(
            build(StatutoryClock, entry, f"{path} 第 {number} 条 clocks")
            for number, entry in enumerate(table.get("clocks", ()), 1)
        )
        for clock in clocks:
            _check(clock, taxonomy, f"{path} clocks {clock.name}")
        return cls(clocks)

    def running(self, domain: str, nature: str, text: str) -> tuple[StatutoryClock, ...]:
        """Return every clock that runs on a ticket.

        Parameters
        ----------
        domain, nature : str
            Ids of the taxonomy; an empty string where unknown.
        text : str
            Cleaned and masked text.
        """
        return tuple(clock for clock in self.clocks if clock.fits(domain, nature, text))

    def governing(self, domain: str, nature: str, text: str, urgency: str) -> StatutoryClock | None:
        """Return the clock that takes the place of the hotline's limit, or ``None``."""
        return next(
            (
                clock
                for clock in self.clocks
                if clock.governs and urgency in clock.urgencies and clock.fits(domain, nature, text)
            ),
            None,
        )


def _check(clock: StatutoryClock, taxonomy: Taxonomy, where: str) -> None:
    """Refuse every name that nothing defines."""
    require_known(clock.unit, (HOURS, DAYS, WORKDAYS), where, "时限单位")
    require_known(clock.starts, STARTS, where, "起算")
    sets: tuple[tuple[Iterable[str], Iterable[str], str], ...] = (
        (clock.domain, [label.id for label in taxonomy.domains], "领域"),
        (clock.nature, [label.id for label in taxonomy.natures], "诉求类型"),
        (clock.urgencies, [label.id for label in taxonomy.urgencies[:-1]], "紧急程度(特急不得换成法定时钟)"),
    )
    for names, known, what in sets:
        for name in names:
            require_known(name, known, where, what)
    if clock.value < 1 or clock.extension < 0:
        raise TableError(f"时限 {clock.value} 不对", where=where, expected="不小于 1 的整数")
    if clock.governs and clock.starts != "收到":
        raise TableError("自立案起算的时钟不能代替热线时限", where=where, remedy="写 governs = false")
