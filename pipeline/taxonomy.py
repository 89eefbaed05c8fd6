"""The shipped label set, ``data/taxonomy.toml``: domains, urgencies and natures, their ids and their Chinese names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.errors import TableError
from pipeline.tables import DATA, build, read_toml

__all__ = ["DOMAIN", "NATURE", "URGENCY", "Label", "Taxonomy"]

DOMAIN, URGENCY, NATURE = "领域", "紧急程度", "诉求类型"
"""Names of the shipped model's heads."""
_COLUMNS = {"domains": DOMAIN, "domain": DOMAIN, "urgency": URGENCY, "nature": NATURE}

PARTS = ("domains", "urgencies", "natures")


@dataclass(frozen=True, slots=True)
class Label:
    """One label: the id used in tables and JSON, the Chinese name used by models and people, what belongs to it."""

    id: str
    name: str
    description: str


@dataclass(frozen=True)
class Taxonomy:
    """Domains, urgencies (lowest first) and natures.

    Every lookup takes an id or a Chinese name and returns ``None`` for a label of another label set.
    """

    domains: tuple[Label, ...]
    urgencies: tuple[Label, ...]
    natures: tuple[Label, ...]

    @classmethod
    def load(cls, path: Path = DATA / "taxonomy.toml") -> Taxonomy:
        """Read and check the table.

        Raises
        ------
        TableError
            On an unknown part, an empty one, or an id or name given twice.
        """
        table = read_toml(path)
        for key in table:
            if key not in PARTS:
                raise TableError(f"不认识的键“{key}”", where=path, remedy=f"使用 {'、'.join(PARTS)} 之一")
        parts = {part: _labels(table.get(part, []), f"{path} {part}") for part in PARTS}
        return cls(**parts)

    def domain(self, label: str) -> Label | None:
        """Return the domain with this id or Chinese name."""
        return self._domains.get(label)

    def urgency(self, label: str) -> Label | None:
        """Return the urgency with this id or Chinese name."""
        return self._urgencies.get(label)

    def nature(self, label: str) -> Label | None:
        """Return the nature with this id or Chinese name."""
        return self._natures.get(label)

    @property
    def urgency_names(self) -> tuple[str, ...]:
        """Names of the urgencies, from the lowest."""
        return tuple(urgency.name for urgency in self.urgencies)

    def head_name(self, column: str) -> str:
        """Return the head that a label column feeds; the column's own name unless it is one of the taxonomy's."""
        return _COLUMNS.get(column.strip().lower(), column)

    def label_name(self, head: str, text: str) -> str:
        """Return the Chinese name where ``text`` is an id under that head, else ``text`` itself."""
        find = {DOMAIN: self.domain, URGENCY: self.urgency, NATURE: self.nature}.get(head)
        known = find(text) if find else None
        return known.name if known else text

    def level(self, urgency_id: str) -> int:
        """Return the height of an urgency, 0 for the lowest.

        Raises
        ------
        KeyError
            If there is no such urgency.
        """
        return self._levels[urgency_id]

    @cached_property
    def _domains(self) -> dict[str, Label]:
        return _by_either(self.domains)

    @cached_property
    def _urgencies(self) -> dict[str, Label]:
        return _by_either(self.urgencies)

    @cached_property
    def _natures(self) -> dict[str, Label]:
        return _by_either(self.natures)

    @cached_property
    def _levels(self) -> dict[str, int]:
        return {urgency.id: level for level, urgency in enumerate(self.urgencies)}


def _by_either(labels: tuple[Label, ...]) -> dict[str, Label]:
    return {label.id: label for label in labels} | {label.name: label for label in labels}


def _labels(entries: object, where: str) -> tuple[Label, ...]:
    """Build the labels of one part, refusing an empty part and a name given twice."""
    if not isinstance(entries, list) or not entries:
        raise TableError("没有标签", where=where, expected="至少一个标签")
    labels = tuple(build(Label, entry, f"{where} 第 {number} 个") for number, entry in enumerate(entries, 1))
    seen: set[str] = set()
    for label in labels:
        for name in (label.id, label.name):
            if name in seen:
                raise TableError(f"标签“{name}”重复", where=where, remedy="删去其中一个")
            seen.add(name)
    return labels
