"""JSON: one object per line, or an array of objects, from a file or from standard input."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, TypeAlias

from pipeline.errors import UnknownEncoding, UnreadableFile
from pipeline.tickets.encoding import decode_head, find_encoding
from pipeline.tickets.sheets import MAX_COLUMNS, Row, Sheet

__all__ = ["JsonFile", "JsonStream", "flatten"]

_LINE = 8 << 20
"""Longest line or array element, in characters or bytes, that is read as one."""
_CHUNK = 1 << 18
_AHEAD = 1_000
"""Lines of standard input that are read before the columns are settled."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_GAP = re.compile(r"[\s,]*")

_Record: TypeAlias = Mapping[str, object] | str
"""One object, or why there is none."""


class JsonFile:
    """A file of JSON lines or with one JSON array.

    A first pass checks the encoding and collects the keys of all objects, in order of appearance, as the header.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str or None
        Its encoding, where the user names one.

    Raises
    ------
    UnknownEncoding
        If it is in no encoding known.
    UnreadableFile
        If it holds no JSON object.
    """

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        self.notices: list[str] = []
        self._path = path
        self._encoding = find_encoding(path, encoding)
        self._is_array = decode_head(path, self._encoding).lstrip().startswith("[")
        self._header = self._keys()

    def sheets(self) -> list[Sheet]:
        """Return the one table."""
        return [Sheet(None, self._rows, header=self._header)]

    def close(self) -> None:
        """Do nothing: each pass over the rows closes its file."""

    def _keys(self) -> tuple[str, ...]:
        """Return all keys; an empty array has none."""
        keys: dict[str, None] = {}
        faults = 0
        for _, record in self._records():
            if isinstance(record, str):
                faults += bool(record)
            elif not record.keys() <= keys.keys():
                keys.update(dict.fromkeys(record))
                _limit(keys, self._path)
        if faults and not keys:
            raise UnreadableFile("不是有效的 JSON", where=self._path, expected="每行一个 JSON 对象,或一个对象数组")
        return tuple(keys)

    def _records(self) -> Iterator[tuple[int, _Record]]:
        with self._path.open(encoding=self._encoding, errors="strict", newline="\n") as file:
            if self._is_array:
                yield from _elements(file, self._path)
            else:
                yield from enumerate(map(_parse, _lines(file)), start=1)

    def _rows(self) -> Iterator[Row]:
        header = self._header
        for number, record in self._records():
            yield number, *_cells(record, header)


class JsonStream:
    """JSON lines that can be read only once, such as standard input.

    Rows are given out as they come. The columns are settled by the first 1,000 lines; a key that first appears later
    stays out of a spreadsheet, and a notice says so.

    Parameters
    ----------
    stream : binary file
        Where to read.
    encoding : str or None
        Its encoding, UTF-8 (with or without BOM) unless named.

    Raises
    ------
    UnknownEncoding
        If the first line is in another encoding; a later line that is not decodable is rejected alone.
    UnreadableFile
        If the first lines hold no JSON object.
    """

    def __init__(self, stream: IO[bytes], encoding: str | None = None) -> None:
        self._late: dict[str, None] = {}
        decode = _decoder(encoding or "utf-8")
        self._records = enumerate(map(decode, _lines(stream)), start=1)
        self._ahead = list(islice(self._records, _AHEAD))
        objects = [record for _, record in self._ahead if not isinstance(record, str)]
        if not objects and any(record for _, record in self._ahead):
            if self._ahead[0][1] == _UNDECODABLE:
                raise UnknownEncoding("不是 UTF-8 编码", where="标准输入", remedy="转成 UTF-8,或用 --encoding 指明")
            raise UnreadableFile("不是有效的 JSON", where="标准输入", expected="每行一个 JSON 对象")
        self._header = tuple(dict.fromkeys(key for record in objects for key in record))
        _limit(dict.fromkeys(self._header), "标准输入")

    @property
    def notices(self) -> list[str]:
        """Say which keys came too late."""
        return [f"以下字段在前 {_AHEAD} 行之后才出现,未列入表格:{'、'.join(self._late)}"] if self._late else []

    def sheets(self) -> list[Sheet]:
        """Return the one table, which can be read once."""
        return [Sheet(None, self._rows, header=self._header)]

    def close(self) -> None:
        """Do nothing: standard input is not ours to close."""

    def _rows(self) -> Iterator[Row]:
        known = set(self._header)
        while self._ahead:
            number, record = self._ahead.pop(0)
            yield number, *_cells(record, self._header)
        for number, record in self._records:
            if not isinstance(record, str) and not record.keys() <= known and len(self._late) < 20:
                self._late.update(dict.fromkeys(key[:40] for key in record if key not in known))
            yield number, *_cells(record, self._header)


