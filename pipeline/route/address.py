"""Parts of an address below the district that no table knows: 某某小区, 某某社区, 某某路, by how they end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields

__all__ = ["PartReader", "Parts", "Shapes", "in_company"]

_TAIL = re.compile("[\u4e00-\u9fff]+$")
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


class PartReader:
    """Reads estates, communities and roads from a text by their shapes.

    Parameters
    ----------
    shapes : Shapes
        How names look.
    """

    def __init__(self, shapes: Shapes) -> None:
        self._endings = {name: _either(getattr(shapes, name)) for name in ("community", "estate", "road")}
        self._leads = re.compile(f".*{_either(shapes.leads).pattern}", re.DOTALL)
        self._plain = {
            ending: tuple(word for word in shapes.plain if word.endswith(ending) and len(word) > len(ending))
            for ending in (*shapes.community, *shapes.estate, *shapes.road)
        }

    def read(self, text: str, taken: Sequence[tuple[int, int]]) -> Parts:
        """Return the first estate, community and road that a text names.

        Parameters
        ----------
        text : str
            Address or complaint.
        taken : sequence of (int, int)
            Spans of names already known, in order; a new name begins behind them.
        """
        return Parts(**{part: self._first(text, taken, part) for part in self._endings})

    def _first(self, text: str, taken: Sequence[tuple[int, int]], part: str) -> str:
        """Return the first name with one of a part's endings."""
        names = (self._name(text, match, taken, part) for match in self._endings[part].finditer(text))
        return next((name for name in names if name), "")

    def _name(self, text: str, match: re.Match[str], taken: Sequence[tuple[int, int]], part: str) -> str:
        """Return the name that ends with an ending, or an empty string where there is none."""
        at, end = match.span()
        if any(start < end and at < stop for start, stop in taken) or in_company(text, end):
            return ""
        left = max([at - _LONGEST, 0, *(stop for _, stop in taken if stop <= at)])
        if left == at and part != "road":  # 海晏路小区: a known name with an ending
            return next((text[start:end] for start, stop in taken if stop == at), "")
        stem = _last_run(text[left:at])
        lead = self._leads.match(stem)
        stem = stem[lead.end() :] if lead else stem
        whole = stem + match[0]
        return "" if len(stem) < 2 or whole.endswith(self._plain[match[0]]) else whole


def _either(words: Sequence[str]) -> re.Pattern[str]:
    """Return a pattern of words, the longer ones first; of none it never matches."""
    listed = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    return re.compile(f"(?:{listed})" if listed else "(?!)")


def _last_run(text: str) -> str:
    """Return the Chinese characters at a text's end."""
    match = _TAIL.search(text)
    return match.group() if match else ""
