"""Make confidence mean what it says: join network and linear branch, and fit a temperature, on held-out rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, minimize_scalar

from pipeline.infer.heads import Head, Scores, softmax

__all__ = ["calibrate_head"]

_REVIEWED_SHARE = 0.1


def _loss(head: Head, scores: Scores, linear: Scores | None, truth: npt.NDArray[np.int64]) -> float:
    """Return the mean negative log-likelihood of the truth."""
    chances = softmax(head.join(scores, linear))
    return float(-np.log(np.maximum(chances[np.arange(len(truth)), truth], 1e-9)).mean())


def calibrate_head(
    head: Head,
    scores: Scores,
    linear: Scores | None,
    truth: npt.NDArray[np.int64],
    flags: npt.NDArray[np.float32],
) -> Head:
    """Fit a head's temperature, the linear branch's share, and its thresholds.

    Parameters
    ----------
    head : Head
        As trained.
    scores : ndarray, shape (N, columns)
        Of the network on rows that training never saw.
    linear : ndarray, shape (N, C), optional
        Of a linear branch that never saw these rows either.
    truth : ndarray of int64, shape (N,)
        Primary labels; -1 where unknown.
    flags : ndarray, shape (N, C)
        Which labels apply (multi heads).
    """
    known = truth >= 0
    scores, truth, flags = scores[known], truth[known], flags[known]
    linear = None if linear is None else linear[known]
    if not len(truth):
        return head

    def fitted(logs: npt.NDArray[np.float64]) -> Head:
        share = float(np.exp(logs[1])) if linear is not None else 0.0
        return replace(head, temperature=float(np.exp(logs[0])), linear_share=share)

    best = minimize(lambda logs: _loss(fitted(logs), scores, linear, truth), np.zeros(2), method="Nelder-Mead")
    head = fitted(best.x)
    sure = softmax(head.join(scores, linear)).max(axis=1)
    head = replace(head, review_below=round(float(np.quantile(sure, _REVIEWED_SHARE)), 4))
    return (
        replace(head, also_above=_threshold(scores[:, len(head.labels) :], truth, flags))
        if head.kind == "multi"
        else head
    )


def _threshold(also: Scores, truth: npt.NDArray[np.int64], flags: npt.NDArray[np.float32]) -> float:
    """Return the probability from which a further label is worth naming: best F1 over further labels."""
    chances = 1 / (1 + np.exp(-also))
    rows = np.arange(len(truth))
    chances[rows, truth], flags = 0.0, flags.copy()
    flags[rows, truth] = 0

    def miss(threshold: float) -> float:
        named = chances > threshold
        hits = float((named * flags).sum())
        return -2 * hits / max(1.0, float(named.sum() + flags.sum()))

    return round(float(minimize_scalar(miss, bounds=(0.1, 0.9), method="bounded").x), 4)