_UNDECODABLE = "编码不对"
_NOT_JSON = "不是有效的 JSON"
_NOT_OBJECT = "不是 JSON 对象"
_TOO_LONG = "一行超过 8 MiB"


def _limit(keys: Mapping[str, object], where: Path | str) -> None:
    """Refuse objects whose keys are data."""
    if len(keys) > MAX_COLUMNS:
        raise UnreadableFile(f"JSON 的键超过 {MAX_COLUMNS} 种", where=where, expected="各行的键相同")


def _lines(file: IO[bytes] | io.TextIOBase) -> Iterator[str | bytes]:
    """Yield the lines; of one that is too long, its beginning, long enough to be known as such."""
    while line := file.readline(_LINE + 1):
        rest = line
        while len(rest) > _LINE and rest[-1:] not in ("\n", b"\n"):
            rest = file.readline(_LINE + 1)
        yield line


def _decoder(encoding: str) -> Callable[[str | bytes], _Record]:
    """Return what decodes and parses one line."""

    def read(line: str | bytes) -> _Record:
        if isinstance(line, str):
            return _parse(line)
        try:
            return _parse(line.decode(encoding))
        except UnicodeDecodeError:
            return _TOO_LONG if len(line) > _LINE else _UNDECODABLE

    return read


def _parse(line: str | bytes) -> _Record:
    """Return the object in a line, '' for a blank one, else what is wrong with it."""
    if len(line) > _LINE:
        return _TOO_LONG
    text = line.strip() if isinstance(line, str) else line.decode().strip()
    text = text.lstrip("\ufeff")
    if not text:
        return ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _NOT_JSON
    return value if isinstance(value, dict) else _NOT_OBJECT


def _elements(file: io.TextIOBase, path: Path) -> Iterator[tuple[int, _Record]]:
    """Yield an array's elements without holding the array.

    Raises
    ------
    UnreadableFile
        Where the array is cut off or wrong: what comes after cannot be told apart any more.
    """
    decode = json.JSONDecoder().raw_decode
    text, at, number = file.read(_CHUNK), 0, 0
    at = text.index("[") + 1
    while True:
        number += 1
        text, at = _next_element(file, text[at:])
        if text[at : at + 1] == "]":
            return
        text, value, at = _decode_element(file, text, at, decode)
        if value is None:
            raise UnreadableFile(f"JSON 数组的第 {number} 个元素有误或被截断", where=path, expected="一个对象数组")
        yield number, value


def _next_element(file: io.TextIOBase, text: str) -> tuple[str, int]:
    """Skip blanks and the comma, reading on where the text at hand ends."""
    while True:
        match = _GAP.match(text)
        at = match.end() if match else 0
        if at < len(text):
            return text, at
        text = file.read(_CHUNK)
        if not text:
            return "", 0


def _decode_element(
    file: io.TextIOBase, text: str, at: int, decode: Callable[[str, int], tuple[object, int]]
) -> tuple[str, _Record | None, int]:
    """Decode the element at ``at``; while it does not end in the text at hand, double that, up to the limit."""
    while True:
        try:
            value, end = decode(text, at)
            if end < len(text):
                return text, value if isinstance(value, dict) else _NOT_OBJECT, end
        except (ValueError, RecursionError):
            pass
        more = file.read(max(_CHUNK, len(text) - at)) if len(text) - at <= _LINE else ""
        if not more:
            return text, None, at
        text, at = text[at:] + more, 0


def _cells(record: _Record, header: Sequence[str]) -> tuple[list[object], str]:
    """Return a record's cells and what is wrong with it."""
    if isinstance(record, str):
        return [], record
    get = record.get
    return [value if type(value := get(key)) is int else flatten(value) for key in header], ""


def flatten(value: object) -> object:
    """Return a value as one cell: lists and objects as JSON, without half surrogates and NaN, which no table holds."""
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATE.sub("\ufffd", value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict | list):
        return _SURROGATE.sub("\ufffd", json.dumps(value, ensure_ascii=False, default=str))
    return value
