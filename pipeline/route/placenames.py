"""The table of place names, read and checked: ``data/places.toml``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import TableError
from pipeline.route.address import Shapes
from pipeline.tables import DATA, build, read_toml
from pipeline.text.signals import require_known

__all__ = ["COMMUNITY", "KINDS", "District", "PlaceName", "PlaceTable", "Wording"]

COMMUNITY = "社区村"
KINDS = ("乡镇街道", COMMUNITY, "功能区", "地标", "小区", "片区", "道路")
"""Kinds of place, the most telling first. A district's own name tells more than any of them."""
COMMON = frozenset({COMMUNITY, "小区", "片区", "道路"})
"""Kinds whose names other cities have as well."""
_SECTIONS = (
    "districts",
    "communities",
    "places",
    "foreign",
    "tails",
    "heads",
    "decoys",
    "stems",
    "spellings",
    "cues",
    "shapes",
)


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
        Former names, and short ones that mean nothing else.
    short : tuple of str
        Short names that do not count in front of a road's or a shop's word.
    loose : tuple of str
        Short names that moreover need a word of place before them, or the beginning of a clause.
    verified : bool
        Whether a source is known.
    """

    name: str
    government: str
    aliases: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    verified: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """All its names."""
        return (self.name, *self.aliases, *self.short, *self.loose)


@dataclass(frozen=True, slots=True)
class PlaceName:
    """A place and the district or districts it lies in; several of them are no evidence on their own.

    Parameters
    ----------
    name, kind : str
        The name, and one of :data:`KINDS`.
    districts : tuple of str
        Names of districts.
    aliases : tuple of str
        Other names.
    towns : tuple of str
        The streets or towns that a community belongs to, one per district at most.
    verified : bool
        Whether a source is known.
    common : bool
        Whether other cities have the name too, whatever its kind.
    """

    name: str
    kind: str
    districts: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    towns: tuple[str, ...] = ()
    verified: bool = True
    common: bool = False

    @property
    def elsewhere(self) -> bool:
        """Whether other cities have the name too."""
        return self.common or self.kind in COMMON

    @property
    def names(self) -> tuple[str, ...]:
        """All its names."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Wording:
    """What keeps a name from counting, or lets it count more.

    Parameters
    ----------
    tails : tuple of str
        Behind a short name or another city's: the name of a road, a shop, a brand.
    heads : tuple of str
        Before a loose name: words of place.
    origin_before, origin_after : tuple of str
        Words by which a name only tells where the caller is from.
    explicit : tuple of str
        Words that point to the place.
    """

    tails: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    origin_before: tuple[str, ...] = ()
    origin_after: tuple[str, ...] = ()
    explicit: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceTable:
    """The whole table.

    Parameters
    ----------
    districts : tuple of District
        The city's.
    places : tuple of PlaceName
        Streets, towns, communities, zones, landmarks, estates, areas, roads.
    foreign : tuple of str
        Names of other cities.
    decoys : tuple of str
        Look-alikes: a name inside one of them does not count.
    spellings : mapping of str to str
        What speech recognition writes, and what is meant.
    wording : Wording
        Words around a name.
    shapes : Shapes
        How an estate, a community or a road looks that the table does not know.
    """

    districts: tuple[District, ...]
    places: tuple[PlaceName, ...]
    foreign: tuple[str, ...] = ()
    decoys: tuple[str, ...] = ()
    spellings: Mapping[str, str] = field(default_factory=dict)
    wording: Wording = field(default_factory=Wording)
    shapes: Shapes = field(default_factory=Shapes)

    @property
    def entries(self) -> tuple[District | PlaceName, ...]:
        """Districts and places."""
        return (*self.districts, *self.places)

    @classmethod
    def load(cls, path: Path = DATA / "places.toml") -> PlaceTable:
        """Read and check the table.

        Raises
        ------
        TableError
            On an unknown key, kind or district, or a name given twice.
        """
        table = read_toml(path)
        for key in table:
            require_known(key, _SECTIONS, str(path), "键")
        districts = tuple(build(District, entry, f"{path} districts") for entry in table.get("districts", []))
        places = tuple(
            build(PlaceName, entry, f"{path} places {entry.get('name', '')}") for entry in table.get("places", [])
        )
        entries: tuple[District | PlaceName, ...] = (*districts, *places)
        taken = {name for entry in entries for name in entry.names}
        stems = _Stems(tuple(table.get("stems", ())), frozenset(taken))
        places += _communities(table.get("communities", {}), stems, f"{path} communities")
        _check(districts, places, str(path))
        cues = table.get("cues", {})
        wording = build(Wording, {**cues, **{key: table.get(key, []) for key in ("tails", "heads")}}, f"{path} cues")
        spellings = _spellings(table.get("spellings", {}), districts, places, f"{path} spellings")
        return cls(
            districts,
            places,
            _names(table.get("foreign", []), f"{path} foreign"),
            _names(table.get("decoys", []), f"{path} decoys"),
            spellings,
            wording,
            build(Shapes, table.get("shapes", {}), f"{path} shapes"),
        )


