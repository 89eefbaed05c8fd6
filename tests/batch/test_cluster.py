"""Ray on this machine: two workers, one of them killed; the same answers as the local engine."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import predict
from pipeline.batch.cluster import Partition, Reading, decide_partition, list_partitions
from pipeline.batch.run import Desk
from pipeline.command import run_command
from pipeline.errors import InputError
from pipeline.tickets import ColumnChoice

ROOT = Path(__file__).resolve().parent.parent.parent
pytest.importorskip("fsspec", reason='fsspec comes with the extra: pip install -e ".[cluster]"')
RAY = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(not RAY, reason='360 MB: pip install -e ".[cluster]" to run this')
READING = Reading(ColumnChoice())


@pytest.fixture(scope="module")
def desk():
    return Desk()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(6):
        rows = "".join(f"{number}-{row},{row}号楼{'停水' * (1 + row % 3)}\n" for row in range(40))
        (tmp_path / "in" / f"part{number}.csv").write_text(f"编号,诉求内容\n{rows},\n", encoding="utf-8")
    return tmp_path


def test_partitions_are_the_files_by_name(folder):
    (folder / "in" / "notes.txt").write_text("x", encoding="utf-8")
    (folder / "in" / ".hidden.csv").write_text("x", encoding="utf-8")
    found = list_partitions(str(folder / "in"), str(folder / "out"))
    assert [Path(one.source).name for one in found] == [f"part{number}.csv" for number in range(6)]
    assert found[2].target == str(folder / "out" / "part2.csv")
    assert len(list_partitions(str(folder / "in" / "part[01].csv"), "out")) == 2
    with pytest.raises(InputError, match="没有可读的文件"):
        list_partitions(str(folder / "none"), "out")


def test_a_partition_may_lie_anywhere(desk, folder):
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe_file("/in/a.csv", (folder / "in" / "part0.csv").read_bytes())
    [partition] = list_partitions("memory://in", "memory://out")
    record = decide_partition(partition, desk, READING, {})
    assert record["tally"] == {"read": 41, "usable": 40, "rejected": 0, "blank": 1}
    assert json.loads(memory.cat_file("/out/_finished/a.csv.json"))["tally"]["usable"] == 40
    here = Partition(str(folder / "in" / "part0.csv"), str(folder / "b.csv"), str(folder / "b.json"))
    decide_partition(here, desk, READING, {})
    assert memory.cat_file("/out/a.csv") == (folder / "b.csv").read_bytes()


def test_a_partition_that_cannot_be_read_is_told(desk, folder):
    (folder / "in" / "part0.csv").write_bytes(b"%PDF-1.4")
    partition = list_partitions(str(folder / "in"), str(folder / "out"))[0]
    assert "part0.csv" in decide_partition(partition, desk, READING, {})["error"]
    assert not (folder / "out" / "_finished").exists()


@pytest.mark.skipif(RAY, reason="Ray is installed")
def test_without_ray_one_line_says_what_to_install(folder, capsys):
    assert run_command(predict.main, predict.parse([str(folder / "in"), "--engine", "ray"])) == 2
    assert '".[cluster]"' in capsys.readouterr().err


KILLING = """
import json, os, signal, sys, threading, time
from pathlib import Path
import pipeline.batch.cluster as cluster
from pipeline.batch.desk import Desk
from pipeline.tickets import ColumnChoice
folder = Path(sys.argv[1])
killed = []
def kill_the_first_to_finish():
    while not killed:
        for path in (folder / "out" / "_finished").glob("*.json"):
            killed.append(json.loads(path.read_text(encoding="utf-8"))["process"])
            os.kill(killed[0], signal.SIGKILL)
            return
        time.sleep(0.02)
threading.Thread(target=kill_the_first_to_finish, daemon=True).start()
summary = cluster.run_folder(str(folder / "in"), str(folder / "out"), Desk(), columns=ColumnChoice(), workers=2)
print(json.dumps({"killed": len(killed), "written": summary.written, "blank": summary.tally.blank}))
"""


@needs_ray
@pytest.mark.slow
def test_two_workers_one_killed_and_nothing_lost(desk, folder):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", KILLING, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"killed": 1, "written": 240, "blank": 6}
    for number in range(6):
        run = [f"{folder}/in/part{number}.csv", "-o", f"{folder}/{number}.csv"]
        assert run_command(predict.main, predict.parse(run)) == 0
        assert (folder / f"{number}.csv").read_bytes() == (folder / "out" / f"part{number}.csv").read_bytes()
    again = [sys.executable, str(ROOT / "predict.py"), f"{folder}/in", "-o", f"{folder}/out", "--engine", "ray"]
    (folder / "out" / "_finished" / "part3.csv.json").unlink()
    refused = subprocess.run(again, capture_output=True, text=True, check=False, env=env)
    assert (refused.returncode, "--resume" in refused.stderr) == (1, True)
    resumed = subprocess.run([*again, "--resume"], capture_output=True, text=True, check=False, env=env)
    assert resumed.returncode == 0, resumed.stderr
    assert "其中 200 件上次已完成" in resumed.stdout
