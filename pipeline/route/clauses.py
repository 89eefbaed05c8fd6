"""The common parts of a condition as cells of their own: domain, urgency, nature, words of the text; and the rest.

``领域 == "燃气" 且 文本 含 ["气费", "收费"]`` is three cells in a spreadsheet, of which nobody must know the language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.route.language import ends_loose
from pipeline.route.schema import Schema

__all__ = ["Clauses", "join", "split"]

_AND = " 且 "
_LABELS = {"domain": "领域", "urgency": "紧急程度", "nature": "诉求类型"}
_ITEM = r'"([^"]*)"'
_LIST = r'\[("[^"]*"(?:, "[^"]*")*)\]'
_END = rf"(?:{_AND}|\Z)"
_BREAKS = re.compile(r"[;\uff1b\n]")
_COMMAS = re.compile(r"[;\uff1b\n、,\uff0c|]")


@dataclass(frozen=True, slots=True)
class Clauses:
    """A condition in cells.

    Parameters
    ----------
    domain, urgency, nature : str
        Labels, one of which must hold; joined by ``、``, by ``;`` where a label has ``、`` in it.
    words : str
        Words, one of which the text must have, joined by ``、``.
    rest : str
        Whatever else must hold, in the language of :mod:`pipeline.route.language`.
    """

    domain: str = ""
    urgency: str = ""
    nature: str = ""
    words: str = ""
    rest: str = ""


def split(when: str, schema: Schema) -> Clauses:
    """Return a condition in cells; what would not come back letter for letter stays in ``rest``."""
    rest, cells = when, {}
    for key, field in _LABELS.items():
        match = re.match(rf"{field} (?:== {_ITEM}|in {_LIST}){_END}", rest)
        if match:
            cells[key] = _cell(match)
            rest = rest[match.end() :]
    match = re.match(rf"文本 含 (?:{_ITEM}|{_LIST}){_END}", rest)
    if match:
        cells["words"] = _cell(match)
        rest = rest[match.end() :]
    clauses = Clauses(**cells, rest=rest)
    return clauses if join(clauses, schema) == when else Clauses(rest=when)


def join(clauses: Clauses, schema: Schema) -> str:
    """Return the condition that cells write, whoever filled them in."""
    parts = [
        _clause(f"{field} ==", f"{field} in", _labels(getattr(clauses, key), schema.fields[field].names))
        for key, field in _LABELS.items()
    ]
    parts.append(_clause("文本 含", "文本 含", _words(clauses.words)))
    rest = clauses.rest.strip()
    alone = not any(parts) or not ends_loose(rest)
    parts.append(rest if alone or not rest else f"({rest})")
    return _AND.join(part for part in parts if part)


def _cell(match: re.Match[str]) -> str:
    if match[1] is not None:
        return match[1]
    items = match[2][1:-1].split('", "')
    return (";" if any("、" in item for item in items) else "、").join(items)


def _clause(single: str, several: str, items: list[str]) -> str:
    quoted = [f"'{item}'" if '"' in item else f'"{item}"' for item in items]
    if len(quoted) < 2:
        return f"{single} {quoted[0]}" if quoted else ""
    return f"{several} [{', '.join(quoted)}]"


def _labels(cell: str, names: Mapping[str, str]) -> list[str]:
    """Return the labels in a cell; one that has ``、`` in it is known by its name."""
    text = cell.strip()
    whole = text in names.values() or _BREAKS.search(text)
    return [piece.strip() for piece in (_BREAKS if whole else _COMMAS).split(text) if piece.strip()]


def _words(cell: str) -> list[str]:
    breaks = _BREAKS if _BREAKS.search(cell) else _COMMAS
    return [piece.strip() for piece in breaks.split(cell) if piece.strip()]
