"""Names by their shape: where they begin, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.route.address import PartReader, Parts, Shapes, in_company
from pipeline.tables import DATA, build, read_toml

READER = PartReader(build(Shapes, read_toml(DATA / "places.toml")["shapes"], "shapes"))


@pytest.mark.parametrize(
    ("text", "estate"),
    [
        ("我住翠竹花园三号楼", "翠竹花园"),
        ("关于翠竹花园物业", "翠竹花园"),
        ("在粮食局家属院门口", "粮食局家属院"),
        ("万和家园没暖气", "万和家园"),
        ("我们小区没暖气", ""),
        ("这个老旧小区没暖气", ""),
        ("请求处置小区垃圾", ""),
        ("员工公寓没热水", ""),
    ],
)
def test_estate(text: str, estate: str) -> None:
    assert READER.read(text, []).estate == estate


@pytest.mark.parametrize(
    ("text", "road"),
    [
        ("走到青松路口", "青松路"),
        ("青松路路灯不亮", "青松路"),
        ("门口路灯不亮", ""),
        ("这条路坏了", ""),
        ("村里修路", ""),
        ("青松路桥建设有限公司", ""),
        ("青松路的有限公司", "青松路"),
    ],
)
def test_road(text: str, road: str) -> None:
    assert READER.read(text, []).road == road


def test_a_new_name_begins_behind_a_known_one() -> None:
    text = "城东区金桥路翠竹花园"
    assert READER.read(text, [(0, 3), (3, 6)]) == Parts(estate="翠竹花园")


def test_a_known_name_with_an_ending_is_one() -> None:
    assert READER.read("金桥路小区", [(0, 3)]).estate == "金桥路小区"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("建设集团有限公司", True),
        ("某某劳务有限公司", True),
        ("的建设有限公司", False),
        ("一家有限公司", False),
        ("口堵车", False),
    ],
)
def test_company(text: str, told: bool) -> None:
    assert in_company(f"长江路{text}", 3) is told


@given(st.text("我住在的和翠竹花园小区路街村社一12，有限公司", max_size=40))
def test_what_is_read_stands_in_the_text(text: str) -> None:
    parts = READER.read(text, [])
    assert all(part in text for part in (parts.community, parts.estate, parts.road))


@given(
    st.builds(Parts, estate=st.text(max_size=2), road=st.text(max_size=2)), st.builds(Parts, estate=st.text(max_size=2))
)
def test_what_is_there_is_not_overwritten(parts: Parts, other: Parts) -> None:
    filled = parts.filled(other)
    assert filled.estate == (parts.estate or other.estate)
    assert filled.road == parts.road
