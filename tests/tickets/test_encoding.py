import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.errors import UnknownEncoding, UsageError
from pipeline.tickets import ColumnChoice, open_export
from pipeline.tickets.encoding import find_encoding
from tests.tickets.toys import HEADER, ROWS

TRADITIONAL = [
    ["工單編號", "標題", "內容"],
    ["1", "樓道堆物", "幸福小區三單元樓道堆滿紙箱,消防通道走不過去人,請盡快派人清理。"],
    ["2", "暖氣不熱", "家裡暖氣片摸著是涼的,室溫只有十四度,家中有老人,盼望早點供熱。"],
]


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030"), ("gbk", "gb18030"), ("utf-16", "utf-16")],
)
def test_encodings_are_found(write_csv, encoding, found):
    assert find_encoding(write_csv(encoding=encoding)) == found


def test_the_byte_order_mark_is_no_part_of_the_header(write_csv):
    with open_export(write_csv(encoding="utf-8-sig")) as export:
        assert export.header[0] == "工单编号"


def test_big5_is_named_and_can_be_asked_for(write_csv):
    path = write_csv(TRADITIONAL, encoding="big5")
    with pytest.raises(UnknownEncoding, match=r"Big5.*--encoding big5"):
        open_export(path)
    with open_export(path, encoding="big5") as export:
        assert [ticket.text for ticket in export] == [row[2] for row in TRADITIONAL[1:]]


def test_traditional_characters_in_gb18030_are_not_taken_for_big5(write_csv):
    with open_export(write_csv(TRADITIONAL, encoding="gb18030")) as export:
        assert len(list(export)) == 2


def test_a_late_wrong_byte_is_found_before_the_first_row(tmp_path):
    good = "\n".join([",".join(HEADER), *([",".join(ROWS[0])] * 20_000)]).encode()
    path = tmp_path / "a.csv"
    path.write_bytes(good + b"\n1,2,\xff\xff,4,5\n" + good)
    with pytest.raises(UnknownEncoding, match=rf"按 UTF-8 读到第 20002 行、第 {len(good) + 6} 字节"):
        open_export(path)


def test_a_character_cut_between_two_chunks(tmp_path):
    for lead in range(4):
        path = tmp_path / f"{lead}.csv"
        path.write_bytes(("内容\n" + "a" * lead + "𠮷" * 300_000 + "\n").encode("gb18030"))
        assert find_encoding(path) == "gb18030"


def test_an_encoding_asked_for_is_the_only_one_tried(write_csv):
    with pytest.raises(UnknownEncoding, match=r"第 1 行.*utf-8"):
        open_export(write_csv(encoding="gb18030"), encoding="utf-8")


@pytest.mark.parametrize("name", ["latin-99", "rot13", "hex", "", "utf-8\0"])
def test_no_encoding(write_csv, name):
    with pytest.raises(UsageError, match="不认识的编码"):
        open_export(write_csv(), encoding=name)


@given(st.text(st.characters(codec="gb18030", exclude_categories=["Cc"]), min_size=1, max_size=200))
def test_any_text_in_gb18030_comes_back_or_is_refused_by_name(tmp_path_factory, text):
    assume(text.strip() and len(text.splitlines()) == 1)
    path = tmp_path_factory.mktemp("gb") / "a.csv"
    path.write_bytes(('编号,诉求内容\n1,"' + text.replace('"', '""') + '"\n').encode("gb18030"))
    with open_export(path, columns=ColumnChoice(text=("诉求内容",)), encoding="gb18030") as export:
        assert [ticket.text for ticket in export] == [text]
