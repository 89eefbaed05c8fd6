"""What kind of place a ticket speaks of: the nine small kinds, crowded places by law, mixed use; ``data/venues.toml``.

A tag beside the domain, never a domain. From words alone a place's size cannot be known, so every tag is 疑似. A place
named only to show the way (超市旁边) is left out.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.errors import TableError
from pipeline.route.names import NameIndex
from pipeline.tables import DATA, build, read_toml
from pipeline.text.signals import require_known

__all__ = ["MIXED", "VenueBook", "VenueKind", "Venues"]

NINE = (
    "小学校或幼儿园", "小医院", "小商店", "小餐饮", "小旅馆", "小歌舞娱乐", "小网吧", "小美容洗浴", "小生产加工企业",
)  # fmt: skip
"""The nine small kinds by trade; other provinces count otherwise, and what Xining counts by is not known (未核实)."""
PUBLIC, CROWDED = "公众聚集场所", "人员密集场所"
"""Fire Protection Law, article 73; every 公众聚集场所 is a 人员密集场所 too."""
MIXED = "多业态混合"
_SECTIONS = ("beside", "mixed", "floors", "both", "kinds")
_SENTENCE_END = re.compile(r"[。！？!?；;\n]")


@dataclass(frozen=True, slots=True)
class VenueKind:
    """A kind of place.

    Parameters
    ----------
    name : str
        What it is called.
    words : tuple of str
        Its usual names.
    nine : str
        Which of the nine small kinds it is if it is small; empty where none.
    law : str
        ``公众聚集场所``, ``人员密集场所`` or an empty string.
    not_ : tuple of str
        Look-alikes.
    """

    name: str
    words: tuple[str, ...]
    nine: str = ""
    law: str = ""
    not_: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Venues:
    """The kinds of place in a text.

    Parameters
    ----------
    kinds : tuple of str
        Names of kinds, in the order in which the text has them; ``多业态混合`` last.
    words : tuple of str
        The words that told, one per kind.
    nine : tuple of str
        Which of the nine small kinds they may be.
    law : tuple of str
        ``公众聚集场所`` and ``人员密集场所``, where the law's list holds one of them.
    """

    kinds: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    nine: tuple[str, ...] = ()
    law: tuple[str, ...] = ()

    @property
    def mixed(self) -> bool:
        """Whether several trades seem to share one building."""
        return MIXED in self.kinds

    @property
    def tags(self) -> tuple[str, ...]:
        """Everything a rule may ask for: kinds, small kinds, the law's classes, and ``九小场所``."""
        return (*self.kinds, *self.nine, *self.law, *(("九小场所",) if self.nine else ()))

    @property
    def reason(self) -> str:
        """The kinds in one Chinese phrase; empty where there is none."""
        if not self.kinds:
            return ""
        told = "、".join(dict.fromkeys((*self.nine, *self.law, *((MIXED,) if self.mixed else ()))))
        return f"文中“{'、'.join(self.words)}”，疑似{told or '、'.join(self.kinds)}"


