"""Figures that say how good a model is: accuracy, macro-F1, ordered agreement, honesty of confidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import cohen_kappa_score, f1_score, precision_recall_fscore_support

from pipeline.infer.heads import Head, Scores

__all__ = ["ClassFigures", "HeadFigures", "calibration_error", "judge", "judge_chances"]

Indexes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Precision, recall, F1 (0 to 1) and number of examples of one label."""

    label: str
    precision: float
    recall: float
    f1: float
    count: int


@dataclass(frozen=True, slots=True)
class HeadFigures:
    """How one head did.

    Parameters
    ----------
    accuracy, macro_f1 : float
        Of the primary label, 0 to 1; macro over the labels that occur in truth or answers.
    kappa : float or None
        Quadratic-weighted kappa (Cohen 1968), ordered heads only.
    calibration_error : float or None
        Expected calibration error; ``None`` where the model gives no confidence.
    sure_accuracy : float or None
        Accuracy where the least sure tenth is left to people.
    classes : tuple of ClassFigures
        By label.
    """

    accuracy: float
    macro_f1: float
    kappa: float | None
    calibration_error: float | None
    sure_accuracy: float | None
    classes: tuple[ClassFigures, ...]


def judge(
    head: Head, truth: Indexes, answers: Indexes, confidence: npt.NDArray[np.float32] | None = None
) -> HeadFigures:
    """Compare answers with the truth.

    Parameters
    ----------
    head : Head
        For the labels' names and order.
    truth, answers : ndarray of int64, shape (N,)
        Label indexes; rows whose truth is -1 are left out.
    confidence : ndarray of float32, shape (N,), optional
        Of the answers.
    """
    known = truth >= 0
    truth, answers = truth[known], answers[known]
    right = truth == answers
    sure = None if confidence is None else confidence[known]
    return HeadFigures(
        accuracy=float(right.mean()),
        macro_f1=float(f1_score(truth, answers, average="macro", zero_division=0)),
        kappa=_kappa(truth, answers) if head.kind == "ordered" else None,
        calibration_error=None if sure is None else calibration_error(sure, right),
        sure_accuracy=None if sure is None else float(right[sure >= np.quantile(sure, 0.1)].mean()),
        classes=_classes(head, truth, answers),
    )


def judge_chances(head: Head, truth: Indexes, chances: Scores) -> HeadFigures:
    """Compare the answers that a head gives by its probabilities (N, C) with the truth."""
    answers = head.choose(chances)
    return judge(head, truth, answers, chances[np.arange(len(answers)), answers])


def _kappa(truth: Indexes, answers: Indexes) -> float:
    """Return quadratic-weighted kappa over the ranks."""
    return float(cohen_kappa_score(truth, answers, weights="quadratic"))


def _classes(head: Head, truth: Indexes, answers: Indexes) -> tuple[ClassFigures, ...]:
    """Return the figures of each label."""
    columns = precision_recall_fscore_support(truth, answers, labels=range(len(head.labels)), zero_division=0)
    return tuple(
        ClassFigures(label, float(precision), float(recall), float(f1), int(count))
        for label, precision, recall, f1, count in zip(head.labels, *columns, strict=True)
    )


def calibration_error(confidence: npt.NDArray[np.float32], right: npt.NDArray[np.bool_], bins: int = 10) -> float:
    """Return the expected calibration error over bins of equal count (Nixon et al. 2019, arXiv:1904.01685).

    Parameters
    ----------
    confidence : ndarray, shape (N,)
        Of the answers, 0 to 1.
    right : ndarray of bool, shape (N,)
        Whether each was right.
    bins : int
        Number of bins.
    """
    order = np.argsort(confidence)
    parts = zip(np.array_split(confidence[order], bins), np.array_split(right[order], bins), strict=True)
    gaps = [len(sure) * abs(float(sure.mean()) - float(hit.mean())) for sure, hit in parts if len(sure)]
    return sum(gaps) / len(confidence)
