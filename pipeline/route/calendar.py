"""Seasons that a rule may ask for, and working days by the State Council's notices: ``data/calendar.toml``.

Holidays and make-up working days come from ``chinesecalendar``, which follows each year's notice and refuses a year
whose notice it has not seen. Such a year can be written into the table; without it Saturdays and Sundays rest, and
:meth:`Workdays.known` says that more is not known.
"""

from __future__ import annotations

import datetime as dt
import difflib
import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import chinese_calendar

from pipeline.errors import TableError
from pipeline.tables import DATA, build, read_toml

__all__ = ["Calendar", "Season", "Workdays", "read_day"]

_DAY = re.compile(r"(?<!\d)((?:19|20)\d{2})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?=$|\D|\d{6}$)")
_MONTH_DAY = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2})")
_KEYS = ("seasons", "clock", "years")


@dataclass(frozen=True, slots=True)
class Season:
    """A stretch of time, both ends included.

    Parameters
    ----------
    name : str
        What rules call it; several seasons may share a name.
    first, last : tuple of int
        ``(month, day)``, every year, over New Year where ``first`` is later than ``last``; or ``(year, month, day)``,
        once.
    verified : bool
        Whether a source is known.
    """

    name: str
    first: tuple[int, ...]
    last: tuple[int, ...]
    verified: bool

    def holds(self, day: dt.date) -> bool:
        """Return whether ``day`` lies in the season."""
        point = (day.year, day.month, day.day)[-len(self.first) :]
        if self.first <= self.last:
            return self.first <= point <= self.last
        return point >= self.first or point <= self.last


@dataclass(frozen=True, slots=True)
class Workdays:
    """Which days are worked.

    Parameters
    ----------
    years : frozenset of int
        Years that the table gives in full; they go before the package.
    rest, work : frozenset of datetime.date
        Their holidays, and their Saturdays and Sundays that are worked.
    """

    years: frozenset[int] = frozenset()
    rest: frozenset[dt.date] = frozenset()
    work: frozenset[dt.date] = frozenset()

    def known(self, year: int) -> bool:
        """Return whether the year's holidays are known."""
        return year in self.years or _told_by_package(dt.date(year, 1, 1)) is not None

    def is_workday(self, day: dt.date) -> bool:
        """Return whether ``day`` is worked; in a year not known only Saturdays and Sundays rest."""
        told = None if day.year in self.years else _told_by_package(day)
        return told if told is not None else day in self.work or (day.weekday() < 5 and day not in self.rest)

    def after(self, day: dt.date, count: int) -> dt.date:
        """Return the ``count``-th working day after ``day``, ``day`` itself not counted; for 0 the first one from it.

        Parameters
        ----------
        day : datetime.date
            Where counting begins.
        count : int
            At least 0.
        """
        while count or not self.is_workday(day):
            day += dt.timedelta(days=1)
            count -= self.is_workday(day) and count > 0
        return day


@functools.lru_cache(maxsize=4096)
def _told_by_package(day: dt.date) -> bool | None:
    """Return what ``chinesecalendar`` says of a day; ``None`` where it has not seen the year's notice."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


@dataclass(frozen=True, slots=True)
class Calendar:
    """The seasons and the working days."""

    seasons: tuple[Season, ...]
    workdays: Workdays = field(default_factory=Workdays)

    @classmethod
    def load(cls, path: Path = DATA / "calendar.toml") -> Calendar:
        """Read and check the table.

        Raises
        ------
        TableError
            On an unknown key, or a day that is neither ``MM-DD`` nor ``YYYY-MM-DD``.
        """
        table = read_toml(path)
        for key in table:
            if key not in _KEYS:
                near = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0)[0]
                raise TableError(f"不认识的键“{key}”", where=path, remedy=f"改为“{near}”")
        entries = table.get("seasons", [])
        seasons = tuple(_season(entry, f"{path} 第 {number} 个") for number, entry in enumerate(entries, 1))
        return cls(seasons, _workdays(table.get("years", []), f"{path} years"))

    def seasons_on(self, day: dt.date) -> tuple[str, ...]:
        """Return the names of the seasons that hold ``day``."""
        return tuple(dict.fromkeys(season.name for season in self.seasons if season.holds(day)))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One season as the table writes it."""

    name: str
    start: str
    end: str
    verified: bool = True


def _season(entry: object, where: str) -> Season:
    renamed = entry
    if isinstance(entry, dict):
        renamed = {{"from": "start", "to": "end"}.get(key, key): value for key, value in entry.items()}
    row = build(_Entry, renamed, where)
    first, last = _point(row.start, where), _point(row.end, where)
    if len(first) != len(last) or (len(first) == 3 and first > last):
        raise TableError(f"时段“{row.name}”的首尾不成对", where=where, expected="同为月-日,或同为先后的年-月-日")
    return Season(row.name, first, last, row.verified)


def _point(text: str, where: str) -> tuple[int, ...]:
    """Return ``(month, day)`` or ``(year, month, day)``."""
    match = _MONTH_DAY.fullmatch(text)
    if match:
        year, month, day = int(match[1] or 2024), int(match[2]), int(match[3])
        try:
            dt.date(year, month, day)
        except ValueError:
            pass
        else:
            return (year, month, day) if match[1] else (month, day)
    raise TableError(f"“{text}”不是月日", where=where, expected="如 10-15 的月-日,或如 2026-02-17 的年-月-日")


@dataclass(frozen=True, slots=True)
class _Year:
    """One year's holidays as the table writes them."""

    year: int
    rest: tuple[str, ...]
    work: tuple[str, ...]
    source: str


def _workdays(entries: Iterable[Mapping[str, object]], where: str) -> Workdays:
    """Return the years that the table gives; each day must lie in its year, and the year needs its source."""
    years = [build(_Year, entry, f"{where} {entry.get('year', '')}") for entry in entries]
    for year in years:
        if not year.source.strip():
            raise TableError(f"{year.year} 年没有写依据", where=where, remedy="写明国务院办公厅通知的名称")
    return Workdays(
        frozenset(year.year for year in years),
        frozenset(_day_of(year.year, text, where) for year in years for text in year.rest),
        frozenset(_day_of(year.year, text, where) for year in years for text in year.work),
    )


def _day_of(year: int, text: str, where: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = dt.date.min
    if day.year != year:
        raise TableError(f"“{text}”不是 {year} 年的日子", where=where, expected=f"如 {year}-01-01")
    return day


def read_day(time: dt.date | str | None) -> dt.date | None:
    """Return the day of a ticket's time, or ``None`` where none can be read.

    Parameters
    ----------
    time : datetime.date, str or None
        A date or datetime, or text such as ``2024-01-25 08:30``, ``2024/1/25``, ``2024年1月25日``, ``20240125083000``.
    """
    if isinstance(time, dt.datetime):
        return time.date()
    if isinstance(time, dt.date) or time is None:
        return time
    match = _DAY.search(time[:64]) or _COMPACT.search(time[:64])
    if match is None:
        return None
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
