import datetime as dt
import gc
import random
import re
import tracemalloc
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from pipeline.errors import UnreadableFile, YousuError
from pipeline.tickets import open_export, package, workbook
from pipeline.tickets.package import inspect
from pipeline.tickets.workbook import Workbook, open_workbook
from tests.tickets.toys import HEADER, ROWS, xls

READERS = ("calamine", "streamed")


@pytest.fixture(params=READERS)
def reader(request, monkeypatch):
    """Both readers of xlsx must say the same."""
    if request.param == "streamed":
        monkeypatch.setattr(workbook, "STREAM_BYTES", 0)


def cells(path):
    source = open_workbook(path, "xlsx")
    try:
        return [[(number, list(row)) for number, row, _ in sheet.rows()] for sheet in source.sheets()]
    finally:
        source.close()


def trimmed(sheet):
    rows = []
    for number, row in sheet:
        while row and row[-1] is None:
            row.pop()
        rows.append((number, row))
    return rows


def test_cells_keep_their_kinds(tmp_path, reader):
    book = openpyxl.Workbook()
    sheet = book.active
    moment = dt.datetime(2024, 1, 25, 8, 3, 7)
    sheet.append(["甲", 3, 3.5, True, moment, dt.date(2024, 1, 25), 202401010001, 20240101000123456, None, "  两边  "])
    sheet.append([])
    sheet.append([None, "=1+1", "#N/A", dt.time(8, 3), dt.timedelta(hours=30), "a\nb", "&lt;<>"])
    book.save(tmp_path / "a.xlsx")
    ((first, second, third),) = map(trimmed, cells(tmp_path / "a.xlsx"))
    assert first[0] == 1
    assert first[1][:4] == ["甲", 3, 3.5, True]
    assert [type(cell) for cell in first[1][:4]] == [str, int, float, bool]
    assert first[1][4] == moment
    assert first[1][5] in (dt.date(2024, 1, 25), dt.datetime(2024, 1, 25))
    assert first[1][6:] == [202401010001, 2.024010100012346e16, None, "  两边  "]
    assert second == (2, [])
    assert third[1][0] is None
    assert third[1][3:] == ["08:03:00", "1 day, 6:00:00", "a\nb", "&lt;<>"]


