"""Districts from addresses: precedence, the longest name, conflicts, other cities."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TableError
from pipeline.route.places import Gazetteer

GAZETTEER = Gazetteer.load()
NAMES = sorted(
    {name for entry in (*GAZETTEER.districts, *GAZETTEER.places) for name in (entry.name, *entry.aliases)}
    | set(GAZETTEER.foreign)
)

FOUND = [
    ("城西区新宁路12号", "", "城西区"),
    ("西宁市湟中县鲁沙尔镇", "", "湟中区"),
    ("", "海湖新区唐道门口停车难", "城西区"),
    ("", "城南新区没有公交", "城中区"),
    ("", "甘河工业园区夜里排气", "湟中区"),
    ("", "东川工业园区门口修路", "城东区"),
    ("", "生物园区一家厂", "城北区"),
    ("", "大通县桥头镇停水", "大通回族土族自治县"),
    ("", "丹噶尔古城里面", "湟源县"),
    ("", "湟中路菜市场", "城东区"),
    ("", "南川工业园区的厂", "城中区"),
]


@pytest.mark.parametrize(("address", "text", "district"), FOUND)
def test_district_is_found(address: str, text: str, district: str) -> None:
    found = GAZETTEER.find(address, text)
    assert found is not None
    assert found.name == district


def test_address_goes_before_text() -> None:
    assert GAZETTEER.find("城东区八一路", "我在城西区上班").name == "城东区"


def test_text_speaks_where_the_address_is_silent() -> None:
    assert GAZETTEER.find("三号楼二单元", "莫家街口子上").name == "城中区"


def test_a_district_name_outweighs_a_place() -> None:
    assert GAZETTEER.find("", "城中区的车开到海湖新区").name == "城中区"


def test_a_landmark_outweighs_a_road() -> None:
    assert GAZETTEER.find("", "唐道往柴达木路方向").name == "城西区"


@pytest.mark.parametrize("text", ["七一路路灯坏了", "祁连路堵车", "城关镇没有路灯", "三号楼漏水", ""])
def test_no_evidence(text: str) -> None:
    location = GAZETTEER.locate("", text)
    assert location.district is None
    assert "市级受理待核" in location.reason


def test_two_crossing_roads_narrow_down() -> None:
    assert GAZETTEER.find("", "七一路和祁连路十字").name == "城东区"


def test_conflict_gives_none_and_says_so() -> None:
    location = GAZETTEER.locate("", "从城东区到城北区的车")
    assert location.district is None
    assert "不同县区" in location.reason
    assert set(location.evidence) == {"城东区", "城北区"}


@pytest.mark.parametrize(
    "text", ["海口市龙华区建国路积水", "美兰区胜利路夜市吵", "长沙的黄河路", "A市建国路停水", "广州万达广场退款"]
)
def test_another_city_gives_no_district(text: str) -> None:
    assert GAZETTEER.find("", text) is None


@given(st.lists(st.one_of(st.sampled_from(NAMES), st.text(max_size=3)), max_size=6).map("".join), st.text(max_size=9))
def test_never_more_than_the_evidence(address: str, text: str) -> None:
    location = GAZETTEER.locate(address, text)
    assert location.reason
    if location.district is not None:
        assert location.evidence
        assert all(name in address or name in text for name in location.evidence)


def test_hostile_text_is_fast() -> None:
    start = time.perf_counter()
    GAZETTEER.find("", "城城中城东城西大通" * 50_000)
    assert time.perf_counter() - start < 20


TABLE = """
foreign = ["海口"]
[[districts]]
name = "甲区"
government = "甲区人民政府"
[[places]]
name = "甲路"
kind = "道路"
districts = ["甲区"]
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('districts = ["甲区"]', 'districts = ["甲县"]', "改为“甲区”"),
        ('districts = ["甲区"]', "districts = []", "县区"),
        ('kind = "道路"', 'kind = "路道"', "地名类别"),
        ('name = "甲路"', 'name = "甲区"', "重复"),
        ("foreign", "foregin", "改为“foreign”"),
        ('foreign = ["海口"]', 'foreign = "海口"', "列表"),
        ("government", "goverment", "改为“government”"),
    ],
)
def test_wrong_table(tmp_path, old: str, new: str, told: str) -> None:
    path = tmp_path / "places.toml"
    path.write_text(TABLE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TableError) as caught:
        Gazetteer.load(path)
    assert told in str(caught.value)
