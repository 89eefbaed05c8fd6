"""Put typed placeholders for what tells who a person is: numbers, plates, net addresses, names at their cues.

What must stay: numbers of services (110, 12345, 12315 …), ticket and order numbers, dates, sums, and the names of
places and companies. Numbers that begin with 400 or 800 stay too: only companies can have them, and in a complaint they
tell which company is meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from pipeline.text.names import CONTACT, HIDDEN, find_names

__all__ = ["PLACEHOLDER", "Found", "find_personal", "mask"]

PLACEHOLDER = {kind: f"<{kind}>" for kind in ("电话", "证件", "账号", "车牌", "邮箱", "姓名")}
"""What each kind of personal data is replaced by."""


@dataclass(frozen=True, slots=True)
class Found:
    """One piece of personal data: where it stands, never what it says.

    Parameters
    ----------
    kind : str
        A key of :data:`PLACEHOLDER`.
    start, end : int
        The span in the text, in code points.
    """

    kind: str
    start: int
    end: int


# --- Checks ----------------------------------------------------------------------------------------------------------

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()  # noqa: SIM905
)
_ID_LENGTH = 18
_FIRST_YEAR, _LAST_YEAR = 1890, 2100


def _digits(match: re.Match[str]) -> str:
    """Return the digits (and a check letter X) of a match without what separates them."""
    return re.sub(r"[^0-9X]", "", match["it"].upper())


def _is_date(year: int, month: int, day: int) -> bool:
    """Whether a person can have been born on that day."""
    try:
        date(year, month, day)
    except ValueError:
        return False
    return _FIRST_YEAR <= year <= _LAST_YEAR


def _is_id(match: re.Match[str]) -> bool:
    """Whether this is a citizen's ID number: province, date and, in the long form, the check digit of GB 11643-1999."""
    number = _digits(match)
    if number[:2] not in _PROVINCES:
        return False
    if len(number) < _ID_LENGTH:
        return _is_date(1900 + int(number[6:8]), int(number[8:10]), int(number[10:12]))
    remainder = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True)) % 11
    return number[17] == "10X98765432"[remainder] and _is_date(
        int(number[6:10]), int(number[10:12]), int(number[12:14])
    )


def _is_card(match: re.Match[str]) -> bool:
    """Whether the last digit is Luhn's check digit (ISO/IEC 7812-1), as on every bank card."""
    total = 0
    for place, digit in enumerate(reversed(_digits(match))):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_no_date(match: re.Match[str]) -> bool:
    """Whether eight digits after 电话 are no day such as 20180107."""
    number = _digits(match)
    return not (re.match("20[0-4]", number) and len(number) == 8 and 1 <= int(number[4:6]) <= 12)


def _has_digits(least: int) -> Callable[[re.Match[str]], bool]:
    """Return a check for at least so many digits."""
    return lambda match: sum(character.isdigit() for character in match["it"]) >= least


def _always(_: re.Match[str]) -> bool:
    """Accept."""
    return True


# --- Rules -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Rule:
    """A kind of personal data and how it is found.

    Parameters
    ----------
    kind : str
        A key of :data:`PLACEHOLDER`.
    expression : str
        The group ``it`` is what is found.
    cues : tuple of str
        One of these is in the text, or the rule is not tried; none where it needs no cue.
    accept : callable
        A check of what was found.
    """

    kind: str
    expression: str
    cues: tuple[str, ...] = ()
    accept: Callable[[re.Match[str]], bool] = _always
    compiled: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compiled", re.compile(self.expression))

    def find(self, text: str) -> list[Found]:
        """Return what the rule finds in a narrow text."""
        if self.cues and not any(cue in text for cue in self.cues):
            return []
        return [Found(self.kind, *match.span("it")) for match in self.compiled.finditer(text) if self.accept(match)]


_IS = "(?:号码|号|码)?(?:为|是|就是)?[: ]{0,2}"
_DASH = "[ .·—_-]"
_PLATE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_AREA = r"(?:\+?86[ -]?)?[(]?(?:010|02[0-57-9]|0[3-9][0-9]{2})[)]?[ —-]{0,2}"
_LOCAL = r"[2-9][0-9]{2,3}[ -]?[0-9]{4}(?![0-9])(?:(?:转|-)[0-9]{1,6}(?![0-9]))?"
_CARD_BLOCKS = "[0-9]{4}(?:[ -][0-9]{4}){2,4}(?:[ -][0-9]{1,3})?"
_MOBILE = (
    rf"(?:(?:\+|00)?86{_DASH}?|0)?1[3-9][0-9](?:{_DASH}{{0,3}}[0-9]{{4}}{_DASH}{{0,3}}[0-9]{{4}}"
    rf"|[0-9]{_DASH}[0-9]{{3}}{_DASH}[0-9]{{4}}|{_DASH}[0-9]{{3}}{_DASH}[0-9]{{5}}|[*xX×]{{3,8}}[0-9]{{4}})"
)
_CAPITAL = "[A-HJ-Za-hj-z]"  # no I; O is none either, but people write it for 0

