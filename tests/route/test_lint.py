"""Each finding of the check, on the smallest table that has it, and silence where there is nothing."""

import datetime as dt
from dataclasses import replace

import pytest

from pipeline.errors import TableError
from pipeline.infer.folder import ModelCard
from pipeline.infer.heads import Head
from pipeline.route import region
from pipeline.route.lint import FAIL, GOOD, WARN, examine, inspect_model
from pipeline.route.mapping import LabelMap
from pipeline.route.rules import Unit
from tests.route.books import UNITS, book, rule
from tests.route.conditions import TAXONOMY

TODAY = dt.date(2026, 11, 25)
DAY = dt.timedelta(1)
REST = rule("兜底", priority=900, lead="hand")


def check(*rules, topic: str, units=UNITS, faults=()) -> list[tuple[str, str]]:
    """Return level and whole line of each finding on a topic."""
    found = list(examine(book(*rules, units=units), list(faults), TODAY))
    return [(finding.level, str(finding)) for finding in found if finding.topic == topic]


@pytest.mark.parametrize(
    "topic", ["写法与名称", "停用与有效期", "单位有效期", "没有来源", "永不生效", "同级冲突", "缺口"]
)
def test_a_sound_table_is_praised_on_every_topic(topic: str) -> None:
    [(level, _)] = check(rule("燃气", "领域 == 燃气"), REST, topic=topic)
    assert level == GOOD


def test_faults_are_told_with_place_and_remedy() -> None:
    fault = TableError("不认识的单位“丙局”", where="a.toml 第 7 行", expected="甲局", remedy="改为“乙局”")
    [(level, line)] = check(REST, topic="写法与名称", faults=[fault])
    assert level == FAIL
    assert line == "[失败] 写法与名称:a.toml 第 7 行:不认识的单位“丙局”;应为甲局;请改为“乙局”"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"active": False}, "已停用"),
        ({"valid_to": TODAY - DAY}, "已于 2026-11-24 过期"),
        ({"valid_to": TODAY}, "将于 2026-11-25 过期"),
        ({"valid_to": TODAY + 59 * DAY}, "将于"),
    ],
)
def test_lapsed_rules(more, told: str) -> None:
    [(level, line)] = check(rule("甲", "领域 == 燃气", **more), REST, topic="停用与有效期")
    assert level == WARN
    assert "规则“甲”" in line
    assert told in line


def test_a_rule_that_ends_much_later_is_no_matter() -> None:
    assert check(rule("甲", valid_to=TODAY + 61 * DAY), REST, topic="停用与有效期")[0][0] == GOOD


@pytest.mark.parametrize(
    ("span", "level"),
    [
        ((None, TODAY - DAY), FAIL),
        ((None, TODAY + DAY), WARN),
        ((TODAY + DAY, None), FAIL),
        ((TODAY, TODAY + 90 * DAY), GOOD),
    ],
)
@pytest.mark.parametrize("role", ["lead", "support", "copy_to"])
def test_a_unit_past_its_validity(span, level: str, role: str) -> None:
    units = {**UNITS, "old": Unit("old", "旧局", "市级部门", True, "", *span)}
    named = "old" if role == "lead" else ("old",)
    [(found, line)] = check(rule("甲", "领域 == 燃气", **{role: named}), REST, topic="单位有效期", units=units)
    assert found == level
    assert ("旧局" in line) is (level != GOOD)


def test_fields_that_nothing_fills_yet() -> None:
    made = book(rule("甲", "领域 == 燃气 且 非 (相似件数 > 3 或 场所 含 小餐饮)"), REST)
    made = replace(made, schema=replace(made.schema, pending=frozenset(["similar", "channel"])))
    [found] = [finding for finding in examine(made, [], TODAY) if finding.topic == "没有来源"]
    assert found.level == WARN
    assert "规则“甲”的条件用到相似件数,目前没有来源" in found.text


def test_an_ended_rule_may_name_an_ended_unit() -> None:
    units = {**UNITS, "old": Unit("old", "旧局", "市级部门", True, "", None, TODAY - DAY)}
    ended = rule("甲", lead="old", valid_to=TODAY - DAY)
    assert check(ended, REST, topic="单位有效期", units=units)[0][0] == GOOD


