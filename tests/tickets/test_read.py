import io
import sys
from datetime import datetime

import pytest

from pipeline.errors import InputError, MissingColumn, UnreadableFile, UsageError
from pipeline.tickets import ColumnChoice, open_export, open_result
from tests.tickets.toys import HEADER, ROWS


def read(path, **options):
    with open_export(path, **options) as export:
        tickets = list(export)
    tally = export.tally
    assert tally.read == tally.usable + tally.rejected + tally.blank
    assert tally.usable == len(tickets)
    assert all(len(ticket.cells) == len(export.header) for ticket in tickets)
    return export, tickets


def made(fmt, write_csv, write_xlsx, write_jsonl, write_xls, tmp_path):
    if fmt == "csv":
        return write_csv(), None, 2
    if fmt == "gb18030":
        return write_csv(encoding="gb18030"), None, 2
    if fmt == "utf-16":
        return write_csv(encoding="utf-16", delimiter="\t", name="export.txt"), None, 2
    if fmt == "tsv":
        return write_csv(delimiter="\t", name="export.tsv"), None, 2
    if fmt == "xlsx":
        return write_xlsx(), "工单", 2
    if fmt == "xls":
        return write_xls([HEADER, *ROWS]), "工单", 2
    if fmt == "jsonl":
        return write_jsonl([dict(zip(HEADER, row, strict=True)) for row in ROWS]), None, 1
    path = tmp_path / "export.parquet"
    with open_result(path, HEADER) as result:
        for row in ROWS:
            result.write(row)
    return path, None, 1


@pytest.mark.parametrize("fmt", ["csv", "gb18030", "utf-16", "tsv", "xlsx", "xls", "jsonl", "parquet"])
def test_every_format_gives_the_same_tickets(fmt, write_csv, write_xlsx, write_jsonl, write_xls, tmp_path):
    path, sheet, first = made(fmt, write_csv, write_xlsx, write_jsonl, write_xls, tmp_path)
    export, tickets = read(path)
    assert export.header == tuple(HEADER)
    assert export.columns == {
        role: (name,) for role, name in zip(("id", "title", "text", "time", "address"), HEADER, strict=True)
    }
    assert [ticket.row for ticket in tickets] == [first, first + 1, first + 2]
    assert {ticket.sheet for ticket in tickets} == {sheet}
    assert [list(ticket.cells) for ticket in tickets] == ROWS
    one = tickets[0]
    assert (one.id, one.title, one.text, one.address) == (ROWS[0][0], ROWS[0][1], ROWS[0][2], ROWS[0][4])
    assert one.time == datetime(2024, 1, 25, 8, 3)


def test_title_rows_blank_rows_totals_and_repeated_headers_are_told_apart(write_csv, tmp_path):
    rows = [
        ["十二月热线工单导出表"],
        ["统计日期:2024-01-25", "", "导出人:热线办"],
        [],
        HEADER,
        ROWS[0],
        [],
        ["", "", "", "", ""],
        HEADER,
        ROWS[1],
        ["2024012500009", "只有编号", "", "", ""],
        ["2024012500010", "", "  ", "", "某某路"],
        ["合计", "", "4", "", ""],
        ["共计: 1,042 件"],
    ]
    rejects = tmp_path / "out.rejects.csv"
    export, tickets = read(write_csv(rows), rejects=rejects)
    assert [ticket.row for ticket in tickets] == [5, 9, 10]
    assert (export.tally.read, export.tally.blank, export.tally.rejected) == (9, 2, 4)
    assert export.reasons == {"重复的表头": 1, "没有诉求内容": 1, "合计行": 2}
    assert any("2 行是合计行" in notice for notice in export.notices)
    lines = rejects.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "文件,工作表,行号,原因," + ",".join(HEADER)
    assert lines[2] == "export.csv,,11,没有诉求内容,2024012500010,,  ,,某某路"
    assert export.rejects_path == rejects


def test_a_complaint_that_speaks_of_totals_is_no_total(write_csv):
    rows = [["内容"], ["合计被多收了三百元,要求退款"], ["共计"], ["内容"]]
    export, tickets = read(write_csv(rows))
    assert [ticket.row for ticket in tickets] == [2]
    assert export.reasons == {"合计行": 1, "重复的表头": 1}


def test_no_rejects_file_without_rejects(write_csv, tmp_path):
    export, _ = read(write_csv(), rejects=tmp_path / "r.csv")
    assert export.rejects_path is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export.csv"]


