"""Very large xlsx files, a row at a time, their shared texts on disk.

Excel keeps every text of a workbook in one list, ``sharedStrings.xml``, that cells refer to by number; a reader that
holds it needs memory for all complaints. Here it is unpacked once into an unnamed temporary file. openpyxl reads the
workbook's frame (sheets, styles, date system); its own read-only rows are not used, because they leave an element in
memory for each row and take twice as long. Merged ranges stand behind the rows in the XML and are not known here.
"""

from __future__ import annotations

import tempfile
import zipfile
from array import array
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.datetime import CALENDAR_MAC_1904, from_excel
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml.constants import SHARED_STRINGS

from pipeline.errors import UnreadableFile
from pipeline.tickets.cells import position
from pipeline.tickets.sheets import MAX_CELL, MAX_COLUMNS, Row, Sheet

__all__ = ["StreamedWorkbook"]

_ROWS = 1_048_576
"""Most rows of a sheet, by the format."""
_CHUNK = 1 << 16


class StreamedWorkbook:
    """An xlsx that is never held in memory.

    Parameters
    ----------
    path : Path
        An xlsx file that has been through `pipeline.tickets.package.inspect`.

    Raises
    ------
    UnreadableFile
        If it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.notices = ["工作簿较大或形状特殊,改为逐行读取(合并单元格不向下填充)"]
        self._path = path
        try:
            self._reader = _Frame(path, read_only=True, data_only=True, keep_links=False)
            self._reader.read()
        except _FAULTS:
            raise _damaged(path) from None

    def sheets(self) -> list[Sheet]:
        """Return the worksheets; charts are none."""
        book = self._reader.wb
        mac_dates = book.epoch == CALENDAR_MAC_1904
        return [Sheet(title, self._pass(part), mac_dates=mac_dates) for title, part in self._reader.parts]

    def close(self) -> None:
        """Close the file and remove the spilled texts."""
        self._reader.archive.close()
        self._reader.shared_strings.close()

    def _pass(self, part: str) -> Callable[[], Iterator[Row]]:
        """Return what starts a pass over one sheet."""

        def rows() -> Iterator[Row]:
            parser = _RowParser(self._reader.wb, self._reader.shared_strings)
            try:
                with self._reader.archive.open(part) as file:
                    while chunk := file.read(_CHUNK):
                        yield from parser.rows(chunk)
            except _FAULTS:
                raise _damaged(self._path) from None

        return rows


class _FormatError(Exception):
    """The XML is not that of a sheet."""


_FAULTS = (
    _FormatError,
    expat.ExpatError,
    ParseError,
    InvalidFileException,
    zipfile.BadZipFile,
    OSError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
)
"""What openpyxl and expat raise on damaged parts."""


def _damaged(path: Path) -> UnreadableFile:
    return UnreadableFile("Excel 文件内部结构有误", where=path, remedy="用 Excel/WPS 打开后另存为 xlsx")


class _Spill:
    """A list of texts in an unnamed temporary file, with only their offsets (8 bytes each) in memory."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the workbook
        self._ends = array("Q", [0])

    def append(self, text: str) -> None:
        """Add a text."""
        self._ends.append(self._ends[-1] + self._file.write(text.encode()))

    def __getitem__(self, index: int) -> str:
        if index < 0:
            raise IndexError
        start, end = self._ends[index], self._ends[index + 1]
        self._file.seek(start)
        return self._file.read(end - start).decode()

    def close(self) -> None:
        """Remove the file."""
        self._file.close()


class _Frame(ExcelReader):  # type: ignore[misc]
    """openpyxl's reader of the workbook's frame, with the shared texts spilled and the sheets left closed."""

    parts: list[tuple[str, str]]
    """Title and part of each worksheet."""

    def read_worksheets(self) -> None:
        """Note where the sheets are; openpyxl would read all of one that does not state its size."""
        found = [(sheet.name, relation) for sheet, relation in self.parser.find_sheets()]
        self.parts = [(name, one.target) for name, one in found if one.Type.endswith("/worksheet")]

    def read_strings(self) -> None:
        """Unpack the shared texts one by one."""
        self.shared_strings = spill = _Spill()
        part = self.package.find(SHARED_STRINGS)
        usual = (name for name in self.archive.namelist() if name.lower() == "xl/sharedstrings.xml")
        name = part.PartName[1:] if part else next(usual, None)  # some exporters forget to declare it
        if name is None:
            return
        parser = _TextParser(spill)
        with self.archive.open(name) as source:
            while chunk := source.read(_CHUNK):
                parser.take(chunk)


