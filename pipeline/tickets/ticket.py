"""One row of an export as the rest of the pipeline sees it, and the count of rows that must always add up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Tally", "Ticket"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """One usable row.

    Parameters
    ----------
    row : int
        The row as a spreadsheet shows it, from 1. In a csv a quoted line break does not start a row; in JSON lines it
        is the line, in a JSON array or parquet file the record.
    sheet : str or None
        The sheet's name, in a workbook.
    cells : tuple
        The row as it was read, one cell (str, int, float, bool, datetime, date or None) per name in ``Export.header``.
    id : str
        The ticket's number as text; empty where the export has none.
    title : str
        The title; empty where there is none.
    text : str
        The complaint as written, neither cleaned nor masked; several text columns are joined by a line break.
    time : datetime or None
        When the call came, as naive local time; ``None`` where missing or unreadable.
    address : str
        District and address as the export gives them, joined by a space; empty where there is none.
    channel : str
        How the ticket came, as the export writes it; empty where it does not say.
    """

    row: int
    sheet: str | None
    cells: tuple[object, ...]
    id: str
    title: str
    text: str
    time: datetime | None
    address: str
    channel: str = ""


@dataclass(slots=True)
class Tally:
    """How many rows were read so far and what became of them: ``read == usable + rejected + blank`` at any time."""

    read: int = 0
    usable: int = 0
    rejected: int = 0
    blank: int = 0
