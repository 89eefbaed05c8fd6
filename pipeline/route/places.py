"""Which district a ticket belongs to, by the names in its address and its text: ``data/places.toml``.

The gazetteer never guesses: evidence that points to two districts gives none, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.errors import TableError
from pipeline.tables import DATA, build, read_toml
from pipeline.text.signals import require_known

__all__ = ["District", "Gazetteer", "Location", "PlaceName"]

KINDS = ("乡镇街道", "功能区", "地标", "片区", "道路")
"""Kinds of place, the most telling first. A district's own name tells more than any of them."""
COMMON = frozenset({"片区", "道路"})
"""Kinds whose names other cities have as well."""
_ANONYMOUS = re.compile(r"[A-Z]\d{0,2}[市县区]")


@dataclass(frozen=True, slots=True)
class District:
    """A district or county.

    Parameters
    ----------
    name : str
        Its name today, e.g. ``湟中区``.
    government : str
        The government that receives copies, e.g. ``湟中区人民政府``.
    aliases : tuple of str
        Former and short names.
    verified : bool
        Whether a source is known.
    """

    name: str
    government: str
    aliases: tuple[str, ...] = ()
    verified: bool = True


@dataclass(frozen=True, slots=True)
class PlaceName:
    """A place and the district or districts it lies in; several of them are no evidence on their own."""

    name: str
    kind: str
    districts: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    verified: bool = True


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
    """

    district: District | None
    evidence: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Gazetteer:
    """Districts and places, ready to search. ``foreign`` are names of other cities."""

    districts: tuple[District, ...]
    places: tuple[PlaceName, ...]
    foreign: tuple[str, ...]

    @classmethod
    def load(cls, path: Path = DATA / "places.toml") -> Gazetteer:
        """Read and check the table.

        Raises
        ------
        TableError
            On an unknown key, kind or district, or a name given twice.
        """
        table = read_toml(path)
        for key in table:
            require_known(key, ("districts", "places", "foreign"), str(path), "键")
        districts = tuple(build(District, entry, f"{path} districts") for entry in table.get("districts", []))
        places = tuple(
            build(PlaceName, entry, f"{path} places {entry.get('name', '')}") for entry in table.get("places", [])
        )
        _check(districts, places, str(path))
        return cls(districts, places, _foreign(table.get("foreign", []), f"{path} foreign"))

    def find(self, address: str, text: str) -> District | None:
        """Return the district, the address going before the text, or ``None``."""
        return self.locate(address, text).district

    def locate(self, address: str, text: str) -> Location:
        """Return the district with the names that decided.

        Parameters
        ----------
        address : str
            The address column, or an empty string.
        text : str
            Cleaned and masked text.
        """
        for source, words in (("地址", address), ("诉求内容", text)):
            location = self._read(words, source) if words else None
            if location is not None:
                return location
        return Location(None, (), "未找到能定属地的地名，市级受理待核")

    def _read(self, words: str, source: str) -> Location | None:
        """Return what one text says, or ``None`` where it says nothing of a district."""
        hits = list(dict.fromkeys(match[0] for match in self._pattern.finditer(words)))
        named = [hit for hit in hits if hit in self._district_names]
        if named:
            return self._decide(named, {self._district_names[hit].name for hit in named}, source)
        elsewhere = any(hit in self._foreign for hit in hits) or _ANONYMOUS.search(words) is not None
        places = [(hit, self._place_names[hit]) for hit in hits if hit in self._place_names]
        if elsewhere:
            places = [(hit, place) for hit, place in places if place.kind not in COMMON]
        return self._weigh(places, source)

    def _weigh(self, places: list[tuple[str, PlaceName]], source: str) -> Location | None:
        """Decide by the most telling kind of place; roads of several districts only narrow down."""
        for kind in KINDS:
            alike = [(hit, place) for hit, place in places if place.kind == kind]
            single = [(hit, place) for hit, place in alike if len(place.districts) == 1]
            if single:
                return self._decide([hit for hit, _ in single], {place.districts[0] for _, place in single}, source)
        if len(places) < 2:
            return None
        shared = set.intersection(*(set(place.districts) for _, place in places))
        return self._decide([hit for hit, _ in places], shared, source) if len(shared) == 1 else None

    def _decide(self, hits: list[str], names: set[str], source: str) -> Location:
        quoted = "".join(f"“{hit}”" for hit in hits[:3])
        if len(names) > 1:
            return Location(None, tuple(hits), f"{source}中的{quoted}指向不同县区，市级受理待核")
        (name,) = names
        return Location(self._by_name[name], tuple(hits), f"属地按{source}中的{quoted}定为{name}")

    @cached_property
    def _by_name(self) -> dict[str, District]:
        return {district.name: district for district in self.districts}

    @cached_property
    def _district_names(self) -> dict[str, District]:
        return {name: district for district in self.districts for name in (district.name, *district.aliases)}

    @cached_property
    def _place_names(self) -> dict[str, PlaceName]:
        return {name: place for place in self.places for name in (place.name, *place.aliases)}

    @cached_property
    def _foreign(self) -> frozenset[str]:
        return frozenset(self.foreign)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """All names as plain alternatives, the longest first, so that the most specific one wins."""
        names = {*self._district_names, *self._place_names, *self._foreign}
        return re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))


def _foreign(entry: object, where: str) -> tuple[str, ...]:
    if not isinstance(entry, list) or not all(isinstance(name, str) and len(name) > 1 for name in entry):
        raise TableError("不是地名的列表", where=where, expected="两个字以上的地名的列表")
    return tuple(entry)


def _check(districts: Iterable[District], places: Iterable[PlaceName], where: str) -> None:
    """Refuse an unknown kind or district and a name that stands for two things."""
    known = [district.name for district in districts]
    if not known:
        raise TableError("没有县区", where=where, expected="至少一个 districts")
    seen: set[str] = set()
    entries: tuple[District | PlaceName, ...] = (*districts, *places)
    for name in (name for entry in entries for name in (entry.name, *entry.aliases)):
        if name in seen or len(name) < 2:
            raise TableError(f"地名“{name}”重复或太短", where=where, remedy="合并或删去")
        seen.add(name)
    for place in places:
        require_known(place.kind, KINDS, f"{where} places {place.name}", "地名类别")
        for district in place.districts or ("",):
            require_known(district, known, f"{where} places {place.name}", "县区")
