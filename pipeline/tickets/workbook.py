"""Excel workbooks, xlsx and xls, through calamine; very large or strangely shaped xlsx through a reader that streams.

calamine reads some 130,000 rows of 100 characters per second and holds a sheet as a rectangle of cells: 1.3 to 2.5
bytes of memory per byte of XML, more for a sheet with one cell far from the others (a cell in Excel's last corner would
take 512 GiB, and end the process). An xlsx with more than ``STREAM_BYTES`` of XML, or more than ``STREAM_CELLS`` cells
in its largest rectangle, goes to `pipeline.tickets.stream` instead (50,000 rows per second), so that memory stays under
some 400 MiB whatever the file. An xls cannot be so large: 65,536 rows a sheet.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

from pipeline.errors import UnreadableFile
from pipeline.tickets.package import inspect
from pipeline.tickets.sheets import Merge, Row, Sheet, Source
from pipeline.tickets.stream import StreamedWorkbook

__all__ = ["STREAM_BYTES", "STREAM_CELLS", "Workbook", "open_workbook"]

STREAM_BYTES = 128 << 20
"""Bytes of XML above which an xlsx is streamed: some 230,000 rows of 100 characters."""
STREAM_CELLS = 8_000_000
"""Cells of a sheet's rectangle above which an xlsx is streamed; calamine needs 32 bytes for an empty one."""

_T = TypeVar("_T")


def open_workbook(path: Path, kind: str) -> Source:
    """Open an ``xlsx`` or ``xls`` file.

    Raises
    ------
    UnreadableFile
        If it is damaged, encrypted or too large when unpacked.
    """
    if kind == "xlsx":
        extent = inspect(path)
        if extent.unpacked > STREAM_BYTES or extent.cells is None or extent.cells > STREAM_CELLS:
            return StreamedWorkbook(path)
        return Workbook(path, mac_dates=extent.mac_dates)
    return Workbook(path)


class Workbook:
    """A workbook that is held in memory, sheet by sheet.

    Parameters
    ----------
    path : Path
        An xlsx or xls file; an xlsx has been through `pipeline.tickets.package.inspect`.
    mac_dates : bool
        Whether date serial numbers in cells without a date format count from 1904.

    Raises
    ------
    UnreadableFile
        If it is damaged or encrypted.
    """

    def __init__(self, path: Path, *, mac_dates: bool = False) -> None:
        self.notices: list[str] = []
        self._path = path
        self._mac_dates = mac_dates
        self._book = _guarded(path, lambda: CalamineWorkbook.from_path(path))

    def sheets(self) -> list[Sheet]:
        """Return the worksheets; charts and macros are none."""
        names = [meta.name for meta in self._book.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
        return [self._sheet(name) for name in names]

    def close(self) -> None:
        """Close the file."""
        self._book.close()

    def _sheet(self, name: str) -> Sheet:
        table = _guarded(self._path, lambda: self._book.get_sheet_by_name(name))
        merges = [
            Merge(top + 1, left, bottom + 1, right) for (top, left), (bottom, right) in table.merged_cell_ranges or ()
        ]
        width = table.end[1] + 1 if table.end else 0
        return Sheet(name, lambda: _rows(table), None, tuple(merges), width, self._mac_dates)


def _guarded(path: Path, act: Callable[[], _T]) -> _T:
    """Call calamine; whatever it makes of a damaged file, a panic of its Rust side included, is one error."""
    try:
        with _hushed():
            return act()
    except PasswordError:
        raise UnreadableFile("工作簿有密码保护", where=path, remedy="在 Excel/WPS 中取消密码后另存") from None
    except (CalamineError, OSError, ValueError):
        raise _damaged(path) from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise _damaged(path) from None
        raise


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep what Rust prints on a panic from the user, who gets one line; it goes to the descriptor, past Python."""
    saved = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def _damaged(path: Path) -> UnreadableFile:
    return UnreadableFile("Excel 文件不完整或已损坏", where=path, remedy="用 Excel/WPS 打开后另存为 xlsx")


def _rows(table: CalamineSheet) -> Iterator[Row]:
    """Yield the rows from the sheet's first; calamine leaves out empty columns on the left, which are put back."""
    left: list[object] = [None] * (table.start[1] if table.start else 0)
    for number, cells in enumerate(table.iter_rows(), start=1):
        yield number, [*left, *map(_cell, cells)], ""


def _cell(value: object) -> object:
    """Return a cell: nothing for an empty one, an int for a whole number that Excel holds exactly."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value if isinstance(value, int | float | datetime | date) else str(value)
