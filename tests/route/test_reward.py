"""Reward reports: what is there, what is missing, who accepts; suspected, never found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TableError
from pipeline.route.places import Gazetteer, Location
from pipeline.route.reward import RewardBook
from pipeline.tables import DATA
from pipeline.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load()
BOOK = RewardBook.load(taxonomy=TAXONOMY)
GAZETTEER = Gazetteer.load()
NOWHERE = Location(None, (), "")


def test_a_full_report_lacks_nothing() -> None:
    text = "<姓名>举报：昨天下午看到城北区小桥大街一家烟花店把烟花堆放在楼道里，我拍了照片，电话<电话>"
    found = BOOK.check("fireworks", text, GAZETTEER.locate("", text))
    assert found.missing == ()
    assert found.acceptable
    assert found.reason.startswith("疑似")


def test_what_is_missing_is_asked_for() -> None:
    found = BOOK.check("industrial", "有个地方私自储存", NOWHERE)
    assert found.missing == ("被举报对象", "地点", "时间", "照片视频等证据", "实名", "有效联系方式")
    assert not found.acceptable
    assert len(found.questions) == 6
    assert all(question.endswith(("？", "。")) for question in found.questions)


def test_columns_of_the_export_count() -> None:
    found = BOOK.check("industrial", "厂里现在粉尘大", NOWHERE, address="甘河", named=True, reachable=True)
    assert found.missing == ("照片视频等证据",)
    assert found.acceptable


@pytest.mark.parametrize(
    ("domain", "text", "body"),
    [
        ("industrial", "危化品仓库没有许可", "应急管理部门"),
        ("industrial", "煤矿瓦斯超限", "应急管理部门"),
        ("gas", "液化气瓶违规充装", "城乡建设"),
        ("construction", "脚手架没有固定", "城乡建设"),
        ("traffic", "大客车超员", "交通运输"),
        ("fireworks", "有人私自销售烟花", "应急管理部门"),
        ("fireworks", "楼下乱放炮", "公安"),
        ("fire_safety", "安全出口锁闭", "消防救援"),
        ("special_equipment", "电梯没年检", "市场监督"),
        ("industrial", "厂里瞒报死亡事故", "人民政府"),
        ("other", "不知道归谁管的隐患", "应急管理部门（综合监管）"),
    ],
)
def test_who_accepts(domain: str, text: str, body: str) -> None:
    assert body in BOOK.check(domain, text, NOWHERE).body


def test_an_employee_is_told_that_a_name_is_needed() -> None:
    found = BOOK.check("industrial", "我们厂的冲床没有防护", NOWHERE)
    assert "真实姓名" in found.notices[0]


@pytest.mark.parametrize(
    ("domain", "nature", "concerned"),
    [
        ("industrial", "report", True),
        ("gas", "report", True),
        ("gas", "complaint", False),
        ("education", "report", False),
    ],
)
def test_which_tickets_it_concerns(domain: str, nature: str, concerned: bool) -> None:
    assert BOOK.concerns(domain, nature) is concerned


@given(st.sampled_from([label.id for label in TAXONOMY.domains]), st.text(max_size=60))
def test_never_a_finding(domain: str, text: str) -> None:
    found = BOOK.check(domain, text, NOWHERE)
    assert "疑似" in found.reason
    assert "属实" not in found.reason
    assert len(found.questions) == len(found.missing)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('id = "object"', 'id = "objct"', "改为“object”"),
        ('need = "鼓励"', 'need = "鼓劢"', "改为“鼓励”"),
        ('domain = ["gas"]', 'domain = ["gaz"]', "改为“gas”"),
        ("[insider]", "[insiders]", "改为“insider”"),
        ("general = ", "genral = ", "改为“general”"),
    ],
)
def test_wrong_table(tmp_path, old: str, new: str, told: str) -> None:
    path = tmp_path / "reward.toml"
    path.write_text((DATA / "reward.toml").read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TableError) as caught:
        RewardBook.load(path, taxonomy=TAXONOMY)
    assert told in str(caught.value)
