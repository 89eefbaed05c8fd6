"""Train a classifier on labelled exports, and say how good it is beside a TF-IDF yardstick."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.command import DONE, run_command
from pipeline.errors import YousuError
from pipeline.tables import ROOT
from pipeline.tickets import ColumnChoice

if TYPE_CHECKING:
    from pipeline.learn.card import Report

DEFAULT_BASE = ROOT / "models" / "base"


def train(
    export: Sequence[str | Path],
    output: str | Path,
    *,
    label: Sequence[str],
    text: Sequence[str] = (),
    title: str | None = None,
    base: str | Path = DEFAULT_BASE,
    valid: str | Path | None = None,
    epochs: int | None = None,
    seed: int = 1,
) -> Report:
    """Train a model; the arguments are those of the command.

    Parameters
    ----------
    export : sequence of str or Path
        Labelled exports.
    output : str or Path
        The model folder; one that is there already is replaced once the new one is whole.
    label : sequence of str
        Label columns.

    Raises
    ------
    YousuError
        As :mod:`pipeline.errors` draws it.
    """
    try:
        from pipeline.learn.fit import FitRecipe  # noqa: PLC0415 - torch, only where it is needed
        from pipeline.learn.training import train_model  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise YousuError(f"没有安装训练所需的 {error.name}", remedy="运行 pip install -e .[train]") from None
    recipe = FitRecipe(seed=seed) if epochs is None else FitRecipe(seed=seed, epochs=epochs)
    return train_model(
        [Path(path) for path in export],
        label,
        Path(output),
        base=str(base),
        columns=ColumnChoice(text=tuple(text), title=title),
        valid=None if valid is None else Path(valid),
        recipe=recipe,
    )


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(description="用带标签的导出表训练模型,并与 TF-IDF 基线对比")
    parser.add_argument("export", nargs="+", metavar="EXPORT", help="带标签的导出表")
    parser.add_argument("--label", action="append", required=True, metavar="COL", help="标签列,可重复")
    parser.add_argument("--text", action="append", default=[], metavar="COL", help="诉求内容所在列,可重复")
    parser.add_argument("--title", metavar="COL", help="标题所在列")
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="模型目录,如 models/NAME")
    parser.add_argument("--base", default=DEFAULT_BASE, help="基础编码器目录(或模型库中的名字)")
    parser.add_argument("--valid", metavar="FILE", help="用这份数据评估,默认留出 15%%")
    parser.add_argument("--epochs", type=int, metavar="N", help="最多训练几遍")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="随机种子")
    parser.add_argument("--debug", action="store_true", help="出错时显示完整调用栈(可能含诉求原文)")
    return parser.parse_args(arguments)


def main(given: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    report = train(**{key: value for key, value in vars(given).items() if key != "debug"})
    print(*report.lines(), sep="\n")
    print(f"模型已写入 {given.output}")
    return DONE


if __name__ == "__main__":
    sys.exit(run_command(main, parse()))
