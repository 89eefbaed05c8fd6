"""What a file is, by its content; its ending is only believed between kinds of text."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal, TypeAlias

from pipeline.errors import UnreadableFile

__all__ = ["Kind", "find_kind"]

Kind: TypeAlias = Literal["xlsx", "xls", "delimited", "json", "parquet"]

_HEAD = 1 << 16
_CHUNK = 1 << 20
_SUPPORTED = "xlsx、xls、csv、tsv、jsonl 或 parquet"
_SAVE_AS = "用 Excel/WPS 打开后另存为 xlsx"
_SIGNATURES = (
    (b"%PDF", "PDF 文件"),
    (b"Rar!", "RAR 压缩包"),
    (b"7z\xbc\xaf", "7z 压缩包"),
    (b"\x1f\x8b", "gzip 压缩包"),
    (b"BZh", "bzip2 压缩包"),
    (b"\xfd7zXZ", "xz 压缩包"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"SQLite format 3", "SQLite 数据库"),
    (b"{\\rtf", "RTF 文档"),
)
_MARKUP = (
    (b"<!doctype html", "网页(HTML)"),
    (b"<html", "网页(HTML)"),
    (b"<table", "网页(HTML)"),
    (b"<meta", "网页(HTML)"),
    (b"<head", "网页(HTML)"),
    (b"<style", "网页(HTML)"),
    (b"<div", "网页(HTML)"),
    (b"mime-version:", "单文件网页(MHTML)"),
    (b"<?mso-application", "XML 表格"),
    (b"<?xml", "XML 文件"),
)
_OLE_PARTS = (
    ("EncryptedPackage", ""),
    ("WordDocument", "Word 文档"),
    ("PowerPoint Document", "PowerPoint 文档"),
    ("Workbook", "xls"),
    ("Book", "xls"),
)
_ZIP_PARTS = (
    ("xl/workbook.bin", "xlsb 工作簿"),
    ("word/", "Word 文档"),
    ("ppt/", "PowerPoint 文档"),
    ("content.xml", "OpenDocument 文档"),
)


def find_kind(path: Path) -> Kind:
    """Return the kind of a file.

    Raises
    ------
    UnreadableFile
        If the file is missing, not a file, empty, not readable, or of another kind (which is named).
    """
    head = _read_head(path)
    if head.startswith(b"PK"):
        return _in_zip(path)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return _in_ole(path)
    if head.startswith(b"PAR1"):
        return "parquet"
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            raise _other(path, name)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:32].lower()
    for signature, name in _MARKUP:
        if start.startswith(signature):
            raise _other(path, name, "。许多系统导出的 .xls 其实是网页")
    return _in_text(path, head)


def _read_head(path: Path) -> bytes:
    """Return the beginning of the file."""
    try:
        if path.is_dir():
            raise UnreadableFile("这是一个文件夹", where=path, expected=f"一个 {_SUPPORTED} 文件")
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        raise UnreadableFile("没有这个文件", where=path, remedy="检查路径和文件名") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "路径无效"
        raise UnreadableFile(f"读不了({reason})", where=path, remedy="检查文件权限") from None
    if not head:
        raise UnreadableFile("文件是空的(0 字节)", where=path, remedy="重新导出")
    return head


def _other(path: Path, name: str, more: str = "") -> UnreadableFile:
    """Return the error for a file of another kind."""
    ending = f",不是 {path.suffix} 文件" if path.suffix else ""
    return UnreadableFile(f"这其实是{name}{ending}{more}", where=path, expected=_SUPPORTED, remedy=_SAVE_AS)


def _in_zip(path: Path) -> Kind:
    """Tell a workbook from other archives."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        remedy = "重新导出或重新传输"
        raise UnreadableFile("文件不完整或已损坏(压缩包被截断)", where=path, remedy=remedy) from None
    for start, name in _ZIP_PARTS:
        if any(part.startswith(start) for part in names):
            raise _other(path, name)
    if not any(part.lower().startswith("xl/") for part in names):
        raise UnreadableFile("这是一个 zip 压缩包", where=path, expected=_SUPPORTED, remedy="先解压,再处理里面的文件")
    return "xlsx"


def _in_ole(path: Path) -> Kind:
    """Tell an xls from an encrypted xlsx and from other old Office files, by the names in the container's directory."""
    wanted = {name.encode("utf-16-le") + b"\0\0": kind for name, kind in _OLE_PARTS}
    found, tail = set[bytes](), b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(name for name in wanted if name in tail + chunk)
            tail = chunk[-64:]
    kinds = [kind for name, kind in wanted.items() if name in found]
    if not kinds or kinds[0] == "xls":
        return "xls"
    if not kinds[0]:
        raise UnreadableFile("工作簿已加密(有打开密码)", where=path, remedy="在 Excel/WPS 中取消密码后另存为 xlsx")
    raise _other(path, kinds[0])


def _in_text(path: Path, head: bytes) -> Kind:
    """Tell JSON from a text table, and both from bytes that are no text."""
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    odd = sum(head.count(byte) for byte in range(32) if byte not in b"\t\n\r\0\f\x1a\x1b")
    if not wide and (odd > len(head) * 0.05 or head.count(0) > len(head) * 0.3):
        raise UnreadableFile("不认识的二进制文件", where=path, expected=_SUPPORTED, remedy=_SAVE_AS)
    start = head.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").removeprefix(b"\xff\xfe").lstrip()
    if path.suffix.lower() in (".jsonl", ".json", ".ndjson"):
        return "json"
    is_object = start.startswith(b"{") and start[1:].lstrip()[:1] in (b'"', b"}")
    is_array = start.startswith(b"[") and start[1:].lstrip()[:1] == b"{"
    return "json" if is_object or is_array else "delimited"
