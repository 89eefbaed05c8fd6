"""How well a ticket's unit can be chosen from past ones: by a head of a model, by its category's history, by both.

    python -m pipeline.learn.dispatch EXPORT --unit 处置单位 --category 行业分类一级 --category 行业分类四级

The history is that of the published dispatch systems: which unit handled this category before, the finest category that
has been seen, smoothed towards the next coarser one (absolute counts as a Dirichlet prior: MacKay and Peto 1995). Both
together are a product of the two, its weight chosen on a part of the training tickets. Near-duplicates stay on one side
of the split, or the figures would be those of looking a ticket up.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier

from pipeline.command import DONE, run_command
from pipeline.learn.data import Labelled, read_labelled, split

__all__ = ["Figure", "History", "measure"]

Chances = npt.NDArray[np.float64]
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Of the history's logarithm beside the head's."""
_PRIOR = 1.0
"""So many tickets of the coarser category's kind every finer one begins with."""


@dataclass(frozen=True, slots=True)
class Figure:
    """How often the right unit was first, and among the first three, on held-out tickets."""

    method: str
    top1: float
    top3: float
    tickets: int

    def __str__(self) -> str:
        return f"{self.method:<24} 首选 {100 * self.top1:5.1f}%  前三 {100 * self.top3:5.1f}%  ({self.tickets} 件)"


@dataclass(frozen=True)
class History:
    """Units by category, coarse to fine.

    Parameters
    ----------
    units : tuple of str
        In the order of the chances.
    counts : dict
        By path of categories, from the empty path to the finest: counts of units, shape (U,).
    """

    units: tuple[str, ...]
    counts: dict[tuple[str, ...], Chances]

    @classmethod
    def learn(cls, units: Sequence[str], paths: Sequence[tuple[str, ...]], known: tuple[str, ...]) -> History:
        """Count units along each ticket's path of categories."""
        place = {unit: at for at, unit in enumerate(known)}
        counts: dict[tuple[str, ...], Chances] = defaultdict(lambda: np.zeros(len(known)))
        for unit, path in zip(units, paths, strict=True):
            for length in range(len(path) + 1):
                counts[path[:length]][place[unit]] += 1
        return cls(known, dict(counts))

    def chances(self, path: tuple[str, ...]) -> Chances:
        """Return the chance of each unit (U,), each category smoothed by the one above it."""
        chances = np.full(len(self.units), 1 / len(self.units))
        for length in range(len(path) + 1):
            seen = self.counts.get(path[:length])
            if seen is None:
                break
            chances = (seen + _PRIOR * chances) / (seen.sum() + _PRIOR)
        return chances


class _Head:
    """A linear head over TF-IDF of character 1- to 3-grams."""

    def __init__(self, texts: Sequence[str], labels: Sequence[str], seed: int) -> None:
        self._words = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True)
        self._head = SGDClassifier(loss="log_loss", alpha=2e-6, max_iter=30, random_state=seed, n_jobs=1)
        self._head.fit(self._words.fit_transform(texts), labels)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self._head.classes_)

    def chances(self, texts: Sequence[str]) -> Chances:
        """Return the chance of each label, shape (N, C): softmax of the one-against-all scores."""
        scores = self._head.decision_function(self._words.transform(texts))
        shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def measure(path: Path, unit: str, categories: Sequence[str], *, share: float = 0.25, seed: int = 0) -> list[Figure]:
    """Measure each way of choosing a unit on held-out tickets.

    Parameters
    ----------
    path : Path
        An export with the unit that handled each ticket.
    unit : str
        Header of that unit.
    categories : sequence of str
        Headers of its categories, from coarse to fine.
    share : float
        Held-out part, in clusters of near-duplicates.
    seed : int
        Of the split and of the head.

    Returns
    -------
    list of Figure
        A ticket whose unit was never seen in training counts as missed.
    """
    data = read_labelled([path], [unit, *categories])
    train, held = split(data, share, seed)
    fit, tune = split(train, share, seed + 1)
    tuning, final = (_Trial(*parts, unit, tuple(categories), seed) for parts in ((fit, tune), (train, held)))
    figures = [final.figure("模型头(TF-IDF 线性)", final.by_head)]
    for title, before, after in (
        ("导出表给的类别", tuning.by_given, final.by_given),
        ("模型判的类别", tuning.by_guessed, final.by_guessed),
    ):
        weight = max(WEIGHTS, key=lambda weight: tuning.figure("", _product(tuning.by_head, before, weight)).top1)
        figures.append(final.figure(f"历史({title})", after))
        figures.append(final.figure(f"两者合用({title},权重 {weight:g})", _product(final.by_head, after, weight)))
    return figures


def _product(head: Chances, history: Chances, weight: float) -> Chances:
    return np.asarray(np.log(head + 1e-9) + weight * np.log(history + 1e-9))


class _Trial:
    """One training part and one part to judge on, each way of choosing tried."""

    def __init__(self, train: Labelled, held: Labelled, unit: str, categories: tuple[str, ...], seed: int) -> None:
        self._truth = _column(held, unit)
        units, paths = _column(train, unit), _paths(train, categories)
        head = _Head(train.texts, units, seed)
        history = History.learn(units, paths, head.labels)
        self._labels = head.labels
        self.by_head = head.chances(held.texts)
        self.by_given = np.array([history.chances(path) for path in _paths(held, categories)])
        # Where nobody has given a category, the histories of all of them count, each by its chance.
        finest = _Head(train.texts, [path[-1] for path in paths], seed)
        usual = {path[-1]: path for path, _ in reversed(Counter(paths).most_common())}
        by_category = np.array([history.chances(usual[label]) for label in finest.labels])  # (C, U)
        self.by_guessed = finest.chances(held.texts) @ by_category

    def figure(self, method: str, chances: Chances) -> Figure:
        """Return how often the right unit has the highest, and one of the three highest chances."""
        order = np.argsort(-chances, axis=1)[:, :3]
        named = [[self._labels[at] for at in best] for best in order]
        first = sum(best[0] == right for best, right in zip(named, self._truth, strict=True))
        among = sum(right in best for best, right in zip(named, self._truth, strict=True))
        return Figure(method, first / len(named), among / len(named), len(named))


def _column(data: Labelled, name: str) -> list[str]:
    """Return a column's labels whole, as one text each."""
    return ["、".join(labels) for labels in data.labels[name]]


def _paths(data: Labelled, categories: Sequence[str]) -> list[tuple[str, ...]]:
    return list(zip(*(_column(data, name) for name in categories), strict=True))


def _main(given: argparse.Namespace) -> int:
    figures = measure(given.export, given.unit, given.category, share=given.share, seed=given.seed)
    sys.stdout.writelines(f"{figure}\n" for figure in figures)
    return DONE


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="用已办结的工单衡量派单:模型头、类别历史、两者合用")
    parser.add_argument("export", type=Path)
    parser.add_argument("--unit", required=True, metavar="COL", help="承办单位所在列")
    parser.add_argument("--category", action="append", required=True, metavar="COL", help="类别列,由粗到细,可重复")
    parser.add_argument("--share", type=float, default=0.25, help="留出的份额,默认四分之一")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--debug", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run_command(_main, _parse()))
