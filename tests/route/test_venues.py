"""Kinds of place: the nine small ones, the law's classes, mixed use, and what is only a signpost."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TableError
from pipeline.route.venues import CROWDED, MIXED, NINE, PUBLIC, VenueBook

BOOK = VenueBook.load()


@pytest.mark.parametrize(
    ("text", "nine"),
    [
        ("小饭桌没有证", "小学校或幼儿园"),
        ("卫生室没人", "小医院"),
        ("便利店卖烟", "小商店"),
        ("面馆后厨脏", "小餐饮"),
        ("招待所没有逃生口", "小旅馆"),
        ("歌厅太吵", "小歌舞娱乐"),
        ("网咖通宵", "小网吧"),
        ("足浴店锁门", "小美容洗浴"),
        ("豆腐作坊排污", "小生产加工企业"),
    ],
)
def test_the_nine_small_kinds(text: str, nine: str) -> None:
    found = BOOK.find(text)
    assert found.nine == (nine,)
    assert "九小场所" in found.tags
    assert found.reason.startswith(f"文中“{found.words[0]}”，疑似")


def test_all_nine_are_in_the_table() -> None:
    assert {kind.nine for kind in BOOK.kinds if kind.nine} == set(NINE)


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("商场安全出口锁了", (PUBLIC, CROWDED)),
        ("候车室没暖气", (PUBLIC, CROWDED)),
        ("养老院装了防盗窗", (CROWDED,)),
        ("学校食堂", (CROWDED,)),
        ("豆腐作坊", ()),
        ("路灯不亮", ()),
    ],
)
def test_the_laws_classes(text: str, law: tuple[str, ...]) -> None:
    assert BOOK.find(text).law == law


@pytest.mark.parametrize("text", ["超市旁边垃圾", "学校对面施工", "医院附近停车难", "我家小学生被撞", "大酒店管理"])
def test_a_signpost_or_a_look_alike_is_not_small(text: str) -> None:
    assert BOOK.find(text).nine == ()


@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        ("一楼饭馆，二楼旅社", True),
        ("又是网吧又是仓库", True),
        ("厂房分租给几家", True),
        ("一楼饭馆。旅社在别处的二楼", False),
        ("商场三楼儿童乐园", False),
        ("饭馆和旅社都在街上", False),
    ],
)
def test_mixed_use(text: str, mixed: bool) -> None:
    assert BOOK.find(text).mixed is mixed


@given(
    st.lists(
        st.sampled_from([word for kind in BOOK.kinds for word in kind.words] + ["。", "旁边", "一楼", "二楼"]),
        max_size=8,
    )
)
def test_every_tag_has_its_word_in_the_text(words: list[str]) -> None:
    text = "".join(words)
    found = BOOK.find(text)
    assert all(word in text for word in found.words)
    assert len(found.words) >= len([kind for kind in found.kinds if kind != MIXED])
    assert (PUBLIC not in found.law) or (CROWDED in found.law)


def test_hostile_text_is_fast() -> None:
    start = time.perf_counter()
    BOOK.find("饭馆旅社一楼" * 50_000)
    assert time.perf_counter() - start < 20


TABLE = """
beside = ["旁边"]
mixed = ["多业态"]
floors = ["一楼"]
both = ["又是"]
[[kinds]]
name = "餐饮"
nine = "小餐饮"
law = "公众聚集场所"
words = ["饭馆"]
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("小餐饮", "小餐馆", "改为“小餐饮”"),
        ("公众聚集场所", "公众场所", "改为“公众聚集场所”"),
        ('["饭馆"]', "[]", "太短"),
        ('["饭馆"]', '["饭"]', "太短"),
        ("words", "wrods", "改为“words”"),
        ("beside", "besides", "改为“beside”"),
        ('name = "餐饮"', 'name = "餐饮"\nwords = ["甲乙"]\n[[kinds]]\nname = "餐饮"', "重复"),
    ],
)
def test_wrong_table(tmp_path, old: str, new: str, told: str) -> None:
    path = tmp_path / "venues.toml"
    path.write_text(TABLE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TableError) as caught:
        VenueBook.load(path)
    assert told in str(caught.value)
