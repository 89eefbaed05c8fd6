"""Single cells: as text, as a number that Excel has rounded, as something a spreadsheet would run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

__all__ = ["for_csv", "is_blank", "is_formula", "is_rounded", "letter", "position", "text_of", "unique"]

_SCIENTIFIC = re.compile(r"\s*[0-9](?:\.[0-9]{1,20})?[eE]\+?[0-9]{1,2}\s*")
_RUNNABLE = re.compile(r"[\s\x00-\x20\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?%?")


def text_of(value: object) -> str:
    """Return a cell as text: integral numbers without a point, times as ``2024-01-25 08:03:00``, nothing as ''.

    Examples
    --------
    >>> text_of(202401250001.0), text_of(None), text_of(" 12 ")
    ('202401250001', '', ' 12 ')
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return value.isoformat() if isinstance(value, date) else str(value)


def is_blank(cells: Sequence[object]) -> bool:
    """Return whether no cell holds anything but white space."""
    return not any(cell.strip() if isinstance(cell, str) else cell is not None for cell in cells)


def is_rounded(value: object) -> bool:
    """Return whether a ticket number has lost digits to Excel.

    A number of more than 15 digits in a numeric cell keeps 15; one saved to csv from a narrow column is left as
    ``2.02401E+17``, whatever its length.
    """
    if isinstance(value, float):
        return abs(value) >= 1e15
    return isinstance(value, str) and ("E" in value or "e" in value) and bool(_SCIENTIFIC.fullmatch(value))


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet might run ``text``: it begins with one of ``= + - @``, full-width or after blanks.

    Plain numbers such as ``-12.5`` are none.
    """
    return bool(_RUNNABLE.match(text)) and not _NUMBER.fullmatch(text)


def for_csv(value: object) -> object:
    """Return a cell as a text table may hold it: an apostrophe before what a spreadsheet might run."""
    if isinstance(value, str):
        return f"'{value}" if _RUNNABLE.match(value) and is_formula(value) else value
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    return str(value).upper() if isinstance(value, bool) else text_of(value)


def letter(index: int) -> str:
    """Return the spreadsheet's letters of a column counted from 0: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def position(name: str) -> int | None:
    """Return the column, from 0, that ``B`` or ``2`` stands for; ``None`` where ``name`` is neither."""
    if not name.isascii():
        return None
    if name.isdigit() and len(name) <= 5:
        return int(name) - 1 if int(name) else None
    if name.isalpha() and len(name) <= 3:
        index = 0
        for char in name.upper():
            index = index * 26 + ord(char) - ord("A") + 1
        return index - 1
    return None


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names with blanks filled from the column's letters and repeats numbered: 内容, 内容_2."""
    taken: set[str] = set()
    result = []
    for index, name in enumerate(names):
        base = name or f"列{letter(index)}"
        free, count = base, 1
        while free in taken:
            count += 1
            free = f"{base}_{count}"
        taken.add(free)
        result.append(free)
    return tuple(result)
