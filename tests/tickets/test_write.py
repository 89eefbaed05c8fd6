import csv
import errno
import io
import json
import os
import resource
import sys
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import OutputError, UsageError
from pipeline.tickets import open_export, open_result, xlsx
from pipeline.tickets.cells import is_formula
from pipeline.tickets.write import ENDINGS

HEADER = ["工单编号", "诉求内容", "领域置信度"]
FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    " =1",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋1",
    "－1+1",
    "＠x",
    "\u200b=1",
]
FORMULAS += ["=cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "\u3000@x"]
PLAIN = ["-12.5", "+3", "-3%", "2024-01-25", "13800000000", "a=1", "", "甲", "'=1", "幸福-小区"]


def write(path, rows, header=HEADER, **options):
    with open_result(path, header, **options) as result:
        for row in rows:
            result.write(row)
    return result


def sheet_of(path, index=0):
    return openpyxl.load_workbook(path).worksheets[index]


def left_behind(folder):
    return sorted(path.name for path in folder.iterdir())


def test_xlsx_is_ready_to_read(tmp_path):
    path = tmp_path / "out.xlsx"
    moment = datetime(2024, 1, 25, 8, 3)
    write(
        path,
        [["2024010112345678901", "路灯不亮,楼道太黑。" * 20, 0.93], [202401011234567890, None, 1], [5, moment, True]],
    )
    sheet = sheet_of(path)
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == HEADER
    assert rows[1][0] == "2024010112345678901"
    assert rows[2] == ["202401011234567890", None, 1]
    assert rows[3] == [5, moment, True]
    assert sheet["A1"].font.bold
    assert not sheet["B2"].alignment.wrap_text
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:C4"
    assert 8 <= sheet.column_dimensions["A"].width < sheet.column_dimensions["B"].width == 60


@pytest.mark.parametrize("text", FORMULAS)
def test_xlsx_runs_nothing(tmp_path, text):
    path = tmp_path / "out.xlsx"
    write(path, [[text, text, 1]], header=["编号", text, "c"])
    sheet = sheet_of(path)
    for place in ("B1", "A2", "B2"):
        cell = sheet[place]
        assert cell.data_type == "s"
        assert cell.quotePrefix
        assert cell.value == text.replace("\r", "\n")


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_is_left_as_it_is(tmp_path, text):
    write(tmp_path / "out.xlsx", [["1", text, 1]])
    cell = sheet_of(tmp_path / "out.xlsx")["B2"]
    assert (cell.value or "", cell.quotePrefix, is_formula(text)) == (text, False, False)
    write(tmp_path / "out.csv", [["1", text, 1]])
    assert list(csv.reader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8-sig"))))[1][1] == text


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("name", ["out.csv", "out.tsv"])
def test_text_tables_run_nothing(tmp_path, text, name):
    path = tmp_path / name
    write(path, [[text, "甲", -1.5]], header=[text, "内容", "c"])
    data = path.read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(data, newline=""), delimiter="\t" if name.endswith("tsv") else ","))
    assert rows == [[f"'{text}", "内容", "c"], [f"'{text}", "甲", "-1.5"]]


@given(st.text(max_size=20))
def test_no_text_table_cell_begins_like_a_formula(text):
    from pipeline.tickets.cells import for_csv

    cell = str(for_csv(text)).lstrip()
    assert not cell.startswith(("=", "@", "＝", "＠"))
    if cell.startswith(("+", "-", "＋", "－")):
        float(cell.rstrip("%"))


def test_csv_is_for_excel(tmp_path):
    write(tmp_path / "out.csv", [[1, "甲\n乙", 0.5], [None, date(2024, 1, 25), True]])
    data = (tmp_path / "out.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig").split("\r\n")[1:] == ['1,"甲\n乙",0.5', ",2024-01-25,TRUE", ""]


def test_control_characters_and_half_surrogates_cannot_spoil_an_xlsx(tmp_path):
    write(tmp_path / "out.xlsx", [["1", "甲\x00\x0b\x1f乙\ud800\ufffe丙\r\n丁𠮷", 1]])
    assert sheet_of(tmp_path / "out.xlsx")["B2"].value == "甲乙丙\n丁𠮷"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=2, max_size=2))
def test_any_text_goes_through_an_xlsx(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("x") / "out.xlsx"
    write(path, [texts], header=["a", "b"])
    row = [cell.value or "" for cell in sheet_of(path)[2]] if any(map(xlsx._legal, texts)) else ["", ""]
    assert row == [xlsx._legal(text) for text in texts]


def test_long_texts_are_cut_in_xlsx_only_and_said_to_be(tmp_path):
    long = "长" * 40_000
    result = write(tmp_path / "out.xlsx", [["1", "短", 1], ["2", long, 1], ["3", "𠮷" * 20_000, 1]])
    sheet = sheet_of(tmp_path / "out.xlsx")
    assert sheet["B3"].value == "长" * 32_767
    assert sheet["B4"].value == "𠮷" * 16_383
    assert "2 个单元格" in result.notices[0]
    assert "第 3 行“诉求内容”" in result.notices[0]
    assert write(tmp_path / "out.csv", [["1", long, 1]]).notices == ()
    assert long in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")


def test_more_rows_than_a_sheet_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx, "MAX_ROWS", 101)
    write(tmp_path / "out.xlsx", [[at, "甲", 1] for at in range(250)])
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == ["结果", "结果2", "结果3"]
    assert [sheet.max_row for sheet in book] == [101, 101, 51]
    assert [sheet.auto_filter.ref for sheet in book] == ["A1:C101", "A1:C101", "A1:C51"]
    with open_export(tmp_path / "out.xlsx") as export:
        assert [ticket.id for ticket in export] == [str(at) for at in range(250)]


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_rows(tmp_path, ending):
    path = tmp_path / f"out{ending}"
    assert write(path, []).rows == 0
    assert left_behind(tmp_path) == [path.name]


