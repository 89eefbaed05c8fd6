"""Writing xlsx: nothing in it can run, long numbers stay text, and a clerk can read it at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import cast

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from pipeline.tickets.cells import is_formula, letter, text_of
from pipeline.tickets.parts import unpack

__all__ = ["XlsxWriter"]

MAX_ROWS = 1_048_576
"""Rows of a sheet, the header's included (Excel specifications and limits)."""
MAX_UNITS = 32_767
"""Longest cell in UTF-16 units, which is how Excel counts (the same)."""
_LONG_NUMBER = 10**11
"""A whole number from here on is written as text: Excel shows it as 1.38E+11 and keeps 15 digits."""
_SAMPLE = 50
"""Rows held back to choose the columns' widths."""
_WIDTHS = (8, 60)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class XlsxWriter:
    """Writes one table, over several sheets where it is longer than one may be.

    Parameters
    ----------
    path : Path
        Where to write.
    header : sequence of str
        Column names.
    """

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.notices: list[str] = []
        self._path = path
        self._header = [_legal(name)[:255] for name in header]
        self._book = Workbook(write_only=True)
        self._sheet: WriteOnlyWorksheet | None = None
        self._held: list[list[object]] = []
        self._row = 0
        self._total = 0
        self._cut = 0
        self._first_cut = ""

    def add(self, cells: Sequence[object], record: Mapping[str, object] | None) -> None:
        """Write a row, or hold it back while the widths are not settled."""
        self._total += 1
        row = [self._prepare(cell, at) for at, cell in enumerate(cells)]
        if self._sheet is None:
            self._held.append(row)
            if len(self._held) >= _SAMPLE:
                self._release()
        else:
            self._append(row)

    def add_part(self, part: bytes) -> None:
        """Write packed rows."""
        for cells in unpack(part):
            self.add(cast("Sequence[object]", cells), None)

    def finish(self) -> None:
        """Write the file."""
        if self._sheet is None:
            self._release()
        self._end_sheet()
        if self._cut:
            self.notices.append(
                f"{self._cut} 个单元格超过 Excel 的 {MAX_UNITS} 字上限,已截断(首处:{self._first_cut});"
                "完整内容请输出为 csv 或 jsonl"
            )
        self._book.save(self._path)

    def abandon(self) -> None:
        """Remove the sheets' temporary files."""
        for sheet in self._book.worksheets:
            with suppress(Exception):
                sheet.close()
            with suppress(OSError):
                Path(sheet._writer.out).unlink(missing_ok=True)

    def _release(self) -> None:
        """Begin the first sheet and write what was held back."""
        self._widths = [_width(column) for column in zip(self._header, *self._held, strict=True)]
        self._begin_sheet()
        for row in self._held:
            self._append(row)
        self._held.clear()

    def _begin_sheet(self) -> None:
        """Begin a sheet: widths, a bold header that stays in sight."""
        count = len(self._book.worksheets) + 1
        self._sheet = sheet = self._book.create_sheet("结果" if count == 1 else f"结果{count}")
        for at, width in enumerate(self._widths):
            sheet.column_dimensions[letter(at)].width = width
        sheet.freeze_panes = "A2"
        sheet.append([self._heading(name) for name in self._header])
        self._row = 1

    def _end_sheet(self) -> None:
        """Give the sheet its filter, over the rows it has come to have."""
        if self._sheet is not None and self._header:
            self._sheet.auto_filter.ref = f"A1:{letter(len(self._header) - 1)}{max(self._row, 1)}"

    def _append(self, row: Sequence[object]) -> None:
        """Write a row, on a further sheet where this one is full."""
        if self._row >= MAX_ROWS:
            self._end_sheet()
            self._begin_sheet()
        assert self._sheet is not None
        self._sheet.append([self._inert(cell) if isinstance(cell, _Runnable) else cell for cell in row])
        self._row += 1

    def _heading(self, name: str) -> WriteOnlyCell:
        """Return a header cell."""
        cell = self._inert(name)
        cell.font = Font(bold=True)
        cell.alignment = Alignment(vertical="center")
        return cell

    def _inert(self, text: str) -> WriteOnlyCell:
        """Return a cell that is text whatever it begins with, and stays text when edited."""
        cell = WriteOnlyCell(self._sheet, value=str(text))
        cell.data_type = "s"
        cell.quotePrefix = is_formula(text)
        return cell

    def _prepare(self, value: object, column: int) -> object:
        """Return a value as the sheet may hold it."""
        if isinstance(value, str):
            return self._prepare_text(value, column)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            whole = isinstance(value, int) or value.is_integer()
            return text_of(value) if (whole and abs(value) >= _LONG_NUMBER) or not isfinite(value) else value
        return value if isinstance(value, datetime | date) else _legal(str(value))

    def _prepare_text(self, text: str, column: int) -> str:
        """Return text without what xlsx cannot hold, cut where it is too long, marked where it might run."""
        text = _legal(text)
        if len(text) > MAX_UNITS // 2 and (units := text.encode("utf-16-le"))[2 * MAX_UNITS :]:
            self._cut += 1
            self._first_cut = self._first_cut or f"第 {self._total + 1} 行“{self._header[column]}”"
            text = units[: 2 * MAX_UNITS].decode("utf-16-le", "replace").rstrip("\ufffd")
        return _Runnable(text) if is_formula(text) or text.startswith("#") else text


class _Runnable(str):
    """Text that a spreadsheet might take for something else."""

    __slots__ = ()


def _legal(text: str) -> str:
    """Return text without the characters that XML cannot hold, with plain line feeds."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _ILLEGAL.sub("", text)


def _width(column: Sequence[object]) -> int:
    """Return a column's width in half-width characters, by its longest line so far."""
    least, most = _WIDTHS
    lines = (text_of(cell)[:most].partition("\n")[0] for cell in column)
    return min(
        most, max(least, *(sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in line) + 2 for line in lines))
    )
