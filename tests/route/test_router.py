"""From a prediction to a decision: urgency, units, district, deadline, review and reasons."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.infer.prediction import Answer, Prediction
from pipeline.route import COLUMNS

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
