"""Make an exported cell what a person would want to read, without losing a word of it.

Exports come out of web forms, crawlers, Excel and GB 18030 files; each leaves its own dirt. Every step here is linear
in the length of the text, whatever it holds, and the whole is idempotent: ``clean(clean(x)) == clean(x)``.
"""

from __future__ import annotations

import re
import unicodedata
from html.entities import name2codepoint

__all__ = ["clean"]

# --- Single characters -----------------------------------------------------------------------------------------------

# GBK and GB 18030-2000/2005 put characters that Unicode then lacked into its private use area; files decoded by those
# mappings (CPython's codec is one) still carry them. U+E815..U+E864 are GBK's FE50..FEA0, in order.
# Source: GB 18030-2022 annex D (18 mappings changed: ten vertical punctuation marks, eight ideographs) and the six
# ideographs that the annex gives by their four-byte code; the rest became regular in 2000 and 2005.
_GBK_FE50 = (
    "⺁𠂇𠂉𠃌⺄㑳㑇⺈⺋龴㖞㘚㘎⺌⺗㥮㤘龵㧏㧟㩳㧐龶龷㭎㱮㳠⺧𡗗龸⺪䁖䅟⺮䌷⺳⺶⺷𢦏䎱䎬⺻䏝䓖䙡䙌龹"
    "䜣䜩䝼䞍⻊䥇䥺䥽䦂䦃䦅䦆䦟䦛䦷䦶龺𤇾䲣䲟䲠䲡䱷䲢䴓䴔䴕䴖䴗䴘䴙䶮龻"
)
_GB18030 = {
    **{0xE815 + place: character for place, character in enumerate(_GBK_FE50)},
    **dict(zip(range(0xE78D, 0xE797), "︐︒︑︓︔︕︖︗︘︙", strict=True)),
    0xE7C7: "ḿ",
    0xE7C8: "ǹ",
    0xE76C: "€",
    **dict(zip(range(0xE7E7, 0xE7F4), "〾⿰⿱⿲⿳⿴⿵⿶⿷⿸⿹⿺⿻", strict=True)),
}
# Radicals that PDF readers give instead of the ideograph that looks the same; Unicode names no compatibility mapping
# for these. Source: EquivalentUnifiedIdeograph.txt of Unicode 15.
_RADICALS = dict(
    zip(
        "⺟⺠⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰⻳",
        "母民西见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙龟",
        strict=True,
    )
)
# Wide punctuation that is Chinese: it stays as it is written.
_CHINESE = set("！（），：；？～")
_DROPPED = (
    *range(0x00, 0x09), *range(0x0E, 0x1C), *range(0x7F, 0x85), *range(0x86, 0xA0),  # controls
    0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810),  # soft hyphen, joiners, fillers
    *range(0x200B, 0x200D), 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2070),  # zero width, bidi
    0x3164, *range(0xFE00, 0xFE0F), 0xFEFF, 0xFFA0, *range(0xFFF9, 0xFFFC), 0xFFFE, 0xFFFF,  # selectors, BOM
    *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE0FFF),  # tags, ideographic variation selectors
)  # fmt: skip
_SPACES = (0x09, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
_NEWLINES = (0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x1F, 0x85, 0x2028, 0x2029)


def _character_table() -> dict[int, str]:
    """Return what becomes of each character that does not stay as it is; no value has a key in it."""
    table = dict(_GB18030)
    table.update((ord(radical), ideograph) for radical, ideograph in _RADICALS.items())
    table.update((code, unicodedata.normalize("NFKC", chr(code))) for code in range(0x2F00, 0x2FD6))
    table.update((code, chr(code - 0xFEE0)) for code in range(0xFF01, 0xFF5F) if chr(code) not in _CHINESE)
    table.update({0xFF61: "。", 0xFF64: "、", 0xFFE5: "¥"})
    table.update(dict.fromkeys(_DROPPED, ""))
    table.update(dict.fromkeys(_SPACES, " "))
    table.update(dict.fromkeys(_NEWLINES, "\n"))
    return table


_TABLE = _character_table()
# Two classes, since the engine looks a class up in constant time only where it lies in the basic plane.
_IN_TABLE = re.compile("[" + "".join(re.escape(chr(code)) for code in sorted(_TABLE) if code < 0x10000) + "]")
_IN_TABLE_BEYOND = re.compile("[\U0001d173-\U0001d17a\U000e0000-\U000e0ffe]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_EMOJI = "\u2190-\u2bff\u3030\u303d\u3297\u3299\ufe0f\U0001f000-\U0001faff"
_STRAY_JOINER = re.compile(f"(?<![{_EMOJI}])\u200d|\u200d(?![{_EMOJI}])")


def _mend_surrogates(text: str) -> str:
    """Join surrogate pairs, as broken JSON leaves them; put U+FFFD for a half that is alone."""
    if _SURROGATE.search(text):
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _fold_characters(text: str) -> str:
    """Compose (NFC), and fold or drop the single characters of the table above."""
    text = _mend_surrogates(text)
    if _IN_TABLE.search(text) or _IN_TABLE_BEYOND.search(text):
        text = text.translate(_TABLE)
    if "\u200d" in text:
        text = _STRAY_JOINER.sub("", text)
    return _compose(text)


def _compose(text: str) -> str:
    """Return NFC, with what it makes of an odd space (U+2000 becomes U+2002) folded as well."""
    if unicodedata.is_normalized("NFC", text):
        return text
    return unicodedata.normalize("NFC", text).translate(_TABLE)


# --- HTML and Excel --------------------------------------------------------------------------------------------------

_ENTITY = re.compile(r"&(?:#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z][A-Za-z0-9]{1,7}))\Z")
_LONGEST_ENTITY = 10
_NAMES = {
    **name2codepoint,
    "apos": 39,
    **{name.upper(): name2codepoint[name] for name in ("amp", "lt", "gt", "quot", "nbsp")},
}
_LOW_SURROGATES = range(0xDC00, 0xE000)


def _entity_text(match: re.Match[str]) -> str | None:
    """Return the folded character that a reference stands for, ``None`` where it stands for none."""
    decimal, hexadecimal, name = match.groups()
    code = _NAMES.get(name) if name else int(decimal or hexadecimal, 10 if decimal else 16)
    if code is None or code > 0x10FFFF:
        return None
    return chr(code) if 0xD800 <= code < 0xE000 else _fold_characters(chr(code))


def _decode_entities(text: str) -> str:
    """Decode character references, however often they were escaped, in one pass from the left.

    A decoded ``&`` or ``;`` takes part in the next reference, so ``&amp;amp;nbsp;`` ends as a space; going round until
    nothing changes would take quadratic time on a hostile cell.
    """
    first, *rest = text.split(";")
    out = list(first)
    for piece in rest:
        out.append(";")
        while out[-1] == ";":
            tail = "".join(out[-_LONGEST_ENTITY - 1 : -1])
            match = _ENTITY.search(tail)
            decoded = _entity_text(match) if match else None
            if match is None or decoded is None:
                break
            del out[len(out) - 1 - len(match.group()) :]
            out.extend(decoded)
            if not decoded:
                break
            _join_surrogates(out)
        out.extend(piece)
    return _mend_surrogates("".join(out))


def _join_surrogates(out: list[str]) -> None:
    """Join the last two characters where they are the halves of one, as in ``&#55357;&#56832;``."""
    if ord(out[-1]) in _LOW_SURROGATES and len(out) > 1 and "\ud800" <= out[-2] < "\udc00":
        out[-2:] = _fold_characters(out[-2] + out[-1])


_EXCEL_ESCAPE = re.compile(r"_x00(?:[01][0-9A-Fa-f]|7[Ff])_")
_BLOCKS = (
    "br|p|div|tr|li|ul|ol|dl|dt|dd|table|tbody|thead|h[1-6]|hr|blockquote|pre|section|article|title|head|body|html"
)
_INLINES = (
    "a|abbr|b|big|button|center|cite|code|col|colgroup|del|em|embed|fieldset|font|footer|form|header|i|iframe|img|input|"
    "ins|label|link|main|meta|nav|noscript|object|option|param|q|s|script|select|small|source|span|strike|strong|style|"
    "sub|summary|sup|svg|path|td|textarea|tfoot|th|time|tt|u|var|video|audio|wbr|(?:o|v|w|st1):[a-z]{1,20}"
)
# What stands between "<" and ">" in a tag, a comment or a declaration; neither bracket can occur in it.
_TAG = re.compile(rf"/?\s*(?:({_BLOCKS})|{_INLINES})(?:[\s/\"'][^<>]*)?|![^<>]*|\?xml[^<>]*", re.IGNORECASE)
_CODE = re.compile(r"<(script|style)(?:\s[^<>]*)?>[^<]*</\1\s*>", re.IGNORECASE)
_BRACKET = re.compile("([<>])")


def _strip_tags(text: str) -> str:
    """Put a space for each inline tag and a line's end for each block tag; placeholders such as ``<电话>`` stay.

    One pass with a stack: a tag that appears only when an inner one has gone (``<p <b>>``) is found as well.
    """
    out: list[str] = []
    brackets: list[int] = []
    for part in _BRACKET.split(_CODE.sub(" ", text)):
        if part == ">" and brackets and out[brackets[-1]] == "<":
            tag = _TAG.fullmatch("".join(out[brackets[-1] + 1 :]))
            if tag:
                del out[brackets.pop() :]
                out.append("\n" if tag.group(1) else " ")
                continue
        if part in ("<", ">"):
            brackets.append(len(out))
        out.append(part)
    return "".join(out)


# --- Space and punctuation -------------------------------------------------------------------------------------------

_CJK = (
    "\u2e80-\u2fff\u3001-\u3029\u3030-\u303f\u31c0-\u31ef\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # ideographs, 、。《
    "\uff01-\uff0f\uff1a-\uff1f\uff5e\U00020000-\U000323af"  # ！（），：；？～, rare ideographs
)
_SPACE_RUN = re.compile(" {2,}")
_LINE_RUN = re.compile(r" ?\n[ \n]*")
_SPACE_AT_CJK = re.compile(f"(?<=[{_CJK}]) | (?=[{_CJK}])")
_PUNCTUATION_RUN = re.compile(r"([!！?？。，,、;；:：~～…·.—\-=*_#+|/\\^])\1{3,}")


def _squeeze(text: str) -> str:
    """Shorten runs of space, of line ends and of one punctuation mark; drop spaces beside Chinese characters."""
    if "  " in text:
        text = _SPACE_RUN.sub(" ", text)
    if "\n" in text:
        text = _LINE_RUN.sub("\n", text)
    if " " in text:
        text = _SPACE_AT_CJK.sub("", text)
    return _PUNCTUATION_RUN.sub(r"\1\1\1", text).strip(" \n")


def clean(text: str) -> str:
    r"""Return ``text`` as a person would want to read it.

    Unicode NFC; wide letters, digits and symbols made narrow while Chinese punctuation stays; private-use characters
    of old GB 18030 mappings; controls, zero-width, bidi marks, soft hyphens, BOMs; HTML tags and references, escaped
    once or more often; Excel's ``_x000D_``; runs of white space (a paragraph's end stays as one ``\n``) and of
    punctuation (at most three). Emoji stay. Case, traditional characters and digits are left to
    :func:`pipeline.text.fold.fold`.

    Parameters
    ----------
    text : str
        A cell as it was read; lone surrogates are allowed and become U+FFFD.

    Returns
    -------
    str
        Cleaned text, encodable as UTF-8. Cleaning it again changes nothing.

    Examples
    --------
    >>> clean("３ 号楼&amp;nbsp;漏水！！！！！<br/>请致电<电话>")
    '3号楼漏水！！！\n请致电<电话>'
    """
    if not text:
        return text
    text = _fold_characters(text)
    if "&" in text and ";" in text:
        text = _compose(_decode_entities(text))
    if "nbsp" in text:
        text = text.replace("&nbsp", " ").replace("nbsp;", " ")
    if "_x00" in text:
        text = _EXCEL_ESCAPE.sub("\n", text)
    if "<" in text and ">" in text:
        text = _strip_tags(text)
    return _squeeze(text)
