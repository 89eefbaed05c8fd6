"""What is inside an xlsx before anything trusts it: a zip archive that may be cut off, damaged or made to explode."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import UnreadableFile

__all__ = ["Extent", "inspect"]

MAX_ENTRIES = 5_000
MAX_UNPACKED = 6 << 30
"""Bytes of XML: a full sheet of 1,048,576 rows by 20 columns is some 2 GiB."""
MAX_FRAME = 64 << 20
"""Bytes of a part that is read as a whole: styles, names, relations."""
_FREE = 64 << 20
"""Bytes that may come out of any archive, whatever its ratio."""
_RATIO = 400
"""Unpacked to packed; real sheets have 5 to 50, ten thousand empty formatted rows some 150, a bomb 1,000."""
_CHUNK = 1 << 17
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What reading at an offset that damage has made up can end in."""
_HEAD = 30
"""Bytes of a part's own header before its name (PKWARE APPNOTE 4.3.7)."""
_TAG = 1 << 16

_MAC_DATES = re.compile(rb'date1904="(?:1|true)"')
_CELL = re.compile(rb"<(?:[A-Za-z0-9]+:)?c[\s/>]")
_PLACE = re.compile(rb'<(?:[A-Za-z0-9]+:)?c r="([A-Z]{1,3})([0-9]{1,7})"')


@dataclass(frozen=True, slots=True)
class Extent:
    """How large a workbook is.

    Parameters
    ----------
    unpacked : int
        Bytes of all parts.
    cells : int or None
        Cells of the largest sheet's rectangle, empty ones included, which is what a reader that holds a sheet as a
        rectangle needs memory for; ``None`` where the sheet does not say plainly.
    mac_dates : bool
        Whether the workbook counts days from 1904.
    """

    unpacked: int
    cells: int | None
    mac_dates: bool = False


def inspect(path: Path) -> Extent:
    """Unpack every part of an xlsx once, keeping nothing, and return how large it is.

    The sizes that an archive states are not believed, and the check sums are compared, so that a reader that comes
    after meets neither a bomb nor a damaged part.

    Raises
    ------
    UnreadableFile
        If the archive is cut off, damaged, encrypted, or too large when unpacked.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            return _measure(path, file, archive.infolist())
    except _FAULTS:
        raise UnreadableFile("xlsx 文件不完整或已损坏", where=path, remedy="重新导出或重新传输") from None


def _measure(path: Path, file: BinaryIO, parts: list[zipfile.ZipInfo]) -> Extent:
    """Walk the parts."""
    packed = sum(part.compress_size for part in parts)
    if len(parts) > MAX_ENTRIES or packed > path.stat().st_size or len({part.filename for part in parts}) < len(parts):
        raise UnreadableFile(
            "压缩包结构异常", where=path, expected="普通的 xlsx 工作簿", remedy="用 Excel/WPS 打开后另存"
        )
    left = min(MAX_UNPACKED, max(_FREE, _RATIO * packed))
    whole = left
    gauges = []
    mac_dates = False
    for part in parts:
        gauge = _Gauge() if _is_sheet(part.filename) else None
        most = left if gauge or _is_bulky(part.filename) else min(left, MAX_FRAME)
        for chunk in _unpack(file, part):
            left, most = left - len(chunk), most - len(chunk)
            if most < 0:
                raise UnreadableFile("解压后过大(疑似压缩炸弹)", where=path, remedy="拆分成较小的文件")
            if gauge:
                gauge.take(chunk)
            elif part.filename == "xl/workbook.xml":
                mac_dates |= _MAC_DATES.search(chunk) is not None
        gauges += [gauge] if gauge else []
    areas = [gauge.area() for gauge in gauges]
    return Extent(whole - left, None if None in areas else max(filter(None, areas), default=0), mac_dates)


def _is_bulky(name: str) -> bool:
    """Return whether a part may be large: texts, pictures, macros; not what a reader holds as a tree."""
    return name.lower().endswith("sharedstrings.xml") or not name.lower().endswith((".xml", ".rels", ".vml"))


def _is_sheet(name: str) -> bool:
    """Return whether a part is a worksheet."""
    return "sheets/" in name.lower() and name.lower().endswith(".xml")


class _Gauge:
    """The rectangle that a sheet's cells span, read off their references as the XML goes by."""

    def __init__(self) -> None:
        self._rest = b""
        self._cells = self._places = 0
        self._columns = set[bytes]()
        self._last_row = 0

    def take(self, chunk: bytes) -> None:
        """Look at the next piece of XML; a tag cut in half waits for its end."""
        chunk = self._rest + chunk
        start = chunk.rfind(b"<")
        cut = start >= 0 and chunk.find(b">", start) < 0 and len(chunk) - start < _TAG
        self._rest, chunk = (chunk[start:], chunk[:start]) if cut else (b"", chunk)
        places = _PLACE.findall(chunk)
        self._cells += len(_CELL.findall(chunk))
        self._places += len(places)
        self._columns.update(column for column, _ in places)
        self._last_row = max(self._last_row, max((int(row) for _, row in places), default=0))

    def area(self) -> int | None:
        """Return the cells from A1 to the last column and row; ``None`` where some cells do not say where they are."""
        if self._cells != self._places:
            return None
        return max(map(_number, self._columns), default=0) * self._last_row


def _number(column: bytes) -> int:
    """Return the number, from 1, of a column given by its letters."""
    number = 0
    for byte in column:
        number = number * 26 + byte - ord("A") + 1
    return number


def _unpack(file: BinaryIO, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a part's bytes as they really come out, whatever size the archive states, and check their sum."""
    if part.flag_bits & 1 or part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile
    file.seek(part.header_offset)
    head = file.read(_HEAD)
    if not head.startswith(b"PK\x03\x04"):
        raise zipfile.BadZipFile
    file.seek(int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), io.SEEK_CUR)
    packed = _packed(file, part.compress_size)
    crc = 0
    for chunk in packed if part.compress_type == zipfile.ZIP_STORED else _inflate(packed):
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if crc != part.CRC:
        raise zipfile.BadZipFile


def _packed(file: BinaryIO, left: int) -> Iterator[bytes]:
    """Yield a part's bytes as they are stored."""
    while left > 0:
        chunk = file.read(min(left, _CHUNK))
        if not chunk:
            raise EOFError
        left -= len(chunk)
        yield chunk


def _inflate(packed: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what comes out, never more than a chunk at once."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for chunk in packed:
        rest = chunk
        while rest and not inflater.eof:
            yield inflater.decompress(rest, _CHUNK)
            rest = inflater.unconsumed_tail
    if not inflater.eof:
        raise EOFError
    yield inflater.flush()
