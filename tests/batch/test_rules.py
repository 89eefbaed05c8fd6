"""``predict.py rules``: out, edited, back, checked and tried on an export; and ``--why``."""

import csv
import re
import shutil

import pytest
from openpyxl import load_workbook

import predict
from pipeline.command import run_command
from pipeline.tables import DATA

EXPORT = (
    "编号,诉求内容,承办单位\n1,住户反映多收气费不退,西宁市城乡建设局\n2,买到过期牛奶商家不退款,西宁市市场监督管理局\n"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(DATA / "routing.toml", tmp_path / "old.toml")
    return tmp_path


def call(*arguments):
    return run_command(predict.main, predict.parse([str(argument) for argument in arguments]))


def edit(path, rule, header, value):
    """Set one cell of the sheet of rules."""
    workbook = load_workbook(path)
    sheet = workbook["规则"]
    headers = [cell.value for cell in sheet[1]]
    [row] = [row for row in sheet.iter_rows(min_row=2) if row[0].value == rule]
    row[headers.index(header)].value = value
    workbook.save(path)


def test_out_and_back_is_the_same_file(folder, capsys):
    assert call("rules", "export") == 0
    assert call("rules", "import", "routing.xlsx", "-o", "new.toml") == 0
    assert (folder / "new.toml").read_bytes() == (DATA / "routing.toml").read_bytes()
    assert "58 条规则、32 个单位写入 routing.xlsx" in capsys.readouterr().out


def test_an_export_is_not_overwritten_unasked(folder, capsys):
    (folder / "routing.xlsx").write_text("旧")
    assert call("rules", "export") == 1
    assert "已经存在" in capsys.readouterr().err
    assert call("rules", "export", "--overwrite") == 0


def test_an_edit_is_told_and_the_old_table_kept(folder, capsys):
    call("rules", "export")
    edit("routing.xlsx", "燃气", "时限", 5)
    text = (folder / "old.toml").read_text(encoding="utf-8")
    (folder / "old.toml").write_text(text + "# 小王改过\n", encoding="utf-8")
    assert call("rules", "import", "routing.xlsx", "-o", "old.toml") == 0
    told = capsys.readouterr().out
    assert "改动 1 条:燃气" in told
    assert "原表另存为 old.toml.bak" in told
    assert "1 行 # 注释没有带过来" in told
    assert "小王" in (folder / "old.toml.bak").read_text(encoding="utf-8")
    assert 'value = 5, unit = "工作日"' in (folder / "old.toml").read_text(encoding="utf-8")


def test_a_table_past_reading_can_be_replaced(folder):
    call("rules", "export")
    (folder / "old.toml").write_text("[[[", encoding="utf-8")
    assert call("rules", "import", "routing.xlsx", "-o", "old.toml") == 0
    assert (folder / "old.toml.bak").read_text(encoding="utf-8") == "[[["
    assert (folder / "old.toml").read_bytes() == (DATA / "routing.toml").read_bytes()


@pytest.mark.parametrize(
    ("header", "value", "told"),
    [
        ("主办单位", "市城建局", "不认识的单位“市城建局”"),
        ("领域", "然气", "改为“燃气”"),
        ("领域", "供暖", "领域“燃气”紧急程度“咨询”有工单没有规则"),
    ],
)
def test_a_table_with_faults_changes_nothing(header, value, told, folder, capsys):
    call("rules", "export")
    edit("routing.xlsx", "燃气", header, value)
    before = (folder / "old.toml").read_bytes()
    assert call("rules", "import", "routing.xlsx", "-o", "old.toml") == 1
    assert told in capsys.readouterr().err
    assert (folder / "old.toml").read_bytes() == before
    assert not (folder / "old.toml.bak").exists()


def test_a_sound_table_passes_the_check(folder, capsys):
    assert call("rules", "check") == 0
    told = capsys.readouterr().out
    assert "[失败]" not in told
    assert re.search(r"routing\.toml:通过 \d+,注意 \d+,失败 0", told)


def test_the_check_fails_on_what_is_wrong_and_tells_all_of_it(folder, capsys):
    text = (folder / "old.toml").read_text(encoding="utf-8")
    text = text.replace('lead = "fire"', 'lead = "fir"', 1).replace('领域 == "消费维权"', '领城 == "消费维权"')
    text += '\n[[rules]]\nname = "多余"\npriority = 950\nwhen = "领域 == 燃气"\nlead = "fire"\n'
    (folder / "bad.toml").write_text(text, encoding="utf-8")
    assert call("rules", "check", "bad.toml") == 1
    told = capsys.readouterr().out
    assert "改为“fire”" in told
    assert told.count("改为“领域”") == 4
    assert "规则“多余”永远轮不到:前面的" in told
    assert "缺口" in told


def test_the_check_reads_a_spreadsheet(folder, capsys):
    call("rules", "export")
    edit("routing.xlsx", "燃气", "启用", "否")
    assert call("rules", "check", "routing.xlsx") == 1
    told = capsys.readouterr().out
    assert re.search(r"工作表“规则” 第 \d+ 行 第 \d+ 条 rules\(燃气\)", told)
    assert "规则“燃气”已停用" in told
    assert "[失败] 缺口" in told


def test_a_broken_rule_stops_a_run_before_the_first_row(folder, capsys):
    (folder / "in.csv").write_text(EXPORT, encoding="utf-8")
    text = (folder / "old.toml").read_text(encoding="utf-8")
    (folder / "bad.toml").write_text(
        text.replace('领域 == "燃气" 且 紧急程度', '领域 == "燃气" 且 紧急度', 1), encoding="utf-8"
    )
    assert call("in.csv", "--rules", "bad.toml") == 1
    [line] = capsys.readouterr().err.strip().splitlines()
    assert re.search(
        r"bad\.toml 第 \d+ 行 第 \d+ 条 rules\(燃气泄漏\):条件第 \d+ 个字“紧急度”:不认识的字段;请改为“紧急程度”", line
    )
    assert not (folder / "in.routed.csv").exists()


def test_a_backtest_counts_moves_and_writes_them(folder, capsys):
    (folder / "in.csv").write_text(EXPORT, encoding="utf-8")
    call("rules", "export", "-o", "new.xlsx")
    for name in ("消费投诉", "消费举报", "消费维权"):
        edit("new.xlsx", name, "主办单位", "市商务局")
    assert call("rules", "backtest", "old.toml", "new.xlsx", "in.csv", "-o", "moved.csv") == 0
    told = capsys.readouterr().out
    assert "共 2 件:改派 1 件(50.0%)" in told
    assert "市市场监督管理局 → 市商务局" in told
    assert "改对 0 件,改错 1 件" in told
    with (folder / "moved.csv").open(encoding="utf-8-sig") as stream:
        [row] = csv.DictReader(stream)
    assert (row["工单编号"], row["旧单位"], row["新单位"], row["对比"]) == ("2", "市市场监督管理局", "市商务局", "改错")


def test_moved_tickets_are_masked(folder):
    (folder / "in.csv").write_text("编号,诉求内容\n1,买到过期牛奶,电话13897211234,商家不退款\n", encoding="utf-8")
    (folder / "in.csv").write_text('编号,诉求内容\n1,"买到过期牛奶,电话13897211234,商家不退款"\n', encoding="utf-8")
    text = (folder / "old.toml").read_text(encoding="utf-8").replace('lead = "market"', 'lead = "commerce"')
    (folder / "new.toml").write_text(text, encoding="utf-8")
    assert call("rules", "backtest", "old.toml", "new.toml", "in.csv", "-o", "moved.xlsx") == 0
    cells = [str(cell.value) for row in load_workbook("moved.xlsx").active.iter_rows() for cell in row]
    assert any("牛奶" in cell for cell in cells)
    assert not any("13897211234" in cell for cell in cells)


def test_the_same_table_moves_nothing(folder, capsys):
    (folder / "in.csv").write_text(EXPORT, encoding="utf-8")
    assert call("rules", "backtest", "old.toml", "old.toml", "in.csv") == 0
    assert "改派 0 件" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["backtest", "old.toml", "old.toml", "in.csv", "--unit", "没有这列"], 1, "没有“没有这列”列"),
        (["backtest", "old.toml", "none.toml", "in.csv"], 1, "none.toml"),
        (["backtest", "old.toml", "old.toml", "none.csv"], 1, "none.csv"),
        (["backtest", "old.toml", "old.toml", "in.csv", "-o", "moved.pdf"], 2, "不认识的输出格式"),
        (["backtest", "old.toml", "old.toml", "in.csv", "-o", "in.csv", "--overwrite"], 2, "盖掉输入"),
        (["export", "-o", "old.toml", "--overwrite"], 2, "应为.xlsx"),
        (["import", "in.csv", "-o", "in.csv"], 2, "应为.toml"),
        (["import", "none.xlsx"], 1, "none.xlsx"),
        (["import", "in.csv"], 1, "应为xlsx 工作簿"),
        (["check", "none.toml"], 1, "none.toml"),
        (["check", "--model", "none"], 1, "没有这个模型目录"),
        (["export", "--rules", "none.toml"], 1, "none.toml"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments, code, told, folder, capsys):
    (folder / "in.csv").write_text(EXPORT, encoding="utf-8")
    before = sorted(path.name for path in folder.iterdir())
    assert call("rules", *arguments) == code
    [line] = capsys.readouterr().err.strip().splitlines()
    assert told in line
    assert sorted(path.name for path in folder.iterdir()) == before


def test_wrong_usage(capsys):
    for arguments in (["rules"], ["rules", "repair"], ["--why", "in.csv"]):
        with pytest.raises(SystemExit) as caught:
            predict.parse(arguments)
        assert caught.value.code == 2


def test_why_is_told_as_a_person_would(capsys):
    assert call("--one", "幸福小区三单元楼道里煤气味很大", "--why") == 0
    told = capsys.readouterr().out
    for part in (
        "派给:市城乡建设局",
        "打电话叫应",
        "“煤气味”疑似燃气泄漏",
        "按规则“燃气泄漏”派单（领域为燃气，紧急程度为特急）",
        "时限2小时",
        "立即呼叫：燃气经营企业抢修",
        "领域次选",
        "没有这条规则时按“燃气”派",
    ):
        assert part in told
