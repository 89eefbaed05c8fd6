import csv
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tickets import open_export
from pipeline.tickets.delimited import Delimited, find_delimiter
from tests.tickets.toys import HEADER, ROWS


def rows(tmp_path, data):
    path = tmp_path / "a.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    (sheet,) = Delimited(path).sheets()
    return list(sheet.rows())


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiters(delimiter):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([["某表"], HEADER, *ROWS, ["a,b;c", "1\t2", "x|y", '"', "\n"]])
    assert find_delimiter(text.getvalue()) == delimiter


def test_commas_in_a_table_of_tabs():
    lines = ["编号\t内容", *[f"{at}\t甲,乙" + ",丙" * (at % 3) for at in range(20)]]
    assert find_delimiter("\n".join(lines)) == "\t"


def test_one_column(tmp_path):
    assert [cells for _, cells, _ in rows(tmp_path, "内容\n路灯不亮\n楼道堆物\n")] == [
        ["内容"],
        ["路灯不亮"],
        ["楼道堆物"],
    ]


def test_quoted_line_breaks_are_one_row(tmp_path):
    assert rows(tmp_path, 'a,b\r\n"x\r\ny",2\r\n3,4\r\n') == [
        (1, ["a", "b"], ""),
        (2, ["x\r\ny", "2"], ""),
        (3, ["3", "4"], ""),
    ]


def test_an_unclosed_quote_costs_its_own_row_alone(tmp_path):
    text = "编号,内容\n" + "".join(f"{at},正文{at}\n" for at in range(5)) + '5,"没有闭合\n' + "6,正文\n7,正文\n"
    found = rows(tmp_path, text)
    assert [number for number, _, fault in found if fault] == [7]
    assert [cells[0] for _, cells, fault in found if not fault] == ["编号", "0", "1", "2", "3", "4", "6", "7"]


def test_an_unclosed_quote_before_a_quoted_row(tmp_path):
    text = '编号,内容\n1,"没有闭合\n2,正文\n3,"加引号的"\n4,正文\n'
    found = rows(tmp_path, text)
    assert [cells[0] for _, cells, fault in found if not fault] == ["编号", "2", "3", "4"]


def test_quotes_inside_quotes_that_were_not_doubled(tmp_path):
    assert rows(tmp_path, '编号,内容\n1,"他说"好的"就走了"\n2,正文\n')[2] == (3, ["2", "正文"], "")
    assert not rows(tmp_path, '编号,内容\n1,"他说"好的"就走了"\n')[1][2]


def test_a_quote_open_for_thousands_of_lines(tmp_path):
    text = "编号,内容\n" + ('1,"没有闭合\n' + "2,正文\n" * 6_000) * 2
    found = rows(tmp_path, text)
    assert [number for number, _, fault in found if fault] == [2, 6_003]
    assert len(found) == 12_003


def test_nul_bytes_are_taken_out(tmp_path):
    assert rows(tmp_path, "a,b\n1\0,\0x\0\n")[1] == (2, ["1", "x"], "")


def test_odd_line_separators_stay_in_their_cells(tmp_path):
    odd = "甲\u2028乙\x85丙\x0b丁\x0c戊"
    assert rows(tmp_path, f"a,b\n1,{odd}\n2,y\n")[1] == (2, ["1", odd], "")


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_whatever_csv_writes_is_read_back(tmp_path_factory, table, end):
    text = io.StringIO()
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([["编号", "诉求内容", "备注"]] * 3 + table)
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(text.getvalue().encode())
    (sheet,) = Delimited(path).sheets()
    assert [cells for _, cells, fault in sheet.rows()][3:] == table


@given(st.binary(max_size=300))
def test_any_bytes_end_in_rows_or_in_one_of_our_errors(tmp_path_factory, data):
    from pipeline.errors import YousuError

    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes("编号,诉求内容\n".encode() + data)
    try:
        with open_export(path) as export:
            count = sum(1 for _ in export)
    except YousuError as error:
        assert "\n" not in error.line()
    else:
        assert export.tally.usable == count
        assert export.tally.read == count + export.tally.rejected + export.tally.blank


def peak(path):
    tracemalloc.start()
    with open_export(path) as export:
        count = sum(1 for _ in export)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return count, most


def test_memory_does_not_grow_with_the_rows(write_csv):
    few, small = peak(write_csv([HEADER, *ROWS * 2_000], name="few.csv"))
    many, large = peak(write_csv([HEADER, *ROWS * 10_000], name="many.csv"))
    assert many == 5 * few
    assert large < small + 500_000
