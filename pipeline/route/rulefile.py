"""A routing table as TOML text, in the one form in which ``data/routing.toml`` stands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pipeline.route.decision import Deadline
from pipeline.route.rules import Rule, RuleBook, Unit
from pipeline.tickets.draft import Draft, as_output_error

__all__ = ["PREAMBLE", "count_comments", "format_table", "write_table"]

PREAMBLE = """\
# 派单表:兜底、时限、紧急电话、单位、规则。依据见各条 basis 与 source;verified = false 即“未核实”,须由客户确认。
# 在 Excel 里改:predict.py rules export 导出,改完 predict.py rules import 导回;改后用 predict.py rules check 检查。
# 规则按 priority 由小到大试(相同的按书写顺序),条件 when 成立的第一条生效;每个领域的最后一条只写领域,兜住其余。
# when 的写法:字段 比较符 值,用 且、或、非 和括号连接;字段、比较符和例子见导出表的“说明”。
# deadline 法定或自定时限,对 deadline_for 所列紧急程度(不写即一般)代替热线时限;不写依据的沿用热线时限的依据。
# copy_to 抄送;raise_to 紧急程度至少升到;call 一律电话叫应;confidential 一律保密;valid_from、valid_to 按来电日算。
"""


def format_table(book: RuleBook) -> str:
    """Return the table as TOML; reading it gives the same book."""
    scale = book.schema.by_attribute["urgency"]
    parts = [
        PREAMBLE,
        "# 不能按规则派出时\n[fallback]",
        *_pairs({"unit": book.fallback, "unknown_district": book.unknown_district}),
        "\n# 各紧急程度的热线时限\n[deadlines]",
        *(f"{_text(scale.show(key))} = {_clock(deadline)}" for key, deadline in book.deadlines.items()),
        "\n# 信号 → 立即转接的电话\n[calls]",
        *(f"{_text(signal)} = {_value(codes)}" for signal, codes in book.calls.items()),
        *("\n[[units]]\n" + "\n".join(_pairs(_unit(unit))) for unit in book.units.values()),
        *("\n[[rules]]\n" + "\n".join(_pairs(_rule(rule, book))) for rule in book.rules),
    ]
    return "\n".join(parts) + "\n"


def write_table(book: RuleBook, path: Path) -> Path | None:
    """Write the table whole or not at all; what stood there before is kept as ``NAME.bak``, whose path is returned.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    kept = path.with_name(f"{path.name}.bak") if path.exists() else None
    draft = Draft(path, overwrite=True)
    try:
        with as_output_error(path):
            draft.partial.write_text(format_table(book), encoding="utf-8", newline="\n")
            if kept is not None:
                kept.write_bytes(path.read_bytes())
        draft.commit()
    finally:
        draft.discard()
    return kept


def count_comments(text: str) -> int:
    """Return how many comment lines of a TOML text are not of the kind that :func:`format_table` writes."""
    ours = {"# 不能按规则派出时", "# 各紧急程度的热线时限", "# 信号 → 立即转接的电话", *PREAMBLE.splitlines()}
    return sum(line.lstrip().startswith("#") and line.strip() not in ours for line in text.splitlines())


def _unit(unit: Unit) -> dict[str, object]:
    entry = {name: getattr(unit, name) for name in ("code", "name", "kind", "verified", "source")}
    return entry | {name: getattr(unit, name) for name in ("valid_from", "valid_to", "aliases") if getattr(unit, name)}


def _rule(rule: Rule, book: RuleBook) -> dict[str, object]:
    """Return what a rule sets, defaults left out but for priority and verified."""
    scale = book.schema.by_attribute["urgency"]
    plain = Rule(name="", lead="")
    entry: dict[str, object] = {"name": rule.name, "priority": rule.priority}
    for name in ("active", "valid_from", "valid_to", "when"):
        entry[name] = getattr(rule, name)
    entry["lead"] = rule.lead
    for name in ("support", "copy_to"):
        entry[name] = getattr(rule, name)
    entry["raise_to"] = scale.show(rule.raise_to) if rule.raise_to else None
    entry["deadline"] = rule.deadline
    entry["deadline_for"] = rule.deadline_for
    for name in ("call", "confidential", "verified", "basis", "note"):
        entry[name] = getattr(rule, name)
    kept = {
        key: value
        for key, value in entry.items()
        if value != getattr(plain, key) or key in ("name", "priority", "verified")
    }
    if "deadline_for" in kept:
        kept["deadline_for"] = tuple(map(scale.show, rule.deadline_for))
    return kept


def _pairs(entry: Mapping[str, object]) -> Iterator[str]:
    return (f"{key} = {_value(value)}" for key, value in entry.items())


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Deadline):
        return _clock(value)
    if isinstance(value, Iterable):
        return f"[{', '.join(map(_value, value))}]"
    return str(value)


def _clock(deadline: Deadline) -> str:
    basis = f", basis = {_text(deadline.basis)}" if deadline.basis else ""
    return f"{{ value = {deadline.value}, unit = {_text(deadline.unit)}{basis} }}"


def _text(text: str) -> str:
    """Return a TOML string: literal where it holds double quotes, as conditions do."""
    if '"' in text and "'" not in text and "\n" not in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False)
