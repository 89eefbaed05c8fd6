"""Times as hotline systems write them, read into naive local time."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta, timezone

__all__ = ["CHINA", "read_time"]

CHINA = timezone(timedelta(hours=8))
"""The one time zone of the country: what carries another zone is moved here before the zone is dropped."""

_LONGEST = 48
_YEARS = range(1950, 2100)
_WRITTEN = re.compile(
    r"(?P<year>[0-9]{4}) ?[-/.年] ?(?P<month>[0-9]{1,2}) ?[-/.月] ?(?P<day>[0-9]{1,2}) ?[日号]?"
    r"[ T,]{0,3}(?:\(?(?:星期|周)[一二三四五六日天]\)? ?)?(?P<before>凌晨|早上|上午|中午|下午|傍晚|晚上|am|pm)? ?"
    r"(?:(?P<hour>[0-9]{1,2}) ?[:时点](?: ?(?P<minute>[0-9]{1,2}) ?(?:分|:(?=[0-9])|$|(?=[ +za.]))?"
    r"(?: ?(?P<second>[0-9]{1,2})(?:\.[0-9]{1,9})? ?秒?)?)?)?"
    r" ?(?P<after>am|pm)?(?P<zone>z|[+-][0-9]{2}:?[0-9]{2})?",
    re.IGNORECASE,
)
_AFTERNOON = ("下午", "傍晚", "晚上", "pm")
_COMPACT = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def read_time(value: object, *, mac_dates: bool = False) -> datetime | None:
    """Read one cell as a time.

    Parameters
    ----------
    value : object
        A datetime or date; text such as ``2024-01-25 08:03``, ``2024/1/25``, ``2024年1月25日 8时3分``,
        ``20240125080300``; an Excel serial number; a Unix time in seconds or milliseconds.
    mac_dates : bool
        Whether serial numbers count from 1904-01-01 (old Excel for Mac) instead of 1899-12-30.

    Returns
    -------
    datetime or None
        Naive local time, to the second; ``None`` where the value cannot be read without guessing.

    Examples
    --------
    >>> read_time("2024年1月25日 下午3时05分")
    datetime.datetime(2024, 1, 25, 15, 5)
    """
    if isinstance(value, str):
        return _read_text(value, mac_dates=mac_dates)
    if isinstance(value, datetime):
        return _local(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _read_number(value, mac_dates=mac_dates)
    return None


def _local(value: datetime) -> datetime | None:
    """Drop the zone after moving to China's, and the fraction of a second by rounding."""
    if value.tzinfo is None and not value.microsecond:
        return value if value.year in _YEARS else None
    try:
        moved = value.astimezone(CHINA).replace(tzinfo=None) if value.tzinfo else value
        rounded = (moved + timedelta(microseconds=500_000)).replace(microsecond=0) if moved.microsecond else moved
    except OverflowError:
        return None
    return rounded if rounded.year in _YEARS else None


def _read_text(text: str, *, mac_dates: bool) -> datetime | None:
    """Read a written time; the usual form first, because it is nearly all of them."""
    if len(text) in (16, 19) and text[4] == "-" and text[7] == "-":
        try:
            return _local(datetime.fromisoformat(text))
        except ValueError:
            pass
    if len(text) > _LONGEST:
        return None
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    if re.fullmatch(r"[0-9]{1,17}(?:\.[0-9]{0,12})?", text):
        return _read_digits(text, mac_dates=mac_dates)
    match = _WRITTEN.fullmatch(text)
    return _assemble(match) if match else None


def _assemble(match: re.Match[str]) -> datetime | None:
    """Build the time from a written one's parts."""
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    half = (match["before"] or match["after"] or "").casefold()
    if half in _AFTERNOON and hour < 12:
        hour += 12
    elif half in ("am", "凌晨") and hour == 12:
        hour = 0
    zone = (match["zone"] or "").upper().replace(":", "")
    try:
        value = datetime(int(match["year"]), int(match["month"]), int(match["day"]), hour, minute, second)
        return _local(datetime.strptime(f"{value:%Y%m%d%H%M%S}{zone}", "%Y%m%d%H%M%S%z") if zone else value)
    except ValueError:
        return None


def _read_digits(text: str, *, mac_dates: bool) -> datetime | None:
    """Read ``20240125080300`` and its shorter forms, then whatever a number may be."""
    whole = text.partition(".")[0]
    form = _COMPACT.get(min(len(whole), 14) if len(whole) == 17 else len(whole))
    if form and whole[:2] in ("19", "20") and whole == text:
        try:
            return _local(datetime.strptime(whole[:14], form))
        except ValueError:
            return None
    return _read_number(float(text), mac_dates=mac_dates)


def _read_number(number: float, *, mac_dates: bool) -> datetime | None:
    """Read an Excel serial number (years 1954 to 2099), a Unix time, or digits that a spreadsheet took for a number."""
    if 20_000 <= number < 73_051:
        start = datetime(1904, 1, 1) if mac_dates else datetime(1899, 12, 30)
        return _local(start + timedelta(seconds=round(number * 86_400)))
    if 1e9 <= number < 1.9e9:
        return _local(datetime.fromtimestamp(number, CHINA))
    if 1e12 <= number < 1.9e12:
        return _local(datetime.fromtimestamp(number / 1000, CHINA))
    digits = str(int(number)) if float(number).is_integer() else ""
    return _read_digits(digits, mac_dates=mac_dates) if len(digits) in _COMPACT and digits[:2] in ("19", "20") else None
