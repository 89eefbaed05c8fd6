"""The report of a training: for the terminal, for ``metrics.json``, and as the model's card."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.infer.heads import Head
from pipeline.learn.evaluate import HeadFigures
from pipeline.learn.fit import FitRecipe

__all__ = ["HeadReport", "Report", "write_card"]

_CLASSES_SHOWN = 60


@dataclass(frozen=True)
class HeadReport:
    """One head's figures on rows that training never saw, the model's and the yardstick's."""

    head: Head
    model: HeadFigures
    yardstick: HeadFigures


@dataclass(frozen=True)
class Report:
    """What a training says at its end.

    Parameters
    ----------
    version : str
        Of the model.
    trained, held : int
        Rows learnt from (calibration included), and rows held out for these figures.
    heads : tuple of HeadReport
        By label column.
    notices : list of str
        Of the reading.
    """

    version: str
    trained: int
    held: int
    heads: tuple[HeadReport, ...]
    notices: list[str]

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of Markdown, which read well in a terminal too."""
        yield f"模型 {self.version}:训练 {self.trained} 行,留出 {self.held} 行(以下均为留出部分的成绩)"
        for notice in self.notices:
            yield f"提示:{notice}"
        yield ""
        yield "| 标签列 | 方法 | 准确率 | 宏F1 | 加权kappa | 校准误差 | 去掉最没把握一成后的准确率 |"
        yield "|---|---|---:|---:|---:|---:|---:|"
        for report in self.heads:
            yield _figures_line(report.head.name, "本模型", report.model)
            yield _figures_line(report.head.name, "TF-IDF+线性", report.yardstick)
        for report in self.heads:
            yield ""
            yield from _class_lines(report)


def _number(value: float | None) -> str:
    """Return a figure with three digits; a dash where there is none."""
    return "—" if value is None else f"{value:.3f}"


def _figures_line(name: str, method: str, figures: HeadFigures) -> str:
    """Return one row of the table of heads."""
    numbers = (figures.accuracy, figures.macro_f1, figures.kappa, figures.calibration_error, figures.sure_accuracy)
    return f"| {name} | {method} | " + " | ".join(map(_number, numbers)) + " |"


def _class_lines(report: HeadReport) -> Iterator[str]:
    """Yield the table of one head's labels; of very many labels the most frequent."""
    yield f"| {report.head.name} | 条数 | 精确率 | 召回率 | F1 | 基线F1 |"
    yield "|---|---:|---:|---:|---:|---:|"
    pairs = sorted(zip(report.model.classes, report.yardstick.classes, strict=True), key=lambda pair: -pair[0].count)
    for model, yardstick in pairs[:_CLASSES_SHOWN]:
        yield (
            f"| {model.label} | {model.count} | {model.precision:.3f} | {model.recall:.3f} | {model.f1:.3f} "
            f"| {yardstick.f1:.3f} |"
        )
    if len(pairs) > _CLASSES_SHOWN:
        yield f"(另有 {len(pairs) - _CLASSES_SHOWN} 个较少见的标签,见 metrics.json)"


_CARD = """# 模型 {version}

由 `train.py` 训练。用途:为 12345 热线工单提出标签建议;结果是机器意见(疑似),不是事实认定,没有把握的应由人复核。
训练文本已脱敏;模型目录中不含任何训练文本。

{report}

训练参数:`{recipe}`
"""


def write_card(folder: Path, report: Report, recipe: FitRecipe) -> None:
    """Write ``metrics.json`` and ``README.md`` into a model folder."""
    record = {**asdict(report), "recipe": asdict(recipe)}
    text = json.dumps(record, ensure_ascii=False, indent=1)
    (folder / "metrics.json").write_text(text + "\n", encoding="utf-8")
    card = _CARD.format(version=report.version, report="\n".join(report.lines()), recipe=asdict(recipe))
    (folder / "README.md").write_text(card, encoding="utf-8")