def test_json_lines_hold_the_record(tmp_path):
    with open_result(tmp_path / "out.jsonl", HEADER) as result:
        result.write(["1", "甲", 0.5], {"id": "1", "at": datetime(2024, 1, 25, 8, 3), "reasons": ("乙",)})
        result.write(["2", "乙", 0.5])
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[0] == {"id": "1", "at": "2024-01-25T08:03:00", "reasons": ["乙"]}
    assert lines[1] == dict(zip(HEADER, ["2", "乙", 0.5], strict=True))


def test_standard_output(capsysbinary):
    with open_result(None, HEADER) as result:
        result.write(["1", "甲", 0.5], {"id": "1", "text": "甲"})
        assert capsysbinary.readouterr().out == '{"id": "1", "text": "甲"}\n'.encode()


def test_parquet_keeps_asked_types(tmp_path):
    write(tmp_path / "out.parquet", [[1, "甲", 0.5], ["二", None, None]], types={"领域置信度": float})
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.to_pydict() == {"工单编号": ["1", "二"], "诉求内容": ["甲", None], "领域置信度": [0.5, None]}


def test_parquet_in_groups(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.tickets.columnar._GROUP", 10)
    write(tmp_path / "out.parquet", [[at, "甲", 0.5] for at in range(25)])
    meta = pq.read_metadata(tmp_path / "out.parquet")
    assert (meta.num_rows, meta.num_row_groups) == (25, 3)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_nothing_behind(tmp_path, ending, error):
    with pytest.raises(error), open_result(tmp_path / f"out{ending}", HEADER) as result:
        for at in range(100):
            result.write([at, "甲", 0.5])
        raise error
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_output_that_exists(tmp_path, ending):
    path = tmp_path / f"out{ending}"
    path.write_text("旧", encoding="utf-8")
    with pytest.raises(OutputError, match="已经存在"):
        open_result(path, HEADER)
    assert path.read_text(encoding="utf-8") == "旧"
    write(path, [["1", "甲", 1]], overwrite=True)
    assert path.read_bytes() != "旧".encode()
    assert left_behind(tmp_path) == [path.name]


def test_an_output_that_appears_meanwhile_is_kept(tmp_path):
    path = tmp_path / "out.csv"
    with pytest.raises(OutputError, match="已经存在"), open_result(path, HEADER) as result:
        result.write(["1", "甲", 1])
        path.write_text("别人的", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "别人的"
    assert left_behind(tmp_path) == ["out.csv"]


def test_places_that_cannot_be_written(tmp_path):
    with pytest.raises(OutputError, match="文件夹不存在"):
        open_result(tmp_path / "none" / "out.csv", HEADER)
    with pytest.raises(OutputError, match="不是普通文件"):
        open_result(_folder(tmp_path), HEADER)
    with pytest.raises(OutputError, match="文件名过长"):
        open_result(tmp_path / ("长" * 200 + ".csv"), HEADER)
    with pytest.raises(UsageError, match="不认识的输出格式"):
        open_result(tmp_path / "out.docx", HEADER)


def _folder(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    return tmp_path / "folder.csv"


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="no folder at hand that even root cannot write to")
def test_a_read_only_folder():
    with pytest.raises(OutputError, match=r"权限|只读"):
        open_result(Path("/sys/kernel/out.csv"), HEADER)


def test_a_device_is_not_replaced(tmp_path):
    link = tmp_path / "out.csv"
    link.symlink_to("/dev/null")
    with pytest.raises(OutputError, match="不是普通文件"):
        open_result(link, HEADER, overwrite=True)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_disk_that_fills_up(tmp_path, ending):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(OutputError), open_result(tmp_path / f"out{ending}", HEADER) as result:
            for at in range(20_000):
                result.write([at * 7919 % 10_007, os.urandom(9).hex(), 0.5])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert left_behind(tmp_path) == []


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="磁盘已满"):
        write(tmp_path / "out.csv", [])
    assert left_behind(tmp_path) == []


def test_a_reader_that_went_away(monkeypatch):
    read, out = os.pipe()
    os.close(read)
    with os.fdopen(out, "wb", buffering=0) as raw:
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw))
        with pytest.raises(OutputError, match="已退出"), open_result(None, HEADER) as result:
            result.write(["1", "甲", 1])
        sys.stdout.detach()
