"""The command: a result entered, listed, acknowledged; wrong usage in one line."""

import json
from dataclasses import dataclass, replace

import pytest

from pipeline.calls import alarm_of, main, sending
from pipeline.route.ladder import Ladder
from pipeline.route.outbox import Alarm, Outbox, Receipt

ROUTED = """工单编号,诉求内容,领域,主办单位,属地,叫应
T1,煤气味很大,燃气,市城乡建设局,城北区,是
T2,路灯不亮,城市管理,市城市管理局,,否
"""


@pytest.fixture
def routed(tmp_path):
    path = tmp_path / "routed.csv"
    path.write_text(ROUTED, encoding="utf-8")
    return path


@pytest.fixture
def run(tmp_path, capsys):
    def run(*arguments):
        code = main(["--outbox", str(tmp_path / "calls.sqlite"), *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_from_result_to_acknowledgement(run, routed) -> None:
    assert run("add", routed)[:2][0] == 0
    code, out, _ = run("add", routed)
    assert (code, "新增 0,已有 1" in out) == (0, True)
    _, out, _ = run("list", "--json")
    [call] = map(json.loads, out.splitlines())
    assert (call["ticket"], call["unit"], call["matter"]) == ("T1", "市城乡建设局", "疑似燃气特急")
    assert "煤气味" not in out
    assert run("ack", "T1", "--by", "值班员")[0] == 0
    assert "未确认 0 件" in run("list")[1]
    assert "值班员确认" in run("list", "--all")[1]
    assert "此前已有人确认" in run("ack", "T1", "--by", "乙")[1]


def test_a_result_of_our_own_may_stand_beside_the_exports_column(run, tmp_path) -> None:
    path = tmp_path / "routed.csv"
    path.write_text("工单编号,内容,主办单位,主办单位(系统),叫应\nT1,甲,旧单位,新单位,是\n", encoding="utf-8")
    run("add", path)
    assert json.loads(run("list", "--json")[1])["unit"] == "新单位"


def test_json_lines_of_our_own(run, tmp_path) -> None:
    path = tmp_path / "routed.jsonl"
    record = {
        "id": "T7",
        "text": "甲",
        "domain": "燃气",
        "lead_unit": "乙",
        "district": "",
        "call_until_acknowledged": True,
    }
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    assert "新增 1" in run("add", path)[1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ack", "T9", "--by", "甲"], "没有工单“T9”"),
        (["send"], "没有配置叫应的发送地址"),
        (["send", "--url", "ftp://x"], "地址不对"),
        (["add", "missing.csv"], "missing.csv"),
    ],
)
def test_mistakes_end_in_one_line(run, arguments, told) -> None:
    code, _, err = run(*arguments)
    assert code == 1
    assert told in err
    assert len(err.splitlines()) == 1


def test_an_export_that_was_not_routed(run, tmp_path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("工单编号,诉求内容\nT1,甲\n", encoding="utf-8")
    code, _, err = run("add", path)
    assert (code, "不是派单结果" in err) == (1, True)


@pytest.mark.parametrize("arguments", [[], ["dance"], ["ack", "T1"], ["send", "--every", "0"]])
def test_wrong_usage(arguments, capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_sending_goes_on_until_interrupted(tmp_path) -> None:
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            raise KeyboardInterrupt

    class Silent:
        def send(self, call):
            return Receipt()

    with Outbox(tmp_path / "calls.sqlite", Ladder.load()) as outbox:
        outbox.add(Alarm("T1", "甲", "", "乙"))
        rounds = sending(outbox, Silent(), 5, pause)
        assert [next(rounds), next(rounds), next(rounds)] == [(1, 0), (0, 0), (0, 0)]
        with pytest.raises(KeyboardInterrupt):
            next(rounds)
        assert pauses == [5, 5, 5]
        assert [*sending(outbox, Silent(), None, pause)] == [(0, 0)]


@dataclass(frozen=True)
class Decided:
    """What an alarm is made of."""

    id: str = "T1"
    domain: str = "燃气"
    lead_unit: str = "市城乡建设局"
    district: str = "城北区"
    call_until_acknowledged: bool = True
    reasons: tuple[str, ...] = ("文中“煤气味”疑似燃气泄漏",)


def test_only_what_must_be_called_makes_an_alarm() -> None:
    assert alarm_of(Decided()) == Alarm("T1", "市城乡建设局", "城北区", "疑似燃气特急")
    assert alarm_of(replace(Decided(), call_until_acknowledged=False)) is None
