"""Degrees of a matter in numbers: the room's temperature, days without service, people, households, hours of waiting.

Numbers in digits (also of full width), Chinese numerals, ranges (十五六度, 14～16度: the lower counts) and vague ones
(几天, 十几户, 半个月) are read; what cannot be a room's temperature (outside, water, below zero) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["KINDS", "Measure", "find_measures", "read_number"]

KINDS = ("temperature", "days", "hours", "people", "households")
"""What is measured: °C in a room, days, hours, persons, households or flats."""

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2, "仨": 3}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10000}
_VAGUE = 3
"""How many 几 and 数 mean at least."""

_NUMBER = r"(?:[0-9]{1,5}(?:\.[0-9])?|[零〇一二两三四五六七八九十百千万几数半俩仨]{1,6})"
_RANGE = rf"(?P<low>{_NUMBER})(?:[-~～—至到/、]{{1,2}}{_NUMBER})?(?P<more>多|几|余|来)?"
_UNIT = (
    r"(?:个|名|位)?(?P<unit>摄氏度|度|℃|°|个?多?小时|个?多?钟头|天|日|夜|晚|宿|周|星期|礼拜|个?多?月|年|"
    r"号人|人|口人|口子|工友|工人|农民工|民工|业主|乘客|学生|孩子|娃娃?|老人|姐妹|弟兄|兄弟|司机|居民|村民|"
    r"户|家住户|家|栋|单元)(?P<half>半)?"
)
_DIGIT = re.compile(r"[0-9零〇一二两三四五六七八九十百千万几数半俩仨]")
_WIDE_DIGIT = re.compile("[０-９]")
_MEASURE = re.compile(_RANGE + _UNIT)
_KIND = {"度": "temperature", "℃": "temperature", "°": "temperature", "户": "households"} | {
    "时": "hours",
    "头": "hours",
}
_DAYS = {"天": 1, "日": 1, "夜": 1, "晚": 1, "宿": 1, "周": 7, "期": 7, "拜": 7, "月": 30, "年": 365}
_HOUSEHOLDS = frozenset("户家栋元")
_COLDEST, _WARMEST = 4.0, 30.0
_OUTSIDE = re.compile(
    r"室外|户外|外面|外头|屋外|气温|天气|零下|水温|回水|供水|进水|出水|上水|热水|管温|降到|体温|烧|-|—|负"
)
_INSIDE = re.compile(
    r"室温|室内|屋|家|房间|卧室|客厅|宿舍|教室|病房|温度计|测温|测了|暖气|供暖|供热|只有|才|不到|最多|最高|度都"
)
_LOOK = 14
"""How many characters before a temperature say where it was taken."""
_LONGEST_YEARS = 100
_WIDE = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF1A)}
_NOT_A_SPAN = re.compile(r"[0-9年月:：第]$")


@dataclass(frozen=True, slots=True)
class Measure:
    """One degree found in a text.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    value : float
        In °C, days, hours, persons or households; the lower end of a range.
    start, end : int
        The span in the text, in characters.
    """

    kind: str
    value: float
    start: int
    end: int


def read_number(text: str) -> float:
    """Return what a number in digits or Chinese numerals says; 几 and 数 count as three, 半 as one half.

    Examples
    --------
    >>> [read_number(word) for word in ("13", "十五六", "两", "二十几", "一百二十", "半")]
    [13.0, 15.0, 2.0, 23.0, 120.0, 0.5]
    """
    if text[0] in "0123456789":
        return float(text)
    if text == "半":
        return 0.5
    total, digit = 0.0, None
    for char in text:
        if char in _UNITS:
            total = max(total, 1.0) * _UNITS[char] if digit is None else total + digit * _UNITS[char]
            digit = None
        elif char in "几数":
            digit = _VAGUE
        elif char in _DIGITS and not digit:
            # Of two digits side by side (十五六) the first, the lower, counts.
            digit = _DIGITS[char]
    return total + (digit or 0)


def find_measures(text: str) -> Iterator[Measure]:
    """Yield the degrees in ``text``, in their order."""
    folded, reached = text.translate(_WIDE) if _WIDE_DIGIT.search(text) else text, 0
    for digit in _DIGIT.finditer(folded):
        if digit.start() < reached:
            continue
        match = _MEASURE.match(folded, digit.start())
        if match is not None:
            reached = match.end()
            measure = _measure(match, folded)
            if measure is not None:
                yield measure


def _measure(match: re.Match[str], text: str) -> Measure | None:
    """Return what a number with its unit measures; ``None`` for a date, or a temperature that is not a room's."""
    unit, value = match["unit"], read_number(match["low"])
    before = text[max(0, match.start() - _LOOK) : match.start()]
    kind = _KIND.get(unit[-1], "households" if unit[-1] in _HOUSEHOLDS else "people")
    if kind == "temperature":
        inside = _INSIDE.search(before) and not _OUTSIDE.search(before[-6:])
        if not inside or not _COLDEST <= value <= _WARMEST:
            return None
    elif unit[-1] in _DAYS:
        if _is_date(unit, match["low"], before):
            return None
        kind, value = "days", (value + (0.5 if match["half"] else 0)) * _DAYS[unit[-1]]
    return Measure(kind, value, match.start(), match.end())


def _is_date(unit: str, number: str, before: str) -> bool:
    """Return whether a number of days, months or years is a date: 11月12日 and 2019年, but not 11个月 and 3年."""
    if _NOT_A_SPAN.search(before):
        return True
    return (unit in ("月", "日") and number.isdigit()) or (unit == "年" and read_number(number) > _LONGEST_YEARS)
