"""Where a ticket's matter is, by the names in its address and its text: ``data/places.toml``.

The gazetteer never guesses: evidence that points to two districts gives none, with the reason. What keeps a name from
counting is in the table too: look-alikes (城中村), shops and roads called after places (湟源羊肉, 乐都路), companies,
other cities, and where the caller comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pipeline.route.address import PartReader, Parts
from pipeline.route.mentions import EXPLICIT, ORIGIN, PLAIN, WEAK, Mention, MentionFinder
from pipeline.route.placenames import COMMUNITY, District, PlaceName, PlaceTable
from pipeline.tables import DATA
from pipeline.text.segment import UserWord

__all__ = ["District", "Gazetteer", "Location", "PlaceName"]

_PART = {"乡镇街道": "town", COMMUNITY: "community", "功能区": "zone", "小区": "estate", "道路": "road"}
"""Which part of an address a kind of place is."""


@dataclass(frozen=True, slots=True)
class Location:
    """What the gazetteer found.

    Parameters
    ----------
    district : District or None
        The district, or ``None`` where nothing points to exactly one.
    evidence : tuple of str
        The names that decided, or that contradict each other.
    reason : str
        One Chinese phrase for the duty officer.
    candidates : tuple of str
        Districts that it may be, where it is not known which.
    zone, town, community, estate, road : str
        Functional zone, street or town, community or village, estate, road; empty where not named.
    doubtful : bool
        Whether other names contradict: a person should look.
    """

    district: District | None
    evidence: tuple[str, ...]
    reason: str
    candidates: tuple[str, ...] = ()
    zone: str = ""
    town: str = ""
    community: str = ""
    estate: str = ""
    road: str = ""
    doubtful: bool = False

    @property
    def found(self) -> bool:
        """Whether any place at all was named."""
        return self.district is not None or any((self.zone, self.town, self.community, self.estate, self.road))

    @property
    def detail(self) -> str:
        """The parts below the district, from large to small."""
        return "".join((self.zone, self.town, self.community, self.road, self.estate))


@dataclass(frozen=True)
class Gazetteer:
    """Districts and places, ready to search."""

    table: PlaceTable

    @classmethod
    def load(cls, path: Path = DATA / "places.toml") -> Gazetteer:
        """Read and check the table.

        Raises
        ------
        TableError
            On an unknown key, kind or district, or a name given twice.
        """
        return cls(PlaceTable.load(path))

    @property
    def districts(self) -> tuple[District, ...]:
        """The city's districts."""
        return self.table.districts

    @property
    def places(self) -> tuple[PlaceName, ...]:
        """All places of the table, communities included."""
        return self.table.places

    @property
    def foreign(self) -> tuple[str, ...]:
        """Names of other cities."""
        return self.table.foreign

    def find(self, address: str, text: str) -> District | None:
        """Return the district, the address going before the text, or ``None``."""
        return self.locate(address, text).district

    def locate(self, address: str, text: str) -> Location:
        """Return the district with the names that decided, and the parts of the address below it.

        Parameters
        ----------
        address : str
            The address column, or an empty string.
        text : str
            Cleaned and masked text.
        """
        readings = [(words, self._finder.find(words)) for words in (address, text)]
        found = [
            self._read(mentions, source) for source, (_, mentions) in zip(("地址", "诉求内容"), readings, strict=True)
        ]
        known = [location for location in found if location is not None]
        nowhere = Location(None, (), "未找到能定属地的地名，市级受理待核")
        return self._with_parts(self._settle(known[0], known[1:]) if known else nowhere, readings)

    def user_words(self) -> Iterator[UserWord]:
        """Yield the names as words for jieba (word, frequency, tag).

        They belong into ``data/userdict.txt`` before a model is trained; a model keeps the dictionary it was trained
        with.
        """
        for name in dict.fromkeys(name for entry in self.table.entries for name in entry.names):
            if 2 <= len(name) <= 8 and name.isalnum():
                yield name, 20000, "ns"

    def _settle(self, first: Location, rest: Iterable[Location]) -> Location:
        """Return what the address says, and whether the text says otherwise."""
        for other in rest:
            if first.district is None:
                if other.district is not None and other.district.name in first.candidates:
                    return replace(other, doubtful=True)
            elif other.district not in (None, first.district):
                assert other.district is not None
                told = f"{first.reason}；诉求内容却指向{other.district.name}，请核对"
                return replace(first, reason=told, doubtful=True)
        return first

    def _read(self, mentions: list[Mention], source: str) -> Location | None:
        """Return what one text says, or ``None`` where it says nothing of a district."""
        for role in (EXPLICIT, PLAIN, WEAK, ORIGIN) if mentions else ():
            location = self._weigh([one for one in mentions if one.role == role], source)
            if location is not None and role == WEAK and location.district is not None:
                return replace(location, reason=f"{location.reason}（只见于公司名称，请核对）", doubtful=True)
            if location is not None:
                return location
        return None

    def _weigh(self, mentions: list[Mention], source: str) -> Location | None:
        """Decide by the most telling kind of name; names of several districts only narrow down."""
        for level in sorted({one.level for one in mentions}):
            single = [one for one in mentions if one.level == level and len(one.districts) == 1]
            if single:
                return self._decide(single, mentions, source)
        if not mentions:
            return None
        shared = set.intersection(*(set(one.districts) for one in mentions))
        if len(shared) == 1 and len(mentions) > 1:
            return self._settled(shared.pop(), mentions, source)
        return self._unsettled(mentions, source)

    def _decide(self, single: list[Mention], mentions: list[Mention], source: str) -> Location:
        names = list(dict.fromkeys(one.districts[0] for one in single))
        if len(names) > 1:
            hits = [one.text for one in single]
            told = f"{source}中的{_quoted(hits)}指向不同县区，市级受理待核"
            return Location(None, tuple(dict.fromkeys(hits)), told, tuple(names), doubtful=True)
        location = self._settled(names[0], single, source)
        against = [one.text for one in mentions if names[0] not in one.districts]
        if not against:
            return location
        if all(one.vague for one in single) or self._firm(single[0], mentions):
            return self._unsettled(mentions, source)
        told = f"{location.reason}；“{against[0]}”却不在{names[0]}，请核对"
        return replace(location, reason=told, doubtful=True)

    def _firm(self, chosen: Mention, mentions: Iterable[Mention]) -> bool:
        """Return whether a place, no district's own name, is contradicted by one that no other city has."""
        return isinstance(chosen.entry, PlaceName) and any(
            isinstance(one.entry, PlaceName)
            and not one.entry.elsewhere
            and not set(one.districts) & set(chosen.districts)
            for one in mentions
        )

    def _settled(self, name: str, mentions: list[Mention], source: str) -> Location:
        hits = tuple(dict.fromkeys(one.text for one in mentions))
        unverified = "" if any(one.entry.verified for one in mentions) else "（地名归属未核实）"
        return Location(self._by_name[name], hits, f"属地按{source}中的{_quoted(hits)}定为{name}{unverified}")

    def _unsettled(self, mentions: list[Mention], source: str) -> Location:
        """Return that a zone, a road or a namesake lies in several districts."""
        hits = tuple(dict.fromkeys(one.text for one in mentions))
        names = tuple(dict.fromkeys(name for one in mentions for name in one.districts))
        told = f"{source}中的{_quoted(hits)}涉及{'、'.join(names)}，不能定属地，市级受理待核"
        return Location(None, hits, told, names)

    def _with_parts(self, location: Location, readings: list[tuple[str, list[Mention]]]) -> Location:
        """Add the parts below the district: known names first, then shapes."""
        parts = Parts()
        for words, mentions in readings:
            fitting = [one for one in mentions if self._fits(one, location) and not self._within(words, one)]
            fitting = [one for one in fitting if one.role != ORIGIN]
            parts = parts.filled(self._known_parts(fitting, location))
            parts = parts.filled(self._shapes.read(words, [(one.start, one.end) for one in mentions]))
        return replace(
            location,
            zone=parts.zone,
            town=parts.town,
            community=parts.community,
            estate=parts.estate,
            road=parts.road,
        )

    def _within(self, words: str, mention: Mention) -> bool:
        """Return whether a road's name is part of a longer one (海晏路小区)."""
        longer = (*self.table.shapes.estate, *self.table.shapes.community)
        return (
            isinstance(mention.entry, PlaceName)
            and mention.entry.kind == "道路"
            and words.startswith(longer, mention.end)
        )

    def _fits(self, mention: Mention, location: Location) -> bool:
        return location.district is None or location.district.name in mention.districts

    def _known_parts(self, mentions: Iterable[Mention], location: Location) -> Parts:
        """Return the parts that are names of the table; a community brings its street where only one holds it."""
        parts = Parts()
        for mention in mentions:
            if isinstance(mention.entry, District) or mention.entry.kind not in _PART:
                continue
            place = mention.entry
            # A road's other name is often another stretch of it (八一东路).
            name = mention.text if place.kind == "道路" and mention.text in place.names else place.name
            parts = parts.filled(Parts(**{_PART[place.kind]: name}))
            towns = [
                town
                for town, district in zip(place.towns, place.districts, strict=False)
                if location.district is None or location.district.name == district
            ]
            if len(towns) == 1:
                parts = parts.filled(Parts(town=towns[0].split("（")[0]))
        return parts

    @cached_property
    def _by_name(self) -> dict[str, District]:
        return {district.name: district for district in self.districts}

    @cached_property
    def _shapes(self) -> PartReader:
        return PartReader(self.table.shapes)

    @cached_property
    def _finder(self) -> MentionFinder:
        return MentionFinder(self.table)


def _quoted(hits: Iterable[str]) -> str:
    return "".join(f"“{hit}”" for hit in list(dict.fromkeys(hits))[:3])
