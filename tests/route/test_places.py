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

KNOWN = {place.name for place in GAZETTEER.places}

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


@pytest.mark.parametrize(
    "text",
    [
        "城中村改造",
        "西宁市城中村拆迁",
        "扩大通风口",
        "上汽大通面包车",
        "睡的是大通铺",
        "湟源羊肉馆卖死羊",
        "大通小区电梯坏了",
        "县城东边的桥",
        "城西派出所",
        "青海长江路建设集团有限公司欠薪",
        "柳州市城中区的房子",
        "某乡魏家庄村的路",
        "翠竹新城社区的路",
    ],
)
def test_look_alikes_are_no_place(text: str) -> None:
    assert GAZETTEER.find("", text) is None


@pytest.mark.parametrize(
    ("text", "district"),
    [
        ("长江路的兰州拉面馆", "城中区"),  # a dish, not a city
        ("我老家湟源的，住在城东区康乐小区", "城东区"),
        ("店位于城东区建国路，我家在城西区", "城东区"),
        ("家在大通，没暖气", "大通回族土族自治县"),
        ("多巴镇城中村停水", "湟中区"),
        ("沈家寨的路", "城中区"),
        ("成东区八一路", "城东区"),  # as speech recognition writes it
        ("城北区幸福社区的路", "城北区"),
    ],
)
def test_what_is_meant(text: str, district: str) -> None:
    found = GAZETTEER.find("", text)
    assert found is not None
    assert found.name == district


def test_a_company_is_not_where_it_was_registered_for_certain() -> None:
    location = GAZETTEER.locate("", "湟中区某某劳务有限公司欠薪")
    assert location.doubtful
    assert "公司名称" in location.reason


def test_a_zone_over_several_districts_says_so() -> None:
    location = GAZETTEER.locate("", "西宁经开区夜里排气")
    assert location.district is None
    assert len(location.candidates) == 4
    assert all(name in location.reason for name in location.candidates)
    assert location.zone == "西宁经济技术开发区"


def test_namesakes_are_told_with_their_districts() -> None:
    location = GAZETTEER.locate("", "幸福社区的路灯")
    assert location.district is None
    assert set(location.candidates) == {"城东区", "城北区"}


def test_a_community_brings_its_street() -> None:
    location = GAZETTEER.locate("", "新青社区楼上漏水")
    assert (location.town, location.community) == ("南滩街道", "新青社区")
    assert location.detail == "南滩街道新青社区"


def test_the_text_is_told_where_it_speaks_against_the_address() -> None:
    location = GAZETTEER.locate("城东区", "店在城西区古城台")
    assert location.district is not None
    assert location.district.name == "城东区"
    assert location.doubtful
    assert "城西区" in location.reason


def test_a_short_name_that_another_place_contradicts_settles_nothing() -> None:
    location = GAZETTEER.locate("", "海湖新区停暖，抢修队在大通")
    assert location.district is None
    assert set(location.candidates) == {"城西区", "大通回族土族自治县"}


def test_a_place_whose_district_has_no_source_says_so() -> None:
    assert "未核实" in GAZETTEER.locate("", "海湖新区停暖").reason
    assert "未核实" not in GAZETTEER.locate("", "城西区停暖").reason
    assert "未核实" not in GAZETTEER.locate("", "沈家寨村停暖").reason


def test_nothing_named_is_nothing_found() -> None:
    assert not GAZETTEER.locate("", "三号楼漏水").found
    assert GAZETTEER.locate("", "翠竹花园漏水").found


def test_words_for_the_segmenter() -> None:
    words = [*GAZETTEER.user_words()]
    assert len({word for word, _, _ in words}) == len(words) > 500
    assert all(2 <= len(word) <= 8 and " " not in word for word, _, _ in words)


@given(st.lists(st.one_of(st.sampled_from(NAMES), st.text(max_size=3)), max_size=6).map("".join), st.text(max_size=9))
def test_never_more_than_the_evidence(address: str, text: str) -> None:
    location = GAZETTEER.locate(address, text)
    assert location.reason
    if location.district is not None:
        assert location.evidence
        assert all(name in address or name in text for name in location.evidence)
        assert location.district.name in location.reason
    else:
        assert "市级受理待核" in location.reason
    assert all(part in address + text for part in (location.estate, location.road) if part not in KNOWN)


@given(st.lists(st.sampled_from([*NAMES, "的", "，", "有限公司", "在", "某乡"]), min_size=1, max_size=5))
def test_two_districts_side_by_side_are_never_chosen_from(parts: list[str]) -> None:
    """Whatever else is said: where two districts are named alike, none is taken without a word of doubt."""
    text = "，".join([*parts, "城东区", "城西区"])
    location = GAZETTEER.locate("", text)
    assert location.district is None or location.doubtful or location.district.name not in ("城东区", "城西区")


@pytest.mark.slow
def test_hostile_text_is_fast() -> None:
    start = time.perf_counter()
    GAZETTEER.find("", "城城中城东城西大通" * 50_000)
    GAZETTEER.find("", "城东区路小区" * 50_000)
    GAZETTEER.find("", "位于老家" * 50_000)
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
        ("[[places]]", '[communities."甲县"]\n"乙镇" = ["丙村"]\n[[places]]', "改为“甲区”"),
        ("[[places]]", '[communities."甲区"]\n"乙镇" = "丙村"\n[[places]]', "列表"),
        ("[[places]]", '[spellings]\n"贾路" = "乙路"\n[[places]]', "改为“甲路”"),
        ("[[places]]", '[spellings]\n"甲区" = "甲路"\n[[places]]', "本身就是地名"),
        ("[[places]]", '[shapes]\nroads = ["路"]\n[[places]]', "改为“road”"),
        ("[[places]]", '[cues]\nexplict = ["位于"]\n[[places]]', "改为“explicit”"),
    ],
)
def test_wrong_table(tmp_path, old: str, new: str, told: str) -> None:
    path = tmp_path / "places.toml"
    path.write_text(TABLE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TableError) as caught:
        Gazetteer.load(path)
    assert told in str(caught.value)