def _names(entry: object, where: str) -> tuple[str, ...]:
    if not isinstance(entry, list) or not all(isinstance(name, str) and len(name) > 1 for name in entry):
        raise TableError("不是地名的列表", where=where, expected="两个字以上的地名的列表")
    return tuple(entry)


@dataclass(frozen=True, slots=True)
class _Stems:
    """Endings by which a village's name is told without 村, and names that stand for something else already."""

    endings: tuple[str, ...]
    taken: frozenset[str]

    def of(self, name: str) -> tuple[str, ...]:
        """Return the name without its ending, where that is a name of its own (沈家寨 of 沈家寨村)."""
        stem = name.removesuffix("村").removesuffix("社区")
        telling = len(stem) > 2 and stem.endswith(self.endings) and stem not in self.taken
        return (stem,) if telling and self.endings else ()


def _communities(table: Mapping[str, Mapping[str, Any]], stems: _Stems, where: str) -> tuple[PlaceName, ...]:
    """Return communities and villages, those of one name gathered into one entry."""
    homes: dict[str, dict[str, str]] = {}
    for district, towns in table.items():
        for town, names in towns.items():
            for name in _names(names, f"{where}.{district}.{town}"):
                home = homes.setdefault(name, {})
                # Twice in one district: the street is not known then.
                home[district] = "" if district in home else town
    shared = Counter(stem for name in homes for stem in stems.of(name))
    return tuple(
        PlaceName(
            name,
            COMMUNITY,
            tuple(home),
            aliases=tuple(stem for stem in stems.of(name) if shared[stem] == 1),
            towns=tuple(home.values()),
        )
        for name, home in homes.items()
    )


def _spellings(entry: object, districts: Iterable[District], places: Iterable[PlaceName], where: str) -> dict[str, str]:
    if not isinstance(entry, Mapping):
        raise TableError("不是一组“写法 = 正确写法”", where=where, expected="字符串对字符串")
    entries: tuple[District | PlaceName, ...] = (*districts, *places)
    known = {name for entry in entries for name in entry.names}
    for wrong, right in entry.items():
        require_known(right, known, where, "地名")
        if wrong in known:
            raise TableError(f"“{wrong}”本身就是地名", where=where, remedy="删去这一行")
    return dict(entry)


def _check(districts: Iterable[District], places: Iterable[PlaceName], where: str) -> None:
    """Refuse an unknown kind or district and a name that stands for two things."""
    known = [district.name for district in districts]
    if not known:
        raise TableError("没有县区", where=where, expected="至少一个 districts")
    seen: set[str] = set()
    entries: tuple[District | PlaceName, ...] = (*districts, *places)
    for name in (name for entry in entries for name in entry.names):
        if name in seen or len(name) < 2:
            raise TableError(f"地名“{name}”重复或太短", where=where, remedy="合并或删去")
        seen.add(name)
    for place in places:
        require_known(place.kind, KINDS, f"{where} places {place.name}", "地名类别")
        for district in place.districts or ("",):
            require_known(district, known, f"{where} places {place.name}", "县区")
