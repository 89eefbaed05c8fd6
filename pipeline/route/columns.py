"""The sheets of a routing table in a spreadsheet, their columns, and how each cell is written and read."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import TableError
from pipeline.route.decision import UNITS
from pipeline.route.rules import KINDS, Unit
from pipeline.route.table import SEPARATORS
from pipeline.tickets.cells import text_of

__all__ = ["CALLS", "CLOCKS", "FALLBACK", "RULES", "UNIT_ROWS", "Column", "Names", "read_cell"]

YES, NO = "是", "否"
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:\s+0?0:00(?::00)?)?")
_TAGGED = re.compile(r"(.+)[(\uff08]([\w.-]+)[)\uff09]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet.

    Parameters
    ----------
    header : str
        What stands above it.
    key : str
        The entry's key; of a rule's condition and deadline that of their part.
    kind : str
        ``text``, ``whole``, ``flag``, ``day``, ``unit``, ``units`` or ``labels``.
    width : int
        In half-width characters.
    help : str
        For the help sheet.
    options : tuple of str
        What may stand in it, where that is a short list.
    empty : bool
        What an empty flag means.
    """

    header: str
    key: str
    kind: str
    width: int
    help: str
    options: tuple[str, ...] = ()
    empty: bool = False


RULES = (
    Column("名称", "name", "text", 20, "规则的名称,不能重复;依据和比对都按它说"),
    Column("优先级", "priority", "whole", 8, "1 到 9999,数字小的先看,相同的按行序;不填为 100"),
    Column("启用", "active", "flag", 7, "否:暂不参加派单(检查时会列出);不填为是", (YES, NO), empty=True),
    Column("领域", "domain", "text", 16, "领域是其中之一;几个用、隔开"),
    Column("紧急程度", "urgency", "text", 12, "紧急程度是其中之一"),
    Column("诉求类型", "nature", "text", 12, "诉求类型是其中之一"),
    Column("文中有任一词", "words", "text", 36, "标题或内容里有其中任何一个词,用、隔开"),
    Column("其他条件", "rest", "text", 32, "用条件语言写,写法见下;与左边几格同时成立才算"),
    Column("主办单位", "lead", "unit", 24, "派给谁;写名称,同名的写 名称(代码)"),
    Column("协办单位", "support", "units", 24, "谁配合,几个用、隔开"),
    Column("抄送", "copy_to", "units", 16, "谁收到抄送;属地县区政府 指工单所在县区"),
    Column("时限", "value", "whole", 7, "数值;不填用“时限”表里的热线时限"),
    Column("时限单位", "unit", "text", 9, "小时、工作日、自然日", tuple(UNITS)),
    Column("时限适用", "deadline_for", "labels", 12, "对哪些紧急程度代替热线时限;不填为一般"),
    Column("时限依据", "clock_basis", "text", 32, "法定时限写明法条;不填沿用热线时限的依据"),
    Column("升为", "raise_to", "text", 8, "紧急程度至少升到;只升不降"),
    Column("叫应", "call", "flag", 7, "是:不论紧急程度都要电话叫应(特急总是要)", (YES, NO)),
    Column("保密", "confidential", "flag", 7, "是:对承办单位隐去来电人(举报总是要)", (YES, NO)),
    Column("有效期起", "valid_from", "day", 12, "按来电日算,含当日;不填为不限"),
    Column("有效期止", "valid_to", "day", 12, "按来电日算,含当日;不填为不限"),
    Column("已核实", "verified", "flag", 8, "职责分工有没有核实过来源;不填为否,依据里会写“未核实”", (YES, NO)),
    Column("派单依据", "basis", "text", 36, "法律、文件或分工依据"),
    Column("备注", "note", "text", 24, "其他需要知道的,不影响派单"),
)
UNIT_ROWS = (
    Column("代码", "code", "text", 16, "规则文件里用的代码,字母、数字、汉字、下划线,不能重复"),
    Column("名称", "name", "text", 36, "单位名称;机构改名时改这里"),
    Column("类别", "kind", "text", 12, "属地:代表工单所在县区政府", KINDS),
    Column("有效期起", "valid_from", "day", 12, "机构以此名存在的首日"),
    Column("有效期止", "valid_to", "day", 12, "机构以此名存在的末日"),
    Column("已核实", "verified", "flag", 8, "职责有没有核实过来源", (YES, NO)),
    Column("来源", "source", "text", 40, "职责的出处"),
    Column("别名", "aliases", "labels", 36, "其他叫法和曾用名,几个用、隔开;比对时按它认最终单位"),
)
CLOCKS = (
    Column("紧急程度", "urgency", "text", 12, "每一档都要有"),
    Column("时限", "value", "whole", 8, "数值"),
    Column("时限单位", "unit", "text", 10, "小时、工作日、自然日", tuple(UNITS)),
    Column("依据", "basis", "text", 60, "这一档时限的依据"),
)
CALLS = (
    Column("信号", "signal", "text", 24, "危险信号的名称(signals.toml)"),
    Column("立即转接", "units", "units", 48, "立即转接的电话,几个用、隔开"),
)
FALLBACK = (
    Column("情形", "case", "text", 24, "没有规则、属地不明"),
    Column("单位", "unit", "unit", 36, "转给谁"),
)


