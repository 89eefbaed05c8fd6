"""The predictor: prepared texts in, calibrated answers out, by onnxruntime alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from pipeline.errors import ModelError
from pipeline.infer.folder import ModelCard
from pipeline.infer.heads import Head, Scores, softmax, split_columns
from pipeline.infer.linear import LinearBranch
from pipeline.infer.prediction import Prediction
from pipeline.infer.tokens import TextEncoder, batches

__all__ = ["Predictor"]


class Predictor:
    """A loaded model.

    Parameters
    ----------
    folder : Path
        A model folder as ``train.py`` writes it.
    threads : int, optional
        Of onnxruntime; the machine's cores unless given.

    Raises
    ------
    ModelError
        If a file is missing or damaged.
    """

    def __init__(self, folder: Path, threads: int | None = None) -> None:
        self.card = ModelCard.load(folder)
        self._encoder = TextEncoder.load(folder, self.card.longest)
        self._session = _open_session(folder / "model.onnx", threads or os.cpu_count() or 1)
        linear = folder / "linear.safetensors"
        self._linear = LinearBranch.load(linear) if linear.exists() else None

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Return one prediction per prepared text, in order."""
        if not texts:
            return []
        answers = [head.answer(scores, wide) for head, scores, wide in self._by_head(texts)]
        names = [head.name for head in self.card.heads]
        return [Prediction(dict(zip(names, row, strict=True)), self.card.version) for row in zip(*answers, strict=True)]

    def chances(self, texts: Sequence[str]) -> list[Scores]:
        """Return the calibrated probabilities (B, C) of the primary label, by head."""
        return [softmax(head.join(scores, wide)) for head, scores, wide in self._by_head(texts)]

    def _by_head(self, texts: Sequence[str]) -> Iterator[tuple[Head, Scores, Scores | None]]:
        """Yield each head with the network's and the linear branch's scores."""
        by_head = split_columns(self.card.heads, self.scores(texts))
        return zip(self.card.heads, by_head, self.linear_scores(texts), strict=True)

    def scores(self, texts: Sequence[str]) -> Scores:
        """Return the network's raw scores (B, all heads' columns)."""
        encoded = [self._encoder.ids(text) for text in texts]
        scores = np.empty((len(texts), sum(head.columns for head in self.card.heads)), dtype=np.float32)
        for rows, ids, mask in batches(encoded):
            scores[rows] = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return scores

    def linear_scores(self, texts: Sequence[str]) -> list[Scores | None]:
        """Return the linear branch's scores by head, or ``None`` for each where there is no branch."""
        if self._linear is None:
            return [None] * len(self.card.heads)
        ends = np.cumsum([len(head.labels) for head in self.card.heads])[:-1]
        return list(np.split(self._linear.scores(texts), ends, axis=1))


def _open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """Open an ONNX file on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises its own classes for each kind of damage
        raise ModelError("打不开模型文件", where=path, remedy="重新复制整个模型目录,或重新训练") from error
