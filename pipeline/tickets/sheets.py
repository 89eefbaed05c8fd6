"""The seam between file formats and everything above: a source of sheets, a sheet of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from pipeline.tickets.cells import is_blank

__all__ = ["MAX_CELL", "MAX_COLUMNS", "Merge", "Row", "Sheet", "Source", "fill_down"]

MAX_CELL = 100_000
"""Longest cell, in characters, that can be a complaint; Excel itself holds 32,767. A longer one rejects its row."""
MAX_COLUMNS = 16_384
"""Most columns, as in Excel."""

Row: TypeAlias = tuple[int, Sequence[object], str]
"""Row number from 1, cells, and why the row cannot be used (empty where it can)."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range of cells; row numbers from 1, columns from 0, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of an export.

    Parameters
    ----------
    name : str or None
        The sheet's name; ``None`` outside workbooks.
    rows : callable
        Starts a fresh pass over the rows, from the first.
    header : tuple of str or None
        Column names where the format carries them (JSON, parquet); ``None`` where a header row must be found.
    merges : tuple of Merge
        Merged ranges, where the format tells them.
    width : int
        Columns that hold any value, 0 where unknown.
    mac_dates : bool
        Whether date serial numbers count from 1904 instead of 1900.
    """

    name: str | None
    rows: Callable[[], Iterator[Row]]
    header: tuple[str, ...] | None = None
    merges: tuple[Merge, ...] = ()
    width: int = 0
    mac_dates: bool = False


class Source(Protocol):
    """A file that was opened and checked."""

    @property
    def notices(self) -> Sequence[str]:
        """What the user should know, in Chinese, one line each."""
        ...

    def sheets(self) -> Sequence[Sheet]:
        """Return the sheets in file order, empty ones included."""
        ...

    def close(self) -> None:
        """Give back what is held open."""
        ...


def fill_down(rows: Iterator[Row], merges: Sequence[Merge]) -> Iterator[Row]:
    """Yield the rows with the value of a merged cell in every row that it spans; blank rows stay blank."""
    tall: dict[int, list[Merge]] = {}
    for merge in merges:
        if merge.bottom > merge.top:
            tall.setdefault(merge.top, []).append(merge)
    active: dict[int, tuple[int, object]] = {}
    for number, cells, fault in rows:
        for merge in tall.get(number, ()):
            active[merge.left] = merge.bottom, cells[merge.left] if merge.left < len(cells) else None
        if active and not is_blank(cells):
            active = {column: run for column, run in active.items() if number <= run[0]}
            cells = list(cells)  # noqa: PLW2901
            for column, (_, value) in active.items():
                if column < len(cells) and cells[column] is None:
                    cells[column] = value
        yield number, cells, fault
