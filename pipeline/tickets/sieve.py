"""Which rows of a sheet are tickets, and why the others are not."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import itemgetter

from pipeline.tickets.cells import is_blank, text_of
from pipeline.tickets.dates import read_time
from pipeline.tickets.header import Layout
from pipeline.tickets.sheets import MAX_CELL
from pipeline.tickets.ticket import Ticket

__all__ = ["BLANK", "HEADER_AGAIN", "NO_TEXT", "TOTALS", "Sieve"]

BLANK = "空行"
HEADER_AGAIN = "重复的表头"
NO_TEXT = "没有诉求内容"
TOTALS = "合计行"

_SHORT = 24
"""Longest text, in characters, that may be a repeated header or a total; above that a row is taken at its word."""
_TOTAL = re.compile(
    r"(?:本页|本表|本月|全部)?(?:合计|总计|共计|小计|累计|汇总|总数|共)[::]?[0-9,.]{0,12}(?:条|件|件次|行|个|宗)?"
)


class Sieve:
    """Reads the rows of one sheet as tickets.

    Parameters
    ----------
    layout : Layout
        How the sheet is to be read.
    places : sequence of int
        For each of its columns, the place in the whole export's header.
    width : int
        Columns of the whole export's header.
    need_text : bool
        Whether a row without text and title is rejected.

    Attributes
    ----------
    columns : int
        Columns of the sheet.
    id_cell : callable or None
        Takes the cell of the ticket's number from a row.
    """

    def __init__(self, layout: Layout, places: Sequence[int], width: int, *, need_text: bool) -> None:
        self.columns = len(layout.names)
        self._sheet = layout.sheet.name
        self._mac_dates = layout.sheet.mac_dates
        self._lines = layout.lines
        self._places = None if list(places) == list(range(len(places))) else list(places)
        self._width = width
        self._need_text = need_text
        roles = layout.roles
        self._text = _getter(roles.get("text", roles.get("title", ())), "\n")
        self._title = _getter(roles.get("title", ()) if "text" in roles else (), "\n")
        self._id = _getter(roles.get("id", ()), " ")
        self._address = _getter((*roles.get("area", ()), *roles.get("address", ())), " ")
        self._channel = _getter(roles.get("channel", ()), " ")
        self._time = itemgetter(roles["time"][0]) if "time" in roles else None
        self.id_cell = itemgetter(roles["id"][0]) if "id" in roles else None

    def fit(self, cells: Sequence[object]) -> Sequence[object]:
        """Return the cells with at least one for each column."""
        short = self.columns - len(cells)
        return [*cells, *[None] * short] if short > 0 else cells

    def judge(self, cells: Sequence[object]) -> str:
        """Return why a fitted row is no ticket, or '' where it is one."""
        if len(cells) > self.columns and not is_blank(cells[self.columns :]):
            return f"单元格多于表头({len(cells)} 个,表头 {self.columns} 列)"
        text = self._text(cells)
        if len(text) > _SHORT and not _is_too_long(cells):
            return ""
        return self._look_closer(cells, text)

    def _look_closer(self, cells: Sequence[object], text: str) -> str:
        """Judge a row that has little text, or too much."""
        if _is_too_long(cells):
            return f"单元格超过 {MAX_CELL} 字"
        if is_blank(cells):
            return BLANK
        line = [text_of(cell).strip() for cell in cells]
        while not line[-1]:
            line.pop()
        if tuple(line) in self._lines:
            return HEADER_AGAIN
        if _is_total(next(filter(None, line))) and (not text.strip() or _is_total(text) or text.strip().isdigit()):
            return TOTALS
        return NO_TEXT if self._need_text and not text.strip() and not self._title(cells).strip() else ""

    def ticket(self, row: int, cells: Sequence[object]) -> Ticket:
        """Return a fitted row as a ticket."""
        when = read_time(self._time(cells), mac_dates=self._mac_dates) if self._time else None
        return Ticket(
            row,
            self._sheet,
            self.align(cells),
            self._id(cells).strip(),
            self._title(cells),
            self._text(cells),
            when,
            self._address(cells),
            self._channel(cells).strip(),
        )

    def align(self, cells: Sequence[object]) -> tuple[object, ...]:
        """Return the cells in the order of the whole export's header."""
        if self._places is None:
            short = self._width - len(cells)
            return (*cells, *[None] * short) if short > 0 else tuple(cells[: self._width])
        result: list[object] = [None] * self._width
        for place, cell in zip(self._places, cells, strict=False):
            result[place] = cell
        return tuple(result)

    def spread(self, cells: Sequence[object]) -> tuple[object, ...]:
        """Return the aligned cells, and behind them those that no column stands over."""
        return (*self.align(cells), *cells[self.columns :])

    def lacks_time(self, cells: Sequence[object]) -> bool:
        """Return whether a ticket without a time has something in the time's cell."""
        return self._time is not None and bool(text_of(self._time(cells)).strip())


def _is_too_long(cells: Sequence[object]) -> bool:
    """Return whether a cell is longer than any complaint."""
    try:
        return max(map(len, cells)) > MAX_CELL  # type: ignore[arg-type]
    except TypeError:  # numbers and times among them
        return any(isinstance(cell, str) and len(cell) > MAX_CELL for cell in cells)


def _is_total(text: str) -> bool:
    """Return whether a cell says that its row adds up others."""
    return len(text) <= _SHORT and bool(_TOTAL.fullmatch("".join(text.split())))


def _getter(columns: Sequence[int], between: str) -> Callable[[Sequence[object]], str]:
    """Return what takes the text of some columns from a row, each part once, empty ones left out."""
    if not columns:
        return lambda cells: ""
    if len(columns) == 1:
        (index,) = columns
        return lambda cells: cell if type(cell := cells[index]) is str else text_of(cell)

    def join(cells: Sequence[object]) -> str:
        parts: list[str] = []
        for index in columns:
            part = text_of(cells[index])
            if part.strip() and not any(part in other for other in parts):
                parts.append(part)
        return between.join(parts)

    return join
