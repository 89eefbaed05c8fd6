"""Why a condition is what it is, told on the facts."""

import pytest
from hypothesis import given

from pipeline.route.condition import compile_test, tell
from pipeline.route.language import parse
from pipeline.route.schema import Facts
from tests.route.conditions import CONDITIONS, FACTS, SCHEMA

FACT = Facts(domain="gas", urgency="normal", text="退气费", seasons=("采暖期",), temperature=12.5)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("", ()),
        ("领域 == 燃气", ("领域为燃气",)),
        ("领域 == 燃气 且 文本 含 [收费, 气费]", ("领域为燃气", "文中有“气费”")),
        ("文本 含 收费 或 室温 < 16 或 领域 == 燃气", ("室温为12.5",)),
        ("文本 不含 [收费, 水费]", ("文中没有“收费”“水费”",)),
        ("文本 不含 [收费, 水费, 电费, 停水]", ("文中没有“收费”“水费”“电费”等",)),
        ("非 (领域 == 供暖 或 时段 含 春节)", ("领域为燃气", "时段没有“春节”")),
        ("非 (领域 == 供暖 且 时段 含 采暖期)", ("领域为燃气",)),
        ("小时 == 未知 且 属地 == 未知", ("小时未知", "属地为未知")),
        ("领域 == 燃气 且 领域 != 供暖", ("领域为燃气",)),
    ],
)
def test_the_facts_that_decide_are_told(source: str, told: tuple[str, ...]) -> None:
    node = parse(source, SCHEMA, "表")
    assert compile_test(node)(FACT)
    assert tell(node, FACT) == told


@given(CONDITIONS, FACTS)
def test_something_is_told_of_every_condition(source: str, facts: Facts) -> None:
    node = parse(source, SCHEMA, "表")
    assert tell(node, facts, truth=compile_test(node)(facts))
