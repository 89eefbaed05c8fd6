"""Which encoding a text file is in, by strict trial over the whole of it, so that no late byte is a surprise.

The order is: byte-order mark, UTF-8, GB18030 (a superset of GBK and GB 2312; its level 3 is required of government
systems by GB 18030-2022). Nothing is ever decoded with ``errors="ignore"``.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipeline.errors import UnknownEncoding, UnreadableFile, UsageError

__all__ = ["decode_head", "find_encoding"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SUPERSETS = {"gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "utf-8": "utf-8-sig", "big5": "cp950"}
_CHUNK = 1 << 18
_LONGEST_LINE = 64 << 20
_SAMPLE = 1 << 16


@dataclass(frozen=True)
class _Fault:
    """Where strict decoding stopped: byte offset from 0, line from 1."""

    offset: int
    line: int


def find_encoding(path: Path, asked: str | None = None) -> str:
    """Return the Python codec that decodes the whole file strictly.

    Parameters
    ----------
    path : Path
        A text file.
    asked : str or None
        What the user says it is; then nothing else is tried.

    Raises
    ------
    UnknownEncoding
        If the file is not in the encoding asked for, in none of those tried, or looks like Big5.
    UnreadableFile
        If one line of it is over 64 MiB.
    UsageError
        If ``asked`` is no encoding of text.
    """
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    mark = next((codec for mark, codec in _MARKS if head.startswith(mark)), None)
    if asked is not None or mark is not None:
        codec = mark if asked is None or (mark and _known(asked) == mark) else _known(asked)
        return _demand(path, str(codec))
    utf8 = _trial(path, "utf-8")
    if utf8 is None:
        return "utf-8"
    gb = _trial(path, "gb18030")
    if gb is not None:
        raise _neither(path, utf8, gb)
    if _looks_like_big5(head):
        raise UnknownEncoding("看起来是 Big5(繁体)编码", where=path, remedy="加上 --encoding big5 重新运行")
    return "gb18030"


def _known(name: str) -> str:
    """Return the codec for a name the user gave, the superset where there is one."""
    try:
        info = codecs.lookup(name)
        "".encode(name)
    except (LookupError, ValueError, TypeError):
        raise UsageError(f"不认识的编码“{name}”", expected="utf-8、gb18030、big5、utf-16 等") from None
    return _SUPERSETS.get(info.name, info.name)


def _demand(path: Path, codec: str) -> str:
    """Return ``codec`` if the whole file is in it."""
    fault = _trial(path, codec)
    if fault:
        found = f"第 {fault.line} 行(第 {fault.offset + 1} 字节)不是有效的 {codec.removesuffix('-sig')} 编码"
        raise UnknownEncoding(found, where=path, remedy="改正 --encoding,或用 Excel/WPS 打开后另存为 xlsx")
    return codec


def _neither(path: Path, utf8: _Fault, gb: _Fault) -> UnknownEncoding:
    """Return the error for a file in no encoding tried, naming the place in the one that came farthest."""
    name, fault = ("UTF-8", utf8) if utf8.offset >= gb.offset else ("GB18030", gb)
    return UnknownEncoding(
        f"既不是 UTF-8 也不是 GB18030 编码(按 {name} 读到第 {fault.line} 行、第 {fault.offset + 1} 字节时出错)",
        where=path,
        remedy="修复该处,或用 Excel/WPS 打开后另存为 xlsx,或用 --encoding 指明编码",
    )


def _trial(path: Path, codec: str) -> _Fault | None:
    """Decode the whole file strictly, a chunk at a time, and return where that stopped."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    done, lines, run = 0, 1, 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            pending = decoder.getstate()[0]
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                good = (pending + chunk)[: error.start]
                return _Fault(max(0, done - len(pending) + error.start), lines + good.count(b"\n"))
            except UnicodeError:  # UTF-16 without its mark, and the like
                return _Fault(done, lines)
            if not chunk:
                return None
            run = _unbroken(chunk, run, path)
            done, lines = done + len(chunk), lines + chunk.count(b"\n")


def _unbroken(chunk: bytes, run: int, path: Path) -> int:
    """Return how many bytes have gone by since the last line break; a line without end would fill the memory."""
    last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
    run = run + len(chunk) if last < 0 else len(chunk) - last
    if run > _LONGEST_LINE:
        raise UnreadableFile("有一行超过 64 MiB", where=path, expected="每行一条记录的文本", remedy="检查文件是否损坏")
    return run


def decode_head(path: Path, codec: str, size: int = _SAMPLE) -> str:
    """Return the first ``size`` bytes as text; a character cut in half at the end is left out."""
    with path.open("rb") as file:
        return codecs.getincrementaldecoder(codec)("strict").decode(file.read(size), final=False)


@cache
def _common(codec: str, first: int, last: int) -> frozenset[str]:
    """Return the characters of an encoding's table of common characters, given by its lead bytes."""
    trails = range(0x40, 0xFF)
    pairs = (bytes((lead, trail)) for lead in range(first, last + 1) for trail in trails)
    return frozenset(pair.decode(codec, "replace") for pair in pairs) - {"\ufffd"}


def _looks_like_big5(head: bytes) -> bool:
    """Return whether bytes that decode as GB18030 are much better Chinese when read as Big5.

    Compared are the shares of characters that stand in each encoding's table of common characters: GB 2312 level 1
    (3,755, lead bytes B0 to D7) and Big5 level 1 (5,401, lead bytes A4 to C6). Ordinary text has over 90 % there; read
    in the wrong encoding it has about half.
    """
    try:
        big5 = codecs.getincrementaldecoder("cp950")("strict").decode(head, final=False)
    except UnicodeDecodeError:
        return False
    gb = codecs.getincrementaldecoder("gb18030")("strict").decode(head, final=False)
    in_big5 = _share(big5, _common("cp950", 0xA4, 0xC6))
    return in_big5 > 0.9 and in_big5 > _share(gb, _common("gb2312", 0xB0, 0xD7)) + 0.2


def _share(text: str, common: frozenset[str]) -> float:
    """Return the share of common characters among all but ASCII and punctuation; 0 where there are under four."""
    letters = [char for char in text if char > "\u00ff" and not ("\u2000" <= char < "\u3400" or char >= "\uff00")]
    return sum(char in common for char in letters) / len(letters) if len(letters) >= 4 else 0.0
