"""Whom to call at once: every critical signal has lines and two sentences; numbers not configured say so."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TableError
from pipeline.route.emergency import EmergencyBook
from pipeline.tables import DATA

BOOK = EmergencyBook.load()
CRITICAL = [
    signal["name"]
    for signal in tomllib.loads((DATA / "signals.toml").read_text(encoding="utf-8"))["signals"]
    if signal["raises_to"] == "critical"
]


@pytest.mark.parametrize("signal", CRITICAL)
def test_every_deadly_signal_has_advice_of_its_own(signal: str) -> None:
    found = BOOK.advise([signal])
    assert found.dangers != (BOOK.default.name,)
    assert found.lines
    assert found.first
    assert found.second


def test_gas_says_what_the_law_and_the_fire_service_say_and_that_the_number_is_missing() -> None:
    found = BOOK.advise(["燃气泄漏"])
    assert found.codes == ("gas_repair", "t119")
    assert "关阀开窗" in found.first
    assert "室外再打电话" in found.first
    assert "未配置" in found.call
    assert found.notices == ("燃气经营企业抢修号码未配置",)


@pytest.mark.parametrize(
    ("signal", "code"),
    [
        ("火情", "t119"),
        ("轻生扬言", "t110"),
        ("人员急症", "t120"),
        ("电梯困人", "t119"),
        ("高层起火", "t119"),
        ("车祸", "t122"),
    ],
)
def test_first_line(signal: str, code: str) -> None:
    assert code in BOOK.advise([signal]).codes


def test_two_dangers_call_for_both_and_the_first_speaks() -> None:
    found = BOOK.advise(["火情", "人员急症"])
    assert found.codes == ("t119", "t120")
    assert found.first == BOOK.advise(["火情"]).first
    assert found.call.startswith("疑似火情、人员急症，立即呼叫：119火警、120急救")


def test_a_deadly_matter_without_a_signal_is_not_without_lines() -> None:
    assert BOOK.advise([]).codes == ("t110", "t119", "t120")


@given(st.lists(st.text(max_size=6), max_size=4))
def test_any_signal_gets_an_answer(signals: list[str]) -> None:
    found = BOOK.advise(signals)
    assert found.lines
    assert "疑似" in found.call


TABLE = """
[lines.t119]
name = "119火警"
number = "119"
[default]
calls = ["t119"]
first = "甲"
second = "乙"
[[dangers]]
name = "火情"
signals = ["火情"]
calls = ["t119"]
first = "甲"
second = "乙"
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'calls = ["t119"]\nfirst = "甲"\nsecond = "乙"\n[[',
            'calls = ["t118"]\nfirst = "甲"\nsecond = "乙"\n[[',
            "t119",
        ),
        ('signals = ["火情"]\ncalls = ["t119"]', 'signals = ["火情"]\ncalls = []', "呼叫谁"),
        ('second = "乙"\n[[', 'second = ""\n[[', "两行"),
        ("signals", "signal", "改为“signals”"),
        ("[default]", "[defaults]", "改为“default”"),
    ],
)
def test_wrong_table(tmp_path, old: str, new: str, told: str) -> None:
    path = tmp_path / "emergency.toml"
    path.write_text(TABLE.replace(old, new), encoding="utf-8")
    with pytest.raises(TableError) as caught:
        EmergencyBook.load(path)
    assert told in str(caught.value)
