import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tickets.cells import letter, position, unique
from pipeline.tickets.columns import ColumnChoice, find_column, match_roles, normalise, read_aliases


@pytest.mark.parametrize(
    "name",
    [
        "诉求内容",
        " 诉求 内容 ",
        "诉求内容:",
        "诉求内容：",
        "*诉求内容(必填)",
        "诉求内容【脱敏】",
        "「诉求内容".strip("「"),
        "诉求\n内容",
    ],
)
def test_headers_are_matched_loosely(name):
    assert match_roles(["x", name], ColumnChoice(), read_aliases())["text"] == (1,)


@pytest.mark.parametrize("name", ["ＣＯＮＴＥＮＴ", "Content", "TEXT", "main_content", "Main Content"])
def test_english_headers(name):
    assert match_roles([name], ColumnChoice(), read_aliases()) == {"text": (0,)}


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (["工单编号", "来电时间", "工单标题", "主要内容", "处理时限"], "主要内容"),
        (["工单编号", "工单标题", "诉求内容", "诉求类型", "诉求详细地址"], "诉求内容"),
        (["序号", "工单编号", "标题", "内容"], "内容"),
        (["留言编号", "留言用户", "留言主题", "留言时间", "留言详情"], "留言详情"),
        (["问题描述", "内容分类", "回复内容"], "问题描述"),
        (["內容", "標題"], "內容"),
    ],
)
def test_real_systems_headers(header, text):
    assert match_roles(header, ColumnChoice(), read_aliases())["text"] == (header.index(text),)


def test_the_ticket_number_goes_before_the_row_number():
    assert match_roles(["序号", "工单编号", "内容"], ColumnChoice(), read_aliases())["id"] == (1,)


def test_an_exact_name_goes_before_a_loose_one():
    header = ["内容(回复)", "内容", "内 容"]
    assert [find_column(header, name) for name in ("内容", "内容(回复)", "内 容", "内容（回复）", "没有")] == [
        1,
        0,
        2,
        0,
        None,
    ]


def test_a_header_goes_before_a_letter():
    choice = ColumnChoice(text=("B",), id="3")
    roles = match_roles(["B", "甲", "乙"], choice, read_aliases(), by_position=True)
    assert roles["text"] == (0,)
    assert roles["id"] == (2,)


def test_no_alias_stands_for_two_roles():
    table = read_aliases().roles()
    names = [normalise(name) for aliases in table.values() for name in aliases]
    assert sorted(names) == sorted(set(names))


@given(st.integers(0, 18_277))
def test_letters_count_like_a_spreadsheet(index):
    assert position(letter(index)) == index


def test_positions():
    assert [position(name) for name in ("A", "Z", "aa", "1", "27", "0", "甲", "A1", "")] == [
        0,
        25,
        26,
        0,
        26,
        None,
        None,
        None,
        None,
    ]


@given(st.lists(st.sampled_from(["", "甲", "甲_2", "列A", "列B", "乙"])))
def test_names_become_unique_and_keep_their_order(names):
    result = unique(names)
    assert len(set(result)) == len(names) == len(result)
    assert all(new.startswith(old) and new for old, new in zip(names, result, strict=True))


@given(st.text("abＡＢ诉求内容：:（）()[]【】_* \u3000;,", max_size=30))
def test_normalising_twice_changes_nothing(name):
    assert normalise(normalise(name)) == normalise(name)
