"""Rows as bytes, so that one process can make them and another put them into the result's file.

A part of csv, tsv or JSON lines is the text itself, and joining parts joins files. For xlsx and parquet, whose files
cannot be joined, a part is JSON with times marked. No format that could run anything when it is read.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from pipeline.tickets.cells import for_csv

__all__ = ["DELIMITERS", "Row", "encode_part", "json_line", "pack", "unpack"]

Row = tuple[Sequence[object], Mapping[str, object] | None]
"""Cells, and the object that JSON lines hold in their place."""
DELIMITERS = {".csv": ",", ".tsv": "\t"}
_TIME, _DAY, _OTHER = "\ue000time", "\ue000day", "\ue000text"


def encode_part(ending: str, header: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Return the rows as :meth:`pipeline.tickets.write.Result.write_part` takes them.

    Parameters
    ----------
    ending : str
        One of :data:`pipeline.tickets.write.ENDINGS`; '' for JSON lines to standard output.
    header : sequence of str
        Column names.
    rows : iterable of Row
        In order.
    """
    if ending in DELIMITERS:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=DELIMITERS[ending]).writerows(list(map(for_csv, cells)) for cells, _ in rows)
        # A lone surrogate, which no file can hold, is an error of the reader; here it must not stop a night's run.
        return text.getvalue().encode("utf-8", "replace")
    if ending in ("", ".jsonl"):
        return b"".join(json_line(header, cells, record) for cells, record in rows)
    return pack([list(cells) for cells, _ in rows])


def json_line(header: Sequence[str], cells: Sequence[object], record: Mapping[str, object] | None) -> bytes:
    """Return one JSON line."""
    line = dict(zip(header, cells, strict=True)) if record is None else record
    return json.dumps(line, ensure_ascii=False, default=_plain).encode() + b"\n"


def pack(value: object) -> bytes:
    """Return lists, texts, numbers and times as JSON."""
    return json.dumps(value, ensure_ascii=False, default=_marked).encode("utf-8", "surrogatepass")


def unpack(packed: bytes) -> list[object]:
    """Return what :func:`pack` was given; tuples have become lists."""
    value: list[object] = json.loads(packed.decode("utf-8", "surrogatepass"), object_hook=_unmarked)
    return value


def _plain(value: object) -> object:
    """Return what JSON has no form for as something it has."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, set | frozenset) else str(value)


def _marked(value: object) -> object:
    """Return a time as an object that no cell can be."""
    if isinstance(value, datetime):
        return {_TIME: value.isoformat()}
    return {_DAY: value.isoformat()} if isinstance(value, date) else {_OTHER: str(value)}


def _unmarked(value: dict[str, str]) -> object:
    """Return the time that an object stands for."""
    if _TIME in value:
        return datetime.fromisoformat(value[_TIME])
    if _DAY in value:
        return date.fromisoformat(value[_DAY])
    return value.get(_OTHER, value)
