"""Fit the wide branch: one linear SVM per head over hashed n-grams, packed into int8."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from pipeline.infer.heads import Head
from pipeline.infer.linear import LinearBranch, Ngrams
from pipeline.learn.data import Labelled

__all__ = ["fit_linear"]

BUCKETS = 1 << 18


def fit_linear(data: Labelled, heads: Sequence[Head], buckets: int = BUCKETS, strength: float = 0.3) -> LinearBranch:
    """Train the linear branch of all heads.

    Parameters
    ----------
    data : Labelled
        Training part.
    heads : sequence of Head
        Whose primary labels are learnt.
    buckets : int
        Size of the hashed table, a power of two.
    strength : float
        The SVM's C; smaller is smoother.

    Returns
    -------
    LinearBranch
        Its scores are one-against-rest margins.
    """
    grams = Ngrams.of(data.texts, buckets)
    idf = _inverse_frequency(grams, buckets)
    table = _vectors(grams, idf)
    columns, biases = [], []
    for head in heads:
        weights, bias = _fit_head(table, data.targets(head), len(head.labels), strength)
        columns.append(weights)
        biases.append(bias)
    return _pack(idf, np.concatenate(columns, axis=1), np.concatenate(biases))


def _inverse_frequency(grams: Ngrams, buckets: int) -> npt.NDArray[np.float16]:
    """Return smoothed idf (F,); 0 for buckets that the training texts never or only once touch."""
    count = np.bincount(grams.buckets, minlength=buckets)
    idf = np.log((1 + len(grams.starts)) / (1 + count)) + 1
    return np.where(count > 1, idf, 0).astype(np.float16)


def _vectors(grams: Ngrams, idf: npt.NDArray[np.float16]) -> csr_matrix:
    """Return the idf vectors (N, F) of all texts, each of length 1."""
    values = idf[grams.buckets].astype(np.float32)
    lengths = np.sqrt(np.add.reduceat(np.append(values**2, 0), grams.starts[:-1]))
    values /= np.repeat(np.maximum(lengths, 1e-6), np.diff(grams.starts))
    return csr_matrix((values, grams.buckets, grams.starts), shape=(len(grams.starts) - 1, len(idf)))


def _fit_head(
    table: csr_matrix, targets: npt.NDArray[np.int64], labels: int, strength: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return weights (F, C) and intercepts (C,) of one head; a label without examples scores very low."""
    labelled = targets >= 0
    machine = LinearSVC(C=strength, class_weight="balanced" if labels <= 50 else None, random_state=0)
    machine.fit(table[labelled], targets[labelled])
    weights = np.zeros((table.shape[1], labels), dtype=np.float32)
    bias = np.full(labels, -2.0, dtype=np.float32)
    seen = machine.classes_
    if len(seen) == 2:  # scikit-learn keeps one line for two classes
        weights[:, seen[0]], weights[:, seen[1]] = -machine.coef_[0], machine.coef_[0]
        bias[seen[0]], bias[seen[1]] = -machine.intercept_[0], machine.intercept_[0]
    else:
        weights[:, seen], bias[seen] = machine.coef_.T, machine.intercept_
    return weights, bias


def _pack(
    idf: npt.NDArray[np.float16], weights: npt.NDArray[np.float32], bias: npt.NDArray[np.float32]
) -> LinearBranch:
    """Round weights to int8, one scale per label."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-6) / 127
    return LinearBranch(idf, np.round(weights / scale).astype(np.int8), scale.astype(np.float32), bias)
