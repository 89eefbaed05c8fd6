"""The outbox: each ticket once, climbing until acknowledged, two programs at once, a sender that dies."""

import datetime as dt
import json
import sqlite3
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline.errors import OutputError
from pipeline.route.ladder import Ladder, Retries, Rung
from pipeline.route.outbox import BEIJING, Alarm, Call, Outbox, Receipt, SendFailed, send_due

ROOT = Path(__file__).resolve().parents[2]
RETRIES = Retries(tries=3, first_wait_seconds=10, factor=2.0, longest_wait_seconds=60, lease_seconds=30)
LADDER = Ladder((Rung(0, "{unit}值班室"), Rung(5, "{unit}负责人"), Rung(15, "{district}政府")), 10, RETRIES)
ALARM = Alarm("T1", "市应急管理局", "城北区", "疑似燃气特急")


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    at: dt.datetime = dt.datetime(2024, 1, 25, 3, 0, tzinfo=BEIJING)

    def __call__(self) -> dt.datetime:
        return self.at

    def pass_seconds(self, seconds: int) -> None:
        self.at += dt.timedelta(seconds=seconds)


@dataclass
class Bell:
    """A sender that remembers, and fails as it is told."""

    outcomes: list[object] = field(default_factory=list)
    rung: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def send(self, call: Call) -> Receipt:
        self.rung.append(call.to)
        self.keys.append(call.key)
        outcome = self.outcomes.pop(0) if self.outcomes else Receipt()
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, Receipt)
        return outcome


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(tmp_path, clock):
    with Outbox(tmp_path / "calls.sqlite", LADDER, clock) as box:
        yield box


def test_a_ticket_is_entered_once(outbox: Outbox) -> None:
    assert outbox.add(ALARM)
    assert not outbox.add(Alarm("T1", "别的单位", "", "别的"))
    [call] = outbox.calls()
    assert call.alarm == ALARM


def test_it_climbs_until_someone_acknowledges(outbox: Outbox, clock: Clock) -> None:
    outbox.add(ALARM)
    bell = Bell()
    for minute in range(40):
        send_due(outbox, bell)
        if minute == 30:
            assert outbox.acknowledge("T1", "值班员甲")
        clock.pass_seconds(60)
    assert bell.rung == ["市应急管理局值班室", "市应急管理局负责人", "城北区政府", "城北区政府"]  # at 0, 5, 15 and 25
    assert len(set(bell.keys)) == 4
    assert outbox.calls() == []
    [call] = outbox.calls(open_only=False)
    assert (call.acknowledged_by, call.sent) == ("值班员甲", 4)
    assert [what for _, what in outbox.history("T1")][-1] == "值班员甲确认收到"


def test_a_failure_is_tried_again_with_growing_waits_and_the_same_key(outbox: Outbox, clock: Clock) -> None:
    outbox.add(ALARM)
    bell = Bell([SendFailed("对方超时"), SendFailed("对方超时")])
    tried = []
    for second in range(60):
        before = len(bell.keys)
        send_due(outbox, bell)
        tried += [second] * (len(bell.keys) - before)
        clock.pass_seconds(1)
    assert tried == [0, 10, 30]
    assert bell.keys == ["T1:0:0"] * 3
    assert outbox.calls()[0].trouble == ""


def test_when_all_tries_fail_the_next_rung_is_called_at_once(outbox: Outbox, clock: Clock) -> None:
    outbox.add(ALARM)
    bell = Bell([SendFailed("对方超时")] * 3)
    for _ in range(31):
        send_due(outbox, bell)
        clock.pass_seconds(1)
    assert bell.rung == ["市应急管理局值班室"] * 3 + ["市应急管理局负责人"]


def test_a_final_failure_climbs_at_once(outbox: Outbox) -> None:
    outbox.add(ALARM)
    bell = Bell([SendFailed("对方应答 404", final=True)])
    assert send_due(outbox, bell) == (1, 1)
    assert bell.rung == ["市应急管理局值班室", "市应急管理局负责人"]


def test_failures_never_delay_the_next_rung(tmp_path, clock: Clock) -> None:
    slow = Ladder(LADDER.rungs, 10, Retries(99, 200, 2.0, 4000, 30))
    with Outbox(tmp_path / "slow.sqlite", slow, clock) as outbox:
        outbox.add(ALARM)
        bell = Bell([SendFailed("对方超时")] * 99)
        for _ in range(16):
            send_due(outbox, bell)
            clock.pass_seconds(60)
    assert "市应急管理局负责人" in bell.rung
    assert "城北区政府" in bell.rung


def test_the_last_rung_is_repeated_for_ever(outbox: Outbox, clock: Clock) -> None:
    outbox.add(ALARM)
    bell = Bell([SendFailed("对方超时", final=True)] * 1000)
    for _ in range(120):
        send_due(outbox, bell)
        clock.pass_seconds(60)
    assert len(bell.rung) > 10
    assert len(set(bell.keys)) == len(bell.keys)
    assert len(outbox.calls()) == 1


def test_the_other_side_may_ask_to_wait(outbox: Outbox, clock: Clock) -> None:
    outbox.add(ALARM)
    send_due(outbox, Bell([SendFailed("对方应答 429", wait_seconds=45)]))
    assert (outbox.calls()[0].due - clock.at).total_seconds() == 45
    clock.pass_seconds(45)
    send_due(outbox, Bell([SendFailed("对方应答 429", wait_seconds=10**6)]))
    assert (outbox.calls()[0].due - clock.at).total_seconds() == 60  # not longer than the table allows


