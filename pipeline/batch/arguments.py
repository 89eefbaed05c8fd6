"""The command line of ``predict.py``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.batch.desk import DEFAULT_MODEL, DEFAULT_RULES
from pipeline.batch.engine import ENGINES

__all__ = ["parse", "parse_rules"]


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the parsed command line; that of ``predict.py rules ...`` has its own."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["rules"]:
        return parse_rules(words[1:])
    parser = argparse.ArgumentParser(description="把 12345 热线导出表分类、定级并派单;派单表见 rules --help")
    parser.add_argument("input", nargs="?", metavar="INPUT", help="导出表;- 表示从标准输入读 jsonl")
    parser.add_argument("-o", "--output", help="结果文件,格式由后缀决定(.xlsx .csv .jsonl .parquet)")
    parser.add_argument("--one", metavar="TEXT", help="只判断一段话,在标准输出给出一个 JSON 对象")
    parser.add_argument("--why", action="store_true", help="与 --one 一起用:像人一样说明理由,不输出 JSON")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="模型目录,默认 models/default")
    parser.add_argument("--text", action="append", default=[], metavar="COL", help="诉求内容所在列,可重复")
    for name, meaning in (("title", "标题"), ("id", "工单编号"), ("time", "来电时间"), ("address", "地址")):
        parser.add_argument(f"--{name}", metavar="COL", help=f"{meaning}所在列")
    parser.add_argument("--sheet", help="只读这一个工作表")
    parser.add_argument("--encoding", help="文本文件的编码,默认自动判断")
    parser.add_argument("--rules", default=DEFAULT_RULES, help="派单表,默认 data/routing.toml")
    parser.add_argument("--rejects", metavar="FILE", help="拒收行写到哪里,默认在结果文件旁边")
    parser.add_argument("--overwrite", action="store_true", help="覆盖已有的结果,没做完的运行从头做")
    parser.add_argument("--for-units", action="store_true", help="给承办单位的表:需保密的工单隐去来电人")
    parser.add_argument("--resume", action="store_true", help="接着做上次中断的运行")
    parser.add_argument("--engine", choices=ENGINES, default="local", help="ray:一个文件夹的文件,可用多台机器")
    parser.add_argument("--cluster", metavar="ADDR", help="Ray 集群的地址,如 auto;不给则只用本机")
    parser.add_argument("--debug", action="store_true", help="出错时显示完整调用栈(可能含诉求原文)")
    given = parser.parse_args(words)
    if (given.input is None) == (given.one is None) or (given.why and given.one is None):
        parser.error("INPUT 与 --one 必须且只能给一个;--why 只能与 --one 一起用")
    if given.one is not None and not given.one.strip():
        parser.error("--one 后面要有诉求内容")
    return given


def parse_rules(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the parsed command line of ``predict.py rules``; its ``do`` names what to do."""
    parser = argparse.ArgumentParser(prog="predict.py rules", description="派单表:在 Excel 里改、检查、比对")
    commands = parser.add_subparsers(required=True, metavar="export|import|check|backtest")
    export = commands.add_parser("export", help="导出为 xlsx,供值班人员修改")
    export.add_argument("-o", "--output", type=Path, default=Path("routing.xlsx"), help="默认 routing.xlsx")
    export.add_argument("--rules", type=Path, default=DEFAULT_RULES, help="派单表,默认 data/routing.toml")
    export.add_argument("--overwrite", action="store_true", help="文件已存在时覆盖它")
    export.set_defaults(do="export")
    back = commands.add_parser("import", help="把改好的 xlsx 导回派单表")
    back.add_argument("input", type=Path, metavar="XLSX")
    back.add_argument("-o", "--output", type=Path, default=DEFAULT_RULES, help="默认 data/routing.toml")
    back.set_defaults(do="import")
    check = commands.add_parser("check", help="检查派单表(toml 或 xlsx)")
    check.add_argument("input", type=Path, nargs="?", default=DEFAULT_RULES, metavar="FILE")
    check.add_argument("--model", type=Path, default=DEFAULT_MODEL, help="在用的模型,默认 models/default")
    check.set_defaults(do="check")
    test = commands.add_parser("backtest", help="比较新旧两张表会改派哪些工单")
    for name, meaning in (("old", "旧派单表"), ("new", "新派单表(toml 或 xlsx)"), ("input", "导出表")):
        test.add_argument(name, type=Path, metavar=name.upper(), help=meaning)
    test.add_argument("-o", "--output", type=Path, help="有变化的工单写到哪里(xlsx、csv…),内容已脱敏")
    test.add_argument("--model", type=Path, default=DEFAULT_MODEL, help="模型目录,默认 models/default")
    test.add_argument("--unit", metavar="COL", help="最终承办单位所在列,默认自动找")
    test.add_argument("--text", action="append", default=[], metavar="COL", help="诉求内容所在列,可重复")
    test.add_argument("--overwrite", action="store_true", help="文件已存在时覆盖它")
    test.set_defaults(do="backtest")
    for command in (export, back, check, test):
        command.add_argument("--debug", action="store_true", help="出错时显示完整调用栈")
    return parser.parse_args(arguments)
