"""Parts of an address below the district that no table knows: 某某小区, 某某社区, 某某路, by how they end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

__all__ = ["Parts", "Shapes", "in_company", "read_parts"]

_HAN = re.compile("[\u4e00-\u9fff]+")
_LONGEST = 8
"""A name's longest part before its ending."""
# The rest of a company's registered name; a word of place in it says that the company is at the place instead.
_COMPANY = re.compile("([\u4e00-\u9fff]{0,10}?)(?:有限|集团|股份)")
_AT = ("的", "某", "一家", "这家", "那家", "有个", "有家", "上", "边", "旁", "附近", "对面", "门口", "位于", "在")


def in_company(text: str, end: int) -> bool:
    """Return whether the name that ends at ``end`` begins a company's registered name."""
    match = _COMPANY.match(text, end)
    return match is not None and not any(word in match[1] for word in _AT)


@dataclass(frozen=True, slots=True)
class Shapes:
    """How names end, and what cuts them off on the left.

    Parameters
    ----------
    estate, community, road : tuple of str
        Endings.
    leads : tuple of str
        Words that are not part of a name: it begins behind the last of them.
    plain : tuple of str
        Common words of the same shape.
    """

    estate: tuple[str, ...] = ()
    community: tuple[str, ...] = ()
    road: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parts:
    """An address below the district; empty where a part is not named."""

    zone: str = ""
    town: str = ""
    community: str = ""
    estate: str = ""
    road: str = ""

    def filled(self, other: Parts) -> Parts:
        """Return these parts, with the other's where one is missing."""
        return Parts(*(getattr(self, part.name) or getattr(other, part.name) for part in fields(self)))


def read_parts(text: str, taken: Sequence[tuple[int, int]], shapes: Shapes) -> Parts:
    """Return the first estate, community and road that a text names.

    Parameters
    ----------
    text : str
        Address or complaint.
    taken : sequence of (int, int)
        Spans of names already known, in order; a new name begins behind them.
    shapes : Shapes
        How names look.
    """
    return Parts(
        community=_first(text, taken, shapes.community, shapes),
        estate=_first(text, taken, shapes.estate, shapes),
        road=_first(text, taken, shapes.road, shapes),
    )


def _first(text: str, taken: Sequence[tuple[int, int]], endings: Iterable[str], shapes: Shapes) -> str:
    """Return the first name with one of the endings."""
    found = ((at, ending) for ending in endings for at in _occurrences(text, ending))
    for at, ending in sorted(found):
        name = _name(text, at, ending, taken, shapes)
        if name:
            return name
    return ""


def _occurrences(text: str, ending: str) -> Iterable[int]:
    at = text.find(ending)
    while at >= 0:
        yield at
        at = text.find(ending, at + 1)


def _name(text: str, at: int, ending: str, taken: Sequence[tuple[int, int]], shapes: Shapes) -> str:
    """Return the name that ends at ``at`` with ``ending``, or an empty string where there is none."""
    end = at + len(ending)
    if any(start < end and at < stop for start, stop in taken) or in_company(text, end):
        return ""
    left = max([at - _LONGEST, 0, *(stop for _, stop in taken if stop <= at)])
    stem = _last_run(text[left:at])
    if not stem and left == at and ending not in shapes.road:
        return next((text[start:end] for start, stop in taken if stop == at), "")
    cut = max((stem.rfind(lead) + len(lead) for lead in shapes.leads if lead in stem), default=0)
    stem = stem[cut:]
    plain = any(len(word) > len(ending) and (stem + ending).endswith(word) for word in shapes.plain)
    return "" if plain or len(stem) < 2 else stem + ending


def _last_run(text: str) -> str:
    """Return the Chinese characters at a text's end."""
    runs = [match for match in _HAN.finditer(text) if match.end() == len(text)]
    return runs[0].group() if runs else ""