def test_an_answer_may_acknowledge(outbox: Outbox) -> None:
    outbox.add(ALARM)
    send_due(outbox, Bell([Receipt(True, "乙")]))
    assert outbox.calls() == []
    assert outbox.calls(open_only=False)[0].acknowledged_by == "乙"


def test_a_second_acknowledgement_changes_nothing(outbox: Outbox) -> None:
    outbox.add(ALARM)
    assert outbox.acknowledge("T1", "甲")
    assert not outbox.acknowledge("T1", "乙")
    assert outbox.calls(open_only=False)[0].acknowledged_by == "甲"
    with pytest.raises(OutputError, match="没有工单“T9”"):
        outbox.acknowledge("T9", "甲")


def test_a_call_under_lease_is_not_taken_twice_and_a_dead_sender_is_relieved(outbox: Outbox, clock: Clock) -> None:
    outbox.add(ALARM)
    taken = outbox.take()
    assert taken is not None
    call, lease = taken
    assert outbox.take() is None
    clock.pass_seconds(30)
    again = outbox.take()
    assert again is not None
    assert again[0].key == call.key
    assert not outbox.arrived(call, lease)  # too late: the lease is another's
    assert outbox.arrived(*again)


def test_senders_that_keep_dying_do_not_stop_the_ladder(outbox: Outbox, clock: Clock) -> None:
    outbox.add(ALARM)
    taken = []
    for _ in range(5):
        call = outbox.take()
        assert call is not None
        taken.append(call[0].to)
        clock.pass_seconds(30)
    assert taken == ["市应急管理局值班室"] * 3 + ["市应急管理局负责人"] * 2


def test_an_acknowledgement_during_sending_holds(outbox: Outbox, clock: Clock) -> None:
    outbox.add(ALARM)
    taken = outbox.take()
    assert taken is not None
    outbox.acknowledge("T1", "甲")
    assert not outbox.failed(*taken, SendFailed("对方超时"))
    clock.pass_seconds(3600)
    assert outbox.take() is None


def test_the_file_is_the_owners_alone_and_survives(tmp_path, clock: Clock) -> None:
    path = tmp_path / "calls.sqlite"
    with Outbox(path, LADDER, clock) as outbox:
        outbox.add(ALARM)
    assert path.stat().st_mode & 0o077 == 0
    with Outbox(path, LADDER, clock) as outbox:
        assert len(outbox.calls()) == 1


@pytest.mark.parametrize("content", [b"not a database at all, only text" * 10, b"\x00" * 4096])
def test_a_file_that_is_no_outbox(tmp_path, content: bytes) -> None:
    path = tmp_path / "calls.sqlite"
    path.write_bytes(content)
    with pytest.raises(OutputError) as caught:
        Outbox(path, LADDER)
    assert "calls.sqlite" in str(caught.value)


def test_another_programs_database_is_left_alone(tmp_path) -> None:
    path = tmp_path / "calls.sqlite"
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE mine (a)")
    base.close()
    with pytest.raises(OutputError, match="不是叫应库"):
        Outbox(path, LADDER)


def test_no_such_folder(tmp_path) -> None:
    with pytest.raises(OutputError, match="打不开"):
        Outbox(tmp_path / "nowhere" / "calls.sqlite", LADDER)


WORKER = """
import json, sys
from pathlib import Path
from pipeline.route.ladder import Ladder, Rung
from pipeline.route.outbox import Alarm, Outbox

path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
new, sent = 0, []
with Outbox(path, Ladder((Rung(0, "{unit}"),), 10)) as outbox:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(count):
        new += outbox.add(Alarm(f"T{number}", "甲", "", "乙"))
    while (taken := outbox.take()) is not None:
        sent.append(taken[0].key)
        outbox.arrived(*taken)
    acknowledged = sum(outbox.acknowledge(f"T{number}", name) for number in range(count))
print(json.dumps([new, sent, acknowledged]))
"""


def test_two_processes_share_the_file(tmp_path) -> None:
    """Both enter, send and acknowledge the same tickets at once: each is done by exactly one of them."""
    path, count = tmp_path / "calls.sqlite", 60
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(path), name, str(count)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("甲", "乙")
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n", worker.communicate()[1]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    results = []
    for worker in workers:
        out, err = worker.communicate(timeout=120)
        assert worker.returncode == 0, err
        results.append(json.loads(out))
    assert sum(new for new, _, _ in results) == count
    assert Counter(key for _, sent, _ in results for key in sent) == Counter(
        f"T{number}:0:0" for number in range(count)
    )
    assert sum(acknowledged for _, _, acknowledged in results) == count


def test_a_killed_sender_leaves_the_call_for_another(tmp_path, clock: Clock) -> None:
    """A real process takes a call and is killed; after its lease another sends it with the same key."""
    path = tmp_path / "calls.sqlite"
    with Outbox(path, LADDER) as outbox:
        outbox.add(ALARM)
    script = (
        "import sys\nfrom pathlib import Path\nfrom pipeline.route.ladder import Ladder, Rung\n"
        "from pipeline.route.outbox import Outbox\n"
        "box = Outbox(Path(sys.argv[1]), Ladder((Rung(0, '{unit}'),), 10))\n"
        "print(box.take()[0].key, flush=True)\nsys.stdin.readline()\n"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    key = worker.stdout.readline().strip()
    worker.kill()
    worker.communicate()
    with Outbox(path, LADDER) as outbox:
        assert outbox.take() is None
    with Outbox(path, LADDER, lambda: dt.datetime.now(BEIJING) + dt.timedelta(minutes=2)) as outbox:
        taken = outbox.take()
    assert taken is not None
    assert taken[0].key == key == "T1:0:0"
