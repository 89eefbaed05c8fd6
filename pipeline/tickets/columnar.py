"""Parquet files: read a thousand rows at a time, written in row groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import UnreadableFile
from pipeline.tickets.cells import text_of
from pipeline.tickets.parts import unpack
from pipeline.tickets.records import flatten
from pipeline.tickets.sheets import MAX_COLUMNS, Row, Sheet

__all__ = ["ParquetFile", "ParquetWriter"]

_BATCH = 1_000
_GROUP = 10_000
"""Rows of a row group that is written."""
_BUFFER = 1 << 20
"""Without it pyarrow reads a row group's whole column at once, 300 MB for a million complaints."""
_UNPACKED = 4 << 30
_RATIO = 500


class ParquetFile:
    """A parquet file.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    UnreadableFile
        If it is damaged, or one part of it unpacks to over 4 GiB and 500 times its size.
    """

    def __init__(self, path: Path) -> None:
        self.notices: list[str] = []
        self._path = path
        try:
            self._file = pq.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER)
        except (pa.ArrowException, OSError):
            raise _damaged(path) from None
        self._guard()

    def _guard(self) -> None:
        """Refuse what would fill the memory."""
        meta = self._file.metadata
        sizes = [meta.row_group(at).total_byte_size for at in range(meta.num_row_groups)]
        if max(sizes, default=0) > max(_UNPACKED, _RATIO * self._path.stat().st_size):
            raise UnreadableFile("解压后过大", where=self._path, expected="每个行组 4 GiB 以内")
        if len(self._file.schema_arrow.names) > MAX_COLUMNS:
            raise UnreadableFile(f"超过 {MAX_COLUMNS} 列", where=self._path)

    def sheets(self) -> list[Sheet]:
        """Return the one table."""
        return [Sheet(None, self._rows, header=tuple(self._file.schema_arrow.names))]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _rows(self) -> Iterator[Row]:
        number = 0
        try:
            for batch in self._file.iter_batches(batch_size=_BATCH, use_threads=False):
                columns = [list(map(_cell, column.to_pylist())) for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield number, cells, ""
        except (pa.ArrowException, OSError, ValueError):
            raise _damaged(self._path) from None


def _damaged(path: Path) -> UnreadableFile:
    return UnreadableFile("parquet 文件已损坏", where=path, remedy="重新导出或重新传输")


def _cell(value: object) -> object:
    """Return a value as one cell."""
    if isinstance(value, str | float | dict | list):
        return flatten(value)
    if isinstance(value, datetime):
        return datetime.fromisoformat(value.isoformat(timespec="microseconds"))
    if value is None or isinstance(value, int | date):
        return value
    return value.hex() if isinstance(value, bytes) else str(value)


class ParquetWriter:
    """Writes parquet in row groups; columns are text unless a type is given, since exports mix types in a column."""

    def __init__(self, path: Path, header: Sequence[str], types: Mapping[str, type]) -> None:
        self.notices: list[str] = []
        kinds = {int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
        self._plain = [types.get(name) for name in header]
        fields = [
            pa.field(name, kinds.get(kind or str, pa.string())) for name, kind in zip(header, self._plain, strict=True)
        ]
        self._schema = pa.schema(fields)
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[tuple[object, ...]] = []

    def add(self, cells: Sequence[object], record: Mapping[str, object] | None) -> None:
        """Hold a row back until its group is full."""
        pairs = zip(self._plain, cells, strict=True)
        self._rows.append(tuple(cell if cell is None or kind else text_of(cell) for kind, cell in pairs))
        if len(self._rows) >= _GROUP:
            self._write_group()

    def add_part(self, part: bytes) -> None:
        """Write packed rows."""
        for cells in unpack(part):
            self.add(cast("Sequence[object]", cells), None)

    def _write_group(self) -> None:
        columns = zip(*self._rows, strict=True)
        arrays = [pa.array(column, type=field.type) for column, field in zip(columns, self._schema, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._rows.clear()

    def finish(self) -> None:
        """Write the last group and the footer."""
        if self._rows:
            self._write_group()
        self._writer.close()

    def abandon(self) -> None:
        """Close the file."""
        self._writer.close()
