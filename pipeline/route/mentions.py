"""Names of places in a text that count: look-alikes, shops, roads, companies and other cities left out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from pipeline.route.address import in_company, in_shop
from pipeline.route.names import NameIndex
from pipeline.route.placenames import COMMUNITY, KINDS, District, PlaceName, PlaceTable

__all__ = ["EXPLICIT", "ORIGIN", "PLAIN", "WEAK", "Mention", "MentionFinder"]

CITY = "西宁市"
EXPLICIT, PLAIN, WEAK, ORIGIN = range(4)
"""How a name is meant, the most telling first: pointed to, said, part of a company's name, where the caller is from."""
_ANONYMOUS = re.compile(r"[A-Z]\d{0,2}[市县区]")
_OTHER_CITY = re.compile(r"(?<!西宁)(?<!本)(?<!我)(?<!全)市$")
_OFFICIAL = ("省", "市", "区", "县", "州")
_ENDS = "，。！？；：、,.!?;: \n\t（）()“”\"'《》"
_STOPS = frozenset("，。！？；、,.!?;\n")
_OTHER_TOWN = frozenset("乡镇县村")
_SHORT = 4
"""A community's name of so many characters (新城社区) is often the end of a longer one."""
_REACH = 6
"""How many characters before a name a cue may stand."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a text: where, of what, how meant."""

    start: int
    end: int
    text: str
    entry: District | PlaceName
    role: int

    @property
    def districts(self) -> tuple[str, ...]:
        """The districts it may point to."""
        return (self.entry.name,) if isinstance(self.entry, District) else self.entry.districts

    @property
    def vague(self) -> bool:
        """Whether it is a short name that may mean something else."""
        return isinstance(self.entry, District) and self.text in (*self.entry.short, *self.entry.loose)

    @property
    def level(self) -> int:
        """How telling it is, 0 first."""
        return 0 if isinstance(self.entry, District) else 1 + KINDS.index(self.entry.kind)


@dataclass(frozen=True)
class MentionFinder:
    """Searches texts for the names of a table."""

    table: PlaceTable

    def find(self, words: str) -> list[Mention]:
        """Return the names that count, in order."""
        found: list[Mention] = []
        foreign = False
        anchored = CITY in words
        for start, end in self._index.spans(words):
            name = words[start:end]
            entry = self._entries.get(name)
            if name in self._foreign:
                foreign = foreign or self._abroad(words, start, end)
            elif (
                entry is not None and self._whole(words, start, entry, found) and self._counts(words, start, end, entry)
            ):
                role = self._role(words, start, end, found)
                found.append(Mention(start, end, name, entry, role))
        if (foreign and not anchored) or _ANONYMOUS.search(words):
            found = [one for one in found if isinstance(one.entry, District) or not one.entry.elsewhere]
        return found

    def _abroad(self, words: str, start: int, end: int) -> bool:
        """Return whether another city's name means that city: not a shop, not where the caller is from."""
        official = end - start > 2 and words[start:end].endswith(_OFFICIAL)
        called_after = not official and words.startswith(self.table.wording.tails, end)
        return not called_after and not self._cue(words, start, self.table.wording.origin_before)

    def _counts(self, words: str, start: int, end: int, entry: District | PlaceName) -> bool:
        """Return whether a name means the place, and not a road, a shop or a company called after it."""
        if isinstance(entry, PlaceName):
            return not (entry.elsewhere and in_company(words, end))
        name = words[start:end]
        if name in entry.short or name in entry.loose:
            if words.startswith(self.table.wording.tails, end) or in_company(words, end) or in_shop(words, end):
                return False
            if name in entry.loose and not self._headed(words, start):
                return False
        return _OTHER_CITY.search(words, max(0, start - 4), start) is None

    def _whole(self, words: str, start: int, entry: District | PlaceName, before: list[Mention]) -> bool:
        """Return whether a community's name is not a longer one's end (某新城社区), nor another town's (某乡某村)."""
        if isinstance(entry, District) or entry.kind != COMMUNITY or start == 0:
            return True
        if before and before[-1].end == start:
            return True
        if words[start - 1] in _OTHER_TOWN:
            return False
        return len(entry.name) > _SHORT or not "\u4e00" <= words[start - 1] <= "\u9fff" or self._led(words, start)

    def _led(self, words: str, start: int) -> bool:
        return words.endswith(self.table.shapes.leads, 0, start)

    def _headed(self, words: str, start: int) -> bool:
        """Return whether a loose name stands at the beginning of a clause or behind a word of place."""
        return start == 0 or words[start - 1] in _ENDS or words.endswith(self.table.wording.heads, 0, start)

    def _role(self, words: str, start: int, end: int, before: list[Mention]) -> int:
        """Return how a name is meant; one that follows another closely is meant as that one."""
        gap = words[before[-1].end : start] if before else _ENDS
        if len(gap) < 2 and gap not in _STOPS and before[-1].role != WEAK:
            return before[-1].role
        if self._cue(words, start, self.table.wording.explicit):
            return EXPLICIT
        if self._cue(words, start, self.table.wording.origin_before) or words.startswith(
            self.table.wording.origin_after, end
        ):
            return ORIGIN
        return WEAK if in_company(words, end) else PLAIN

    def _cue(self, words: str, start: int, cues: Iterable[str]) -> bool:
        """Return whether one of the cues stands just before, in the same clause."""
        window = words[max(0, start - _REACH) : start]
        at = max((window.rfind(mark) for mark in "，。！？；、,.!?;\n"), default=-1)
        return any(cue in window[at + 1 :] for cue in cues)

    @cached_property
    def _entries(self) -> dict[str, District | PlaceName]:
        entries = {name: entry for entry in self.table.entries for name in entry.names}
        return entries | {wrong: entries[right] for wrong, right in self.table.spellings.items() if right in entries}

    @cached_property
    def _foreign(self) -> frozenset[str]:
        return frozenset(self.table.foreign)

    @cached_property
    def _index(self) -> NameIndex:
        return NameIndex.of((*self._entries, *self.table.foreign, *self.table.decoys))
