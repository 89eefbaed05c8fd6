"""The rows that could not be used, in a csv of their own with the reason for each."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from pipeline.tickets.cells import for_csv
from pipeline.tickets.draft import Draft, as_output_error

__all__ = ["Rejects"]

_SHOWN = 1_000
"""Characters of a cell that are kept; the row itself is still in the export."""


class Rejects:
    """``*.rejects.csv``: file, sheet, row, reason and the row's cells; it appears when it is whole, and only if needed.

    Parameters
    ----------
    path : Path
        Where to write; a file of an earlier run is replaced.
    source : str
        The export's name.
    header : sequence of str
        The export's columns.
    """

    def __init__(self, path: Path, source: str, header: Sequence[str]) -> None:
        self._path = path
        self._source = source
        self._header = header
        self._draft: Draft | None = None
        self._file: IO[str] | None = None

    def add(self, sheet: str | None, row: int, reason: str, cells: Sequence[object]) -> None:
        """Add a row.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        with as_output_error(self._path):
            file = self._file or self._begin()
            kept = [_kept(cell) for cell in cells[: len(self._header) + 16]]
            csv.writer(file).writerow([for_csv(self._source), for_csv(sheet or ""), row, reason, *kept])

    def commit(self) -> Path | None:
        """Finish the file and return where it is; ``None`` where no row was rejected."""
        if self._draft is None or self._file is None:
            return None
        with as_output_error(self._path):
            self._file.close()
        self._draft.commit()
        return self._path

    def discard(self) -> None:
        """Remove what was written."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        if self._draft is not None:
            self._draft.discard()

    def _begin(self) -> IO[str]:
        self._draft = Draft(self._path, overwrite=True)
        self._file = self._draft.partial.open("w", encoding="utf-8-sig", newline="")
        csv.writer(self._file).writerow(["文件", "工作表", "行号", "原因", *map(for_csv, self._header)])
        return self._file


def _kept(cell: object) -> object:
    """Return a cell as it is kept."""
    if isinstance(cell, str) and len(cell) > _SHOWN:
        return for_csv(f"{cell[:_SHOWN]}…(共 {len(cell)} 字)")
    return for_csv(cell)
