"""Statutory clocks over the hotline's: which runs, which governs, what is only told."""

import pytest

from pipeline.errors import TableError
from pipeline.route.statutes import StatuteBook
from pipeline.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load()
BOOK = StatuteBook.load(taxonomy=TAXONOMY)


@pytest.mark.parametrize(
    ("domain", "nature", "text", "urgency", "value", "unit"),
    [
        ("fire_safety", "report", "楼道安全出口锁着", "normal", 24, "小时"),
        ("small_venue", "report", "饭馆疏散通道堆满货", "urgent", 24, "小时"),
        ("fire_safety", "complaint", "灭火器过期", "normal", 3, "工作日"),
        ("consumer", "complaint", "不给退款", "normal", 7, "工作日"),
        ("gas", "complaint", "燃气客服态度差", "normal", 15, "工作日"),
    ],
)
def test_governing(domain: str, nature: str, text: str, urgency: str, value: int, unit: str) -> None:
    clock = BOOK.governing(domain, nature, text, urgency)
    assert clock is not None
    assert (clock.value, clock.unit) == (value, unit)
    assert clock.source in clock.reason


@pytest.mark.parametrize(
    ("domain", "nature", "text", "urgency"),
    [
        ("fire_safety", "report", "安全出口锁着，里面着火了", "critical"),  # a 特急 never waits for a longer clock
        ("fire_safety", "complaint", "灭火器过期", "urgent"),
        ("consumer", "report", "卖假货", "normal"),
        ("gas", "help", "燃气停了", "normal"),
        ("wages", "complaint", "拖欠工资", "normal"),  # runs from a filing that the hotline does not know
        ("", "", "", "normal"),
    ],
)
def test_the_hotlines_own_limit_stays(domain: str, nature: str, text: str, urgency: str) -> None:
    assert BOOK.governing(domain, nature, text, urgency) is None


def test_petitions_and_labour_inspection_are_told() -> None:
    told = {clock.name: clock for clock in BOOK.running("wages", "complaint", "信访局让我打热线要工资")}
    assert (told["信访告知"].value, told["信访办结"].value) == (15, 60)
    assert (told["劳动保障监察"].value, told["劳动保障监察"].extension) == (60, 30)
    assert "立案" in told["劳动保障监察"].reason


def test_what_was_not_seen_in_the_original_says_so() -> None:
    unverified = [clock for clock in BOOK.clocks if not clock.verified]
    assert unverified
    assert all("未核实" in clock.reason for clock in unverified)


TABLE = """
[[clocks]]
name = "甲"
domain = ["gas"]
value = 3
unit = "工作日"
step = "核查"
governs = true
basis = "乙"
source = "丙"
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('["gas"]', '["gaz"]', "改为“gas”"),
        ("工作日", "工作天", "改为“工作日”"),
        ("value = 3", "value = 0", "不小于 1"),
        ("value = 3", 'value = "3"', "类型"),
        ("value = 3", 'value = 3\nstarts = "立案"', "governs"),
        ("value = 3", 'value = 3\nurgencies = ["critical"]', "特急"),
        ("[[clocks]]", "[[clock]]", "改为“clocks”"),
    ],
)
def test_wrong_table(tmp_path, old: str, new: str, told: str) -> None:
    path = tmp_path / "clocks.toml"
    path.write_text(TABLE.replace(old, new), encoding="utf-8")
    with pytest.raises(TableError) as caught:
        StatuteBook.load(path, taxonomy=TAXONOMY)
    assert told in str(caught.value)
