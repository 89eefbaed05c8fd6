"""Writing a result: xlsx, csv, tsv, JSON lines or parquet by its ending, whole or not at all."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol

from pipeline.errors import UsageError
from pipeline.tickets.cells import for_csv
from pipeline.tickets.draft import Draft, as_output_error
from pipeline.tickets.parts import DELIMITERS, json_line

__all__ = ["ENDINGS", "Result", "open_result"]

ENDINGS = (".xlsx", ".csv", ".tsv", ".jsonl", ".parquet")


def open_result(
    path: Path | None,
    header: Sequence[str],
    *,
    overwrite: bool = False,
    types: Mapping[str, type] | None = None,
) -> Result:
    """Open a result for writing.

    Parameters
    ----------
    path : Path or None
        Where to write; the ending says the format. ``None`` writes JSON lines to standard output.
    header : sequence of str
        Column names.
    overwrite : bool
        Whether a file already there may be replaced.
    types : mapping of str to type, optional
        Columns that parquet stores as ``int``, ``float`` or ``bool`` instead of as text.

    Returns
    -------
    Result
        To be used in a ``with`` statement.

    Raises
    ------
    UsageError
        If the ending is none of those known.
    OutputError
        If the file is there already, or cannot be written.
    """
    if path is None:
        return Result("标准输出", _JsonWriter(sys.stdout.buffer, header), None)
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(f"不认识的输出格式“{path.suffix}”", where=path, expected="、".join(ENDINGS))
    draft = Draft(path, overwrite=overwrite)
    try:
        with as_output_error(path):
            return Result(path, _begin(ending, draft.partial, header, types or {}), draft)
    except BaseException:
        draft.discard()
        raise


def _begin(ending: str, path: Path, header: Sequence[str], types: Mapping[str, type]) -> Writer:
    """Return the writer for an ending; the libraries of a format are loaded when it is asked for."""
    if ending == ".xlsx":
        from pipeline.tickets.xlsx import XlsxWriter  # noqa: PLC0415

        return XlsxWriter(path, header)
    if ending == ".parquet":
        from pipeline.tickets.columnar import ParquetWriter  # noqa: PLC0415

        return ParquetWriter(path, header, types)
    begin: dict[str, Callable[[], Writer]] = {
        ".csv": lambda: _TextWriter(path, header, DELIMITERS[ending], "utf-8-sig"),
        ".tsv": lambda: _TextWriter(path, header, DELIMITERS[ending], "utf-8"),
        ".jsonl": lambda: _JsonWriter(path.open("wb"), header, owned=True),
    }
    return begin[ending]()


class Writer(Protocol):
    """One format."""

    notices: list[str]

    def add(self, cells: Sequence[object], record: Mapping[str, object] | None) -> None:
        """Write a row."""
        ...

    def add_part(self, part: bytes) -> None:
        """Write rows that :func:`pipeline.tickets.parts.encode_part` made for this format."""
        ...

    def finish(self) -> None:
        """Write what is still held back."""
        ...

    def abandon(self) -> None:
        """Let go of what is open."""
        ...


class Result:
    """A result being written.

    Made by `open_result`. Leaving the ``with`` block without an error puts the file in its place; any error, an
    interrupt included, leaves nothing behind.

    Attributes
    ----------
    path : Path or str
        Where it goes.
    rows : int
        Rows written so far.
    """

    def __init__(self, path: Path | str, writer: Writer, draft: Draft | None) -> None:
        self.path = path
        self.rows = 0
        self._writer = writer
        self._draft = draft

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know, one line each; complete after the ``with`` block."""
        return tuple(self._writer.notices)

    def write(self, cells: Sequence[object], record: Mapping[str, object] | None = None) -> None:
        """Write one row.

        Parameters
        ----------
        cells : sequence
            One cell per column.
        record : mapping, optional
            What JSON lines hold instead: one object. Without it they hold the cells by column name.

        Raises
        ------
        OutputError
            If the disk is full or the file cannot be written.
        """
        with as_output_error(self.path):
            self._writer.add(cells, record)
        self.rows += 1

    def write_part(self, part: bytes, rows: int) -> None:
        """Write rows that :func:`pipeline.tickets.parts.encode_part` made for this result's ending and header.

        Raises
        ------
        OutputError
            If the disk is full or the file cannot be written.
        """
        with as_output_error(self.path):
            self._writer.add_part(part)
        self.rows += rows

    def __enter__(self) -> Result:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                with as_output_error(self.path):
                    self._writer.finish()
                if self._draft:
                    self._draft.commit()
        finally:
            with suppress(OSError, ValueError):
                self._writer.abandon()
            if self._draft:
                self._draft.discard()


class _TextWriter:
    """Writes csv (with BOM, for Excel) and tsv."""

    def __init__(self, path: Path, header: Sequence[str], delimiter: str, encoding: str) -> None:
        self.notices: list[str] = []
        self._file = path.open("w", encoding=encoding, newline="")
        self._table = csv.writer(self._file, delimiter=delimiter)
        self._table.writerow(list(map(for_csv, header)))

    def add(self, cells: Sequence[object], record: Mapping[str, object] | None) -> None:
        """Write a row."""
        self._table.writerow(list(map(for_csv, cells)))

    def add_part(self, part: bytes) -> None:
        """Write rows that are text already."""
        self._file.flush()
        self._file.buffer.write(part)

    def finish(self) -> None:
        """Close the file."""
        self._file.close()

    def abandon(self) -> None:
        """Close the file."""
        self._file.close()


class _JsonWriter:
    """Writes JSON lines in UTF-8; to standard output each row at once, for what reads it."""

    def __init__(self, file: IO[bytes], header: Sequence[str], *, owned: bool = False) -> None:
        self.notices: list[str] = []
        self._file = file
        self._header = header
        self._owned = owned

    def add(self, cells: Sequence[object], record: Mapping[str, object] | None) -> None:
        """Write a row."""
        self._file.write(json_line(self._header, cells, record))

    def add_part(self, part: bytes) -> None:
        """Write rows that are lines already."""
        self._file.write(part)
        if not self._owned:
            self._file.flush()

    def finish(self) -> None:
        """Bring everything out."""
        self._file.flush()
        self.abandon()

    def abandon(self) -> None:
        """Close a file of one's own."""
        if self._owned:
            self._file.close()
