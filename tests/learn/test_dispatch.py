"""Choosing a unit by head, by history and by both, on tickets that show which must win."""

import csv
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.learn.dispatch import History, measure

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def export(tmp_path):
    """Write tickets whose unit hangs on the category alone: the text is noise."""
    rng = random.Random(5)
    units = {"供暖": "热力公司", "燃气": "燃气公司", "噪声": "城管局"}
    path = tmp_path / "in.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["诉求内容", "大类", "小类", "承办单位"])
        for _ in range(240):
            kind = rng.choice(list(units))
            text = "".join(
                rng.choices("天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜", k=30)
            )
            table.writerow([text, "公用" if kind != "噪声" else "环境", kind, units[kind]])
    return path


def test_history_wins_where_only_the_category_tells(export):
    figures = {figure.method: figure for figure in measure(export, "承办单位", ["大类", "小类"])}
    assert len(figures) == 5
    assert figures["历史(导出表给的类别)"].top1 == 1.0
    assert figures["模型头(TF-IDF 线性)"].top1 < 0.7
    [both] = [figure for name, figure in figures.items() if name.startswith("两者合用(导出表")]
    assert both.top1 > 0.9
    assert all(figure.top1 <= figure.top3 <= 1 and 30 <= figure.tickets <= 90 for figure in figures.values())


def test_a_category_never_seen_falls_back_on_the_coarser_one():
    paths = [("公用", "供暖"), ("公用", "供暖"), ("公用", "燃气"), ("环境", "噪声")]
    history = History.learn(["甲", "甲", "乙", "丙"], paths, ("甲", "乙", "丙"))
    assert history.chances(("公用", "燃气")).argmax() == 1
    assert np.allclose(history.chances(("公用", "停水")), history.chances(("公用",)))
    assert np.allclose(history.chances(("别的", "别的")), history.chances(()))
    assert history.chances(("公用", "燃气")).sum() == pytest.approx(1)


@pytest.mark.slow
def test_the_command(export):
    command = [sys.executable, "-m", "pipeline.learn.dispatch", str(export), "--unit", "承办单位", "--category", "小类"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 5
    done = subprocess.run([*command[:-1], "没有"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