def as_shared(path):
    """Move inline texts to a list of shared ones, each in two formats and with a reading aid, as Excel does."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    texts = []

    def move(match):
        texts.append(match[1])
        return b't="s"><v>%d</v></c>' % (len(texts) - 1)

    name = "xl/worksheets/sheet1.xml"
    parts[name] = re.sub(rb't="inlineStr"><is><t>(.*?)</t></is></c>', move, parts[name])
    assert texts
    half = [
        b"<si><r><t>" + text[:3] + b"</t></r><r><t>" + text[3:] + b"</t></r><rPh><t>x</t></rPh></si>" for text in texts
    ]
    parts["xl/sharedStrings.xml"] = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' + b"".join(half) + b"</sst>"
    )
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"</Types>", b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + kind + b'" /></Types>'
    )
    relation = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(
        b"</Relationships>",
        b'<Relationship Type="' + relation + b'" Target="/xl/sharedStrings.xml" Id="rId99" /></Relationships>',
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, data in parts.items():
            archive.writestr(part, data)
    return path


def write_only(path, rows):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("工单")
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_shared_texts(tmp_path, reader):
    path = as_shared(write_only(tmp_path / "a.xlsx", [HEADER, *ROWS]))
    with open_export(path) as export:
        assert [list(ticket.cells) for ticket in export] == ROWS


def test_shared_texts_that_are_not_declared(tmp_path, reader):
    path = as_shared(write_only(tmp_path / "a.xlsx", [HEADER, *ROWS]))

    def forget(parts):
        kinds = re.sub(rb'<Override PartName="/xl/sharedStrings.xml"[^>]*>', b"", parts["[Content_Types].xml"])
        parts["[Content_Types].xml"] = kinds

    with open_export(rewrite(path, forget)) as export:
        assert [list(ticket.cells) for ticket in export] == ROWS


def test_both_readers_say_the_same_of_a_sparse_sheet(tmp_path, monkeypatch):
    random.seed(7)
    book = openpyxl.Workbook()
    for _ in range(60):
        place = book.active.cell(random.randint(1, 40), random.randint(1, 30))
        place.value = random.choice(["甲", 1, 2.5, dt.datetime(2024, 1, 25, 8), True])
    book.save(tmp_path / "a.xlsx")
    (one,) = map(trimmed, cells(tmp_path / "a.xlsx"))
    monkeypatch.setattr(workbook, "STREAM_BYTES", 0)
    (two,) = map(trimmed, cells(tmp_path / "a.xlsx"))
    assert one == two


def test_the_1904_date_system(tmp_path, reader):
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append(["内容", "来电时间"])
    book.active.append(["路灯不亮", dt.datetime(2024, 1, 25, 8, 3)])
    book.active.append(["路灯不亮", 45316 - 1462])
    book.save(tmp_path / "a.xlsx")
    with open_export(tmp_path / "a.xlsx") as export:
        assert [ticket.time for ticket in export] == [dt.datetime(2024, 1, 25, 8, 3), dt.datetime(2024, 1, 25)]


def test_a_cell_in_the_far_corner_does_not_fill_the_memory(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(ROWS[0])
    book.active["XFD60000"] = "x"
    book.save(tmp_path / "a.xlsx")
    assert inspect(tmp_path / "a.xlsx").cells == 16_384 * 60_000
    with open_export(tmp_path / "a.xlsx") as export:
        assert next(export).text == ROWS[0][2]
        assert next(export, None) is None
    assert (export.tally.blank, export.tally.rejected) == (59_997, 1)


def rewrite(path, change):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, data in parts.items():
            archive.writestr(part, data)
    return path


def test_cells_that_do_not_say_where_they_are(write_xlsx):
    def strip(parts):
        name = "xl/worksheets/sheet1.xml"
        parts[name] = re.sub(rb'<c r="[A-Z]+[0-9]+"', b"<c", parts[name])

    path = rewrite(write_xlsx(), strip)
    assert inspect(path).cells is None
    with open_export(path) as export:
        assert [list(ticket.cells) for ticket in export] == ROWS


def test_a_bomb_is_refused(write_xlsx):
    def swell(parts):
        parts["xl/media/a.bin"] = b"0" * (package._FREE + 1)

    with pytest.raises(UnreadableFile, match="压缩炸弹"):
        open_export(rewrite(write_xlsx(), swell))


def test_a_bomb_that_lies_about_its_size_is_refused(write_xlsx):
    path = rewrite(write_xlsx(), lambda parts: parts.update({"xl/media/a.bin": b"0" * (80 << 20)}))
    data = path.read_bytes()
    path.write_bytes(data.replace((80 << 20).to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    with pytest.raises(UnreadableFile, match=r"压缩炸弹|损坏"):
        open_export(path)


def test_many_parts_are_refused(write_xlsx, monkeypatch):
    monkeypatch.setattr(package, "MAX_ENTRIES", 5)
    with pytest.raises(UnreadableFile, match="结构异常"):
        open_export(write_xlsx())


@pytest.mark.parametrize(
    ("wrong", "limit"),
    [(b"<sheetData>", 1 << 20), (b"</worksheet>", 1 << 20), (b"<sheetData>", 0), (b"<c r=", 0), (b"<row r=", 0)],
)
def test_broken_xml(write_xlsx, wrong, limit, monkeypatch):
    monkeypatch.setattr(workbook, "STREAM_BYTES", limit)

    def damage(parts):
        parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(wrong, b"<%&", 1)

    path = rewrite(write_xlsx(), damage)
    with pytest.raises(UnreadableFile), open_export(path) as export:
        list(export)


def test_entities_are_not_expanded(write_xlsx, reader):
    def plant(parts):
        name = "xl/worksheets/sheet1.xml"
        bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        parts[name] = bomb + parts[name].replace(ROWS[0][1].encode(), b"&b;")

    path = rewrite(write_xlsx(), plant)
    try:
        with open_export(path) as export:
            titles = [ticket.title for ticket in export]
    except UnreadableFile:
        return
    assert "aaaaaaaaaa" not in "".join(titles)


@pytest.mark.slow
def test_streaming_needs_no_more_memory_for_more_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "STREAM_BYTES", 0)
    peaks = []
    few, many = 1_000, 10_000
    for count in (few, many):
        rows = [[str(at), "标题", f"第{at}件," + "路灯不亮" * 20, "2024-01-25 08:03", "某路"] for at in range(count)]
        path = as_shared(write_only(tmp_path / f"{count}.xlsx", [HEADER, *rows]))
        gc.collect()
        tracemalloc.start()
        with open_export(path) as export:
            assert sum(1 for _ in export) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # An offset of 8 bytes a text stays, six texts a row; a row that is held takes some 1,000 bytes.
    assert peaks[1] - peaks[0] < 100 * (many - few)


def test_a_panic_of_the_reader_is_an_error_of_ours(write_xlsx, monkeypatch):
    class PanicException(BaseException):
        pass

    def panic(*_):
        raise PanicException

    monkeypatch.setattr("pipeline.tickets.workbook.CalamineWorkbook", type("X", (), {"from_path": staticmethod(panic)}))
    with pytest.raises(UnreadableFile, match="损坏"):
        Workbook(write_xlsx())


@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=8), st.booleans())
def test_damage_anywhere_ends_in_rows_or_in_one_line(tmp_path_factory, changes, old):
    path = tmp_path_factory.mktemp("damage") / "a.bin"
    data = bytearray(xls([HEADER, *ROWS]) if old else write_only(path, [HEADER, *ROWS]).read_bytes())
    for place, byte in changes:
        data[place % len(data)] = byte
    path.write_bytes(data)
    try:
        with open_export(path, need_text=False) as export:
            count = sum(1 for _ in export)
    except YousuError as error:
        assert "\n" not in error.line()
    else:
        assert export.tally.read == count + export.tally.rejected + export.tally.blank


def test_a_panic_prints_nothing(tmp_path, capfd):
    data = bytearray(xls([HEADER, *ROWS]))
    bound = data.index((0x0085).to_bytes(2, "little"), 512 * 3)
    data[bound + 4 : bound + 8] = (61_992).to_bytes(4, "little")  # the sheet begins behind the end of the stream
    (tmp_path / "a.xls").write_bytes(data)
    with pytest.raises(UnreadableFile, match="损坏"):
        open_export(tmp_path / "a.xls")
    assert capfd.readouterr().err == ""
