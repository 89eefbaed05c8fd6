"""Take off what operators and letter writers put around every complaint.

The phrases are a table, ``data/boilerplate.toml``. How it was made: the leading and trailing 5 to 34 characters and the
bracketed insertions of 5,700 tickets of one city's hotline were counted, and whatever stood in at least some 15 tickets
of different matters was written down in a general form; the greetings and closings come from the same count over two
sets of letters to officials. It was then run over those sets and over two others, and everything taken off was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pipeline.errors import TableError
from pipeline.tables import DATA, build, read_toml

__all__ = ["Boilerplate", "Phrase"]

KINDS = ("head", "tail", "anywhere")

_HAN_SLOT = "(?![区县镇乡村街路巷道号栋园城请])[\u4e00-\u9fff]"
_FREE_SLOT = r"[^()（）<>\n]"
_EITHER_WIDTH = {"：": "[：:]", "，": "[，,]", "。": "[。.]", "！": "[！!]", "（": "[（(]", "）": "[）)]"}
_EITHER_WIDTH["·"] = "[，,。.！!；;、：:～~ ]{0,4}"
_CLOSING = frozenset("，,。.！!；;、：:～~ \n")
_COMMAS = frozenset("，,；;、：:～~ \n")
_SLOT = re.compile(r"\{([^{}]*)\}")
_LONGEST_SLOT = 24
_WINDOW = 120
_MEANING = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One entry of the table.

    Parameters
    ----------
    kind : str
        ``head``, ``tail`` or ``anywhere``.
    text : str
        The phrase, in the small language that the table's heading explains.
    """

    kind: str
    text: str


def _literal(text: str) -> str:
    """Return a regular expression for plain text, wide or narrow."""
    return "".join(_EITHER_WIDTH.get(character) or re.escape(character) for character in text)


def _slot(body: str) -> str:
    """Return a regular expression for what stands between ``{`` and ``}``.

    Raises
    ------
    ValueError
        On a length that is no number of 1 to 24.
    """
    if body[:1] in ("*", "~"):
        length = int(body[1:])
        if not 0 < length <= _LONGEST_SLOT:
            raise ValueError(body)
        one = _HAN_SLOT if body[0] == "*" else _FREE_SLOT
        return f"(?:{one}){{0,{length}}}"
    options = "|".join(_literal(option) for option in body.lstrip(">").split("|"))
    return f"(?={options})" if body[:1] == ">" else f"(?:{options})"


def _expression(phrase: Phrase, where: str) -> str:
    """Return the regular expression of one phrase; every repetition in it is bounded.

    Raises
    ------
    TableError
        If the kind is unknown, a brace is left open, or the phrase could match nothing at all.
    """
    if phrase.kind not in KINDS:
        raise TableError(f"不认识的类别“{phrase.kind}”", where=where, expected="、".join(KINDS))
    parts = _SLOT.split(phrase.text)
    try:
        expression = "".join(_slot(part) if place % 2 else _literal(part) for place, part in enumerate(parts))
    except ValueError as error:
        raise TableError(f"位置长度“{error}”不对", where=where, expected=f"1 到 {_LONGEST_SLOT} 的整数") from None
    if any(brace in part for part in parts[::2] for brace in "{}"):
        raise TableError("花括号不成对", where=where, remedy="补上缺少的花括号")
    if re.compile(expression).match(""):
        raise TableError("这条短语可以匹配空文本", where=where, remedy="让至少一个部分必须出现")
    return expression


def _any_of(expressions: Iterable[str]) -> str:
    """Return one alternative of all; nothing at all where there is none."""
    return "|".join(f"(?:{expression})" for expression in expressions) or r"(?!)"


class Boilerplate:
    """Takes the phrases of a table off a cleaned text.

    Parameters
    ----------
    phrases : iterable of Phrase
        The table.
    where : str
        Its name, for messages.

    Examples
    --------
    >>> Boilerplate.load().strip("市民来电反映：三号楼停水，请相关部门核实处理，谢谢！")
    '三号楼停水'
    """

    def __init__(self, phrases: Iterable[Phrase], where: str = "boilerplate") -> None:
        of: dict[str, list[str]] = {kind: [] for kind in KINDS}
        for number, phrase in enumerate(phrases, 1):
            of_phrase = _expression(phrase, f"{where} 第 {number} 条")
            of[phrase.kind].append(of_phrase)
        closing = f"[{''.join(_CLOSING)}]*+"
        self._anywhere = re.compile(rf"(?:{_any_of(of['anywhere'])}){closing}")
        self._head = re.compile(rf"(?>{_any_of(of['head'])}){closing}|[{''.join(_CLOSING)}]++")
        # A chain of phrases is taken at once: one by one, a hostile text of thousands would take quadratic time.
        self._tail = re.compile(rf"(?:(?>{_any_of(of['tail'])}){closing})++\Z")

    @classmethod
    def load(cls, path: Path = DATA / "boilerplate.toml") -> Self:
        """Read the table.

        Raises
        ------
        TableError
            If the table is missing or wrong.
        """
        table = read_toml(path)
        for key in table.keys() - {"phrase"}:
            raise TableError(f"不认识的键“{key}”", where=path, expected="[[phrase]]")
        entries = table.get("phrase", [])
        return cls((build(Phrase, entry, f"{path} 第 {n} 条") for n, entry in enumerate(entries, 1)), str(path))

    def strip(self, text: str) -> str:
        """Return ``text`` without boilerplate at its head, at its tail and in brackets between.

        Parameters
        ----------
        text : str
            Cleaned text.

        Returns
        -------
        str
            What is left, a line's end in the place of each insertion; ``text`` itself where nothing would be left.
            Stripping it again changes nothing.
        """
        left = self._anywhere.sub("\n", text)
        start = self._skip_head(left)
        left = left[start : self._skip_tail(left, start)]
        return left if _MEANING.search(left) else text

    def _skip_head(self, text: str) -> int:
        """Return where the text begins after all phrases that stand at its head."""
        start = 0
        while match := self._head.match(text, start):
            start = match.end()
        return start

    def _skip_tail(self, text: str, start: int) -> int:
        """Return where the text ends before all phrases that stand at its tail.

        A full stop or question mark before them stays; commas and the like go.
        """
        end = len(text)
        while True:
            bare = _before(_CLOSING, text, start, end)
            match = self._tail.search(text, max(start, bare - _WINDOW), bare)
            if match is None:
                return _before(_COMMAS, text, start, end)
            end = match.start()


def _before(characters: frozenset[str], text: str, start: int, end: int) -> int:
    """Return the end of ``text[start:end]`` without ``characters`` at its end."""
    while end > start and text[end - 1] in characters:
        end -= 1
    return end
