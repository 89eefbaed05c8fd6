"""Parts of an address below the district that no table knows: 某某小区, 某某社区, 某某路, by how they end."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

__all__ = ["PartReader", "Parts", "Shapes", "in_company", "in_shop"]

_TAIL = re.compile("[\u4e00-\u9fff]+$")
_LONGEST = {"community": 4, "estate": 8, "road": 4}
"""A name's longest part before its ending."""
# The rest of a company's registered name; a word of place in it says that the company is at the place instead.
_COMPANY = re.compile("([\u4e00-\u9fff]{0,10}?)(?:有限|集团|股份)")
_SHOP = re.compile("([\u4e00-\u9fff]{1,6}?)(?:店|馆|坊|铺|酒家|大厦)")
_AT = ("的", "某", "一家", "这家", "那家", "有个", "有家", "上", "边", "旁", "附近", "对面", "门口", "位于", "在")


def in_company(text: str, end: int) -> bool:
    """Return whether the name that ends at ``end`` begins a company's registered name."""
    match = _COMPANY.match(text, end)
    return match is not None and not any(word in match[1].replace("某某", "") for word in _AT)


def in_shop(text: str, end: int) -> bool:
    """Return whether the name that ends at ``end`` begins a shop's name (湟中某某酒坊)."""
    match = _SHOP.match(text, end)
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
    soft : tuple of str
        Leads that may be characters of a name (万和家园): what they would cut to under two characters stays whole.
    plain : tuple of str
        Common words of the same shape.
    never : str
        Characters that no name has.
    not_road_before : tuple of str
        What behind 路, 街 or 巷 says that it is no road's name (路灯).
    """

    estate: tuple[str, ...] = ()
    community: tuple[str, ...] = ()
    road: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    soft: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    never: str = ""
    not_road_before: tuple[str, ...] = ()


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
        return Parts(
            self.zone or other.zone,
            self.town or other.town,
            self.community or other.community,
            self.estate or other.estate,
            self.road or other.road,
        )


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
        self._never = frozenset(shapes.never)
        self._not_road = shapes.not_road_before
        hard = [lead for lead in shapes.leads if lead not in shapes.soft]
        self._hard = re.compile(f".*{_either(hard).pattern}", re.DOTALL)
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
        before = bisect_right(taken, at, key=itemgetter(1))  # how many known names end where this ending begins
        if (before < len(taken) and taken[before][0] < end) or in_company(text, end):
            return ""
        if part == "road" and text.startswith(self._not_road, end):
            return ""
        left = max(at - max(_LONGEST.values()), taken[before - 1][1] if before else 0)
        if left == at and before and part != "road":  # 海晏路小区: a known name with an ending
            return text[taken[before - 1][0] : end]
        stem = self._cut(_last_run(text[left:at]))
        whole = stem + match[0]
        if not 2 <= len(stem) <= _LONGEST[part] or not self._never.isdisjoint(stem):
            return ""
        return "" if whole.endswith(self._plain[match[0]]) else whole

    def _cut(self, stem: str) -> str:
        """Return what stands behind the last lead; a soft one does not cut where nothing of a name would be left."""
        lead = self._leads.match(stem)
        cut = stem[lead.end() :] if lead else stem
        if len(cut) > 1:
            return cut
        lead = self._hard.match(stem)
        return stem[lead.end() :] if lead else stem


def _either(words: Sequence[str]) -> re.Pattern[str]:
    """Return a pattern of words, the longer ones first; of none it never matches."""
    listed = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    return re.compile(f"(?:{listed})" if listed else "(?!)")


def _last_run(text: str) -> str:
    """Return the Chinese characters at a text's end."""
    match = _TAIL.search(text)
    return match.group() if match else ""
