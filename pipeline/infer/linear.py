"""The wide branch: a linear model over word and character n-grams, hashed, in one small int8 table.

The encoder sees what a text means, the linear branch which exact phrases it holds; their errors differ, and their sum
is better than either ("wide and deep", Cheng et al. 2016, arXiv:1606.07792). N-grams are hashed into buckets
(Weinberger et al. 2009, arXiv:0902.2206), so there is no vocabulary to load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from pipeline.text.segment import segmenter

__all__ = ["LinearBranch", "Ngrams", "hash_ngrams"]

_SALTS = {
    name: np.uint64(crc32(name.encode()) * 2654435761 + 1) for name in ("word1", "word2", "char2", "char3", "char4")
}
_MIX = np.uint64(0x9E3779B97F4A7C15)
_CACHE_LIMIT = 200_000
_TOGETHER = 64
"""Texts whose n-grams are hashed at once: their arrays stay in the processor's cache."""


def _mix(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Scramble 64-bit values (the finaliser of splitmix64, Steele et al. 2014)."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))


def _chain(
    units: npt.NDArray[np.uint64], owners: npt.NDArray[np.int64], length: int, name: str
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Hash every run of ``length`` units of one text, and return the hashes with the text of each."""
    count = max(len(units) - length + 1, 0)
    hashes = np.full(count, _SALTS[name], dtype=np.uint64)
    with np.errstate(over="ignore"):
        for shift in range(length):
            hashes = _mix(hashes * _MIX + units[shift : count + shift])
    whole = owners[:count] == owners[length - 1 : count + length - 1]
    return hashes[whole], owners[:count][whole]


class _WordHashes(dict[str, int]):
    """Words to their hashes, remembered."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _CACHE_LIMIT:
            self.clear()
        self[word] = known = crc32(word.encode())
        return known


_word_hashes = _WordHashes()


def hash_ngrams(text: str, buckets: int) -> npt.NDArray[np.int64]:
    """Return the distinct buckets of a text's n-grams: words 1-2 and characters 2-4 of the folded text.

    Parameters
    ----------
    text : str
        Prepared text.
    buckets : int
        Size of the table, a power of two.
    """
    return Ngrams.of([text], buckets).buckets


@dataclass(frozen=True)
class Ngrams:
    """The n-grams of several texts: buckets of all texts one after the other, and where each text begins."""

    buckets: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str], buckets: int) -> Ngrams:
        """Hash the n-grams of texts."""
        cut = segmenter().words
        return cls.of_words([cut(text) for text in texts], buckets)

    @classmethod
    def of_words(cls, texts: Sequence[Sequence[str]], buckets: int) -> Ngrams:
        """Hash the n-grams of texts that are cut into words already, all texts at once.

        The words of a text hold all its characters but white space, so they are all that is needed.
        """
        spelled = ["".join(words) for words in texts]
        numbers = np.arange(len(texts))
        hashes = map(_word_hashes.__getitem__, chain.from_iterable(texts))
        words = np.fromiter(hashes, dtype=np.uint64, count=sum(map(len, texts)))
        letters = np.frombuffer("".join(spelled).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
        of_words = np.repeat(numbers, list(map(len, texts)))
        of_letters = np.repeat(numbers, list(map(len, spelled)))
        grams = [_chain(words, of_words, length, f"word{length}") for length in (1, 2)]
        grams += [_chain(letters, of_letters, length, f"char{length}") for length in (2, 3, 4)]
        # One sort for all texts: the text above the bucket in one number.
        keys = np.concatenate(
            [(found & np.uint64(buckets - 1)).astype(np.int64) + owner * buckets for found, owner in grams]
        )
        keys.sort()
        keys = keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys
        starts = np.searchsorted(keys, np.arange(len(texts) + 1) * buckets)
        return cls(keys % buckets, starts)


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
        cut = segmenter().words
        return self.scores_of_words([cut(text) for text in texts])

    def scores_of_words(self, texts: Sequence[Sequence[str]]) -> npt.NDArray[np.float32]:
        """Return the scores (B, C) of texts that are cut into words already."""
        parts = [self._score(texts[at : at + _TOGETHER]) for at in range(0, len(texts), _TOGETHER)]
        return np.concatenate(parts) if parts else np.empty((0, len(self.bias)), dtype=np.float32)

    def _score(self, texts: Sequence[Sequence[str]]) -> npt.NDArray[np.float32]:
        """Return the scores (B, C) of a few texts, each text's idf vector scaled to length 1.

        The sums run within each text from left to right, so they do not depend on its neighbours.
        """
        scores = np.tile(self.bias, (len(texts), 1))
        grams = Ngrams.of_words(texts, len(self.idf))
        filled = grams.starts[1:] > grams.starts[:-1]
        if filled.any():
            starts = grams.starts[:-1][filled]
            values = self.idf[grams.buckets].astype(np.float32)  # (N,)
            norms = np.sqrt(np.add.reduceat(values * values, starts))
            terms = self.weights[grams.buckets] * values[:, None]  # (N, C)
            totals = np.add.reduceat(terms, starts, axis=0)  # (B, C)
            scores[filled] += totals * (self.scale / np.where(norms > 0, norms, 1)[:, None])
        return scores

    def save(self, path: Path) -> None:
        """Write the table as safetensors."""
        save_file({"idf": self.idf, "weights": self.weights, "scale": self.scale, "bias": self.bias}, path)

    @classmethod
    def load(cls, path: Path) -> LinearBranch:
        """Read what :meth:`save` wrote."""
        return cls(**load_file(path))