# In this order, the longer numbers before those that they contain.
_LONG_NUMBERS = (
    _Rule("证件", r"(?<![0-9])(?P<it>[1-8][0-9]{5}[ -]?[12][0-9]{7}[ -]?[0-9]{3}[0-9Xx])(?![0-9])", accept=_is_id),
    _Rule("证件", r"(?<![0-9])(?P<it>[1-8][0-9]{14})(?![0-9])", accept=_is_id),
    _Rule(
        "账号",
        rf"(?:卡|账号|帐号|账户|帐户|存折){_IS}(?P<it>[0-9]{{12,25}}|{_CARD_BLOCKS})(?![0-9])",
        ("卡", "账", "帐", "存折"),
    ),
    _Rule(
        "账号",
        r"(?<![0-9])(?P<it>[3-69][0-9]{3}(?:[ -]?[0-9]{4}){3}(?:[ -]?[0-9]{1,3})?)(?![0-9])",
        accept=_is_card,
    ),
    _Rule("电话", r"(?<![0-9])(?P<it>(?:1[3-9][0-9]{9}){2})(?![0-9])"),
    _Rule("电话", rf"(?<![0-9])(?<![0-9]\.)(?P<it>{_MOBILE})(?![0-9])(?! ?(?:元|万|亿|块钱))"),
    _Rule("电话", rf"(?<![0-9A-Za-z])(?P<it>{_AREA}{_LOCAL})"),
)
_SHORT_NUMBERS = (
    _Rule(
        "电话",
        rf"(?:(?:电话|座机|固话|致电|拨打|联系方式|[Tt][Ee][Ll]){_IS}[(]?|{CONTACT}[、/,和或 ]{{1,2}})"
        rf"(?P<it>(?![48]00){_LOCAL}(?:[、/,和或 ]{{1,2}}{_LOCAL})*+)(?! ?[元万])",
        accept=_is_no_date,
    ),
    _Rule(
        "车牌",
        r"车牌(?:照)?(?:号码|号)?(?:为|是)?[: ]{0,2}(?P<it>[A-Za-z]?[·.-]?[A-Za-z0-9]{5,7})(?![A-Za-z0-9])",
        ("车牌",),
        _has_digits(3),
    ),
    _Rule(
        "账号",
        rf"(?:(?<![A-Za-z])[Qq][Qq]|扣扣|企鹅)群?{_IS}(?P<it>[1-9][0-9]{{4,11}})(?![0-9])",
        ("Q", "q", "扣扣", "企鹅"),
    ),
)
_IDS = (
    _Rule(
        "证件",
        rf"身份证(?:件)?{_IS}(?P<it>[0-9]{{3,18}}\*{{3,}}[0-9]{{0,8}}[Xx]?|[0-9]{{15,18}}[Xx]?)(?![0-9])",
        ("身份证",),
    ),
    _Rule(
        "证件",
        rf"(?:护照|通行证|居住证|军官证|残疾证|驾驶证){_IS}(?P<it>[A-Za-z]{{0,2}}[0-9]{{7,20}})(?![0-9A-Za-z])",
        ("护照", "证"),
    ),
)
_WITH_LETTERS = (
    _Rule("邮箱", r"(?<![A-Za-z0-9._%+-])(?P<it>[A-Za-z0-9._%+-]++@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++)", ("@",)),
    _Rule(
        "车牌",
        rf"(?P<it>[{_PLATE}] ?{_CAPITAL}[ ·•.・—-]{{0,2}}"
        r"(?:[A-Za-z0-9]{5,6}|[A-Za-z0-9]{4}[挂学警港澳试超领使])(?![A-Za-z0-9]))",
        accept=_has_digits(2),
    ),
    _Rule(
        "账号",
        rf"(?:微信|薇信|威信|(?i:(?<![A-Z])(?:weixin|wechat|vx|wx)|v信))(?i:账号|帐号|id)?{_IS}"
        r"(?P<it>[A-Za-z][A-Za-z0-9_-]{5,19}|[0-9]{5,12})(?![A-Za-z0-9_])",
        ("信", "x", "X", "hat", "HAT"),
        _has_digits(1),
    ),
    _Rule(
        "账号",
        r"(?:微信|薇信|威信)(?i:账号|帐号|号码|号|id)(?:为|是)?[: ]{0,2}"
        r"(?P<it>[A-Za-z][A-Za-z0-9_-]{5,19})(?![A-Za-z0-9_])",
        ("信",),
    ),
    _Rule(
        "账号",
        rf"(?:支付宝|抖音|快手|微博|小红书|钉钉|闲鱼|淘宝)(?:账号|帐号|账户|id|ID|号){_IS}"
        r"(?P<it>[A-Za-z0-9_-]{5,24})(?![A-Za-z0-9_])",
        ("账", "帐", "号", "id", "ID"),
    ),
)