class Names:
    """Units as a spreadsheet writes them: by name, with the code where two share it."""

    def __init__(self, units: Mapping[str, Unit]) -> None:
        counts = Counter(unit.name for unit in units.values())
        self._labels = {code: _label(unit, counts, units) for code, unit in units.items()}
        self._codes = {unit.name: code for code, unit in units.items() if counts[unit.name] == 1}
        self._codes |= {label: code for code, label in self._labels.items()} | {code: code for code in units}
        self._units = units

    def label(self, code: str) -> str:
        """Return how a unit is written."""
        return self._labels[code]

    def code(self, text: str) -> str:
        """Return the code that a cell means, or the text itself where nothing is known by it."""
        if text in self._codes:
            return self._codes[text]
        tagged = _TAGGED.fullmatch(text)
        return tagged[2] if tagged and tagged[2] in self._units else text

    def codes(self, text: str) -> list[str]:
        """Return the codes in a cell."""
        return [self.code(piece.strip()) for piece in SEPARATORS.split(text) if piece.strip()]


def _label(unit: Unit, counts: Counter[str], units: Mapping[str, Unit]) -> str:
    if SEPARATORS.search(unit.name):
        return unit.code
    tagged = _TAGGED.fullmatch(unit.name)
    if counts[unit.name] == 1 and unit.name not in units and not (tagged and tagged[2] in units):
        return unit.name
    label = f"{unit.name}({unit.code})"
    return unit.code if label in counts or label in units else label


def read_cell(column: Column, value: object, where: str) -> object:
    """Return what a cell means: text, a whole number, a truth, a day; ``None`` for an empty one.

    Raises
    ------
    TableError
        If it cannot be of the column's kind.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return column.empty if column.kind == "flag" else None
    return _READERS.get(column.kind, _read_text)(value, f"{where} “{column.header}”")


def _read_text(value: object, where: str) -> str:
    del where
    return text_of(value).strip()


def _read_whole(value: object, where: str) -> int:
    text = text_of(value).strip()
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise TableError(f"“{text}”不是整数", where=where, expected="不带单位的整数")
    return int(text)


def _read_flag(value: object, where: str) -> bool:
    text = text_of(value).strip()
    if text in (YES, "√", "✓", "1", "TRUE", "True"):
        return True
    if text in (NO, "×", "0", "FALSE", "False"):
        return False
    raise TableError(f"“{text}”既不是“是”也不是“否”", where=where, remedy="改为是或否")


def _read_day(value: object, where: str) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    text = text_of(value).strip()
    match = _DAY.fullmatch(text)
    try:
        if match:
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        pass
    raise TableError(f"“{text}”不是日期", where=where, expected="如 2026-10-15 的日期")


_READERS: Mapping[str, Callable[[object, str], object]] = {
    "whole": _read_whole,
    "flag": _read_flag,
    "day": _read_day,
}


def split_labels(text: str) -> Sequence[str]:
    """Return the labels in a cell of plain names."""
    return [piece.strip() for piece in SEPARATORS.split(text) if piece.strip()]
