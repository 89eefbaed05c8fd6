import pytest

from pipeline.tickets import open_export


def names(path, **options):
    with open_export(path, **options) as export:
        return export.header, [ticket.cells for ticket in export]


def test_two_lines_with_merged_groups(write_xlsx):
    rows = [
        ["某市热线工单", None, None, None, None, None],
        ["工单编号", "诉求人", None, "诉求内容", "承办单位", None],
        [None, "姓名", "电话", None, "姓名", "电话"],
        ["1", "甲", "2", "路灯不亮", "乙", "3"],
    ]
    path = write_xlsx(merges=["A1:F1", "A2:A3", "B2:C2", "D2:D3", "E2:F2"], 工单=rows)
    header, cells = names(path)
    assert header == ("工单编号", "诉求人/姓名", "诉求人/电话", "诉求内容", "承办单位/姓名", "承办单位/电话")
    assert cells == [("1", "甲", "2", "路灯不亮", "乙", "3")]


def test_groups_over_a_full_header(write_xlsx):
    rows = [
        ["基本信息", None, "办理信息", None],
        ["工单编号", "诉求内容", "时间", "单位"],
        ["1", "路灯不亮", "2024-01-25", "城管局"],
    ]
    header, cells = names(write_xlsx(merges=["A1:B1", "C1:D1"], 工单=rows))
    assert header == ("工单编号", "诉求内容", "时间", "单位")
    assert len(cells) == 1


def test_two_lines_saved_as_csv(write_csv):
    rows = [["工单编号", "诉求人", "", "诉求内容"], ["", "姓名", "电话", ""], ["1", "甲", "2", "路灯不亮"]]
    assert names(write_csv(rows)) == (("工单编号", "姓名", "电话", "诉求内容"), [("1", "甲", "2", "路灯不亮")])


def test_a_sparse_first_row_of_data_is_no_second_header(write_csv):
    rows = [["工单编号", "诉求内容", "备注", "单位"], ["", "路灯不亮", "", "城管局"], ["2", "楼道堆物", "急", ""]]
    header, cells = names(write_csv(rows))
    assert header == ("工单编号", "诉求内容", "备注", "单位")
    assert len(cells) == 2


def test_repeated_and_empty_names(write_csv):
    rows = [["内容", "", "备注", "备注"], ["路灯不亮", "1", "2", "3"]]
    assert names(write_csv(rows))[0] == ("内容", "列B", "备注", "备注_2")


def test_a_header_far_down(write_csv):
    rows = [*[["说明", str(at)] for at in range(30)], ["编号", "内容"], ["1", "路灯不亮"]]
    assert names(write_csv(rows)) == (("编号", "内容"), [("1", "路灯不亮")])


def test_merged_cells_fill_down_but_blank_rows_stay_blank(write_xlsx):
    rows = [
        ["区县", "编号", "内容"],
        ["城东区", "1", "甲事"],
        [None, "2", "乙事"],
        [None, None, None],
        ["城西区", "4", "丙事"],
    ]
    path = write_xlsx(merges=["A2:A4"], 工单=rows)
    with open_export(path) as export:
        assert [(ticket.row, ticket.address) for ticket in export] == [(2, "城东区"), (3, "城东区"), (5, "城西区")]
    assert export.tally.blank == 1


def test_cells_to_the_right_of_the_header_are_kept_in_a_workbook(write_xlsx):
    rows = [["编号", "内容"], ["1", "甲事"], ["2", "乙事", None, "批注"]]
    header, cells = names(write_xlsx(工单=rows))
    assert header == ("编号", "内容", "列C", "列D")
    assert cells[1] == ("2", "乙事", None, "批注")


def test_a_table_that_does_not_begin_at_a1(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active["C4"], book.active["D4"] = "编号", "内容"
    book.active["C5"], book.active["D5"] = "1", "甲事"
    book.save(tmp_path / "a.xlsx")
    with open_export(tmp_path / "a.xlsx") as export:
        (ticket,) = export
    assert (ticket.row, ticket.id, ticket.text) == (5, "1", "甲事")
    assert ticket.cells == (None, None, "1", "甲事")


@pytest.mark.parametrize("need_text", [True, False])
def test_the_fullest_row_is_the_header_where_no_alias_is_known(write_csv, need_text):
    from pipeline.errors import MissingColumn

    path = write_csv([["一份表"], ["甲", "乙", "丙"], ["1", "2", "3"]])
    if need_text:
        with pytest.raises(MissingColumn, match="甲、乙、丙"):
            open_export(path)
    else:
        assert names(path, need_text=False) == (("甲", "乙", "丙"), [("1", "2", "3")])
