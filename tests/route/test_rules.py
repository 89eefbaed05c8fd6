"""The routing table: what it refuses, and which rule and clock it picks."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TableError
from pipeline.route.rules import RuleBook
from pipeline.route.schema import Facts, Schema
from pipeline.route.table import load_book
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
priority = 10
when = '领域 == "燃气" 且 文本 含 "气费" 且 诉求类型 == 求助 且 时段 含 "冬"'
lead = "bureau"
deadline = { value = 15, unit = "工作日", basis = "条例" }
[[rules]]
name = "燃气"
when = "领域 == 燃气"
lead = "bureau"
deadline = { value = 3, unit = "工作日" }
"""


EXTRA = 'deadline = { value = 3, unit = "工作日" }'


@pytest.fixture
def toy(tmp_path):
    (tmp_path / "taxonomy.toml").write_text(TOY_TAXONOMY, encoding="utf-8")
    taxonomy = Taxonomy.load(tmp_path / "taxonomy.toml")

    def load(text: str = TABLE) -> RuleBook:
        path = tmp_path / "routing.toml"
        path.write_text(text, encoding="utf-8")
        return load_book(path, schema=Schema.build(taxonomy, signals=["漏气"], seasons=["冬"], districts=["东区"]))

    return load


def test_the_first_rule_that_fits(toy) -> None:
    book = toy()
    assert book.first(Facts("gas", "normal", "help", "退气费", ("冬",))).name == "收费"
    assert book.first(Facts("gas", "normal", "help", "退气费", ())).name == "燃气"
    assert book.first(Facts("gas", "normal", "", "退气费", ("冬",))).name == "燃气"
    assert book.first(Facts("gas", "normal", "help", "停气", ("冬",))).name == "燃气"
    assert book.first(Facts("", "normal", "help", "气费", ("冬",))) is None


def test_the_rule_s_clock_before_the_urgency_s(toy) -> None:
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
        ("领域 == 燃气", "领域 == 然气", "改为“燃气”"),
        ("领域 == 燃气", "领城 == 燃气", "改为“领域”"),
        ('时段 含 "冬"', '时段 含 "夏"', "“时段”没有这个值"),
        ('lead = "bureau"', 'lead = "burau"', "改为“bureau”"),
        (EXTRA, EXTRA + '\nsupport = ["burea"]', "改为“bureau”"),
        (EXTRA, EXTRA + '\ncopy_to = ["burea"]', "改为“bureau”"),
        (EXTRA, EXTRA + '\nraise_to = "norml"', "改为“normal”"),
        (EXTRA, EXTRA + '\ndeadline_for = ["norml"]', "改为“normal”"),
        (EXTRA, EXTRA + '\ndeadline_for = ["一股"]', "改为“一般”"),
        (EXTRA, EXTRA + "\npriority = 0", "1 到 9999"),
        (EXTRA, EXTRA + "\npriority = true", "类型不对"),
        (EXTRA, EXTRA + "\nvalid_from = 2026-02-01\nvalid_to = 2026-01-01", "早于有效期起"),
        (EXTRA, EXTRA + "\nvalid_from = 2026-02-01T00:00:00", "类型不对"),
        (EXTRA, EXTRA + '\nnote = "看不见\\u0007"', "U+0007"),
        (EXTRA, EXTRA + '\ncondition = "x"', "写在 when 里"),
        (EXTRA, EXTRA + '\ncontains = ["气费"]', "不认识的键“contains”"),
        ('name = "燃气"', 'name = "收费"', "重名"),
        ('name = "燃气"', 'name = " "', "没有名称"),
        ('"漏气" =', '"漏水" =', "改为“漏气”"),
        ('= ["bureau"]', '= ["burea"]', "改为“bureau”"),
        ('"漏气" = ["bureau"]', '"漏气" = "bureau"', "不是列表"),
        ('unit = "hand"', 'unit = "hnd"', "改为“hand”"),
        ('kind = "平台"', 'kind = "平抬"', "单位类别"),
        ('code = "bureau"', 'code = "hand"', "重复"),
        ('code = "bureau"', 'code = "bureau, hand"', "不对"),
        ('code = "bureau"', 'code = "bureau"\naliases = ["甲、乙"]', "别名“甲、乙”不对"),
        ('unit = "自然日"', 'unit = "天"', "时限单位"),
        ("value = 7", "value = 0", "不小于 1"),
        ("normal = { value = 7", "narmal = { value = 7", "改为“normal”"),
        ("low = { value = 1", "# ", "缺少“low”"),
        ('basis = "问"', 'basis = ""', "没有依据"),
        ("value = 3", 'value = "3"', "类型不对"),
        (EXTRA, "dais = 3", "不认识的键“dais”"),
        ("领域 == 燃气", "领域 == 燃气 且 紧急程度 == 咨询", "紧急程度“一般”有工单没有规则"),
        ("领域 == 燃气", "领域 == 燃气 且 属地 != 未知", "例如领域为燃气、紧急程度为咨询、属地为未知"),
        ("[fallback]", "[fallbak]", "改为“fallback”"),
        ("[[rules]]", "[[rule]]", "改为“rules”"),
        ('verified = true\nsource = "本表"', 'source = "本表"', "补上 verified"),
    ],
)
def test_wrong_table(toy, old: str, new: str, told: str) -> None:
    with pytest.raises(TableError) as caught:
        toy(TABLE.replace(old, new, 1))
    assert told in str(caught.value)
    assert "routing.toml" in str(caught.value)


