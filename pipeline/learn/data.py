"""Labelled exports as training data: label columns become heads, near-duplicates stay together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError, MissingColumn
from pipeline.infer.heads import Head
from pipeline.taxonomy import Taxonomy
from pipeline.text.prepare import prepare
from pipeline.tickets import ColumnChoice, Export, open_export

__all__ = ["Labelled", "Labels", "cluster", "plan_heads", "read_labelled", "split"]

Labels = tuple[str, ...]
"""The labels of one ticket under one head, the primary first; empty where it has none."""

_JOINED = re.compile(r"[;;,,、|]")
_FEWEST_EXAMPLES = 2
"""A label seen less often than this cannot be learnt."""


@dataclass(frozen=True)
class Labelled:
    """Prepared texts with their labels.

    Parameters
    ----------
    texts : list of str
        Cleaned and masked; N of them.
    labels : dict
        By head name, N tuples of labels.
    notices : list of str
        What a person should know of the reading.
    """

    texts: list[str] = field(default_factory=list)
    labels: dict[str, list[Labels]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Iterable[int]) -> Labelled:
        """Return a part of the rows."""
        chosen = list(rows)
        labels = {name: [column[row] for row in chosen] for name, column in self.labels.items()}
        return Labelled([self.texts[row] for row in chosen], labels, self.notices)

    def targets(self, head: Head) -> npt.NDArray[np.int64]:
        """Return the index of each row's primary label, shape (N,); -1 where it has none that the head knows."""
        known = {label: index for index, label in enumerate(head.labels)}
        return np.array([known.get(labels[0], -1) if labels else -1 for labels in self.labels[head.name]])

    def flags(self, head: Head) -> npt.NDArray[np.float32]:
        """Return which labels apply to each row, shape (N, C)."""
        known = {label: index for index, label in enumerate(head.labels)}
        table = np.zeros((len(self), len(head.labels)), dtype=np.float32)
        for row, labels in enumerate(self.labels[head.name]):
            table[row, [known[label] for label in labels if label in known]] = 1
        return table


def read_labelled(paths: Sequence[Path], label_columns: Sequence[str], columns: ColumnChoice | None = None) -> Labelled:
    """Read labelled exports.

    Parameters
    ----------
    paths : sequence of Path
        Exports of any kind that ``predict.py`` reads, all with the label columns.
    label_columns : sequence of str
        Headers of the label columns. ``domains``, ``urgency`` and ``nature`` with the ids of the shipped taxonomy are
        read as 领域, 紧急程度 and 诉求类型.
    columns : ColumnChoice, optional
        Text columns named by hand.

    Raises
    ------
    MissingColumn
        If an export lacks a label column.
    InputError
        If no row has both a text and a label.
    """
    taxonomy = Taxonomy.load()
    names = [taxonomy.head_name(column) for column in label_columns]
    data = Labelled(labels={name: [] for name in names})
    for path in paths:
        with open_export(path, columns=columns or ColumnChoice()) as export:
            places = _find_labels(export, label_columns, path)
            for ticket in export:
                data.texts.append(prepare(ticket.title, ticket.text))
                for name, place in zip(names, places, strict=True):
                    data.labels[name].append(_read_labels(ticket.cells[place], name, taxonomy))
        data.notices.extend(export.notices)
    unlabelled = [row for row in range(len(data)) if not any(data.labels[name][row] for name in names)]
    if len(unlabelled) == len(data):
        raise InputError("没有一行既有诉求内容又有标签", where=paths[0], remedy="检查 --label 所指的列")
    if unlabelled:
        data.notices.append(f"{len(unlabelled)} 行没有标签,未用于训练")
    gone = set(unlabelled)
    return data.take(row for row in range(len(data)) if row not in gone)


