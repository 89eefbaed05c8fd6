"""The routing table: what it refuses, and which rule and clock it picks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TableError
from pipeline.route.rules import Facts, RuleBook
from pipeline.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load()
TOY_TAXONOMY = """
[[domains]]
id = "gas"
name = "燃气"
description = "气"
[[urgencies]]
id = "low"
name = "咨询"
description = "问"
[[urgencies]]
id = "normal"
name = "一般"
description = "常"
[[natures]]
id = "help"
name = "求助"
description = "求"
"""
TABLE = """
[fallback]
unit = "hand"
unknown_district = "hand"
[deadlines]
low = { value = 1, unit = "自然日", basis = "问" }
normal = { value = 7, unit = "工作日", basis = "常" }
[calls]
"漏气" = ["bureau"]
[[units]]
code = "hand"
name = "人工派单"
kind = "平台"
verified = true
source = "本表"
[[units]]
code = "bureau"
name = "甲局"
kind = "市级部门"
verified = true
source = "本表"
[[rules]]
name = "收费"
domain = "gas"
lead = "bureau"
contains = ["气费"]
nature = ["help"]
season = "冬"
clock = { value = 15, unit = "工作日", basis = "条例" }
[[rules]]
name = "燃气"
domain = "gas"
lead = "bureau"
days = 3
"""


@pytest.fixture
def toy(tmp_path):
    (tmp_path / "taxonomy.toml").write_text(TOY_TAXONOMY, encoding="utf-8")
    taxonomy = Taxonomy.load(tmp_path / "taxonomy.toml")

    def load(text: str = TABLE) -> RuleBook:
        path = tmp_path / "routing.toml"
        path.write_text(text, encoding="utf-8")
        return RuleBook.load(path, taxonomy=taxonomy, signals=["漏气"], seasons=["冬"])

    return load


def test_the_first_rule_that_fits(toy) -> None:
    book = toy()
    assert book.first(Facts("gas", "normal", "help", "退气费", ("冬",))).name == "收费"
    assert book.first(Facts("gas", "normal", "help", "退气费", ())).name == "燃气"
    assert book.first(Facts("gas", "normal", "", "退气费", ("冬",))).name == "燃气"
    assert book.first(Facts("gas", "normal", "help", "停气", ("冬",))).name == "燃气"
    assert book.first(Facts("", "normal", "help", "气费", ("冬",))) is None


def test_clock_before_days_before_the_urgency(toy) -> None:
    book = toy()
    fees, plain = book.rules
    assert str(book.deadline(fees, "normal")) == "15个工作日"
    assert str(book.deadline(fees, "low")) == "1日"
    assert str(book.deadline(plain, "normal")) == "3个工作日"
    assert str(book.deadline(plain, "low")) == "1日"
    assert str(book.deadline(None, "normal")) == "7个工作日"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('domain = "gas"', 'domain = "gass"', "改为“gas”"),
        ('lead = "bureau"', 'lead = "burau"', "改为“bureau”"),
        ("days = 3", 'days = 3\nsupport = ["burea"]', "改为“bureau”"),
        ("days = 3", 'days = 3\nurgency = ["nrmal"]', "改为“normal”"),
        ("days = 3", 'days = 3\nraise_to = "norml"', "改为“normal”"),
        ("days = 3", 'days = 3\nclock_for = ["norml"]', "改为“normal”"),
        ('nature = ["help"]', 'nature = ["hlp"]', "改为“help”"),
        ('season = "冬"', 'season = "夏"', "时段“夏”"),
        ('"漏气" =', '"漏水" =', "改为“漏气”"),
        ('= ["bureau"]', '= ["burea"]', "改为“bureau”"),
        ('unit = "hand"', 'unit = "hnd"', "改为“hand”"),
        ('kind = "平台"', 'kind = "平抬"', "单位类别"),
        ('code = "bureau"', 'code = "hand"', "重复"),
        ('unit = "自然日"', 'unit = "天"', "时限单位"),
        ("value = 7", "value = 0", "不小于 1"),
        ("normal = { value = 7", "narmal = { value = 7", "改为“normal”"),
        ("low = { value = 1", "# ", "缺少“low”"),
        ("days = 3", 'days = "3"', "类型不对"),
        ("days = 3", "dais = 3", "改为“days”"),
        ("days = 3", 'urgency = ["low"]', "紧急程度“normal”没有规则"),
        ("[fallback]", "[fallbak]", "改为“fallback”"),
        ('verified = true\nsource = "本表"', 'source = "本表"', "补上 verified"),
    ],
)
def test_wrong_table(toy, old: str, new: str, told: str) -> None:
    with pytest.raises(TableError) as caught:
        toy(TABLE.replace(old, new, 1))
    assert told in str(caught.value)
    assert "routing.toml" in str(caught.value)


def test_a_wrong_rule_is_named(toy) -> None:
    with pytest.raises(TableError, match=r"第 2 条 rules\(燃气\)"):
        toy(TABLE.replace("days = 3", "dais = 3"))


@given(
    st.sampled_from([label.id for label in TAXONOMY.domains]),
    st.sampled_from([label.id for label in TAXONOMY.urgencies]),
    st.sampled_from(["", *(label.id for label in TAXONOMY.natures)]),
    st.text(),
    st.sampled_from([(), ("采暖期",)]),
)
def test_the_shipped_table_has_no_gap(router, domain, urgency, nature, text, seasons) -> None:
    rule = router.rules.first(Facts(domain, urgency, nature, text, seasons))
    assert rule is not None
    assert rule.lead in router.rules.units
    assert router.rules.deadline(rule, urgency).value >= 1


def test_each_critical_signal_has_a_line_to_call(router) -> None:
    critical = {rule.name for rule in router.signals.rules if rule.raises_to == "critical"}
    assert set(router.rules.calls) == critical


def test_a_rule_after_the_one_that_catches_all_would_never_fire(router) -> None:
    for domain in router.taxonomy.domains:
        rules = [rule for rule in router.rules.rules if rule.domain == domain.id]
        whole = [rule.catches_all and not rule.urgency for rule in rules]
        assert whole.index(True) == len(rules) - 1
