"""From a prediction to a decision: urgency, units, district, deadline, review and reasons."""

import datetime as dt
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.infer.prediction import Answer, Prediction
from pipeline.route import COLUMNS, Decision, Router
from pipeline.route.language import parse
from pipeline.route.router import PENDING
from pipeline.route.rules import Rule, Unit

WINTER, SUMMER = "2024-01-25 08:00", "2024-07-01"
LEVELS = ["咨询", "一般", "紧急", "特急"]


def why(decision) -> str:
    return ";".join(decision.reasons)


def test_an_ordinary_ticket(decide) -> None:
    decision = decide("小区门口卖假货", "消费维权", "一般", "投诉", address="城西区新宁路")
    assert (decision.id, decision.domain, decision.domain_id, decision.model) == ("T1", "消费维权", "consumer", "toy-1")
    assert decision.lead_unit == "市市场监督管理局"
    assert decision.district == "城西区"
    assert decision.copy_units == ("城西区人民政府",)
    assert str(decision.deadline) == "7个工作日"
    assert not decision.needs_review
    assert not decision.call_until_acknowledged
    assert "“消费投诉”" in why(decision)
    assert "暂行办法" in why(decision)
    assert len(decision.to_cells()) == len(COLUMNS)


def test_ids_are_accepted_and_written_as_names(decide) -> None:
    decision = decide("停水", Answer("utilities", 0.9, others=("property",)), "urgent", "help")
    assert (decision.domain, decision.other_domains) == ("供水供电通信", ("住房与物业",))
    assert (decision.urgency, decision.urgency_id, decision.nature) == ("紧急", "urgent", "求助")


def test_a_signal_raises_and_says_so(decide) -> None:
    decision = decide("楼道里煤气味很大", "燃气", Answer("一般", 0.7))
    assert (decision.urgency_id, decision.urgency_confidence) == ("critical", 0.7)
    assert decision.call_until_acknowledged
    assert str(decision.deadline) == "2小时"
    assert {"燃气经营企业抢修", "119火警"} <= set(decision.support_units)
    assert "“煤气味”" in why(decision)
    assert "由一般升为特急" in why(decision)


def test_two_steps_apart_is_for_review(decide) -> None:
    assert decide("楼道里煤气味很大", "燃气", "一般").needs_review
    assert not decide("楼道里煤气味很大", "燃气", "紧急").needs_review
    assert not decide("楼道里煤气味很大", "燃气", "特急").needs_review


def test_a_signal_never_lowers(decide) -> None:
    assert decide("商场安全出口锁死了", "消防安全", "特急").urgency == "特急"


@given(st.text(), st.sampled_from(LEVELS))
def test_never_under_the_model(decide, text: str, urgency: str) -> None:
    assert LEVELS.index(decide(text, urgency=urgency).urgency) >= LEVELS.index(urgency)


@pytest.mark.parametrize(("level", "written"), [("特急", "2小时"), ("紧急", "24小时"), ("咨询", "1日")])
def test_hotline_deadlines(decide, level: str, written: str) -> None:
    assert str(decide("楼上漏水", "住房与物业", level).deadline) == written


@pytest.mark.parametrize(
    ("text", "domain", "nature", "written", "law"),
    [
        ("消防通道被车占着", "消防安全", "举报", "24小时", "消防监督检查规定"),
        ("楼里没有灭火设施", "消防安全", "举报", "3个工作日", "消防监督检查规定"),
        ("买到过期牛奶要退款", "消费维权", "投诉", "7个工作日", "决定是否受理"),
        ("多收了我的气费", "燃气", "投诉", "15个工作日", "29条"),
        ("开户要排队", "燃气", "求助", "3个工作日", "四级处置"),
    ],
)
def test_statutory_clocks(decide, text: str, domain: str, nature: str, written: str, law: str) -> None:
    decision = decide(text, domain, "一般", nature)
    assert str(decision.deadline) == written
    assert law in decision.deadline.basis
    assert law in why(decision)


def test_no_heat_in_the_heating_season(decide) -> None:
    assert decide("小区停暖两天了", "供暖", "一般", time=WINTER).urgency == "紧急"
    assert decide("小区停暖两天了", "供暖", "一般", time=SUMMER).urgency == "一般"
    assert decide("小区停暖两天了", "供暖", "一般", time="不详").urgency == "一般"
    assert decide("哪天停暖", "供暖", "咨询", time=WINTER).urgency == "咨询"
    assert "采暖期停暖" in why(decide("小区停暖两天了", "供暖", "一般", time=WINTER))