def test_a_condition_that_contradicts_itself() -> None:
    [(level, line)] = check(rule("甲", "领域 == 燃气 且 领域 == 供暖"), REST, topic="永不生效")
    assert level == FAIL
    assert "规则“甲”的条件自相矛盾" in line


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (["领域 == 燃气"], "领域 == 燃气 且 文本 含 气费"),
        (["文本 含 气"], "文本 含 [气费, 收气]"),
        (["领域 == 燃气 且 紧急程度 >= 一般", "领域 == 燃气 且 紧急程度 == 咨询"], "领域 == 燃气 且 小时 < 7"),
        (["小时 < 12", "小时 >= 12", "小时 == 未知"], "领域 == 供暖"),
        (["领域 == 燃气 或 文本 含 水", "文本 不含 水"], "领域 == 供暖 且 诉求类型 == 举报"),
        ([""], "领域 == 供暖"),
    ],
)
def test_a_rule_that_earlier_ones_cover(earlier: list[str], later: str) -> None:
    rules = [rule(f"前{at}", when, priority=10) for at, when in enumerate(earlier)]
    found = check(*rules, rule("无关", "领域 == 燃气", priority=5, active=False), rule("后", later), topic="永不生效")
    [(level, line)] = [entry for entry in found if "“后”" in entry[1]]
    assert level == FAIL
    assert all(f"“前{at}”" in line for at in range(len(earlier)))
    assert "无关" not in line


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (["领域 == 燃气 且 小时 < 12", "领域 == 燃气 且 小时 >= 12"], "领域 == 燃气"),
        (["文本 含 气费"], "文本 含 气"),
        (["领域 == 燃气 且 紧急程度 > 一般"], "领域 == 燃气 且 紧急程度 >= 一般"),
        (["室温 < 16", "室温 >= 16"], "室温 == 未知"),
    ],
)
def test_a_rule_that_something_is_left_to(earlier: list[str], later: str) -> None:
    rules = [rule(f"前{at}", when, priority=10) for at, when in enumerate(earlier)]
    assert check(*rules, rule("后", later), topic="永不生效")[0][0] == GOOD


def test_a_rule_covered_for_a_time_only_can_fire_later() -> None:
    earlier = rule("前", "领域 == 燃气", priority=10, valid_to=TODAY + 10 * DAY)
    later = rule("后", "领域 == 燃气")
    assert check(earlier, later, REST, topic="永不生效")[0][0] == GOOD
    ended = rule("后", "领域 == 燃气", valid_to=TODAY + 10 * DAY)
    assert check(earlier, ended, REST, topic="永不生效")[0][0] == FAIL


def test_overlap_at_equal_priority_gives_a_ticket() -> None:
    first, second = rule("甲", "领域 == 燃气 且 文本 含 气费"), rule("乙", "领域 == 燃气 且 小时 < 7", lead="other")
    [(level, line)] = check(first, second, REST, topic="同级冲突")
    assert level == WARN
    assert "“甲”(派甲局)与“乙”(派乙局)优先级都是 100" in line
    assert "例如领域为燃气、文中有“气费”" in line


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (rule("甲", "领域 == 燃气"), rule("乙", "领域 == 供暖", lead="other")),
        (rule("甲", "领域 == 燃气"), rule("乙", "领域 == 燃气")),
        (rule("甲", "领域 == 燃气"), rule("乙", "领域 == 燃气", lead="other", priority=101)),
        (rule("甲", "小时 < 7"), rule("乙", "小时 > 7", lead="other")),
        (rule("甲", "文本 含 水"), rule("乙", "文本 不含 水", lead="other")),
        (rule("甲", valid_to=TODAY), rule("乙", lead="other", valid_from=TODAY + DAY)),
        (rule("甲", active=False), rule("乙", lead="other")),
    ],
)
def test_no_overlap(first, second) -> None:
    assert check(first, second, REST, topic="同级冲突")[0][0] == GOOD


