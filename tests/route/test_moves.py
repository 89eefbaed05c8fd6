"""What two tables make of the same tickets, counted."""

from dataclasses import replace

import pytest

from pipeline.route.decision import Deadline, Decision
from pipeline.route.moves import Comparison, Move, match_unit

DECISION = Decision(
    id="T1",
    domain="燃气",
    domain_id="gas",
    domain_confidence=0.9,
    other_domains=(),
    urgency="一般",
    urgency_id="normal",
    urgency_confidence=0.9,
    nature="求助",
    lead_unit="市甲局",
    support_units=(),
    copy_units=(),
    district="",
    deadline=Deadline(7, "工作日", ""),
    call_until_acknowledged=False,
    needs_review=False,
    rule="旧",
    chain=(),
    model="toy",
)
UNITS = {"市甲局": (), "市乙局(某处)": ("乙支队",)}


def move(final: str = "", row: int = 2, **changes) -> Move:
    return Move(row, "文本", DECISION, replace(DECISION, **changes), final)


def test_moves_are_counted_by_unit_and_rule() -> None:
    comparison = Comparison(UNITS)
    for entry in (move(), move(lead_unit="市乙局(某处)", rule="新"), move(deadline=Deadline(3, "工作日", ""))):
        comparison.add(entry)
    lines = list(comparison.lines())
    assert lines[0] == "共 3 件:改派 1 件(33.3%),只改协办、抄送、时限或叫应 1 件"
    assert "       1  市甲局 → 市乙局(某处)" in lines
    assert "       1  “旧” → “新”" in lines
    assert len(list(comparison.rows())) == 2
    assert all(len(row) == len(Comparison.HEADER) for row in comparison.rows())


@pytest.mark.parametrize(
    "change",
    [{"support_units": ("丙",)}, {"copy_units": ("丙",)}, {"urgency": "紧急"}, {"call_until_acknowledged": True}],
)
def test_what_a_unit_would_notice_is_a_change(change) -> None:
    assert move(**change).changed
    assert not move(**change).moved


def test_another_rule_with_the_same_outcome_is_none() -> None:
    assert not move(rule="新").changed


def test_against_the_unit_that_handled_it() -> None:
    comparison = Comparison(UNITS)
    better, worse = move("海口市乙局", lead_unit="市乙局(某处)"), move("海口市甲局", lead_unit="市乙局(某处)")
    for entry in (better, worse, move("市甲局"), move("丁公司", lead_unit="市乙局(某处)")):
        comparison.add(entry)
    told = "\n".join(comparison.lines())
    assert "与最终承办单位相比(3 件):旧表对 66.7%,新表对 66.7%;改对 1 件,改错 1 件" in told
    assert "1 件的最终单位在两张表里都认不出来(如 丁公司)" in told
    assert [row[-1] for row in comparison.rows()] == ["改对", "改错", ""]


def test_nothing_at_all() -> None:
    assert list(Comparison({}).lines()) == ["共 0 件:改派 0 件(0.0%),只改协办、抄送、时限或叫应 0 件"]


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("市甲局", "市甲局"),
        ("西宁市甲局", "市甲局"),
        ("甲局", "市甲局"),
        ("乙局", "市乙局(某处)"),
        ("东区乙支队", "市乙局(某处)"),
        ("丙局", None),
        ("", None),
    ],
)
def test_names_of_units_in_exports(name: str, unit: str | None) -> None:
    assert match_unit(name, UNITS) == unit


def test_two_units_of_one_name_are_not_guessed() -> None:
    assert match_unit("海口市公安局", {"市公安局(甲)": (), "市公安局(乙)": ()}) is None