class _Parser:
    """An expat parser that knows elements by local name and gathers the text of some of them."""

    def __init__(self, gathered: tuple[str, ...]) -> None:
        self._expat = expat.ParserCreate(namespace_separator="|")
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._open
        self._expat.EndElementHandler = self._shut
        self._expat.CharacterDataHandler = self._gather
        self._expat.StartDoctypeDeclHandler = self._refuse
        self._gathered = gathered
        self._text: list[str] = []
        self._size = 0
        self._listening = False
        self._phonetic = False

    def take(self, chunk: bytes) -> None:
        """Read the next piece of XML."""
        self._expat.Parse(chunk, False)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Meet the beginning of an element."""

    def end(self, name: str) -> None:
        """Meet the end of an element."""

    def text(self) -> str:
        """Return the text gathered since the last call."""
        text = "".join(self._text)
        self._text.clear()
        self._size = 0
        return text

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition("|")[2]
        if name == "rPh":  # how a text is read aloud, in Japanese workbooks
            self._phonetic = True
        self._listening = name in self._gathered and not self._phonetic
        self.start(name, attributes)

    def _shut(self, name: str) -> None:
        name = name.rpartition("|")[2]
        if name == "rPh":
            self._phonetic = False
        self._listening = False
        self.end(name)

    def _gather(self, data: str) -> None:
        if self._listening and self._size <= MAX_CELL:
            self._text.append(data)
            self._size += len(data)

    def _refuse(self, *_: object) -> None:
        raise _FormatError


class _TextParser(_Parser):
    """Reads ``sharedStrings.xml``."""

    def __init__(self, spill: _Spill) -> None:
        super().__init__(("t",))
        self._spill = spill

    def end(self, name: str) -> None:
        """Keep a text that is whole; one in several formats comes in several pieces."""
        if name == "si":
            self._spill.append(self.text())


class _RowParser(_Parser):
    """Reads the rows of one sheet."""

    def __init__(self, book: object, texts: _Spill) -> None:
        super().__init__(("v", "t"))
        self._texts = texts
        self._dates: frozenset[int] = frozenset(book._date_formats)  # type: ignore[attr-defined]
        self._spans: frozenset[int] = frozenset(book._timedelta_formats)  # type: ignore[attr-defined]
        self._epoch = book.epoch  # type: ignore[attr-defined]
        self._columns: dict[str, int] = {}
        self._done: list[Row] = []
        self._number = 0
        self._cells: list[object] = []
        self._kind, self._style, self._column = "n", 0, 0

    def rows(self, chunk: bytes) -> Iterator[Row]:
        """Yield the rows that end in the next piece of XML."""
        self.take(chunk)
        yield from self._done
        self._done.clear()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Note where a row or cell stands."""
        if name == "c":
            place = attributes.get("r")
            self._column = self._place(place) if place else len(self._cells)
            self._kind, self._style = attributes.get("t", "n"), int(attributes.get("s", 0))
        elif name == "row":
            self._next_row(int(attributes.get("r", self._number + 1)))

    def end(self, name: str) -> None:
        """Keep a cell or row that is whole."""
        if name == "c":
            self._cells += [None] * (self._column - len(self._cells))
            self._cells[self._column :] = [self._value(self.text())]
        elif name == "row":
            self._done.append((self._number, self._cells, ""))

    def _next_row(self, number: int) -> None:
        """Begin a row, after the empty ones that the file leaves out."""
        if not self._number < number <= _ROWS:
            raise _FormatError
        self._done += [(empty, (), "") for empty in range(self._number + 1, number)]
        self._number, self._cells = number, []

    def _place(self, reference: str) -> int:
        """Return the column, from 0, of a reference such as ``AB12``."""
        letters = reference.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            found = position(letters) if letters.isalpha() else None
            if found is None or found >= MAX_COLUMNS:
                raise _FormatError
            self._columns[letters] = column = found
        return column

    def _value(self, text: str) -> object:
        """Return a cell's value by its type (ECMA-376, 18.18.11)."""
        if not text or self._kind == "e":
            return None
        if self._kind == "s":
            return self._texts[int(text)] or None
        if self._kind == "b":
            return text == "1"
        return self._from_number(text) if self._kind == "n" else text

    def _from_number(self, text: str) -> object:
        """Return a number or, where the cell's format is one of dates, a date."""
        number = float(text)
        if self._style in self._dates:
            try:
                value = from_excel(number, self._epoch, timedelta=self._style in self._spans)
            except (OverflowError, ValueError):
                return number
            return value if isinstance(value, datetime | date) else str(value)
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