def _find_labels(export: Export, label_columns: Sequence[str], path: Path) -> list[int]:
    """Return where the label columns stand in an export."""
    places = []
    for column in label_columns:
        if column not in export.header:
            found = "、".join(export.header)
            raise MissingColumn(f"没有标签列“{column}”", where=path, expected=f"{found} 之一", remedy="检查 --label")
        places.append(export.header.index(column))
    return places


def _read_labels(cell: object, name: str, taxonomy: Taxonomy) -> Labels:
    """Return the labels in a cell, split where several are joined, ids turned into names."""
    parts = [part.strip() for part in _JOINED.split("" if cell is None else str(cell))]
    return tuple(dict.fromkeys(taxonomy.label_name(name, part) for part in parts if part))


def plan_heads(data: Labelled) -> tuple[Head, ...]:
    """Decide each head's kind and labels from the data.

    A head is multi if at least one row in two hundred has several labels, ordered if all its labels are on the
    taxonomy's urgency scale, and single otherwise. Labels seen once only are left out.
    """
    taxonomy = Taxonomy.load()
    heads = []
    for name, column in data.labels.items():
        counts = Counter(label for labels in column for label in labels)
        labels = [label for label, count in counts.most_common() if count >= _FEWEST_EXAMPLES]
        several = sum(len(labels) > 1 for labels in column)
        if set(labels) <= set(taxonomy.urgency_names):
            scale = [label for label in taxonomy.urgency_names if label in labels]
            heads.append(Head(name, "ordered", tuple(scale)))
        else:
            heads.append(Head(name, "multi" if several * 200 >= len(column) else "single", tuple(labels)))
    return tuple(heads)


_SHINGLE = 4
_HASHES, _BANDS = 64, 16


def _signature(text: str, salts: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return the MinHash signature (H,) of a text's character 4-grams (Broder 1997)."""
    letters = np.frombuffer(text.ljust(_SHINGLE).encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    count = len(letters) - _SHINGLE + 1
    grams = np.zeros(count, dtype=np.uint64)
    for shift in range(_SHINGLE):
        grams = (grams << np.uint64(16)) ^ letters[shift : shift + count]
    mixed = (grams[:, None] ^ salts) * np.uint64(0x9E3779B97F4A7C15)  # (G, H)
    signature: npt.NDArray[np.uint64] = (mixed ^ (mixed >> np.uint64(29))).min(axis=0)
    return signature


def cluster(texts: Sequence[str], seed: int = 0) -> npt.NDArray[np.int64]:
    """Return a cluster number per text, shape (N,): texts that share most of their 4-grams share a number.

    Sixteen bands of four MinHashes: a pair of Jaccard similarity 0.5 meets with probability 0.64, of 0.7 with 0.99
    (Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, ch. 3.4).
    """
    salts = np.random.default_rng(seed).integers(0, 2**63, _HASHES, dtype=np.uint64)
    parent = list(range(len(texts)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    seen: dict[tuple[int, bytes], int] = {}
    with np.errstate(over="ignore"):
        for row, text in enumerate(texts):
            for band, part in enumerate(_signature(text, salts).reshape(_BANDS, -1)):
                first = seen.setdefault((band, part.tobytes()), row)
                parent[root(row)] = root(first)
    return np.array([root(row) for row in range(len(texts))])


def split(data: Labelled, share: float, seed: int) -> tuple[Labelled, Labelled]:
    """Split into a training part and a held-out part of about ``share``, near-duplicates on one side."""
    clusters = cluster(data.texts)
    numbers = np.unique(clusters)
    np.random.default_rng(seed).shuffle(numbers)
    held: set[int] = set()
    room = round(share * len(data))
    sizes: Mapping[int, int] = Counter(clusters.tolist())
    for number in numbers.tolist():
        if room <= 0:
            break
        held.add(number)
        room -= sizes[number]
    apart = np.isin(clusters, list(held))
    return data.take(np.flatnonzero(~apart).tolist()), data.take(np.flatnonzero(apart).tolist())