def test_an_overlap_that_an_earlier_rule_takes_is_none() -> None:
    first, second = rule("甲", "文本 含 气费"), rule("乙", "文本 含 水", lead="other")
    both = rule("都", "文本 含 气费 且 文本 含 水", priority=10)
    assert check(first, second, REST, topic="同级冲突")[0][0] == WARN
    assert check(both, first, second, REST, topic="同级冲突")[0][0] == GOOD


def test_gaps_are_told_by_domain_urgency_and_district() -> None:
    found = check(
        rule("燃气", "领域 == 燃气 且 (属地 == 东区 或 紧急程度 != 紧急)"), rule("余", "领域 != 燃气"), topic="缺口"
    )
    [(level, line)] = found
    assert level == FAIL
    assert "领域“燃气”紧急程度“紧急”有工单没有规则" in line
    assert "(属地:西区、未知)" in line


def test_a_gap_in_every_district_names_none() -> None:
    [(_, line), *_] = check(rule("余", "领域 != 燃气 或 文本 含 气费"), topic="缺口")
    assert "属地:" not in line


def test_a_gap_that_opens_later() -> None:
    ending = rule("燃气", "领域 == 燃气", valid_to=TODAY + 10 * DAY)
    found = check(ending, rule("余", "领域 != 燃气"), topic="缺口")
    assert [level for level, _ in found] == [FAIL] * 3
    assert all("自 2026-12-06 起," in line for _, line in found)


def test_what_is_not_verified_is_counted() -> None:
    [(level, line)] = check(rule("甲", verified=False), REST, topic="未核实")
    assert level == WARN
    assert "1 条规则、1 个单位" in line


def test_what_is_too_hard_is_said(monkeypatch) -> None:
    monkeypatch.setattr(region, "STEPS", 0)
    first, second = (
        rule(name, "文本 含 [甲, 乙] 且 渠道 含 [丙, 丁]", lead=lead)
        for name, lead in (("甲", "bureau"), ("乙", "other"))
    )
    for topic in ("永不生效", "同级冲突", "缺口"):
        found = check(first, second, topic=topic)
        assert any(level == WARN and "没能判断" in line for level, line in found), topic
        assert not any(level == GOOD for level, _ in found)


def model(*heads: Head) -> ModelCard:
    return ModelCard("toy-1", heads, 100, "", {}, "")


NAMES = {"domain": ("领域", "一级标签"), "urgency": ("紧急程度",), "nature": ("诉求类型",)}
LABELS = LabelMap(TAXONOMY, NAMES, {"domains": {"煤气": "gas"}, "urgencies": {}, "natures": {}})
WHOLE = (
    Head("领域", "single", ("燃气", "供暖", "危化品、矿山与工贸")),
    Head("紧急程度", "ordered", ("咨询", "一般", "紧急")),
    Head("诉求类型", "single", ("求助", "举报")),
)


def against(card: ModelCard, *rules) -> list[tuple[str, str]]:
    return [(finding.level, str(finding)) for finding in inspect_model(book(*rules), card, LABELS)]


def test_a_model_that_fits() -> None:
    assert {level for level, _ in against(model(*WHOLE), rule("甲", "领域 == 燃气 且 诉求类型 == 举报"))} == {GOOD}


def test_labels_that_lead_nowhere() -> None:
    lines = against(model(Head("一级标签", "single", ("煤气", "城建"))), REST)
    assert (
        FAIL,
        "[失败] 模型标签:模型 toy-1 的领域标签 城建 没有派单映射,会转人工;请在 data/mapping.toml 里补上对应",
    ) in lines


def test_rules_for_labels_that_never_come() -> None:
    card = model(Head("领域", "single", ("燃气", "供暖")), *WHOLE[1:])
    found = against(card, rule("矿山", '领域 == "危化品、矿山与工贸"'), rule("燃气", "领域 == 燃气"), REST)
    told = [line for level, line in found if level == WARN]
    assert len(told) == 1
    assert "规则“矿山”等的领域标签,模型 toy-1 从不给出" in told[0]


def test_heads_that_are_missing() -> None:
    found = against(model(WHOLE[0]), REST)
    assert [level for level, line in found if "不判" in line] == [WARN, WARN]
