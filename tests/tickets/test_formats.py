import zipfile

import pytest

from pipeline.errors import UnreadableFile
from pipeline.tickets import open_export
from pipeline.tickets.formats import find_kind


def refused(path):
    with pytest.raises(UnreadableFile) as caught:
        open_export(path)
    line = caught.value.line()
    assert "\n" not in line
    assert str(path) in line
    return line


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "PDF 文件,不是 .xlsx 文件"),
        (b"<html><head></head><body><table><tr><td>1</td></tr></table>", "网页(HTML)"),
        (b"\xef\xbb\xbf\r\n <TABLE border=1>", "网页(HTML)"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "XML"),
        (b"MIME-Version: 1.0\r\nX-Document-Type: Workbook", "MHTML"),
        (b"Rar!\x1a\x07\x01\x00", "RAR"),
        (b"\x89PNG\r\n\x1a\n", "图片"),
        (b"", "文件是空的"),
        (b"PK\x03\x04 and nothing more", "截断"),
        (b"\0\1\2\3\4\5\6\7" * 100, "二进制"),
        (b"\0" * 5000, "二进制"),
        (b"PAR1" + b"\0" * 50, "parquet 文件已损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "已损坏"),
    ],
)
def test_what_is_no_export_is_named(tmp_path, data, words):
    path = tmp_path / "export.xlsx"
    path.write_bytes(data)
    assert words in refused(path)


def test_missing_folder_and_device(tmp_path):
    assert "没有这个文件" in refused(tmp_path / "nothing.xlsx")
    assert "文件夹" in refused(tmp_path)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_workbook(write_xlsx, share):
    path = write_xlsx()
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert "截断" in refused(path) or "损坏" in refused(path)


def test_a_workbook_with_a_flipped_byte(write_xlsx):
    path = write_xlsx()
    with zipfile.ZipFile(path) as archive:
        part = archive.getinfo("xl/worksheets/sheet1.xml")
    data = bytearray(path.read_bytes())
    data[part.header_offset + 30 + len(part.filename) + part.compress_size // 2] ^= 0xFF
    path.write_bytes(data)
    assert "损坏" in refused(path)


def test_encrypted_workbook(write_ole):
    assert "已加密" in refused(write_ole("EncryptedPackage"))


def test_word_documents(write_ole, tmp_path):
    assert "Word" in refused(write_ole("WordDocument", name="a.xls"))
    path = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert "Word" in refused(path)


def test_a_plain_zip(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "内容\n")
    assert "先解压" in refused(path)


def test_content_goes_before_the_ending(write_csv, write_xlsx):
    assert find_kind(write_csv(name="a.xlsx")) == "delimited"
    assert find_kind(write_xlsx(name="b.csv")) == "xlsx"
