"""What a model answers: one head per label column, and how its scores become an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from pipeline.infer.prediction import Answer

__all__ = ["ALARM", "Head", "Kind", "Scores", "softmax", "split_columns"]

Kind = Literal["single", "multi", "ordered"]
Scores = npt.NDArray[np.float32]

ALARM = 0.3
"""From this probability on the highest label of a scale is the answer, even where a lower one is likelier.

It is the threshold at which one emergency that is missed weighs as much as 7/3 false alarms: 1 / (1 + 7/3).
"""


def softmax(scores: Scores) -> Scores:
    """Return probabilities along the last axis."""
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Head:
    """One label column of a model.

    Parameters
    ----------
    name : str
        The column's name, e.g. ``领域``.
    kind : {"single", "multi", "ordered"}
        One label of several; several labels, the primary first; or one label on a scale.
    labels : tuple of str
        In the order of the scores; for an ordered head from the lowest to the highest.
    temperature : float
        Scores are divided by it, so that a confidence is a frequency (Guo et al. 2017, arXiv:1706.04599).
    linear_share : float
        Weight of the linear branch's scores in the sum; 0 where the model has none.
    review_below : float
        An answer less sure than this should be looked at.
    also_above : float
        A further label counts from this probability on (multi only).

    Notes
    -----
    A multi head has two scores per label: which one is primary (softmax), and whether it applies at all (sigmoid).
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    temperature: float = 1.0
    linear_share: float = 0.0
    review_below: float = 0.5
    also_above: float = 0.5

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            msg = f"unknown kind of head: {self.kind}"
            raise ValueError(msg)

    @property
    def columns(self) -> int:
        """Number of scores that the network gives for this head."""
        return len(self.labels) * (2 if self.kind == "multi" else 1)

    def join(self, scores: Scores, linear: Scores | None) -> Scores:
        """Return the primary scores (B, C) of network and linear branch together, calibrated."""
        primary = scores[:, : len(self.labels)]
        if linear is not None and self.linear_share:
            primary = primary + np.float32(self.linear_share) * linear
        return primary / np.float32(self.temperature)

    def choose(self, chances: Scores) -> npt.NDArray[np.intp]:
        """Return the index of each ticket's label, shape (B,), by its probabilities (B, C)."""
        best: npt.NDArray[np.intp] = chances.argmax(axis=1)
        if self.kind == "ordered":
            best[chances[:, -1] >= ALARM] = len(self.labels) - 1
        return best

    def answer(self, scores: Scores, linear: Scores | None = None) -> list[Answer]:
        """Turn scores into answers.

        Parameters
        ----------
        scores : ndarray of float32, shape (B, columns)
            Of the network.
        linear : ndarray of float32, shape (B, C), optional
            Of the linear branch.

        Returns
        -------
        list of Answer
            One per ticket.
        """
        chances = softmax(self.join(scores, linear))  # (B, C)
        also = scores[:, len(self.labels) :]
        applies = 1 / (1 + np.exp(-also)) if also.shape[1] else np.zeros_like(chances)  # (B, C)
        return [
            self._one(row, first, also) for row, first, also in zip(chances, self.choose(chances), applies, strict=True)
        ]

    def _one(self, chances: Scores, first: np.intp, applies: Scores) -> Answer:
        """Return the answer of one ticket."""
        rest = [index for index in np.argsort(-chances) if index != first]
        further = [index for index in np.argsort(-applies) if applies[index] > self.also_above and index != first]
        confidence = float(chances[first])
        return Answer(
            label=self.labels[first],
            confidence=confidence,
            others=tuple(self.labels[index] for index in further),
            runner_up=self.labels[rest[0]] if rest else None,
            doubtful=confidence < self.review_below,
        )


def split_columns(heads: tuple[Head, ...], scores: Scores) -> list[Scores]:
    """Split the network's scores (B, all columns) into one array per head."""
    ends = np.cumsum([head.columns for head in heads])[:-1]
    return [np.asarray(part, dtype=np.float32) for part in np.split(scores, ends, axis=1)]