@dataclass(frozen=True)
class VenueBook:
    """The table of places.

    Parameters
    ----------
    kinds : tuple of VenueKind
        All kinds.
    beside : tuple of str
        Words behind a place that say it only shows the way.
    mixed, floors, both : tuple of str
        Words for several trades in one building; for floors; for one thing beside another.
    """

    kinds: tuple[VenueKind, ...]
    beside: tuple[str, ...]
    mixed: tuple[str, ...]
    floors: tuple[str, ...]
    both: tuple[str, ...]

    @classmethod
    def load(cls, path: Path = DATA / "venues.toml") -> VenueBook:
        """Read and check the table.

        Raises
        ------
        TableError
            On an unknown key or class, a kind given twice, or a kind without words.
        """
        table = read_toml(path)
        for key in table:
            require_known(key, _SECTIONS, str(path), "键")
        kinds = tuple(_kind(entry, f"{path} 第 {at} 条 kinds") for at, entry in enumerate(table.get("kinds", ()), 1))
        names = [kind.name for kind in kinds]
        for name in names:
            if names.count(name) > 1:
                raise TableError(f"场所“{name}”重复", where=path, remedy="删去其中一个")
        lists = build(_Lists, {key: table[key] for key in _SECTIONS[:-1] if key in table}, str(path))
        return cls(kinds, lists.beside, lists.mixed, lists.floors, lists.both)

    @property
    def tags(self) -> tuple[str, ...]:
        """Every tag that :attr:`Venues.tags` may hold, for the rules' vocabulary."""
        return (*(kind.name for kind in self.kinds), MIXED, *NINE, PUBLIC, CROWDED, "九小场所")

    def find(self, text: str) -> Venues:
        """Return the kinds of place that a text speaks of.

        Parameters
        ----------
        text : str
            Cleaned and masked text.
        """
        hits = list(self._hits(text))
        found: dict[str, str] = {}
        for _, kind, word in hits:
            found.setdefault(kind.name, word)
        chosen = [kind for kind in self.kinds if kind.name in found]
        mixed = self._mixed(text, hits)
        return Venues(
            (*found, *((MIXED,) if mixed else ())),
            tuple(found.values()) or ((mixed,) if mixed else ()),
            tuple(dict.fromkeys(kind.nine for kind in chosen if kind.nine)),
            _classes(chosen, mixed=bool(mixed)),
        )

    def _hits(self, text: str) -> Iterable[tuple[int, VenueKind, str]]:
        """Yield where a kind's word stands for the place itself."""
        for start, end in self._index.spans(text):
            word = text[start:end]
            for kind in self._kinds_of.get(word, ()):
                if not text.startswith(self.beside, end):
                    yield start, kind, word

    def _mixed(self, text: str, hits: Iterable[tuple[int, VenueKind, str]]) -> str:
        """Return the word that says several trades share a building, or an empty string."""
        told = next((word for word in self.mixed if word in text), "")
        if told:
            return told
        for sentence, kinds in self._trades(text, hits):
            floors = [word for word in self.floors if word in sentence]
            both = [word for word in self.both if word in sentence]
            if len(kinds) > 1 and (both or len(floors) > 1):
                return (both or floors)[0]
        return ""

    @staticmethod
    def _trades(text: str, hits: Iterable[tuple[int, VenueKind, str]]) -> Iterator[tuple[str, set[str]]]:
        """Yield each sentence that names a place, with the kinds that it names; hits come in order."""
        ends = [match.end() for match in _SENTENCE_END.finditer(text)]
        for at, group in itertools.groupby(hits, lambda hit: bisect_right(ends, hit[0])):
            start, end = ends[at - 1] if at else 0, ends[at] if at < len(ends) else len(text)
            yield text[start:end], {kind.name for _, kind, _ in group}

    @cached_property
    def _kinds_of(self) -> Mapping[str, tuple[VenueKind, ...]]:
        table: dict[str, tuple[VenueKind, ...]] = {}
        for kind in self.kinds:
            for word in kind.words:
                table[word] = (*table.get(word, ()), kind)
        return table

    @cached_property
    def _index(self) -> NameIndex:
        return NameIndex.of((*self._kinds_of, *(word for kind in self.kinds for word in kind.not_)))


@dataclass(frozen=True, slots=True)
class _Lists:
    beside: tuple[str, ...]
    mixed: tuple[str, ...]
    floors: tuple[str, ...]
    both: tuple[str, ...]


def _classes(kinds: Iterable[VenueKind], *, mixed: bool) -> tuple[str, ...]:
    """Return the law's classes; what the wider one holds includes the narrower one."""
    laws = {kind.law for kind in kinds if kind.law}
    if not laws and not mixed:
        return ()
    return tuple(name for name in (PUBLIC, CROWDED) if name in laws or (name == CROWDED and laws))


def _kind(entry: object, where: str) -> VenueKind:
    renamed = (
        {{"not": "not_"}.get(key, key): value for key, value in entry.items()} if isinstance(entry, dict) else entry
    )
    kind = build(VenueKind, renamed, where)
    if not kind.words or any(len(word) < 2 for word in (*kind.words, *kind.not_)):
        raise TableError(f"场所“{kind.name}”的词为空或太短", where=where, expected="两个字以上的词")
    if kind.nine:
        require_known(kind.nine, NINE, where, "九小场所")
    if kind.law:
        require_known(kind.law, (PUBLIC, CROWDED), where, "消防法类别")
    return kind