def test_other_domains_bring_their_unit(decide) -> None:
    decision = decide("工地欠薪还扬尘", Answer("工资", 0.9, others=("环境与噪音",)))
    assert decision.lead_unit.startswith("市人力资源和社会保障局")
    assert decision.support_units.count("市城市管理局") == 1
    assert decision.lead_unit not in decision.support_units


def test_reports_are_confidential(decide) -> None:
    assert "保密" in why(decide(nature="举报"))
    assert "保密" not in why(decide(nature="投诉"))


def test_unverified_duties_say_so(decide) -> None:
    assert "未核实" in why(decide("垃圾没人收", "城市管理"))
    assert "职责分工未核实" not in why(decide("停气了", "燃气"))


def test_a_district_matter_without_a_district(decide) -> None:
    assert decide("办事排队", "其他").lead_unit == "市级受理待核"
    assert decide("办事排队", "其他").district == ""
    assert not decide("办事排队", "其他").needs_review
    assert decide("办事排队", "其他", address="湟源县").lead_unit == "湟源县人民政府"


def test_doubt_is_for_review_and_names_the_runner_up(decide) -> None:
    decision = decide("漏了", Answer("燃气", 0.4, runner_up="供暖", doubtful=True))
    assert decision.needs_review
    assert "次选供暖" in why(decision)
    decision = decide("漏了", "燃气", Answer("一般", 0.4, runner_up="紧急", doubtful=True))
    assert decision.needs_review
    assert "次选紧急" in why(decision)


def test_another_label_set_goes_through_the_mapping(decide) -> None:
    decision = decide("河水发臭", heads={"一级标签": Answer("环境保护", 0.8)})
    assert (decision.domain, decision.domain_id) == ("环境保护", "environment")
    assert decision.lead_unit == "市生态环境局"
    assert (decision.urgency, decision.urgency_confidence, decision.nature) == ("一般", None, "")
    assert "映射表" in why(decision)
    assert "不判紧急程度" in why(decision)


@pytest.mark.parametrize("heads", [{}, {"星座": Answer("白羊", 0.9)}, {"领域": Answer("天外来客", 0.9)}])
def test_no_mapping_goes_to_a_person(decide, heads: dict[str, Answer]) -> None:
    decision = decide("请处理", heads=heads)
    assert decision.lead_unit == "人工派单"
    assert decision.needs_review
    assert decision.domain_id == ""
    assert "该模型的标签没有派单映射" in why(decision)


def test_signals_work_without_an_urgency_head(decide) -> None:
    decision = decide("楼上着火了", "消防安全", None)
    assert (decision.urgency, decision.urgency_confidence) == ("特急", None)


def test_reasons_can_be_joined(decide) -> None:
    for domain in ("燃气", "供暖", "消费维权", "消防安全", "工资"):
        assert not [reason for reason in decide("楼道里煤气味很大", domain).reasons if ";" in reason or "\n" in reason]


@given(
    st.text(),
    st.text(),
    st.one_of(st.none(), st.text(), st.datetimes()),
    st.dictionaries(
        st.sampled_from(["领域", "紧急程度", "诉求类型", "一级标签", "别的"]),
        st.builds(
            Answer, st.one_of(st.text(), st.sampled_from(["燃气", "gas", "特急", "举报", "环境保护"])), st.floats(0, 1)
        ),
    ),
)
def test_every_row_gets_a_decision(router, text, address, when, answers) -> None:
    decision = router.route(id="x", text=text, address=address, time=when, prediction=Prediction(answers, "toy"))
    assert decision.lead_unit
    assert decision.urgency in LEVELS
    assert decision.reasons
    assert len(decision.to_cells()) == len(COLUMNS)


def test_routing_is_not_what_takes_the_time(decide) -> None:
    """2,000 rows of 160 characters: some 0.3 ms each; a slip into quadratic work would show."""
    start = time.perf_counter()
    for _ in range(2_000):
        decide("小区楼下饭馆油烟大，每天晚上都这样，打了很多次电话没人管，希望尽快处理。" * 4, "环境与噪音")
    assert time.perf_counter() - start < 10


@pytest.fixture
def with_rule(router: Router):
    """Route one gas ticket with one more rule that goes first."""

    def run(when: str = "", text: str = "请处理", time: object = None, units=None, **more) -> Decision:
        given = {key: more.pop(key) for key in ("channel", "similar", "nature") if key in more}
        schema = router.rules.schema
        extra = Rule(
            name="加的", priority=1, when=when, condition=parse(when, schema, "x"), **{"lead": "health", **more}
        )
        book = replace(router.rules, rules=(*router.rules.rules, extra), units={**router.rules.units, **(units or {})})
        answers = {"领域": Answer("燃气", 0.9), "紧急程度": Answer("一般", 0.9)}
        answers["诉求类型"] = Answer(given.pop("nature", "求助"), 0.9)
        said = Prediction(answers, "toy-1")
        return replace(router, rules=book).route(id="1", text=text, address="", time=time, prediction=said, **given)

    return run


