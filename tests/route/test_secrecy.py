"""Who is hidden: reports, the border, mixed calls, and the columns of an export."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TableError
from pipeline.route.secrecy import HIDDEN, SecrecyBook
from pipeline.tables import DATA
from pipeline.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load()
BOOK = SecrecyBook.load(taxonomy=TAXONOMY)
NATURES = [label.id for label in TAXONOMY.natures]


def test_a_report_hides_its_caller() -> None:
    found = BOOK.judge("report", "有人私存烟花", confidence=0.99)
    assert found.hide_caller
    assert not found.doubtful
    assert "不得透露" in found.reasons[0]


def test_a_plain_complaint_does_not() -> None:
    found = BOOK.judge("complaint", "暖气不热", confidence=0.95, runner_up="help")
    assert not found.hide_caller
    assert found.reasons == ()


@pytest.mark.parametrize(
    ("confidence", "runner_up", "doubtful", "hidden"),
    [
        (0.55, "report", False, True),
        (0.89, "report", False, True),
        (0.91, "report", False, False),
        (0.91, "report", True, True),
        (None, "report", False, True),
        (0.55, "help", True, False),
    ],
)
def test_near_the_border_the_stricter_one_holds(confidence, runner_up, doubtful, hidden) -> None:
    found = BOOK.judge("complaint", "饭馆后门堆满杂物", confidence=confidence, runner_up=runner_up, doubtful=doubtful)
    assert found.hide_caller is hidden
    assert found.doubtful is hidden


def test_an_unknown_nature_is_treated_as_a_report() -> None:
    assert BOOK.judge("", "饭馆后门堆满杂物").hide_caller


@pytest.mark.parametrize("text", ["请对我的信息保密", "我怕被报复", "我想匿名反映"])
def test_who_asks_is_hidden_whatever_the_nature(text: str) -> None:
    assert BOOK.judge("help", text, confidence=0.99).hide_caller


def test_the_exports_own_column_asks() -> None:
    columns = BOOK.columns
    assert columns.asks(["工单编号", "是否保密"], ["T1", "是"])
    assert not columns.asks(["工单编号", "是否保密"], ["T1", "否"])
    assert BOOK.judge("help", "暖气不热", confidence=0.99, asked=True).hide_caller


def test_a_mixed_call_is_worth_two_tickets() -> None:
    found = BOOK.judge("complaint", "我要举报这家店卖过期食品，还要退款给我", confidence=0.9)
    assert [(part.nature, part.hide_caller) for part in found.parts] == [("report", True), ("complaint", False)]
    assert any("分别处理" in reason for reason in found.reasons)
    assert found.hide_caller


def test_a_report_with_a_claim_is_two_as_well() -> None:
    found = BOOK.judge("report", "店里无证经营，办的卡也不退钱", confidence=0.7, runner_up="complaint")
    assert [part.nature for part in found.parts] == ["report", "complaint"]


def test_a_report_alone_is_one() -> None:
    assert len(BOOK.judge("report", "有人私存烟花", confidence=0.9).parts) == 1


HEADER = ["工单编号", "来电人", "联系电话", "被投诉人", "事发地址", "工单内容", "承办单位"]
HEADER += ["姓名(必填)", "来电号码哈希", "经办人"]
CELLS = [
    "T1",
    "张三丰",
    "13812345678",
    "某饭馆",
    "五四大街1号",
    "我叫张三丰，电话13812345678，饭馆堵了通道",
    "市消防",
    "张三丰",
    "9f",
    "李四",
]


def test_an_export_for_units_does_not_tell_who_called() -> None:
    seen = BOOK.columns.redactor(HEADER).row(CELLS)
    text = "".join(map(str, seen))
    assert "张三丰" not in text
    assert "13812345678" not in text
    assert (seen[0], seen[3], seen[4], seen[6], seen[9]) == ("T1", "某饭馆", "五四大街1号", "市消防", "李四")
    assert seen[1] == HIDDEN
    assert "饭馆堵了通道" in str(seen[5])


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("我住翠竹花园3号楼501室，楼下饭馆堵了通道", "我住【保密】，楼下饭馆堵了通道"),
        ("家住三单元。饭馆堵了通道", "家住【保密】。饭馆堵了通道"),
        ("饭馆楼上住着工人", "饭馆楼上住着工人"),
    ],
)
def test_where_the_caller_lives_is_not_told(text: str, seen: str) -> None:
    assert BOOK.columns.redactor(["工单内容"]).row([text]) == (seen,)


def test_an_empty_cell_stays_empty() -> None:
    assert BOOK.columns.redactor(["姓名", "电话"]).row([None, ""]) == (None, "")


@pytest.mark.parametrize(
    "name", ["举报人电话", "来电人 手机", "Caller Name", "* 联系电话：", "反映人身份证号", "录音文件路径"]
)
def test_columns_that_name_the_caller(name: str) -> None:
    assert BOOK.columns.naming([name]) == (0,)


@pytest.mark.parametrize(
    "name", ["被举报人", "被投诉人电话", "主办单位联系电话", "受理人", "诉求内容", "地址", "领域", ""]
)
def test_columns_that_do_not(name: str) -> None:
    assert BOOK.columns.naming([name]) == ()


@given(
    st.sampled_from(["", *NATURES]),
    st.text(max_size=40),
    st.none() | st.floats(0, 1),
    st.sampled_from(["", *NATURES]),
    st.booleans(),
)
def test_more_doubt_never_hides_less(nature, text, confidence, runner_up, asked) -> None:
    found = BOOK.judge(nature, text, confidence=confidence, runner_up=runner_up, asked=asked)
    assert 1 <= len(found.parts) <= 2
    assert found.hide_caller == any(part.hide_caller for part in found.parts)
    if nature == "report" or asked or not nature:
        assert found.hide_caller
    if found.hide_caller:
        assert found.reasons
        stricter = BOOK.judge(nature, text, confidence=0.0, runner_up="report", doubtful=True, asked=True)
        assert stricter.hide_caller


@given(st.lists(st.tuples(st.text(max_size=8), st.none() | st.text(max_size=20) | st.integers()), max_size=6))
def test_redaction_keeps_the_shape(pairs) -> None:
    header, cells = [name for name, _ in pairs], [cell for _, cell in pairs]
    assert len(BOOK.columns.redactor(header).row(cells)) == len(cells)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('hidden = ["report"]', 'hidden = ["reports"]', "改为“report”"),
        ('hidden = ["report"]', "hidden = []", "hidden 为空"),
        ("border = 0.9", "border = 8", "0 到 1"),
        ("[mixed]", "[mixd]", "改为“mixed”"),
        ("not_caller", "not_callers", "改为“not_caller”"),
    ],
)
def test_wrong_table(tmp_path, old: str, new: str, told: str) -> None:
    path = tmp_path / "secrecy.toml"
    shipped = (DATA / "secrecy.toml").read_text(encoding="utf-8")
    lines = [line.replace(old, new) if not line.startswith("#") else line for line in shipped.splitlines()]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(TableError) as caught:
        SecrecyBook.load(path, taxonomy=TAXONOMY)
    assert told in str(caught.value)
