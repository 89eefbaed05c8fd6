"""All advice from one call."""

import datetime as dt
from dataclasses import replace

import pytest

from pipeline.infer.prediction import Answer
from pipeline.route.advice import Adviser, Matter
from pipeline.route.decision import Deadline
from pipeline.route.places import Gazetteer
from pipeline.taxonomy import Taxonomy

ADVISER = Adviser.load(taxonomy=Taxonomy.load())
GAZETTEER = Gazetteer.load()
TEXT = "城北区小桥大街一家饭馆安全出口锁着，今天还锁着"
MATTER = Matter(
    text=TEXT,
    address="",
    domain="small_venue",
    urgency="normal",
    nature="report",
    location=GAZETTEER.locate("", TEXT),
    arrival=dt.datetime(2024, 1, 25, 9, 30),
    said=Answer("举报", 0.9),
)
DAY = Deadline(24, "小时", "")


def test_a_report_of_a_small_venue() -> None:
    advice = ADVISER.advise(MATTER, DAY)
    told = "\n".join(f"{part}:{text}" for part, text in advice.told)
    assert "场所:文中“饭馆”，疑似小餐饮" in told
    assert "24小时内核查" in told
    assert "2024-01-26 09:30 到期" in told
    assert "不得透露举报人信息" in told
    assert "由消防救援机构" in told
    assert advice.emergency is None
    assert advice.doubts == ()


def test_a_deadly_matter_comes_first() -> None:
    matter = replace(MATTER, text="煤气味很大", domain="gas", urgency="critical", nature="help", signals=("燃气泄漏",))
    advice = ADVISER.advise(matter, Deadline(2, "小时", ""))
    assert advice.emergency is not None
    assert [part for part, _ in advice.told[:3]] == ["叫应"] * 3
    assert "关阀开窗" in advice.told[1][1]
    assert advice.checklist is None


def test_an_unknown_arrival_gives_no_due_moment() -> None:
    advice = ADVISER.advise(replace(MATTER, arrival=None), DAY)
    assert advice.due is None
    assert not any("到期" in text for _, text in advice.told)


@pytest.mark.parametrize("confidence", [0.5, 0.79])
def test_the_border_is_a_reason_to_look(confidence: float) -> None:
    matter = replace(MATTER, nature="complaint", said=Answer("投诉", confidence), runner_up="report")
    advice = ADVISER.advise(matter, DAY)
    assert advice.secrecy.hide_caller
    assert advice.doubts


def test_the_rules_vocabulary_holds_every_tag() -> None:
    for text in ("一楼饭馆二楼旅社", "养老院", "商场", "路灯不亮"):
        assert set(ADVISER.venues.find(text).tags) <= set(ADVISER.venues.tags)


@pytest.mark.parametrize("nature", ["report", "complaint", ""])
@pytest.mark.parametrize("domain", ["gas", "consumer", "fire_safety", "wages", "industrial", "fireworks", "other"])
def test_phrases_can_be_joined(domain: str, nature: str) -> None:
    """The writer joins reasons by a semicolon on one line."""
    signals = tuple(danger.signals[0] for danger in ADVISER.emergency.dangers)
    for signal in signals:
        text = f"{TEXT}，要求信访，厂里死亡，退款，举报"
        matter = replace(MATTER, text=text, domain=domain, nature=nature, urgency="critical", signals=(signal,))
        told = ADVISER.advise(matter, DAY).told
        assert not [phrase for _, phrase in told if ";" in phrase or "\n" in phrase]
