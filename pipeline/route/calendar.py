"""Seasons of the year that a rule may ask for: ``data/calendar.toml``."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import TableError
from pipeline.tables import DATA, build, read_toml

__all__ = ["Calendar", "Season", "read_day"]

_DAY = re.compile(r"(?<!\d)((?:19|20)\d{2})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?=$|\D|\d{6}$)")
_MONTH_DAY = re.compile(r"(\d{2})-(\d{2})")


@dataclass(frozen=True, slots=True)
class Season:
    """A stretch of the year, both ends included; it runs over New Year where ``first`` is later than ``last``."""

    name: str
    first: tuple[int, int]
    last: tuple[int, int]
    verified: bool

    def holds(self, day: dt.date) -> bool:
        """Return whether ``day`` lies in the season."""
        point = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= point <= self.last
        return point >= self.first or point <= self.last


@dataclass(frozen=True, slots=True)
class Calendar:
    """The seasons, by name."""

    seasons: tuple[Season, ...]

    @classmethod
    def load(cls, path: Path = DATA / "calendar.toml") -> Calendar:
        """Read and check the table.

        Raises
        ------
        TableError
            On an unknown key or a day that is not ``MM-DD``.
        """
        table = read_toml(path)
        for key in table:
            if key != "seasons":
                raise TableError(f"不认识的键“{key}”", where=path, remedy="改为“seasons”")
        entries = table.get("seasons", [])
        return cls(tuple(_season(entry, f"{path} 第 {number} 个") for number, entry in enumerate(entries, 1)))

    def seasons_on(self, day: dt.date) -> tuple[str, ...]:
        """Return the names of the seasons that hold ``day``."""
        return tuple(season.name for season in self.seasons if season.holds(day))


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
    return Season(row.name, _month_day(row.start, where), _month_day(row.end, where), row.verified)


def _month_day(text: str, where: str) -> tuple[int, int]:
    match = _MONTH_DAY.fullmatch(text)
    if match:
        month, day = int(match[1]), int(match[2])
        try:
            dt.date(2024, month, day)
        except ValueError:
            pass
        else:
            return month, day
    raise TableError(f"“{text}”不是月日", where=where, expected="如 10-15 的月-日")


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
