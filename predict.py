"""Classify and route tickets: an export in, the same rows out with domain, urgency, unit, deadline and reasons."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.batch.run import DEFAULT_MODEL, DEFAULT_RULES, Desk, Summary, run_file
from pipeline.command import DONE, SOME_REJECTED, run_command
from pipeline.tickets import ColumnChoice, Ticket


def predict(
    input: str | Path,
    output: str | Path | None = None,
    *,
    model: str | Path = DEFAULT_MODEL,
    text: Sequence[str] = (),
    title: str | None = None,
    id: str | None = None,
    time: str | None = None,
    address: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    rules: str | Path = DEFAULT_RULES,
    rejects: str | Path | None = None,
    overwrite: bool = False,
) -> Summary:
    """Classify and route every ticket of an export; the arguments are those of the command.

    Parameters
    ----------
    input : str or Path
        xlsx, xls, csv, tsv, jsonl or parquet; ``-`` reads JSON lines from standard input.
    output : str or Path, optional
        Its ending decides the format; beside the input with ``.routed`` in its name unless given.

    Raises
    ------
    YousuError
        As :mod:`pipeline.errors` draws it.
    """
    columns = ColumnChoice(text=tuple(text), title=title, id=id, time=time, address=address)
    return run_file(
        None if str(input) == "-" else Path(input),
        None if output is None else Path(output),
        Desk(Path(model), Path(rules)),
        columns=columns,
        sheet=sheet,
        encoding=encoding,
        rejects=None if rejects is None else Path(rejects),
        overwrite=overwrite,
    )


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(description="把 12345 热线导出表分类、定级并派单")
    parser.add_argument("input", nargs="?", metavar="INPUT", help="导出表;- 表示从标准输入读 jsonl")
    parser.add_argument("-o", "--output", help="结果文件,格式由后缀决定(.xlsx .csv .jsonl .parquet)")
    parser.add_argument("--one", metavar="TEXT", help="只判断一段话,在标准输出给出一个 JSON 对象")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="模型目录,默认 models/default")
    parser.add_argument("--text", action="append", default=[], metavar="COL", help="诉求内容所在列,可重复")
    for name, meaning in (("title", "标题"), ("id", "工单编号"), ("time", "来电时间"), ("address", "地址")):
        parser.add_argument(f"--{name}", metavar="COL", help=f"{meaning}所在列")
    parser.add_argument("--sheet", metavar="NAME", help="只读这一个工作表")
    parser.add_argument("--encoding", metavar="ENC", help="文本文件的编码,默认自动判断")
    parser.add_argument("--rules", default=DEFAULT_RULES, help="派单表,默认 data/routing.toml")
    parser.add_argument("--rejects", metavar="FILE", help="拒收行写到哪里,默认在结果文件旁边")
    parser.add_argument("--overwrite", action="store_true", help="结果文件已存在时覆盖它")
    parser.add_argument("--debug", action="store_true", help="出错时显示完整调用栈(可能含诉求原文)")
    given = parser.parse_args(arguments)
    if (given.input is None) == (given.one is None):
        parser.error("INPUT 与 --one 必须且只能给一个")
    return given


def main(given: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    options = {key: value for key, value in vars(given).items() if key not in ("one", "debug")}
    if given.one is not None:
        ticket = Ticket(row=1, sheet=None, cells=(), id="", title="", text=given.one, time=None, address="")
        [routed] = Desk(Path(given.model), Path(given.rules)).decide([ticket])
        print(json.dumps(routed.record(), ensure_ascii=False))
        return DONE
    summary = predict(**options)
    # On standard output JSON lines must stay alone.
    voice = sys.stderr if summary.output is None else sys.stdout
    print(*summary.lines(), sep="\n", file=voice)
    return SOME_REJECTED if summary.tally.rejected else DONE


if __name__ == "__main__":
    _given = parse()
    sys.exit(run_command(main, _given))
