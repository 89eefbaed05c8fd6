"""Text tables: csv, tsv and their kin, a row at a time."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from pipeline.errors import UnknownEncoding
from pipeline.tickets.encoding import decode_head, find_encoding
from pipeline.tickets.sheets import Row, Sheet

__all__ = ["Delimited", "find_delimiter"]

_DELIMITERS = (",", "\t", ";", "|")
_NO_DELIMITER = "\x1f"
"""The ASCII unit separator, for a file of one column: it does not occur in text."""
_RECORD_LINES = 5_000
_RECORD_CHARS = 4_000_000
"""A record longer than this, in lines or characters, has a quote that was never closed."""
_UNCLOSED = "引号没有闭合,无法分列"


class _OpenQuoteError(Exception):
    """The record being read does not end where a record can end."""


class _Lines:
    """Lines for ``csv.reader``, kept until their record is whole so that they can be read again.

    The reader asks for a further line within a record only when a quote is open; at the end of the file that means
    a quote that nothing closes, and everything after it would be one cell.
    """

    def __init__(self, file: io.TextIOBase) -> None:
        self._read = file.readline
        self._again: list[str] = []
        self._size = 0
        self.held: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else self._read()
        if self.held:
            self._size += len(line)
            if not line or len(self.held) >= _RECORD_LINES or self._size > _RECORD_CHARS:
                if line:
                    self._again.append(line)
                raise _OpenQuoteError
        elif not line:
            raise StopIteration
        else:
            self._size = 0
        self.held.append(line)
        return line.replace("\0", "") if "\0" in line else line

    def rewind(self) -> str:
        """Give back all lines of the record but the first, and return that one."""
        first, *rest = self.held
        self._again += reversed(rest)
        self.held = []
        return first


class Delimited:
    """A csv, tsv or other text table.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str or None
        Its encoding, where the user names one.

    Raises
    ------
    UnknownEncoding
        If it is in no encoding known; the whole file is tried before the first row is given out.
    """

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        self.notices: list[str] = []
        self._path = path
        self._encoding = find_encoding(path, encoding)
        self._delimiter = find_delimiter(decode_head(path, self._encoding))

    def sheets(self) -> list[Sheet]:
        """Return the one table."""
        return [Sheet(None, self._rows)]

    def close(self) -> None:
        """Do nothing: each pass over the rows closes its file."""

    def _rows(self) -> Iterator[Row]:
        csv.field_size_limit(2 * _RECORD_CHARS + (64 << 20))
        try:
            with self._path.open(encoding=self._encoding, errors="strict", newline="") as file:
                yield from _parse(file, self._delimiter)
        except UnicodeDecodeError as error:
            raise UnknownEncoding(
                f"读取途中编码出错({error.reason})", where=self._path, remedy="检查文件是否正被改写"
            ) from None


def _parse(file: io.TextIOBase, delimiter: str) -> Iterator[Row]:
    """Yield the records; one that cannot be split is given out as a fault, and reading goes on at its next line.

    That stays linear: a line that leaves an open quote open (its quotes are all doubled) opens none when it is read on
    its own, so no line is read again more than twice.
    """
    lines = _Lines(file)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            for cells in reader:
                lines.held.clear()
                yield number, cells, ""
                number += 1
            return
        except (_OpenQuoteError, csv.Error):
            yield _mend(lines, delimiter, number)


def _mend(lines: _Lines, delimiter: str, number: int) -> Row:
    """Read the first line of a broken record alone and leniently; with a quote left open it is a fault."""
    whole = len(lines.held) == 1
    first = lines.rewind().replace("\0", "")
    if whole:
        with suppress(csv.Error, StopIteration):
            cells = next(csv.reader([first], delimiter=delimiter))
            return number, cells, "" if first.count('"') % 2 == 0 else _UNCLOSED
    return number, [first[:1000].rstrip("\r\n")], _UNCLOSED


def find_delimiter(head: str) -> str:
    """Return the delimiter of a table from its beginning.

    The one that gives most rows the same number of cells, more than one; a tie goes to the one that gives more. Where
    none splits, the file has one column.
    """
    whole = head if len(head) < 1000 else head[: max(head.rfind("\n"), head.rfind("\r")) + 1] or head
    best = max(_DELIMITERS, key=lambda delimiter: _evenness(whole, delimiter))
    if _evenness(whole, best) > (0.0, 0):
        return best
    return _NO_DELIMITER if head.strip(' \r\n"' + "".join(_DELIMITERS)) else ","


def _evenness(head: str, delimiter: str) -> tuple[float, int]:
    """Return the share of rows that have the commonest number of cells over one, and that number."""
    widths = Counter(filter(None, map(_filled, _sample(head, delimiter))))
    wide = Counter({width: count for width, count in widths.items() if width > 1})
    if not wide:
        return 0.0, 0
    width, count = max(wide.items(), key=lambda pair: (pair[1], pair[0]))
    share = count / sum(widths.values())
    return (round(share, 1), width) if share >= 0.3 else (0.0, 0)


def _filled(cells: Sequence[str]) -> int:
    """Return how many cells a row has, 0 for a blank one."""
    return len(cells) if any(cells) else 0


def _sample(head: str, delimiter: str) -> Iterator[list[str]]:
    """Yield up to 200 rows."""
    with suppress(csv.Error):
        yield from islice(csv.reader(io.StringIO(head.replace("\0", ""), newline=""), delimiter=delimiter), 200)
