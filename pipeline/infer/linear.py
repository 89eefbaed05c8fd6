"""The wide branch: a linear model over word and character n-grams, hashed, in one small int8 table.

The encoder sees what a text means, the linear branch which exact phrases it holds; their errors differ, and their sum
is better than either ("wide and deep", Cheng et al. 2016, arXiv:1606.07792). N-grams are hashed into buckets
(Weinberger et al. 2009, arXiv:0902.2206), so there is no vocabulary to load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from pipeline.text.fold import fold
from pipeline.text.segment import segmenter

__all__ = ["LinearBranch", "Ngrams", "hash_ngrams"]

_SALTS = {
    name: np.uint64(crc32(name.encode()) * 2654435761 + 1) for name in ("word1", "word2", "char2", "char3", "char4")
}
_MIX = np.uint64(0x9E3779B97F4A7C15)


def _mix(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Scramble 64-bit values (the finaliser of splitmix64, Steele et al. 2014)."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))


def _chain(units: npt.NDArray[np.uint64], length: int, salt: np.uint64) -> npt.NDArray[np.uint64]:
    """Hash every run of ``length`` units."""
    if len(units) < length:
        return np.empty(0, dtype=np.uint64)
    with np.errstate(over="ignore"):
        hashes = np.full(len(units) - length + 1, salt, dtype=np.uint64)
        for shift in range(length):
            hashes = _mix(hashes * _MIX + units[shift : len(units) - length + 1 + shift])
    return hashes


def hash_ngrams(text: str, buckets: int) -> npt.NDArray[np.int64]:
    """Return the distinct buckets of a text's n-grams: words 1-2 and characters 2-4 of the folded text.

    Parameters
    ----------
    text : str
        Prepared text.
    buckets : int
        Size of the table, a power of two.
    """
    words = np.fromiter((crc32(word.encode()) for word in segmenter().words(text)), dtype=np.uint64)
    letters = np.frombuffer("".join(fold(text).split()).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    grams = [_chain(words, 1, _SALTS["word1"]), _chain(words, 2, _SALTS["word2"])]
    grams += [_chain(letters, length, _SALTS[f"char{length}"]) for length in (2, 3, 4)]
    return np.unique(np.concatenate(grams) & np.uint64(buckets - 1)).astype(np.int64)


@dataclass(frozen=True)
class Ngrams:
    """The n-grams of several texts: buckets of all texts one after the other, and where each text begins."""

    buckets: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str], buckets: int) -> Ngrams:
        """Hash the n-grams of texts."""
        parts = [hash_ngrams(text, buckets) for text in texts]
        starts = np.cumsum([0, *map(len, parts)])
        return cls(np.concatenate(parts) if parts else np.empty(0, dtype=np.int64), starts)


@dataclass(frozen=True)
class LinearBranch:
    """Scores of all heads from hashed n-grams.

    Parameters
    ----------
    idf : ndarray of float16, shape (F,)
        Inverse document frequency of each bucket; F is a power of two.
    weights : ndarray of int8, shape (F, C)
        Weights of all heads' labels side by side.
    scale : ndarray of float32, shape (C,)
        What an int8 step is worth, by label.
    bias : ndarray of float32, shape (C,)
        Intercepts.
    """

    idf: npt.NDArray[np.float16]
    weights: npt.NDArray[np.int8]
    scale: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]

    def scores(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the scores (B, C) of prepared texts."""
        return np.stack([self._score(hash_ngrams(text, len(self.idf))) for text in texts])

    def _score(self, buckets: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return the scores (C,) of one text's buckets, its idf vector scaled to length 1."""
        if not len(buckets):
            return self.bias
        values = self.idf[buckets].astype(np.float32)  # (N,)
        norm = float(np.linalg.norm(values)) or 1.0
        total = values @ self.weights[buckets].astype(np.float32)  # (N,) @ (N, C) -> (C,)
        return np.asarray(total * (self.scale / np.float32(norm)) + self.bias, dtype=np.float32)

    def save(self, path: Path) -> None:
        """Write the table as safetensors."""
        save_file({"idf": self.idf, "weights": self.weights, "scale": self.scale, "bias": self.bias}, path)

    @classmethod
    def load(cls, path: Path) -> LinearBranch:
        """Read what :meth:`save` wrote."""
        return cls(**load_file(path))
