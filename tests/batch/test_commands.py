"""The real command on good and bad input: one Chinese line, the right exit code, nothing half-written."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest
from openpyxl import Workbook, load_workbook

import predict
from pipeline.batch.desk import DEFAULT_RULES
from pipeline.command import run_command
from pipeline.route import COLUMNS

TOY = "编号,诉求内容\n1,停水了两天没人管\n2,楼道里煤气味很大\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments):
    return run_command(predict.main, predict.parse([str(argument) for argument in arguments]))


def write_workbook(path, *rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


def make(name, folder):
    """Make one bad input and return its path."""
    path = folder / f"{name}.xlsx"
    if name == "pdf":
        path.write_bytes(b"%PDF-1.4\n%...")
    elif name == "empty":
        write_workbook(path)
    elif name == "no_column":
        write_workbook(path, ["甲", "乙"], [1, 2])
    elif name == "cut_off":
        write_workbook(path, ["诉求内容"], *[[f"第{number}次停水"] for number in range(300)])
        path.write_bytes(path.read_bytes()[:3000])
    elif name == "big5":
        path = folder / "big5.csv"
        text = "編號,訴求內容\n1,樓道裡煤氣味很大請派人來看\n2,馬路上的路燈壞了三天沒有人修理\n"
        path.write_bytes(text.encode("big5"))
    return path


@pytest.mark.parametrize("name", ["missing", "pdf", "empty", "no_column", "cut_off", "big5"])
def test_bad_files_are_one_line_and_exit_1(name, folder, capsys):
    path = make(name, folder)
    before = sorted(folder.iterdir())
    assert call(path) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    [line] = captured.err.strip().splitlines()
    assert path.name in line
    assert ";请" in line
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["-o", "none/out.csv"], 1),
        (["-o", "in.csv/out.csv"], 1),  # a file as folder: nobody may write there, not even root
        (["-o", "there.csv"], 1),
        (["-o", "out.pdf"], 2),
        (["-o", "out.csv", "--model", "nowhere"], 1),
        (["-o", "out.csv", "--rules", "nowhere.toml"], 1),
        (["-o", "out.csv", "--text", "没有这列"], 1),
    ],
)
def test_bad_arguments_leave_nothing(arguments, code, folder, capsys):
    (folder / "in.csv").write_text(TOY, encoding="utf-8")
    (folder / "there.csv").write_text("旧结果", encoding="utf-8")
    assert call("in.csv", *arguments) == code
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["in.csv", "there.csv"]
    assert (folder / "there.csv").read_text(encoding="utf-8") == "旧结果"


def test_a_damaged_model_is_named(folder, capsys):
    (folder / "in.csv").write_text(TOY, encoding="utf-8")
    (folder / "model").mkdir()
    (folder / "model" / "heads.json").write_text("{", encoding="utf-8")
    assert call("in.csv", "--model", "model") == 1
    assert "heads.json 已损坏" in capsys.readouterr().err


def test_rows_that_cannot_be_used_are_rejected_and_counted(folder, capsys):
    text = "编号,诉求内容\n1,停水了\n2," + "水" * 2_000_000 + "\n,\n3,停电了\n"
    (folder / "in.csv").write_text(text, encoding="gb18030")
    assert call("in.csv") == 3
    assert "读入 4 行:写出 2,拒收 1,空白 1" in capsys.readouterr().out
    with (folder / "in.routed.rejects.csv").open(encoding="utf-8-sig") as stream:
        [reject] = list(csv.DictReader(stream))
    assert (reject["文件"], reject["行号"]) == ("in.csv", "3")


def test_nul_and_rare_characters_and_blank_rows_come_through(folder, capsys):
    text = "编号,诉求内容\n1,㛃𠮷䶮小区停\0水\n" + ",\n" * 10_000
    (folder / "in.csv").write_bytes(text.encode("gb18030"))
    assert call("in.csv") == 0
    assert "读入 10001 行:写出 1,拒收 0,空白 10000" in capsys.readouterr().out
    assert "㛃𠮷䶮小区" in (folder / "in.routed.csv").read_text(encoding="utf-8-sig")


def test_a_spreadsheet_keeps_its_columns_and_cannot_run(folder):
    write_workbook(folder / "in.xlsx", ["工单编号", "诉求内容"], ["'=1+1", "@SUM(A1)煤气罐漏气,味道很大"])
    assert call("in.xlsx", "-o", "out.xlsx") == 0
    header, row = load_workbook(folder / "out.xlsx").active.iter_rows()
    assert tuple(cell.value for cell in header) == ("工单编号", "诉求内容", *COLUMNS)
    assert all(cell.data_type != "f" for cell in row)
    answers = {name.value: cell.value for name, cell in zip(header, row, strict=True)}
    assert (answers["紧急程度"], answers["叫应"]) == ("特急", "是")


def test_csv_has_a_bom_and_is_replaced_only_when_asked(folder, capsys):
    (folder / "in.csv").write_text(TOY, encoding="utf-8")
    assert call("in.csv") == 0
    first = (folder / "in.routed.csv").read_bytes()
    assert first.startswith(b"\xef\xbb\xbf")
    assert call("in.csv") == 1
    assert call("in.csv", "--overwrite") == 0
    assert (folder / "in.routed.csv").read_bytes() == first


def test_standard_input_to_standard_output(monkeypatch, capsys):
    lines = '{"id": "7", "text": "老板拖欠工资半年,三十个人没拿到钱"}\n'
    stdin = io.TextIOWrapper(io.BytesIO(lines.encode()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stdin)
    assert call("-") == 0
    captured = capsys.readouterr()
    [record] = [json.loads(line) for line in captured.out.splitlines()]
    assert (record["id"], record["domain_id"]) == ("7", "wages")
    fields = """
        id domain domain_id domain_confidence other_domains urgency urgency_id urgency_confidence nature lead_unit
        support_units copy_units district deadline call_until_acknowledged needs_review rule reasons model
    """
    assert set(record) == set(fields.split())
    assert "读入 1 行" in captured.err


def test_one_ticket_is_one_object(capsys):
    assert call("--one", "小区电梯困住两个人了") == 0
    assert json.loads(capsys.readouterr().out)["urgency_id"] == "critical"


def test_the_function_takes_the_commands_arguments(folder):
    (folder / "in.csv").write_text("a,b\n1,停电三天\n", encoding="utf-8")
    summary = predict.predict("in.csv", "out.jsonl", text=["b"], id="a")
    assert (summary.tally.usable, summary.output.name) == (1, "out.jsonl")
    assert json.loads((folder / "out.jsonl").read_text(encoding="utf-8"))["id"] == "1"


SECRET = (
    "编号,来电人,来电号码,是否保密,诉求内容\n"
    "1,张三丰,13912345678,否,举报城西区某烟酒店无证卖鞭炮\n"
    "2,李四光,13887654321,否,楼下的路灯坏了三天没有人修请尽快修好\n"
    "3,王五常,13711112222,是,楼下的路灯坏了三天没有人修请尽快修好\n"
)


def test_an_export_for_units_hides_who_reported_and_who_asked(folder):
    (folder / "in.csv").write_text(SECRET, encoding="utf-8")
    assert call("in.csv", "-o", "full.csv") == 0
    assert call("in.csv", "-o", "units.csv", "--for-units") == 0
    full, units = (
        list(csv.DictReader((folder / name).open(encoding="utf-8-sig"))) for name in ("full.csv", "units.csv")
    )
    assert [row["来电人"] for row in full] == ["张三丰", "李四光", "王五常"]
    hidden = units[0]
    assert full[0]["诉求类型"] == "举报"
    assert "张三丰" not in "".join(hidden.values())
    assert "13912345678" not in "".join(hidden.values())
    assert units[1]["来电人"] == "李四光" or "保密" in units[1]["依据"]
    assert "王五常" not in "".join(units[2].values())
    assert [row["主办单位"] for row in units] == [row["主办单位"] for row in full]


def test_a_reader_that_ends_early_is_no_fault_of_ours(folder):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, predict.__file__, "--one", "停水了"]
    run = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert run.returncode == 1
    assert run.stderr.strip() == "接收输出的程序已退出,后面的结果没有写出"


def test_rules_may_ask_how_a_ticket_came(folder):
    (folder / "in.csv").write_text("诉求渠道,诉求内容\n市长信箱,路灯不亮\n电话,路灯不亮\n", encoding="utf-8")
    table = DEFAULT_RULES.read_text(encoding="utf-8")
    first = "[[rules]]\n"
    own = f'{first}name = "信箱"\npriority = 1\nwhen = \'渠道 == "市长信箱"\'\nlead = "fire"\n\n'
    (folder / "rules.toml").write_text(table.replace(first, own + first, 1), encoding="utf-8")
    assert call("in.csv", "-o", "out.csv", "--rules", "rules.toml") == 0
    rules = [row["派单规则"] for row in csv.DictReader((folder / "out.csv").open(encoding="utf-8-sig"))]
    assert rules[0] == "信箱"
    assert rules[1] != "信箱"


def test_one_without_words_is_wrong_usage(capsys):
    with pytest.raises(SystemExit) as stop:
        predict.parse(["--one", "  "])
    assert stop.value.code == 2
    assert "--one 后面要有诉求内容" in capsys.readouterr().err
