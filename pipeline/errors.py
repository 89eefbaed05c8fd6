"""Every error that a user can meet, drawn as one tree.

    YousuError                      exit 1  something the user can mend
    ├── UsageError                  exit 2  the command was called wrongly
    ├── InputError                          an export cannot be read
    │   ├── UnreadableFile                  missing, damaged, not what its name says
    │   ├── UnknownEncoding                 neither UTF-8 nor GB18030
    │   └── MissingColumn                   no column holds the text (or the label)
    ├── OutputError                         a result cannot be written
    ├── TableError                          a table under data/ is wrong
    └── ModelError                          a model folder is missing or damaged

A message is one line in Chinese: what was found, where, what was expected, what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "InputError",
    "MissingColumn",
    "ModelError",
    "OutputError",
    "Place",
    "TableError",
    "UnknownEncoding",
    "UnreadableFile",
    "UsageError",
    "YousuError",
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in an input something was found.

    Parameters
    ----------
    file : Path or None
        The file; ``None`` stands for standard input.
    sheet : str or None
        The sheet's name, in a workbook.
    row : int or None
        The row as a spreadsheet shows it, from 1.
    """

    file: Path | None = None
    sheet: str | None = None
    row: int | None = None

    def __str__(self) -> str:
        parts = [str(self.file) if self.file is not None else "标准输入"]
        if self.sheet is not None:
            parts.append(f"工作表“{self.sheet}”")
        if self.row is not None:
            parts.append(f"第 {self.row} 行")
        return " ".join(parts)


class YousuError(Exception):
    """The root: one Chinese line for the user, and the exit code that goes with it.

    Parameters
    ----------
    found : str
        What was found; the value itself only where it holds no citizen's words.
    where : Place, Path, str or None
        Where it was found.
    expected : str
        What was expected instead.
    remedy : str
        What the user can do about it.
    """

    exit_code = 1

    def __init__(
        self,
        found: str,
        *,
        where: Place | Path | str | None = None,
        expected: str = "",
        remedy: str = "",
    ) -> None:
        self.found = found
        self.where = where
        self.expected = expected
        self.remedy = remedy
        super().__init__(self.line())

    def line(self) -> str:
        """Return the message as one line, whatever the parts contain."""
        parts = [f"{self.where}:{self.found}" if self.where is not None else self.found]
        if self.expected:
            parts.append(f"应为{self.expected}")
        if self.remedy:
            parts.append(f"请{self.remedy}")
        return " ".join(";".join(parts).split())


class UsageError(YousuError):
    """The command was called with arguments that cannot go together."""

    exit_code = 2


class InputError(YousuError):
    """An export cannot be read."""


class UnreadableFile(InputError):
    """The file is missing, damaged, too large when unpacked, or not what its name says."""


class UnknownEncoding(InputError):
    """The text is neither UTF-8 (with or without BOM), UTF-16 with BOM, nor GB18030."""


class MissingColumn(InputError):
    """No column was found for a part that the command needs."""


class OutputError(YousuError):
    """A result cannot be written where it was asked for."""


class TableError(YousuError):
    """A table under ``data/`` holds an unknown key, a wrong type or a name that nothing defines."""


class ModelError(YousuError):
    """A model folder is missing, damaged, or made by an incompatible version."""
