"""Copies of a text that mean the same, to see whether a model's answers hold: other width, other script, other typing.

The same matter reaches a hotline typed in full width, in traditional characters, with a number already masked or not,
and with slips of an input method. A model that deserves trust says the same of all of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import opencc

__all__ = ["COPIES", "misspelt"]

# Pairs that input methods by sound or shape confuse most; each is a slip in either direction.
_SLIPS = (
    "的地 在再 做作 像象 那哪 已以 园圆 暖暧 账帐 坐座 须需 象向 式试 步部 到道 事是 时实 很狠 他她 么吗 其期 因应"
    " 经金 题提 气汽 工公 区曲 路陆 业叶 处出 长常 水睡 电店 车扯 房防 理里 没每 有又 物务 费废 高搞 声生 停挺 通同"
)
_SLIP = {pair[side]: pair[1 - side] for pair in _SLIPS.split() for side in (0, 1)}
_EVERY = 25
"""One slip in so many characters: a light hand; real transcripts have fewer."""


def misspelt(text: str, rng: np.random.Generator) -> str:
    """Return a copy with slips of typing: a like-sounding character, two in the wrong order, one doubled or lost.

    Parameters
    ----------
    text : str
        Any text.
    rng : Generator
        Source of chance; the same state gives the same copy.
    """
    letters = list(text)
    for _ in range(max(1, len(letters) // _EVERY)):
        at = int(rng.integers(len(letters)))
        kind = rng.integers(4)
        if letters[at] in _SLIP and kind < 2:
            letters[at] = _SLIP[letters[at]]
        elif kind == 2 and at + 1 < len(letters):
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        elif kind == 3:
            letters[at] *= 2
        elif len(letters) > 1:
            letters[at] = ""
            letters = [letter for letter in letters if letter]
    return "".join(letters)


def _full_width(text: str, _: np.random.Generator) -> str:
    """Return letters, digits and signs in full width."""
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def _traditional(text: str, _: np.random.Generator) -> str:
    """Return the text in traditional characters."""
    return str(opencc.OpenCC("s2t").convert(text))


def _with_number(text: str, rng: np.random.Generator) -> str:
    """Return the text with a caller's number behind it, which masking takes out again."""
    return f"{text}联系电话:139{rng.integers(10**8):08d}"


COPIES: dict[str, Callable[[str, np.random.Generator], str]] = {
    "电话已脱敏": _with_number,
    "全角": _full_width,
    "繁体": _traditional,
    "轻微错字": misspelt,
}
"""By name, what makes a copy of a text."""
