"""Whether authored texts are as varied as real ones, and how easily the two are told apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from pipeline.text.segment import segmenter

__all__ = ["distinct", "nearest", "told_apart"]


def nearest(texts: Sequence[str]) -> float:
    """Return the highest Jaccard similarity of character 3-grams between two of the texts, 0 to 1."""
    grams: csr_matrix = CountVectorizer(analyzer="char", ngram_range=(3, 3), binary=True).fit_transform(texts)
    sizes = np.asarray(grams.sum(axis=1)).ravel()
    shared = (grams @ grams.T).tocoo()
    apart = shared.row < shared.col
    common = shared.data[apart]
    either = sizes[shared.row[apart]] + sizes[shared.col[apart]] - common
    return float((common / either).max(initial=0.0))


def distinct(texts: Sequence[str], words: int = 2) -> float:
    """Return distinct-n: different runs of ``words`` words by all such runs (Li et al. 2016, arXiv:1510.03055).

    The figure falls with the amount of text: compare only samples of about the same number of words.
    """
    runs = [run for text in texts for run in _runs(segmenter().words(text), words)]
    return len(set(runs)) / max(1, len(runs))


def _runs(words: Sequence[str], length: int) -> list[tuple[str, ...]]:
    """Return the runs of so many words."""
    return [tuple(words[at : at + length]) for at in range(len(words) - length + 1)]


def told_apart(authored: Sequence[str], real: Sequence[str]) -> float:
    """Return the cross-validated AUC of a linear classifier that tells authored from real texts; 0.5 is chance.

    Characters 1-3 by TF-IDF and logistic regression, five folds.
    """
    machine = make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2), LogisticRegression(C=10.0)
    )
    truth = np.repeat([1, 0], [len(authored), len(real)])
    chances = cross_val_predict(machine, [*authored, *real], truth, cv=5, method="predict_proba")[:, 1]
    return float(roc_auc_score(truth, chances))
