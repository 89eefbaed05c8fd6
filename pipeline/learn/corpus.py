"""The pretraining corpus: compressed text files turned into one array of token ids on disk.

A file of ``shared/corpus`` holds one document a line. Each is folded, segmented and tokenised once; the ids are kept as
``uint16`` with the highest bit set on the first token of a word, so whole words can be masked later without the text.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer
from tqdm import tqdm

from pipeline.learn.vocabulary import SEP, UNK, entry_id
from pipeline.text.segment import segmenter

__all__ = ["WEIGHTS", "WORD_START", "EncodedCorpus", "count_words", "encode_corpus", "read_documents"]

WORD_START = np.uint16(1 << 15)
"""The bit that marks the first token of a word."""

WEIGHTS = {
    "complaints": 8.0,
    "fuzhou_water_weibo_news": 3.0,
    "cec_emergencies": 4.0,
    "legal_qa_siat": 3.0,
    "fire_safety_quiz": 4.0,
    "covid_policy_qa": 1.5,
    "coal_mine_safety": 1.0,
    "events_fire_finance": 1.5,
    "question_pairs": 1.0,
    "hebei_gov_docs": 0.5,
    "city_digital_governance": 0.4,
    "laws_lawrefbook": 0.15,
    "laws_justlaws": 0.1,
    "articles_fudan_textinfoexp": 0.15,
    "cctv_xinwenlianbo": 0.4,
    "gov_work_reports": 0.3,
    "policy_docs_vr": 0.4,
    "legal_cail": 0.5,
}
"""How often a document is read per epoch; 1 for a file not named. Complaints and what is near come more often."""

HELD_OUT_SHARE = 0.004


def read_documents(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield ``(file's stem, document)`` of every ``*.txt.xz`` in a folder, in a fixed order."""
    for path in sorted(folder.glob("*.txt.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                if line := line.strip():
                    yield path.name.removesuffix(".txt.xz"), line


def count_words(folder: Path) -> Counter[str]:
    """Count the segmenter's words over the corpus, each file by its weight (rounded up to whole counts)."""
    by_file: dict[str, Counter[str]] = {}
    for name, document in tqdm(read_documents(folder), desc="counting words", unit="doc", disable=None):
        by_file.setdefault(name, Counter()).update(segmenter().words(document))
    total: Counter[str] = Counter()
    for name, counts in by_file.items():
        weight = WEIGHTS.get(name, 1.0)
        for word, count in counts.items():
            total[word] += -int(-count * weight // 1)
    return total


@dataclass(frozen=True)
class EncodedCorpus:
    """Token ids of all documents, one after the other.

    Parameters
    ----------
    tokens : ndarray of uint16, shape (N,)
        Ids, with :data:`WORD_START` on first tokens; every document ends in ``[SEP]``.
    starts : ndarray of int64, shape (D + 1,)
        Where each document begins; the last entry is N.
    weights : ndarray of float32, shape (D,)
        How often each document is read per epoch.
    held_out : ndarray of bool, shape (D,)
        Documents kept for the held-out loss, chosen by the hash of their ids.
    """

    tokens: npt.NDArray[np.uint16]
    starts: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]
    held_out: npt.NDArray[np.bool_]

    @classmethod
    def load(cls, folder: Path) -> EncodedCorpus:
        """Open what :func:`encode_corpus` wrote; the tokens stay on disk."""
        return cls(
            tokens=np.load(folder / "tokens.npy", mmap_mode="r"),
            starts=np.load(folder / "starts.npy"),
            weights=np.load(folder / "weights.npy"),
            held_out=np.load(folder / "held_out.npy"),
        )

    def epoch(self, rng: np.random.Generator, *, held_out: bool = False) -> npt.NDArray[np.int64]:
        """Return the documents of one epoch in random order, each as often as its weight says."""
        if held_out:
            return np.flatnonzero(self.held_out)
        whole = np.floor(self.weights).astype(np.int64)
        times = whole + (rng.random(len(self.weights)) < self.weights - whole)
        order = np.repeat(np.arange(len(self.weights)), np.where(self.held_out, 0, times))
        rng.shuffle(order)
        return order

    def blocks(self, order: npt.NDArray[np.int64], length: int) -> Iterator[npt.NDArray[np.uint16]]:
        """Yield blocks of ``length`` tokens, the documents of ``order`` packed without gaps."""
        parts: list[npt.NDArray[np.uint16]] = []
        held = 0
        for document in order:
            part = self.tokens[self.starts[document] : self.starts[document + 1]]
            parts.append(part)
            held += len(part)
            if held >= 64 * length:
                yield from (block := np.concatenate(parts))[: held // length * length].reshape(-1, length)
                parts = [block[held // length * length :]]
                held = len(parts[0])
        if held >= length:
            yield from np.concatenate(parts)[: held // length * length].reshape(-1, length)


def encode_corpus(folder: Path, tokenizer: Tokenizer, target: Path) -> EncodedCorpus:
    """Segment and tokenise a corpus once and keep the ids under ``target``."""
    pieces = _WordIds(tokenizer)
    tokens: list[npt.NDArray[np.uint16]] = []
    weights, held_out = [], []
    for name, document in tqdm(read_documents(folder), desc="encoding", unit="doc", disable=None):
        ids = np.array([*pieces.ids(segmenter().words(document)), pieces.end], dtype=np.uint16)
        tokens.append(ids)
        weights.append(WEIGHTS.get(name, 1.0))
        digest = hashlib.blake2b(ids.tobytes(), digest_size=4).digest()
        held_out.append(int.from_bytes(digest) / 2**32 < HELD_OUT_SHARE)
    target.mkdir(parents=True, exist_ok=True)
    np.save(target / "tokens.npy", np.concatenate(tokens))
    np.save(target / "starts.npy", np.cumsum([0, *map(len, tokens)]))
    np.save(target / "weights.npy", np.array(weights, dtype=np.float32))
    np.save(target / "held_out.npy", np.array(held_out))
    summary = {"documents": len(tokens), "tokens": int(sum(map(len, tokens))), "unknown": pieces.unknown}
    (target / "corpus.json").write_text(json.dumps(summary))
    return EncodedCorpus.load(target)


class _WordIds:
    """Looks words up once; a corpus repeats its words, so a cache is faster than any tokenizer."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._cache: dict[str, list[int]] = {}
        self.end = entry_id(tokenizer, SEP) | int(WORD_START)
        self._unk = entry_id(tokenizer, UNK)
        self.unknown = 0

    def ids(self, words: list[str]) -> Iterator[int]:
        for word in words:
            known = self._cache.get(word)
            if known is None:
                known = self._tokenizer.encode(word, add_special_tokens=False).ids
                self.unknown += known.count(self._unk)
                known = [known[0] | int(WORD_START), *known[1:]] if known else []
                self._cache[word] = known
            yield from known
