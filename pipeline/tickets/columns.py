"""Which column is which: headers found by alias, or named by hand."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from pathlib import Path

from pipeline.errors import MissingColumn, Place
from pipeline.tables import DATA, build, read_toml
from pipeline.tickets.cells import letter, position

__all__ = [
    "Aliases",
    "ColumnChoice",
    "as_names",
    "find_column",
    "match_roles",
    "missing",
    "missing_text",
    "normalise",
    "read_aliases",
]

_NOISE = re.compile(r"[\s_*\-.·'\"\u200b-\u200f\u2060\ufeff]+")
_TAIL = re.compile(r"(?:\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|[:;,])$")
_SHOWN = 30
"""How many columns an error lists."""


@dataclass(frozen=True)
class ColumnChoice:
    """Columns named by hand: a header, a spreadsheet's letter (``C``) or a number from 1 where no header has that name.

    What is left empty is found by alias.
    """

    text: tuple[str, ...] = ()
    title: str | None = None
    id: str | None = None
    time: str | None = None
    address: str | None = None

    def named(self) -> dict[str, tuple[str, ...]]:
        """Return role to names, for the roles named by hand."""
        single = {"title": self.title, "id": self.id, "time": self.time, "address": self.address}
        chosen: dict[str, tuple[str, ...]] = {role: (name,) for role, name in single.items() if name is not None}
        return {"text": self.text, **chosen} if self.text else chosen


@dataclass(frozen=True)
class Aliases:
    """The table ``data/columns.toml``: ordered headers per role.

    ``area`` is the district that stands in a column of its own; it goes before ``address``. ``channel`` is how a ticket
    came (电话, 微信 …).
    """

    text: tuple[str, ...]
    title: tuple[str, ...]
    id: tuple[str, ...]
    time: tuple[str, ...]
    address: tuple[str, ...]
    area: tuple[str, ...]
    channel: tuple[str, ...]

    def roles(self) -> dict[str, tuple[str, ...]]:
        """Return role to aliases."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@cache
def read_aliases(path: Path = DATA / "columns.toml") -> Aliases:
    """Read the alias table.

    Raises
    ------
    TableError
        If the table is missing or wrong.
    """
    return build(Aliases, read_toml(path), str(path))


def normalise(name: str) -> str:
    """Return a header as it is compared: no spaces, width, case, underscores, asterisks or trailing colon.

    Examples
    --------
    >>> normalise(" *诉求　内容： "), normalise("Order_No")
    ('诉求内容', 'orderno')
    """
    text = _NOISE.sub("", unicodedata.normalize("NFKC", name[:200]).casefold())
    return text.rstrip(":;,")


@lru_cache(maxsize=4096)
def _bare(name: str) -> str:
    """Return a normalised header without the brackets at its end, unless nothing else is left."""
    text = normalise(name)
    while (shorter := _TAIL.sub("", text)) != text and shorter:
        text = shorter
    return text


def find_column(header: Sequence[str], name: str) -> int | None:
    """Return where ``name`` stands in a header: as written, else normalised, else without trailing brackets."""
    for form in (str, normalise, _bare):
        wanted = form(name)
        for index, title in enumerate(header):
            if wanted and form(title) == wanted:
                return index
    return None


def match_roles(
    header: Sequence[str], choice: ColumnChoice, aliases: Aliases, *, by_position: bool = False
) -> dict[str, tuple[int, ...]]:
    """Return role to columns (from 0) for every role that a header row holds.

    Parameters
    ----------
    header : sequence of str
        One row.
    choice : ColumnChoice
        What was named by hand; a role that is named is not looked up by alias, nor is ``area`` where ``address`` is.
    aliases : Aliases
        The alias table.
    by_position : bool
        Whether letters and numbers count too, where no header has that name.
    """
    named = choice.named()
    bare = {form: index for index, form in reversed(list(enumerate(map(_bare, header)))) if form}
    roles: dict[str, tuple[int, ...]] = {}
    for role, names in aliases.roles().items():
        if role in named:
            found = [_column(header, name, by_position=by_position) for name in named[role]]
            if None not in found:
                roles[role] = tuple(index for index in found if index is not None)
        elif role != "area" or "address" not in named:
            hit = next((bare[form] for form in map(_bare, names) if form in bare), None)
            if hit is not None:
                roles[role] = (hit,)
    return roles


def _column(header: Sequence[str], name: str, *, by_position: bool) -> int | None:
    """Return a column named by hand."""
    index = find_column(header, name)
    if index is None and by_position:
        index = position(name.strip())
        return index if index is not None and index < len(header) else None
    return index


def missing(name: str, header: Sequence[str], where: Place) -> MissingColumn:
    """Return the error for a column named by hand that is not there, with the nearest one."""
    near = difflib.get_close_matches(name, list(map(_shown, enumerate(header))), n=1, cutoff=0.4)
    found = f"没有名为“{name}”的列" + (f"(最接近的是“{near[0]}”)" if near else "")
    return MissingColumn(found, where=where, expected=f"现有各列之一:{_listed(header)}", remedy="改正列名后重试")


def missing_text(header: Sequence[str], where: Place) -> MissingColumn:
    """Return the error for an export in which no column is known to hold the complaint."""
    found = f"找不到诉求内容列(现有的列:{_listed(header)})" if header else "找不到表头和诉求内容列"
    return MissingColumn(
        found,
        where=where,
        expected="“诉求内容”“工单内容”“内容”等列名",
        remedy="用 --text 列名 指明哪一列是诉求内容,或把列名加进 data/columns.toml",
    )


def _listed(header: Sequence[str]) -> str:
    """Return the columns as one short list."""
    shown = "、".join(_shown(pair) for pair in enumerate(header[:_SHOWN]))
    return shown + (f"…共 {len(header)} 列" if len(header) > _SHOWN else "")


def _shown(column: tuple[int, str]) -> str:
    """Return a header for a message; the column's letters where it may be a citizen's words taken for a header."""
    index, name = column
    name = " ".join(name.split())
    return f"列{letter(index)}" if not name or len(name) > 16 or re.search(r"[0-9]{5}", name) else name


def as_names(header: Sequence[str], roles: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[str, ...]]:
    """Return role to header names."""
    return {role: tuple(header[index] for index in columns) for role, columns in roles.items()}
