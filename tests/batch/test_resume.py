"""Whatever ends a run, the next one goes on, and its file is that of a run which nothing ended."""

import csv
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import predict
from pipeline.batch.job import Job
from pipeline.batch.run import DEFAULT_RULES, Desk, Pace, run_file
from pipeline.command import run_command
from pipeline.errors import InputError, OutputError, UsageError
from pipeline.tickets import ColumnChoice

ROOT = Path(__file__).resolve().parent.parent.parent
SMALL = Pace(shard=4, processes=1)
MATTERS = ("停水", "路灯不亮", "煤气味很大", "工资没发", "电梯困人", "占道经营", "噪音扰民", "暖气不热")


def write_toy(path, rows=60):
    """Write tickets, with a blank row and one whose quote is never closed in the middle."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["编号", "诉求内容"])
        for number in range(rows):
            table.writerow([f"T{number}", f"{number}号楼{MATTERS[number % len(MATTERS)]}{'好几天了' * (number % 5)}"])
            if number == rows // 2:
                file.write(",\n")
                file.write('坏了,"引号没有闭合,这一行读不出来\n')


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_toy(tmp_path / "in.csv")
    return tmp_path


@pytest.fixture(scope="module")
def desk():
    return Desk()


def decide(desk, output="out.csv", source="in.csv", **options):
    options = {"pace": SMALL, "columns": ColumnChoice(), **options}
    return run_file(Path(source), Path(output), desk, **options)


class StopError(BaseException):
    """The power fails."""


def stop_after(desk, shards, monkeypatch, error=StopError):
    """Have the desk fail once it has answered so many shards."""
    answer, calls = desk.answer, []

    def failing(*arguments):
        if len(calls) == shards:
            raise error
        calls.append(1)
        return answer(*arguments)

    monkeypatch.setattr(desk, "answer", failing)
    return calls


def interrupt(desk, shards, monkeypatch, **options):
    with monkeypatch.context() as patch:
        stop_after(desk, shards, patch)
        with pytest.raises(StopError):
            decide(desk, **options)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_fifty_kills_lose_nothing(tmp_path):
    write_toy(tmp_path / "in.csv")
    command = [sys.executable, str(Path(__file__).with_name("zygote.py")), str(tmp_path), "50", "11"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["killed"], told["same"], told["rejects"]) == (50, True, True)
    # Nothing but what is asked for: no progress file, no draft.
    assert told["left"] == ["in.csv", "out.csv", "out.rejects.csv", "whole.csv", "whole.rejects.csv"]


def test_a_resumed_run_decides_only_what_is_left(desk, folder, monkeypatch):
    decide(desk, "whole.csv")
    interrupt(desk, 5, monkeypatch)
    assert not Path("out.csv").exists()
    with monkeypatch.context() as patch:
        calls = stop_after(desk, 99, patch)
        summary = decide(desk, resume=True)
    assert len(calls) == 15 - 5 + 1  # the fifth was decided but not yet written down
    assert summary.resumed == 16
    assert Path("out.csv").read_bytes() == Path("whole.csv").read_bytes()
    assert any("16 件上次已完成" in line for line in summary.lines())
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize("ending", ["jsonl", "tsv", "parquet"])
def test_every_format_resumes_byte_for_byte(ending, desk, folder, monkeypatch):
    decide(desk, f"whole.{ending}")
    interrupt(desk, 7, monkeypatch, output=f"out.{ending}")
    decide(desk, f"out.{ending}", resume=True)
    assert Path(f"out.{ending}").read_bytes() == Path(f"whole.{ending}").read_bytes()


def test_a_workbook_resumes_cell_for_cell(desk, folder, monkeypatch):
    from openpyxl import load_workbook

    decide(desk, "whole.xlsx")
    interrupt(desk, 7, monkeypatch, output="out.xlsx")
    decide(desk, "out.xlsx", resume=True)
    one, other = (list(load_workbook(name).active.values) for name in ("out.xlsx", "whole.xlsx"))
    assert one == other
    assert len(one) == 61


def test_read_is_written_and_rejected_and_blank(desk, folder):
    summary = decide(desk)
    tally = summary.tally
    assert (tally.read, summary.written, tally.rejected, tally.blank) == (62, 60, 1, 1)
    assert next(summary.lines()) == "读入 62 行:写出 60,拒收 1,空白 1(核对相符)"
    [reject] = read_table("out.rejects.csv")
    assert "引号没有闭合" in reject["原因"]
    assert [row["编号"] for row in read_table("out.csv")] == [f"T{number}" for number in range(60)]


def test_a_sum_that_does_not_hold_is_a_fault(desk, folder):
    summary = decide(desk)
    summary.written -= 1
    with pytest.raises(RuntimeError, match="add up"):
        summary.check()


@pytest.mark.slow
def test_processes_and_shards_do_not_change_the_file(desk, folder):
    decide(desk)
    decide(desk, "other.csv", pace=Pace(shard=7, processes=2))
    decide(desk, "third.csv", pace=Pace(shard=1000, processes=1))
    assert Path("out.csv").read_bytes() == Path("other.csv").read_bytes() == Path("third.csv").read_bytes()


def test_a_changed_rule_table_is_refused(desk, folder, monkeypatch):
    rules = folder / "routing.toml"
    rules.write_bytes(DEFAULT_RULES.read_bytes())
    mine = Desk(rules=rules)
    interrupt(mine, 3, monkeypatch)
    rules.write_bytes(rules.read_bytes() + "\n# 改了一处\n".encode())
    with pytest.raises(OutputError, match="派单表在中断之后改过") as caught:
        decide(Desk(rules=rules), resume=True)
    assert "--overwrite" in caught.value.line()
    decide(Desk(rules=rules), overwrite=True)


@pytest.mark.parametrize(
    ("name", "told"), [("heads.json", "模型"), ("userdict.txt", "用户词典"), ("in.csv", "输入文件"), ("run.py", "程序")]
)
def test_a_changed_basis_is_refused(name, told, desk, folder, monkeypatch):
    from pipeline.batch import run

    interrupt(desk, 3, monkeypatch)
    exact = run.fingerprint
    monkeypatch.setattr(run, "fingerprint", lambda path: "other" if path.name == name else exact(path))
    with pytest.raises(OutputError, match=f"{told}在中断之后改过"):
        decide(desk, resume=True)


def test_an_unfinished_run_is_not_thrown_away_unasked(desk, folder, monkeypatch):
    interrupt(desk, 4, monkeypatch)
    with pytest.raises(OutputError, match="没做完的运行,已完成 12 件") as caught:
        decide(desk)
    assert "--resume" in caught.value.line()
    assert decide(desk, resume=True).resumed == 12


def test_an_answer_that_the_disk_damaged_is_decided_again(desk, folder, monkeypatch):
    decide(desk, "whole.csv")
    interrupt(desk, 6, monkeypatch)
    with sqlite3.connect(".out.csv.job") as disk:
        disk.execute("update shard set part = x'00' where number = 1")
    disk.close()
    decide(desk, resume=True)
    assert Path("out.csv").read_bytes() == Path("whole.csv").read_bytes()


def test_a_progress_file_of_rubbish_is_one_line(desk, folder):
    Path(".out.csv.job").write_bytes(b"rubbish" * 400)
    with pytest.raises(OutputError, match="进度文件已损坏"):
        decide(desk, resume=True)


def test_resume_without_an_earlier_run_starts(desk, folder):
    assert decide(desk, resume=True).resumed == 0
    assert Path("out.csv").exists()


def test_resume_of_standard_input_is_refused(desk):
    with pytest.raises(UsageError, match="标准输入"):
        run_file(None, None, desk, columns=ColumnChoice(), resume=True)


def test_two_runs_of_one_result_are_one_too_many(desk, folder):
    job = Job(Path("out.csv"), {"a": "1"}, resume=False, overwrite=False)
    with pytest.raises(OutputError, match="另一个运行"):
        decide(desk)
    job.close(keep=False)
    decide(desk)


def test_an_input_that_is_written_to_meanwhile_is_refused(desk, folder, monkeypatch):
    answer = desk.answer

    def meddle(*arguments):
        with Path("in.csv").open("a", encoding="utf-8") as file:
            file.write("X,后来的一行\n")
        return answer(*arguments)

    monkeypatch.setattr(desk, "answer", meddle)
    with pytest.raises(InputError, match="途中被改写"):
        decide(desk)
    assert [path.name for path in folder.iterdir()] == ["in.csv"]


def test_an_error_on_the_way_says_how_to_go_on(desk, folder, monkeypatch):
    decide(desk, "whole.csv")
    with monkeypatch.context() as patch:
        stop_after(desk, 4, patch, OutputError("写不了(磁盘已满)", where="out.csv", remedy="清理磁盘后重新运行"))
        with pytest.raises(OutputError) as caught:
            decide(desk)
    assert "已完成的 12 件已保存,用同样的命令加 --resume 接着做" in caught.value.line()
    decide(desk, resume=True)
    assert Path("out.csv").read_bytes() == Path("whole.csv").read_bytes()


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_can_be_gone_on_from(desk, folder):
    """A real limit of the system on the size of files, in a process of its own."""
    decide(desk, "whole.csv")
    code = """