def part(decision: Decision, name: str) -> str:
    return ";".join(reason.text for reason in decision.chain if reason.part == name)


def test_the_rule_its_facts_and_the_runners_up_are_told(decide) -> None:
    decision = decide("多收了我的气费", Answer("燃气", 0.9, runner_up="供暖"), "一般", "投诉")
    assert decision.rule == "燃气收费与服务投诉"
    assert part(decision, "规则").startswith(
        "按规则“燃气收费与服务投诉”派单（领域为燃气，诉求类型为投诉，文中有“气费”）"
    )
    assert "领域次选供暖（按规则“供暖收费”派供热企业）" in part(decision, "次选")
    assert "没有这条规则时按“燃气”派市城乡建设局" in part(decision, "次选")
    assert "29条" in part(decision, "时限")


def test_a_runner_up_without_a_mapping_says_so(decide) -> None:
    decision = decide("多收了", Answer("燃气", 0.9, runner_up="天外来客"))
    assert "领域次选天外来客（没有派单映射）" in part(decision, "次选")


@pytest.mark.parametrize(
    ("when", "given"),
    [
        ("小时 >= 22", {"time": dt.datetime(2024, 1, 25, 23, 5)}),
        ("月份 == 1", {"time": "2024-01-25"}),
        ("渠道 == 微信", {"channel": "微信"}),
        ("相似件数 >= 5", {"similar": 5}),
        ("属地 == 城西区", {"text": "城西区有人处理吗"}),
        ("信号 含 燃气泄漏", {"text": "楼道里煤气味很大"}),
        ("置信度 > 0.8", {}),
        ("紧急程度 == 特急", {"text": "楼道里煤气味很大"}),
        ('时段 含 "采暖期"', {"time": "2024-01-25"}),
    ],
)
def test_facts_reach_the_conditions(with_rule, when: str, given) -> None:
    assert with_rule(when, **given).rule == "加的"
    assert with_rule(f"非 ({when})", **given).rule.startswith("燃气")


def test_a_rule_may_ask_for_a_call_and_for_secrecy(with_rule) -> None:
    plain, asked = with_rule(), with_rule(call=True, confidential=True)
    assert (plain.call_until_acknowledged, asked.call_until_acknowledged) == (False, True)
    assert "保密" not in why(plain)
    assert "按规则保密" in part(asked, "保密")
    assert "举报人" in part(with_rule(nature="举报"), "保密")


def test_copies_go_to_the_units_named(with_rule) -> None:
    decision = with_rule(copy_to=("district", "fire", "health"), text="城西区有人处理吗")
    assert decision.copy_units == ("城西区人民政府", "市消防救援支队")


@pytest.mark.parametrize(("day", "doubtful"), [("2026-03-31", False), ("2026-04-01", True)])
def test_a_unit_past_its_validity_is_for_review(with_rule, day: str, doubtful: bool) -> None:
    units = {"old": Unit("old", "旧局", "市级部门", True, "", valid_to=dt.date(2026, 3, 31))}
    decision = with_rule(lead="old", units=units, time=day)
    assert decision.lead_unit == "旧局"
    assert decision.needs_review is doubtful
    assert ("旧局不在有效期内" in why(decision)) is doubtful


def test_a_rule_holds_for_tickets_of_its_days(with_rule) -> None:
    span = {"valid_from": dt.date(2026, 1, 1), "valid_to": dt.date(2026, 1, 31)}
    assert with_rule(time="2026-01-31 23:59", **span).rule == "加的"
    assert with_rule(time="2026-02-01 00:01", **span).rule == "燃气"


def test_the_whole_chain_is_told_as_a_person_would(decide) -> None:
    told = decide("楼道里煤气味很大", Answer("燃气", 0.9, runner_up="供暖"), "一般", address="城西区").told()
    lines = told.splitlines()
    assert lines[0] == "派给:市城乡建设局"
    asked = [
        "这是什么事",
        "有多急",
        "为什么派给它",
        "时限从哪来",
        "在哪个县区",
        "要马上找谁",
        "还可能派给谁",
        "要不要人看",
    ]
    assert [line.strip().partition(":")[0] for line in lines if line.startswith("  ")] == asked
    assert "不需要,各步都有把握" in decide("请处理").told()


def test_what_is_pending_is_a_fact(router) -> None:
    assert set(PENDING) == router.rules.schema.pending
    assert set(PENDING) <= set(router.rules.schema.by_attribute)
