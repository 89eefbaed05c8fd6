"""When a ticket is due: from its arrival and a deadline to a moment, by the clock of ``data/calendar.toml``.

Hours run day and night from the arrival. Days and working days are counted from the day after the one on which the
clock starts; what comes at night or on a rest day starts later, as the table says. The way of counting and the office
hours have no source that could be quoted (未核实); they are settings.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.errors import TableError
from pipeline.route.calendar import Calendar, Workdays
from pipeline.tables import DATA, build, read_toml
from pipeline.text.signals import require_known

__all__ = ["Clock", "Due", "Term"]

HOURS, DAYS, WORKDAYS = "小时", "自然日", "工作日"
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_DAY = dt.timedelta(days=1)


class Term(Protocol):
    """How long a unit has: what :class:`pipeline.route.decision.Deadline` and a statutory clock have in common."""

    @property
    def value(self) -> int:
        """How many, at least 1."""

    @property
    def unit(self) -> str:
        """``小时``, ``自然日`` or ``工作日``."""


@dataclass(frozen=True, slots=True)
class Due:
    """When a ticket is due.

    Parameters
    ----------
    moment : datetime
        The last moment, as naive local time.
    start : datetime
        When the clock started: the arrival, or later for what came at night or on a rest day.
    extend_by : datetime
        Until when more time may be asked for.
    notices : tuple of str
        What a person should know, such as holidays that are not known yet.
    """

    moment: dt.datetime
    start: dt.datetime
    extend_by: dt.datetime
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clock:
    """Working days and office hours.

    Parameters
    ----------
    workdays : Workdays
        Which days are worked.
    opens, closes : datetime.time
        Office hours.
    night : str
        ``次日``: what comes out of hours starts on the next (working) day; ``当日``: on the day itself.
    due_at : datetime.time
        When the last day ends.
    extension_cutoff : datetime.time
        Until when, on the last day, more time may be asked for (Xining 2023: 17:00).
    """

    workdays: Workdays
    opens: dt.time
    closes: dt.time
    night: str
    due_at: dt.time
    extension_cutoff: dt.time

    @classmethod
    def load(cls, path: Path = DATA / "calendar.toml") -> Clock:
        """Read and check the table.

        Raises
        ------
        TableError
            On a missing section, an unknown key or a time that is not ``HH:MM``.
        """
        row = build(_Entry, read_toml(path).get("clock"), f"{path} clock")
        require_known(row.night, ("当日", "次日"), f"{path} clock", "起算日")
        opens, closes = _time(row.opens, path), _time(row.closes, path)
        if opens >= closes:
            raise TableError("办公时间的首尾颠倒", where=f"{path} clock", expected="opens 早于 closes")
        times = _time(row.due_at, path), _time(row.extension_cutoff, path)
        return cls(Calendar.load(path).workdays, opens, closes, row.night, *times)

    def due(self, arrival: dt.datetime, term: Term) -> Due:
        """Return when a ticket is due.

        Parameters
        ----------
        arrival : datetime
            When the call came, as naive local time.
        term : Term
            The deadline: value and unit.

        Raises
        ------
        ValueError
            On an unknown unit or a value under 1.
        """
        if term.value < 1 or term.unit not in (HOURS, DAYS, WORKDAYS):
            raise ValueError(f"no such term: {term.value} {term.unit}")
        if term.unit == HOURS:
            return self._ends(arrival, arrival + dt.timedelta(hours=term.value), ())
        start = self.start(arrival, working=term.unit == WORKDAYS)
        first = start.date()
        last = first + term.value * _DAY if term.unit == DAYS else self.workdays.after(first, term.value)
        notices = self._unknown(arrival.date(), last) if term.unit == WORKDAYS else ()
        return self._ends(start, dt.datetime.combine(last, self.due_at), notices)

    def start(self, arrival: dt.datetime, *, working: bool) -> dt.datetime:
        """Return when a clock of days starts: at the arrival, or at the opening of the day that it counts for."""
        day = arrival.date()
        if self.night == "次日" and arrival.time() >= self.closes:
            day += _DAY
        if working:
            day = self.workdays.after(day, 0)
        return arrival if day == arrival.date() else dt.datetime.combine(day, self.opens)

    def _ends(self, start: dt.datetime, moment: dt.datetime, notices: tuple[str, ...]) -> Due:
        cutoff = dt.datetime.combine(moment.date(), self.extension_cutoff)
        return Due(moment, start, max(start, min(cutoff, moment)), notices)

    def _unknown(self, first: dt.date, last: dt.date) -> tuple[str, ...]:
        years = [year for year in range(first.year, last.year + 1) if not self.workdays.known(year)]
        return tuple(
            f"{year}年的放假与调休安排未知，只按周末计算；请更新 chinesecalendar，或在 calendar.toml 的 years 补上"
            for year in years
        )


@dataclass(frozen=True, slots=True)
class _Entry:
    """The clock as the table writes it."""

    opens: str
    closes: str
    night: str
    due_at: str
    extension_cutoff: str
    verified: bool = False


def _time(text: str, path: Path) -> dt.time:
    match = _TIME.fullmatch(text)
    if match is None:
        raise TableError(f"“{text}”不是时刻", where=f"{path} clock", expected="如 08:30 的时:分")
    return dt.time(int(match[1]), int(match[2]))