import resource, sys
from pathlib import Path
from pipeline.batch.run import Desk, Pace, run_file
from pipeline.errors import OutputError
from pipeline.tickets import ColumnChoice
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
try:
    run_file(Path("in.csv"), Path("out.csv"), Desk(), columns=ColumnChoice(), pace=Pace(4, 1))
except OutputError as error:
    print(error.line())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=path_env())
    [line] = done.stdout.splitlines()
    assert "写不了" in line
    assert "--resume" in line
    assert not Path("out.csv").exists()
    assert decide(desk, resume=True).resumed > 0
    assert Path("out.csv").read_bytes() == Path("whole.csv").read_bytes()


def path_env():
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.mark.skipif(os.name != "posix" or resource.getrlimit(resource.RLIMIT_FSIZE)[1] != -1, reason="needs a mount")
def test_a_small_file_system_that_fills_up(desk, folder):
    """A real tmpfs, where this process may mount one."""
    disk = folder / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=48k", "tmpfs", str(disk)]
    if subprocess.run(["mount", *options], capture_output=True, check=False).returncode != 0:
        pytest.skip("this process may not mount a tmpfs")
    try:
        with pytest.raises(OutputError, match="磁盘已满"):
            decide(desk, disk / "out.csv")
        assert not (disk / "out.csv").exists()
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        decide(desk, disk / "out.csv", resume=True)
        decide(desk, "whole.csv")
        assert (disk / "out.csv").read_bytes() == Path("whole.csv").read_bytes()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(OutputError, match=r"只读|没有写入权限"):
            decide(desk, disk / "again.csv")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_target_that_cannot_be_written(desk, folder):
    with pytest.raises(OutputError, match="文件夹不存在"):
        decide(desk, "none/out.csv")
    Path("file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError):
        decide(desk, "file/out.csv")
    assert sorted(path.name for path in folder.iterdir()) == ["file", "in.csv"]


@pytest.fixture
def hears_interrupts():
    """A test run in the background of a shell has been told to ignore Ctrl-C, and its children inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_leave_a_state_to_go_on_from(number, folder, hears_interrupts):
    write_toy(Path("in.csv"), rows=3500)
    command = [sys.executable, str(ROOT / "predict.py"), "in.csv", "-o", "out.csv"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        wait_for(lambda: size(".out.csv.job") > 100_000, run)
        run.send_signal(number)
        _, told = run.communicate()
    assert run.returncode == 130
    [line] = told.strip().splitlines()
    assert "加 --resume 接着做" in line
    assert sorted(path.name for path in folder.iterdir()) == [".out.csv.job", "in.csv"]
    assert run_command(predict.main, predict.parse(["in.csv", "-o", "out.csv", "--resume"])) == 3
    assert run_command(predict.main, predict.parse(["in.csv", "-o", "whole.csv"])) == 3
    assert Path("out.csv").read_bytes() == Path("whole.csv").read_bytes()


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced(folder):
    write_toy(Path("in.csv"), rows=3500)
    command = [sys.executable, str(ROOT / "predict.py"), "in.csv", "-o", "out.csv"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        wait_for(lambda: size(".out.csv.job") > 100_000, run)
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
        if not children.exists():
            run.communicate()
            pytest.skip("this system does not list children")
        os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
        run.communicate()
    assert run.returncode == 3
    assert len(Path("out.csv").read_text(encoding="utf-8-sig").splitlines()) == 3501
    assert not list(folder.glob(".*"))


def read_table(path):
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def size(path):
    return Path(path).stat().st_size if Path(path).exists() else 0


def wait_for(happened, run):
    """Wait in short naps on the process itself until something has happened."""
    for _ in range(3000):
        if happened():
            return
        try:
            run.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail("the run ended too early")
    pytest.fail("nothing happened")
