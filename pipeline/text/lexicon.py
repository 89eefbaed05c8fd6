"""Word lists written short, and one expression that finds any of their words.

A list is one text, its words parted by blanks. ``闻{到,见,着}{,了}`` stands for six words and ``@person`` for all words
of the list ``person``. A list becomes one regular expression: a tree of literals, so that the time to search is linear
in the text whatever the text holds.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence

from pipeline.errors import TableError

__all__ = ["LONGEST_WORD", "alternation", "expand", "read_lists", "require_length"]

LONGEST_WORD = 16
"""No word of a list is longer, in characters."""

_BRACES = re.compile(r"\{([^{}]*)\}")


def expand(word: str) -> list[str]:
    """Return the words that a word with braces stands for.

    Examples
    --------
    >>> expand("{着,起}火{了,}")
    ['着火了', '着火', '起火了', '起火']
    """
    braces = _BRACES.search(word)
    if braces is None:
        return [word]
    tails = expand(word[braces.end() :])
    return [word[: braces.start()] + choice + tail for choice in braces[1].split(",") for tail in tails]


def read_lists(
    entries: Mapping[str, object], alias: Mapping[str, str], where: str, shortest: int = 1
) -> dict[str, tuple[str, ...]]:
    """Return every list with its words written out, misspelt variants included.

    Parameters
    ----------
    entries : mapping of str to str
        Lists by name, words parted by blanks; a list may name only lists that stand before it.
    alias : mapping of str to str
        Misspelling to right spelling: a word that holds the right one is also looked for with the wrong one.
    where : str
        The file and table, for messages.
    shortest : int
        The least number of characters of a word.

    Raises
    ------
    TableError
        On an empty list, an unknown list, or a word that is too short or too long.
    """
    lists: dict[str, tuple[str, ...]] = {}
    for name, entry in entries.items():
        if not isinstance(entry, str) or not entry.split():
            raise TableError("词表为空或不是一段文字", where=f"{where}.{name}", expected="至少一个词，词间空格")
        words: list[str] = []
        for word in entry.split():
            words += _meant(word, lists, f"{where}.{name}")
        for word in words:
            require_length(word, f"{where}.{name}", shortest)
        words += [word.replace(right, wrong) for wrong, right in alias.items() for word in words if right in word]
        lists[name] = tuple(dict.fromkeys(words))
    return lists


def _meant(word: str, lists: Mapping[str, tuple[str, ...]], where: str) -> Iterable[str]:
    """Return the words that one entry of a list stands for."""
    if not word.startswith("@"):
        words = expand(word)
        if any("{" in part or "}" in part for part in words):
            raise TableError(f"“{word}”的花括号不成对或套叠", where=where, expected="如 闻{到,见}")
        return words
    if word[1:] not in lists:
        raise TableError(
            f"引用的词表“{word[1:]}”不在它前面", where=where, expected="、".join(lists) or "先写被引用的词表"
        )
    return lists[word[1:]]


def require_length(word: str, where: str, shortest: int = 1) -> None:
    """Refuse a word that says too little or is longer than any guard looks.

    Raises
    ------
    TableError
        Naming the list and the word.
    """
    if not shortest <= len(word) <= LONGEST_WORD:
        raise TableError(f"词“{word}”太短或太长", where=where, expected=f"{shortest} 到 {LONGEST_WORD} 个字的词")


def alternation(words: Iterable[str]) -> str:
    """Return an expression for any of ``words``, the longest at each place; for none, one that finds nothing.

    Examples
    --------
    >>> alternation(["着火", "着火了", "冒烟"])
    '(?:冒烟|着火(?:了)?)'
    """
    return _written(sorted(set(words))) or r"(?!)"


def _written(words: Sequence[str], depth: int = 0) -> str:
    """Return the expression of sorted words that agree in their first ``depth`` characters, from there on."""
    longer = [word for word in words if len(word) > depth]
    choices = [
        re.escape(char) + _written(list(branch), depth + 1)
        for char, branch in itertools.groupby(longer, key=lambda word: word[depth])
    ]
    if not choices:
        return ""
    optional = len(longer) < len(words)
    body = f"(?:{'|'.join(choices)})" if len(choices) > 1 or optional else choices[0]
    return f"{body}?" if optional else body
