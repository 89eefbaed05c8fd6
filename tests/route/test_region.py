"""The search: it finds a ticket where there is one, and nothing where there is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.route import region
from pipeline.route.condition import Node, compile_test
from pipeline.route.language import parse
from pipeline.route.region import ANYWHERE, Region, TooHard, judge, search
from pipeline.route.schema import Facts
from tests.route.conditions import CONDITIONS, FACTS, SCHEMA

DOMAIN = SCHEMA.fields["领域"]


def read(source: str) -> Node:
    return parse(source, SCHEMA, "表")


@pytest.mark.parametrize(
    ("source", "example"),
    [
        ("领域 == 供暖 且 文本 含 [气费, 水]", "领域为供暖、文中有“气费”"),
        ("小时 >= 22 且 小时 < 23", "小时为22"),
        ("室温 > 16 且 室温 < 18", "室温高于16低于18"),
        ("室温 == 未知 且 属地 == 未知", "室温未知、属地为未知"),
        ("渠道 in [微信, 电话] 且 渠道 不含 微", "渠道为电话"),
        ("非 (领域 in [燃气, 供暖] 或 领域 == 未知)", "领域为危化品、矿山与工贸"),
        ("文本 含 气 且 文本 不含 气费", "文中有“气”"),
    ],
)
def test_a_ticket_is_found_and_told(source: str, example: str) -> None:
    found = search([(read(source), True)])
    assert found is not None
    assert found.described() == example


@pytest.mark.parametrize(
    "source",
    [
        "领域 == 燃气 且 领域 == 供暖",
        "领域 == 燃气 且 非 (领域 in [燃气, 供暖])",
        "紧急程度 > 紧急",
        "小时 > 22 且 小时 < 23",
        "小时 < 0",
        "室温 > 18 且 室温 <= 18",
        "室温 == 未知 且 室温 < 3",
        "非 (室温 < 3 或 室温 >= 3 或 室温 == 未知)",
        "文本 含 气费 且 文本 不含 气",
        "时段 含 春节 且 时段 不含 [采暖期, 春节]",
        "渠道 == 微信 且 渠道 不含 微",
        "渠道 == 微信 且 渠道 == 电话",
        "渠道 == 微信 且 渠道 != 微信",
        "(领域 == 燃气 或 文本 含 水) 且 领域 != 燃气 且 文本 不含 水",
    ],
)
def test_no_ticket(source: str) -> None:
    assert search([(read(source), True)]) is None


@given(CONDITIONS, FACTS)
def test_what_a_ticket_fits_is_never_called_impossible(source: str, facts: Facts) -> None:
    node = read(source)
    assert search([(node, compile_test(node)(facts))]) is not None


@given(CONDITIONS)
def test_a_condition_and_its_contrary_share_no_ticket(source: str) -> None:
    assert search([(read(source), True), (read(f"非 ({source})"), True)]) is None
    assert search([(read(source), True), (read(source), False)]) is None
    assert search([(read(f"{source} 或 非 ({source})"), False)]) is None


@given(CONDITIONS, st.sampled_from(["gas", "heating", "mines", ""]), FACTS)
def test_a_judgement_holds_for_every_ticket_of_the_region(source: str, domain: str, facts: Facts) -> None:
    node = read(source)
    verdict = judge(node, Region({DOMAIN: frozenset([domain])}))
    from dataclasses import replace

    if verdict is not None:
        assert compile_test(node)(replace(facts, domain=domain)) is verdict


@settings(max_examples=30)
@given(st.lists(CONDITIONS, min_size=1, max_size=4))
def test_what_is_found_fits_all(sources: list[str]) -> None:
    goals = [(read(source), True) for source in sources]
    found = search(goals)
    if found is not None:
        assert all(judge(node, found) is not False for node, _ in goals)


def test_a_search_gives_up_and_says_so(monkeypatch) -> None:
    monkeypatch.setattr(region, "STEPS", 2)
    words = " 且 ".join(f"(文本 含 甲{n} 或 文本 含 乙{n}) 且 (文本 不含 甲{n} 或 文本 不含 乙{n})" for n in range(9))
    with pytest.raises(TooHard):
        search([(read(words), True), (read("小时 < 3"), True)], ANYWHERE)