def test_a_wrong_rule_is_named_with_its_line(toy) -> None:
    line = TABLE.replace(EXTRA, "dais = 3").splitlines().index('name = "燃气"')
    with pytest.raises(TableError, match=rf"第 {line} 行 第 2 条 rules\(燃气\)"):
        toy(TABLE.replace(EXTRA, "dais = 3"))


def test_a_heading_inside_a_text_does_not_shift_the_lines(toy) -> None:
    text = TABLE.replace(EXTRA, 'note = """\n[[rules]]\n"""\ndais = 3')
    with pytest.raises(TableError, match=r"routing\.toml 第 2 条 rules\(燃气\)"):
        toy(text)


def test_all_faults_are_counted(toy) -> None:
    with pytest.raises(TableError, match="另有 1 处"):
        toy(TABLE.replace('lead = "bureau"', 'lead = "burau"'))


def test_priority_goes_before_the_order_of_writing(toy) -> None:
    first = '[[rules]]\nname = "甲"\nwhen = "领域 == 燃气"\nlead = "hand"\npriority = 50\n'
    facts = Facts("gas", "normal", "help", "停气", ())
    assert toy(TABLE + first).first(facts).name == "甲"
    assert toy(TABLE + first.replace("50", "100")).first(facts).name == "燃气"
    assert [rule.name for rule in toy(TABLE + first).fitting(facts)] == ["甲", "燃气"]


def test_a_rule_that_is_not_active_takes_no_part(toy) -> None:
    first = '[[rules]]\nname = "甲"\nwhen = "领域 == 燃气"\nlead = "hand"\npriority = 50\nactive = false\n'
    assert toy(TABLE + first).first(Facts("gas", "normal", "help", "停气", ())).name == "燃气"


def test_what_takes_no_part_is_said(toy) -> None:
    first = '[[rules]]\nname = "甲"\nlead = "hand"\nactive = false\n'
    last = '[[rules]]\nname = "乙"\nlead = "hand"\nvalid_to = 2026-01-31\n'
    day = dt.date(2026, 2, 1)
    assert toy().notices(day) == []
    [off, lapsed] = toy(TABLE + first + last).notices(day)
    assert off == "1 条规则已停用,没有参加派单:甲"
    assert lapsed == "1 条规则不在有效期内,没有参加派单:乙"


def test_a_gap_that_time_has_opened_is_said_and_goes_to_a_person(toy) -> None:
    book = toy(TABLE.replace(EXTRA, EXTRA + "\nvalid_to = 2026-01-31"))
    day = dt.date(2026, 2, 1)
    assert any("2 处缺口" in notice for notice in book.notices(day))
    assert book.first(Facts("gas", "normal", "", "停气"), day) is None


@pytest.mark.parametrize(
    ("day", "name"), [("2026-09-30", "燃气"), ("2026-10-01", "甲"), ("2026-10-31", "甲"), ("2026-11-01", "燃气")]
)
def test_validity_includes_both_ends(toy, day: str, name: str) -> None:
    first = '[[rules]]\nname = "甲"\nwhen = "领域 == 燃气"\nlead = "hand"\npriority = 50\n'
    book = toy(TABLE + first + "valid_from = 2026-10-01\nvalid_to = 2026-10-31\n")
    assert book.first(Facts("gas", "normal"), dt.date.fromisoformat(day)).name == name


def test_a_clock_without_a_basis_takes_the_hotline_s(toy) -> None:
    book = toy()
    assert book.deadline(book.rules[1], "normal").basis == "常"
    assert book.deadline(book.rules[0], "normal").basis == "条例"


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
