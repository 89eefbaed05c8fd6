"""The predictor: prepared texts in, calibrated answers out, by onnxruntime alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from pipeline.errors import ModelError
from pipeline.infer.folder import ModelCard
from pipeline.infer.heads import Head, Scores, softmax, split_columns
from pipeline.infer.linear import LinearBranch
from pipeline.infer.prediction import Prediction
from pipeline.infer.tokens import TextEncoder, equal_batches
from pipeline.text.segment import segmenter

__all__ = ["Predictor"]


class Predictor:
    """A loaded model.

    Parameters
    ----------
    folder : Path
        A model folder as ``train.py`` writes it.
    threads : int
        Of onnxruntime. Several processes of one thread each do more than one of several; a run starts them.

    Raises
    ------
    ModelError
        If a file is missing or damaged.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self.card = ModelCard.load(folder)
        self._words = segmenter()
        self._encoder = TextEncoder.load(folder, self.card.longest)
        self._session = _open_session(folder / "model.onnx", threads)
        self._masked = len(self._session.get_inputs()) > 1
        linear = folder / "linear.safetensors"
        self._linear = LinearBranch.load(linear) if linear.exists() else None

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Return one prediction per prepared text, in order.

        An answer depends on its own text alone: not on the others of the call, their order, or the threads.
        """
        if not texts:
            return []
        answers = [head.answer(scores, wide) for head, scores, wide in self._by_head(texts)]
        names = [head.name for head in self.card.heads]
        return [Prediction(dict(zip(names, row, strict=True)), self.card.version) for row in zip(*answers, strict=True)]

    def chances(self, texts: Sequence[str]) -> list[Scores]:
        """Return the calibrated probabilities (B, C) of the primary label, by head."""
        return [softmax(head.join(scores, wide)) for head, scores, wide in self._by_head(texts)]

    def scores(self, texts: Sequence[str]) -> Scores:
        """Return the network's raw scores (B, all heads' columns)."""
        return self.run(self.encode(texts))

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of prepared texts."""
        return [self._encoder.ids(text) for text in texts]

    def run(self, encoded: Sequence[Sequence[int]]) -> Scores:
        """Return the network's raw scores (B, all heads' columns) of token ids."""
        scores = np.empty((len(encoded), sum(head.columns for head in self.card.heads)), dtype=np.float32)
        for rows, ids in equal_batches(encoded):
            feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)} if self._masked else {"input_ids": ids}
            scores[rows] = self._session.run(None, feed)[0]
        return scores

    def _by_head(self, texts: Sequence[str]) -> Iterator[tuple[Head, Scores, Scores | None]]:
        """Yield each head with the network's and the linear branch's scores; a text is cut into words once."""
        words = [self._words.words(text) for text in texts]
        by_head = split_columns(self.card.heads, self.run([self._encoder.ids_of_words(text) for text in words]))
        return zip(self.card.heads, by_head, self._linear_scores(words), strict=True)

    def linear_scores(self, texts: Sequence[str]) -> list[Scores | None]:
        """Return the linear branch's scores by head, or ``None`` for each where there is no branch."""
        return self._linear_scores([self._words.words(text) for text in texts])

    def _linear_scores(self, words: Sequence[Sequence[str]]) -> list[Scores | None]:
        """Return the same for texts that are cut into words already."""
        if self._linear is None:
            return [None] * len(self.card.heads)
        ends = np.cumsum([len(head.labels) for head in self.card.heads])[:-1]
        return list(np.split(self._linear.scores_of_words(words), ends, axis=1))


def _open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """Open an ONNX file on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises its own classes for each kind of damage
        raise ModelError("打不开模型文件", where=path, remedy="重新复制整个模型目录,或重新训练") from error