_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20, 0x0A: 0x20, 0x09: 0x20}
_ANY_PLACEHOLDER = re.compile("|".join(PLACEHOLDER.values()))
# At least so many digits (or signs that hide them), near one another: without them a group of rules is not tried.
_LONG_NUMBER = re.compile(r"[0-9](?:[ .·—_()-]{0,3}[0-9*xX×]){9}")
_SHORT_NUMBER = re.compile("[0-9][0-9 *-]{3}")
_LETTERS = re.compile("[A-Za-z][ ·•.・—-]{0,2}[A-Za-z0-9]{2}|[信号][A-Za-z0-9: ]")
_FILLER = {kind: CONTACT if kind in ("电话", "证件") else HIDDEN for kind in PLACEHOLDER}


def _hide(text: str, found: Iterable[Found]) -> str:
    """Return ``text`` with a filler for every character found, so that places stay and nothing is found twice."""
    parts: list[str] = []
    end = 0
    for item in found:
        parts += text[end : item.start], _FILLER[item.kind] * (item.end - item.start)
        end = item.end
    return "".join([*parts, text[end:]])


def _by_rule(rules: Iterable[_Rule], text: str, found: list[Found]) -> str:
    """Add to ``found`` what the rules find, one after the other; return the text with that hidden."""
    for rule in rules:
        new = rule.find(text)
        if new:
            found += new
            text = _hide(text, new)
    return text


def _apart(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield spans from left to right, leaving out those that overlap one before."""
    last = 0
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= last:
            yield start, end
            last = end


def _once(text: str, found: list[Found]) -> str:
    """Add to ``found`` what one round finds; return the text with that hidden."""
    if _SHORT_NUMBER.search(text):
        text = _by_rule(_IDS, text, found)
        if _LONG_NUMBER.search(text):
            text = _by_rule(_LONG_NUMBERS, text, found)
        text = _by_rule(_SHORT_NUMBERS, text, found)
    if _LETTERS.search(text):
        text = _by_rule(_WITH_LETTERS, text, found)
    names = [Found("姓名", start, end) for start, end in _apart(find_names(text))]
    found += names
    return _hide(text, names) if names else text


def find_personal(text: str) -> list[Found]:
    """Find personal data: phones, IDs, accounts, plates, e-mail addresses, and names at their cues.

    Rounds are repeated until one finds nothing new, so that masking a masked text changes nothing.

    Parameters
    ----------
    text : str
        Any text; digits may be full width. Placeholders in it are left alone.

    Returns
    -------
    list of Found
        From left to right, not overlapping.
    """
    known = [Found(match.group()[1:-1], *match.span()) for match in _ANY_PLACEHOLDER.finditer(text)]
    hidden = _hide(text.translate(_NARROW), known)
    found: list[Found] = []
    while True:
        before = len(found)
        hidden = _once(hidden, found)
        if len(found) == before:
            return sorted(found, key=lambda item: item.start)


def mask(text: str) -> str:
    """Return ``text`` with a typed placeholder for each piece of personal data.

    Parameters
    ----------
    text : str
        Any text; best a cleaned one (:func:`pipeline.text.clean.clean`).

    Returns
    -------
    str
        Masked text. Masking it again changes nothing.

    Examples
    --------
    >>> mask("我叫张小三,电话138 0013 8000,打了12345,物业李经理不管")
    '我叫<姓名>,电话<电话>,打了12345,物业<姓名>经理不管'
    """
    parts: list[str] = []
    end = 0
    for item in find_personal(text):
        parts += text[end : item.start], PLACEHOLDER[item.kind]
        end = item.end
    return "".join([*parts, text[end:]])
