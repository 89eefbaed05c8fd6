"""The yardstick that every model is measured against: TF-IDF and a linear SVM, exactly as an analyst would write it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from pipeline.infer.heads import Head
from pipeline.learn.data import Labelled
from pipeline.text.segment import segmenter

__all__ = ["yardstick_answers"]


def yardstick_answers(data: Labelled, held: Labelled, head: Head) -> npt.NDArray[np.int64]:
    """Train on one part and answer the other.

    Words 1-2 and characters 2-4 by TF-IDF (sublinear), LinearSVC with C = 1.

    Returns
    -------
    ndarray of int64, shape (N,)
        Label indexes for the rows of ``held``.
    """
    words = TfidfVectorizer(
        tokenizer=segmenter().words, token_pattern=None, lowercase=False, ngram_range=(1, 2), sublinear_tf=True
    )
    characters = TfidfVectorizer(analyzer="char", ngram_range=(2, 4), sublinear_tf=True)
    machine = make_pipeline(make_union(words, characters), LinearSVC(C=1.0, random_state=0))
    targets = data.targets(head)
    known = np.flatnonzero(targets >= 0)
    machine.fit([data.texts[row] for row in known], targets[known])
    answers: npt.NDArray[np.int64] = machine.predict(held.texts)
    return answers
