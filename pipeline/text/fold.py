"""Fold a text into the spelling that the model reads; what people read is left alone.

The same matter written in full width, in traditional characters or with another phone number must reach the model as
the same words. Folding loses case, width and long numbers, so its result is for models, never for a spreadsheet.
"""

from __future__ import annotations

import functools
import re
import unicodedata

import opencc

__all__ = ["PLACEHOLDERS", "fold"]

PLACEHOLDERS = ("<电话>", "<证件>", "<账号>", "<车牌>", "<邮箱>", "<姓名>")
"""What personal data is masked by (:mod:`pipeline.text.mask`); each is one token of the model."""

_LONG_NUMBER = re.compile(r"[0-9]{3,}")
# Numbers that name a service, not an amount: fire, police, ambulance, gas and price hotlines.
_SERVICES = frozenset(
    [
        "110",
        "112",
        "114",
        "119",
        "120",
        "122",
        "10000",
        "10010",
        "10086",
        "12110",
        "12123",
        "12306",
        "12309",
        "12315",
        "12318",
        "12320",
        "12328",
        "12329",
        "12331",
        "12333",
        "12338",
        "12345",
        "12348",
        "12350",
        "12355",
        "12358",
        "12365",
        "12369",
        "12377",
        "12388",
        "12389",
        "12393",
        "95598",
        "96119",
        "996",
    ]
)
_LONGEST_SHAPE = 8


@functools.cache
def _simplifier() -> opencc.OpenCC:
    """Return OpenCC's traditional-to-simplified converter, loaded once."""
    return opencc.OpenCC("t2s")


def _shape(match: re.Match[str]) -> str:
    """Return a long number as zeros of its length: the magnitude stays, the vocabulary is spared."""
    number = match.group()
    return number if number in _SERVICES else "0" * min(len(number), _LONGEST_SHAPE)


def fold(text: str) -> str:
    """Fold width, case, traditional characters and long numbers.

    Numbers of one or two digits keep their value (15 °C decides an urgency); longer ones become zeros of the same
    length, at most eight, except the numbers of services such as 119 and 12345.

    Parameters
    ----------
    text : str
        Cleaned and masked text.

    Returns
    -------
    str
        Text for :func:`pipeline.text.segment.Segmenter.words`. Folding it again changes nothing.

    Examples
    --------
    >>> fold("室内才１５度,打12345没人管,煤氣費350元")
    '室内才15度,打12345没人管,煤气费000元'
    """
    if not text.isascii():
        # A lone surrogate, from a damaged file, is no character that OpenCC or a tokenizer could encode.
        text = unicodedata.normalize("NFKC", text).encode("utf-8", "replace").decode("utf-8")
        text = _simplifier().convert(text)
    return _LONG_NUMBER.sub(_shape, text.lower())
