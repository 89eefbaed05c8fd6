"""Cut a folded text into words: jieba's dictionary, with the field's own words added.

jieba is the reference. rjieba, the same dictionary in Rust, does the same some fifteen times as fast and is used where
it is installed. jieba's guessing of unknown words (its HMM) is off: a word is then in the dictionary or falls into
characters, which both implementations do alike, and WordPiece makes the best of characters.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from pipeline.tables import DATA
from pipeline.text.fold import PLACEHOLDERS, fold

__all__ = ["USERDICT", "Segmenter", "UserWord", "read_userdict", "segmenter"]

USERDICT = DATA / "userdict.txt"

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_PIECE = re.compile(rf"{'|'.join(PLACEHOLDERS)}|([{_HAN}]+)|[a-z]+|[0-9]+|\S")

UserWord = tuple[str, int, str]
"""A word, its frequency and its part of speech, as in jieba's dictionaries."""


class _Cutter(Protocol):
    """Anything that cuts a run of Chinese characters into words."""

    def __call__(self, run: str) -> Iterable[str]: ...


def read_userdict(path: Path = USERDICT) -> Iterator[UserWord]:
    """Yield the field's words of a file in jieba's format, ``word frequency tag`` a line."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            word, frequency, tag = line.split()
            yield word, int(frequency), tag


def _rust_cutter(words: Iterable[UserWord], *, shared: bool) -> _Cutter:
    """Return rjieba's cutter with ``words`` added, to the process's own dictionary or to a further one."""
    import rjieba  # noqa: PLC0415 - optional in a slim install

    # rjieba builds one dictionary as it is imported, which takes a tenth of a second; the project's own words go there.
    jieba_rs = rjieba if shared else rjieba.Jieba()
    for word, frequency, tag in words:
        jieba_rs.add_word(word, frequency, tag)
    cut = jieba_rs.cut
    return lambda run: cut(run, False)


def _reference_cutter(words: Iterable[UserWord]) -> _Cutter:
    """Return jieba's own cutter with ``words`` added."""
    import jieba  # noqa: PLC0415 - costs half a second, only where rjieba is missing

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    for word, frequency, tag in words:
        tokenizer.add_word(word, frequency, tag)
    return lambda run: tokenizer.cut(run, HMM=False)


class Segmenter:
    """Cuts texts into the words that the model was trained on.

    Parameters
    ----------
    userdict : Path
        The field's words, in jieba's format.
    reference : bool
        Use jieba itself even where rjieba is installed.

    Examples
    --------
    >>> Segmenter().words("消防通道被堵,打了12345")
    ['消防通道', '被', '堵', ',', '打', '了', '12345']
    """

    def __init__(self, userdict: Path = USERDICT, *, reference: bool = False) -> None:
        words = list(read_userdict(userdict))
        if reference:
            self._cut = _reference_cutter(words)
            return
        try:
            self._cut = _rust_cutter(words, shared=userdict == USERDICT)
        except ImportError:
            self._cut = _reference_cutter(words)

    def words(self, text: str) -> list[str]:
        """Return the words of a cleaned and masked text, folded; white space separates and is dropped."""
        words: list[str] = []
        for match in _PIECE.finditer(fold(text)):
            if match.group(1):
                words.extend(self._cut(match.group()))
            else:
                words.append(match.group())
        return words


@functools.cache
def segmenter() -> Segmenter:
    """Return the process's segmenter with the project's own dictionary, loaded once."""
    return Segmenter()