def test_an_error_while_reading_leaves_no_rejects(write_csv, tmp_path):
    path = write_csv([HEADER, ["1", "", "", "", "x"], *ROWS])
    with pytest.raises(KeyboardInterrupt), open_export(path, rejects=tmp_path / "r.csv") as export:
        next(export)
        raise KeyboardInterrupt
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export.csv"]


def test_rejects_cannot_run(write_csv, tmp_path):
    rejects = tmp_path / "r.csv"
    read(write_csv([["编号", "内容", "=1+1"], ["=2+3", "", "x"]]), rejects=rejects)
    text = rejects.read_text(encoding="utf-8-sig")
    assert ",'=1+1" in text
    assert ",'=2+3" in text


def test_ragged_rows(write_csv, tmp_path):
    rows = [
        ["编号", "内容"],
        ["1", "路面有坑,行车危险,请尽快修补一下吧"],
        ["2", "路面有坑,行车危险", "", ""],
        ["3", "路面有坑", "多出来的"],
        ["4"],
    ]
    rejects = tmp_path / "r.csv"
    export, tickets = read(write_csv(rows), rejects=rejects)
    assert [ticket.id for ticket in tickets] == ["1", "2"]
    assert export.reasons == {"单元格多于表头(3 个,表头 2 列)": 1, "没有诉求内容": 1}
    assert "3,路面有坑,多出来的" in rejects.read_text(encoding="utf-8-sig")


def test_a_huge_cell_rejects_its_row_alone(write_csv, tmp_path):
    rows = [HEADER, ROWS[0], ["9", "", "长" * 700_000, "", ""], ROWS[1]]
    rejects = tmp_path / "r.csv"
    export, tickets = read(write_csv(rows), rejects=rejects)
    assert [ticket.row for ticket in tickets] == [2, 4]
    assert export.reasons == {"单元格超过 100000 字": 1}
    assert rejects.stat().st_size < 10_000


def test_ten_thousand_blank_rows(write_xlsx, write_csv):
    blank = [["", None, " ", "", ""]] * 10_000
    for path in (write_xlsx(工单=[HEADER, *blank, *ROWS]), write_csv([HEADER, *blank, *ROWS])):
        export, tickets = read(path)
        assert (export.tally.blank, len(tickets), tickets[0].row) == (10_000, 3, 10_002)


def test_columns_by_hand(write_csv):
    rows = [["甲", "乙", "丙", "丁"], ["1", "一", "第一段", "第二段"], ["2", "二", "", "只有第二段"]]
    choice = ColumnChoice(text=("丙", "丁"), title="乙", id="A")
    export, tickets = read(write_csv(rows), columns=choice)
    assert [ticket.text for ticket in tickets] == ["第一段\n第二段", "只有第二段"]
    assert [ticket.id for ticket in tickets] == ["1", "2"]
    assert export.columns == {"text": ("丙", "丁"), "title": ("乙",), "id": ("甲",)}
    assert export.position("丁") == 3
    assert export.position("B") == 1


def test_a_column_by_hand_that_is_not_there(write_csv):
    with pytest.raises(MissingColumn) as caught:
        open_export(write_csv(), columns=ColumnChoice(text=("诉求的内容",)))
    assert "“诉求的内容”" in caught.value.line()
    assert "最接近的是“诉求内容”" in caught.value.line()
    assert "工单编号、标题、诉求内容" in caught.value.line()


def test_no_text_column(write_csv):
    path = write_csv([["姓名", "年龄"], ["甲", "30"]])
    with pytest.raises(MissingColumn, match="现有的列:姓名、年龄"):
        open_export(path)
    _, tickets = read(path, need_text=False)
    assert [ticket.cells for ticket in tickets] == [("甲", "30")]


def test_an_error_about_columns_holds_no_words_of_citizens(write_csv):
    path = write_csv(
        [["13800000000", "楼下烧烤店油烟很大天天呛得睡不着觉"], ["13900000000", "小区门口的路灯坏了好几天没有人来修"]]
    )
    with pytest.raises(MissingColumn) as caught:
        open_export(path)
    assert "油烟" not in caught.value.line()
    assert "13800000000" not in caught.value.line()


def test_titles_stand_in_for_texts(write_csv):
    export, tickets = read(write_csv([["编号", "标题"], ["1", "楼道堆物"]]))
    assert [(ticket.title, ticket.text) for ticket in tickets] == [("", "楼道堆物")]
    assert "以“标题”列代替" in export.notices[0]


