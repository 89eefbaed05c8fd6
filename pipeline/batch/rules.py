"""``predict.py rules``: the routing table out to a spreadsheet and back, checked, and tried on an export."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from pipeline.batch.backtest import backtest
from pipeline.command import DONE
from pipeline.errors import TableError, UsageError
from pipeline.infer.folder import ModelCard
from pipeline.infer.predictor import Predictor
from pipeline.route import Router
from pipeline.route.calendar import Calendar
from pipeline.route.export import write_workbook
from pipeline.route.intake import read_workbook
from pipeline.route.lint import FAIL, GOOD, WARN, Finding, examine, inspect_model
from pipeline.route.mapping import LabelMap
from pipeline.route.moves import Comparison
from pipeline.route.places import Gazetteer
from pipeline.route.router import describe
from pipeline.route.rulefile import count_comments, write_table
from pipeline.route.rules import RuleBook
from pipeline.route.schema import Schema
from pipeline.route.table import Table, read_book, read_table
from pipeline.route.venues import VenueBook
from pipeline.taxonomy import Taxonomy
from pipeline.text.signals import SignalBook
from pipeline.tickets import ColumnChoice, open_result

__all__ = ["COMMANDS"]

FOUND_FAULTS = 1
"""Exit code of a check that fails."""


def do_export(given: argparse.Namespace) -> int:
    """Write the table as xlsx."""
    _require_ending(given.output, ".xlsx")
    book = _load(given.rules, load_schema())
    write_workbook(book, given.output, overwrite=given.overwrite)
    _say([f"{len(book.rules)} 条规则、{len(book.units)} 个单位写入 {given.output};“说明”表里有各列和条件的写法"])
    return DONE


def do_import(given: argparse.Namespace) -> int:
    """Check an xlsx and write it as the table; a table with faults changes nothing."""
    _require_ending(given.output, ".toml")
    schema = load_schema()
    book, faults = read_book(read_workbook(given.input, schema), schema)
    _refuse(faults or list(book.gaps()))
    was = given.output.read_text(encoding="utf-8-sig", errors="replace") if given.output.is_file() else ""
    before = _before(given.output, schema) if was else None
    kept = write_table(book, given.output)
    _say(_differences(before, book))
    _say([f"已写入 {given.output}" + (f",原表另存为 {kept}" if kept else "")])
    if lost := count_comments(was):
        _say([f"注意:原表里自己写的 {lost} 行 # 注释没有带过来,见 {kept};请写到“备注”里"])
    _say(map(str, _serious(examine(book, [], dt.date.today()))))
    return DONE


def do_check(given: argparse.Namespace) -> int:
    """Say what is good, to be watched and wrong about a table."""
    schema = load_schema()
    book, faults = read_book(read_any(given.input, schema), schema)
    findings = list(examine(book, faults, dt.date.today()))
    findings += inspect_model(book, ModelCard.load(given.model), LabelMap.load(taxonomy=Taxonomy.load()))
    counts = {level: sum(finding.level == level for finding in findings) for level in (GOOD, WARN, FAIL)}
    _say(map(str, findings))
    _say([f"{given.input}:" + ",".join(f"{level} {count}" for level, count in counts.items())])
    return FOUND_FAULTS if counts[FAIL] else DONE


def do_backtest(given: argparse.Namespace) -> int:
    """Say which tickets of an export two tables route differently."""
    for path in (given.old, given.new, given.input):
        if given.output is not None and given.output.resolve() == path.resolve():
            raise UsageError("结果会盖掉输入", where=given.output, remedy="换一个文件名")
    schema = load_schema()
    router = Router.load()
    old, new = (replace(router, rules=_load(path, schema)) for path in (given.old, given.new))
    columns = ColumnChoice(text=tuple(given.text))
    with ExitStack() as stack:
        # Opened before the long run, so that one that cannot be written is told at once.
        result = given.output and stack.enter_context(
            open_result(given.output, Comparison.HEADER, overwrite=given.overwrite)
        )
        comparison = backtest(old, new, Predictor(given.model), given.input, columns=columns, unit=given.unit)
        _say(comparison.lines())
        for row in comparison.rows() if result else ():
            result.write(row)
    if result:
        _say([f"{result.rows} 件有变化的工单写入 {given.output},内容已脱敏"])
    return DONE


def load_schema() -> Schema:
    """Return what conditions may ask, by the project's tables."""
    return describe(Taxonomy.load(), Gazetteer.load(), SignalBook.load(), Calendar.load(), VenueBook.load())


def read_any(path: Path, schema: Schema) -> Table:
    """Read a table from xlsx or TOML, by its ending."""
    return read_workbook(path, schema) if path.suffix.lower() in (".xlsx", ".xls") else read_table(path)


def _load(path: Path, schema: Schema) -> RuleBook:
    book, faults = read_book(read_any(path, schema), schema)
    _refuse(faults)
    return book


def _before(path: Path, schema: Schema) -> RuleBook | None:
    """Return the table that is about to be replaced, or ``None`` if it is past reading."""
    try:
        return read_book(read_table(path), schema)[0]
    except TableError:
        return None


def _require_ending(path: Path, ending: str) -> None:
    if path.suffix.lower() != ending:
        raise UsageError(f"不认识的输出格式“{path.suffix}”", where=path, expected=ending)


def _refuse(faults: Sequence[TableError]) -> None:
    """Stop at a table with faults, after all of them have been said."""
    if faults:
        _say(str(fault) for fault in faults[1:])
        raise faults[0]


def _differences(before: RuleBook | None, after: RuleBook) -> Iterator[str]:
    """Yield which rules were added, removed and changed."""
    old = {rule.name: rule for rule in before.rules} if before else {}
    new = {rule.name: rule for rule in after.rules}
    for title, names in (
        ("新增", [name for name in new if name not in old]),
        ("删去", [name for name in old if name not in new]),
        ("改动", [name for name in new if name in old and new[name] != old[name]]),
    ):
        if names:
            yield f"{title} {len(names)} 条:{'、'.join(names[:10])}{'等' if len(names) > 10 else ''}"
    if before and before.units != after.units:
        yield "单位表有改动"


def _serious(findings: Iterable[Finding]) -> Iterator[Finding]:
    return (finding for finding in findings if finding.level == FAIL)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)  # noqa: T201 - this is the command's voice


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "export": do_export,
    "import": do_import,
    "check": do_check,
    "backtest": do_backtest,
}
"""What to do by ``do`` of the parsed command line."""
