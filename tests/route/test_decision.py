"""A decision as cells and as a record."""

import json

from pipeline.route.decision import COLUMNS, Deadline, Decision, Reason

DECISION = Decision(
    id="T1",
    domain="燃气",
    domain_id="gas",
    domain_confidence=0.98765,
    other_domains=("消防安全", "九小场所"),
    urgency="特急",
    urgency_id="critical",
    urgency_confidence=None,
    nature="求助",
    lead_unit="甲局",
    support_units=("乙局", "丙局"),
    copy_units=("丁区人民政府",),
    district="",
    deadline=Deadline(2, "小时", "某法"),
    call_until_acknowledged=True,
    needs_review=False,
    rule="燃气",
    chain=(Reason("领域", "甲"), Reason("规则", "乙")),
    model="toy-1",
)


def test_cells_stand_under_their_columns() -> None:
    cells = dict(zip(COLUMNS, DECISION.to_cells(), strict=True))
    assert cells == {
        "领域": "燃气",
        "领域置信度": 0.988,
        "其他领域": "消防安全、九小场所",
        "紧急程度": "特急",
        "紧急置信度": None,
        "诉求类型": "求助",
        "主办单位": "甲局",
        "协办单位": "乙局、丙局",
        "抄送单位": "丁区人民政府",
        "属地": "",
        "办理时限": "2小时",
        "叫应": "是",
        "需人工复核": "否",
        "派单规则": "燃气",
        "依据": "甲;乙",
        "模型版本": "toy-1",
    }


def test_record_holds_the_keys_of_the_contract() -> None:
    record = json.loads(json.dumps(DECISION.to_record(), ensure_ascii=False))
    assert list(record) == [
        "id",
        "domain",
        "domain_id",
        "domain_confidence",
        "other_domains",
        "urgency",
        "urgency_id",
        "urgency_confidence",
        "nature",
        "lead_unit",
        "support_units",
        "copy_units",
        "district",
        "deadline",
        "call_until_acknowledged",
        "needs_review",
        "rule",
        "reasons",
        "model",
    ]
    assert record["deadline"] == "2小时"
    assert record["call_until_acknowledged"] is True
    assert record["support_units"] == ["乙局", "丙局"]


def test_deadlines_are_written_as_people_do() -> None:
    written = [str(Deadline(value, unit, "")) for value, unit in ((24, "小时"), (3, "工作日"), (1, "自然日"))]
    assert written == ["24小时", "3个工作日", "1日"]