def test_district_goes_before_the_address_once(write_csv):
    rows = [
        ["内容", "区县", "详细地址"],
        ["一", "城东区", "八一路1号"],
        ["二", "城西区", "城西区五四大街"],
        ["三", "", "某路"],
    ]
    _, tickets = read(write_csv(rows))
    assert [ticket.address for ticket in tickets] == ["城东区 八一路1号", "城西区 城西区五四大街", "某路"]


def test_rounded_numbers_are_reported(write_xlsx, write_csv):
    path = write_xlsx(
        工单=[["工单编号", "内容"], [20240101000123456, "甲"], [202401010001, "乙"], ["20240101000123456", "丙"]]
    )
    export, tickets = read(path)
    assert [ticket.id for ticket in tickets] == ["20240101000123460", "202401010001", "20240101000123456"]
    assert "1 个工单编号超过 15 位" in export.notices[0]
    assert "行 工单!2" in export.notices[0]
    export, tickets = read(write_csv([["工单编号", "内容"], ["2.02401E+17", "甲"], ["1E5号", "乙"]]))
    assert "行 2)" in export.notices[0]
    assert tickets[0].id == "2.02401E+17"


def test_unreadable_times_are_counted(write_csv):
    export, tickets = read(write_csv([["内容", "来电时间"], ["甲", "昨天"], ["乙", ""], ["丙", "2024/1/25"]]))
    assert [ticket.time for ticket in tickets] == [None, None, datetime(2024, 1, 25)]
    assert export.notices == ("1 行的时间认不出来,按没有时间处理",)


def test_several_sheets(write_xlsx):
    path = write_xlsx(
        空表=[],
        说明=[["本表由系统导出"], ["请勿外传"]],
        一月=[HEADER, ROWS[0]],
        二月=[["内容", "工单编号", "备注"], ["二月的诉求", "22", "急"]],
    )
    export, tickets = read(path)
    assert export.header == (*HEADER, "内容", "备注")
    assert [(ticket.sheet, ticket.row, ticket.id) for ticket in tickets] == [("一月", 2, ROWS[0][0]), ("二月", 2, "22")]
    assert tickets[1].cells == ("22", None, None, None, None, "二月的诉求", "急")
    assert export.columns["text"] == ("诉求内容", "内容")
    assert any("“空表”是空的" in notice for notice in export.notices)
    assert any("“说明”未读取" in notice for notice in export.notices)
    assert len(read(path, sheet="二月")[1]) == 1
    assert len(read(path, sheet="3")[1]) == 1
    with pytest.raises(InputError, match=r"没有工作表“三月”.*一月、二月"):
        open_export(path, sheet="三月")


def test_sheet_is_for_workbooks(write_csv):
    with pytest.raises(UsageError):
        open_export(write_csv(), sheet="一月")


def test_nothing_in_it(write_xlsx, write_csv):
    for path in (write_xlsx(工单=[]), write_csv([[], ["", ""]])):
        with pytest.raises(UnreadableFile, match="没有数据"):
            open_export(path)


def test_a_header_alone_is_an_empty_export(write_csv):
    export, tickets = read(write_csv([HEADER]))
    assert (tickets, export.tally.read) == ([], 0)


def test_standard_input(monkeypatch):
    data = '{"id": 1, "text": "楼道堆物"}\n\n不是 JSON\n{"id": 2, "text": "路灯不亮"}\n'.encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    export, tickets = read(None)
    assert [(ticket.row, ticket.id, ticket.text) for ticket in tickets] == [(1, "1", "楼道堆物"), (4, "2", "路灯不亮")]
    assert (export.tally.blank, export.reasons) == (1, {"不是有效的 JSON": 1})


RARE = "㛃𠮷䶮㭎\ue78d\ue81e"


@pytest.mark.parametrize("name", ["out.xlsx", "out.csv", "out.tsv", "out.jsonl", "out.parquet"])
def test_rare_characters_come_back(name, write_csv, tmp_path):
    path = write_csv([["编号", "内容"], ["1", f"住户{RARE}反映楼道堆物"]], encoding="gb18030")
    with open_export(path) as export, open_result(tmp_path / name, export.header) as result:
        for ticket in export:
            result.write(ticket.cells)
    _, tickets = read(tmp_path / name)
    assert [ticket.text for ticket in tickets] == [f"住户{RARE}反映楼道堆物"]
