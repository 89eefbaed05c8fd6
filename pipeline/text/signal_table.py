"""``data/signals.toml`` read and checked: lists, alias, look-alikes, guards, sets of guards and kinds of danger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from pipeline.errors import TableError
from pipeline.tables import build, read_toml
from pipeline.text.lexicon import read_lists, require_length
from pipeline.text.measures import KINDS
from pipeline.text.signals import (
    LEVELS,
    NOTHING,
    SCOPES,
    SHORTEST_SIGN,
    SIDES,
    Corroboration,
    Guard,
    Pattern,
    SignalBook,
    SignalRule,
    require_known,
)

__all__ = ["read_book"]


def read_book(path: Path) -> SignalBook:
    """Read the table of signals.

    Raises
    ------
    TableError
        On an unknown key, list, guard, set or urgency, an empty list, or a word that is too short or too long.
    """
    table = read_toml(path)
    _refuse_unknown(table, ("words", "alias", "decoys", "guards", "guard_sets", "signals", "corroboration"), str(path))
    alias = _alias(table.get("alias", ""), f"{path} alias")
    words = read_lists(table.get("words", {}), alias, f"{path} words")
    decoys = read_lists({"decoys": table["decoys"]}, alias, str(path), 2)["decoys"] if "decoys" in table else ()
    guards = {name: _guard(entry, f"{path} guards.{name}") for name, entry in table.get("guards", {}).items()}
    sets = _guard_sets(table.get("guard_sets", {}), guards, f"{path} guard_sets")
    rules = tuple(
        _rule(entry, f"{path} 第 {number} 个 signals", words, sets)
        for number, entry in enumerate(table.get("signals", ()), 1)
    )
    both = (
        _corroboration(table["corroboration"], f"{path} corroboration", rules, sets)
        if "corroboration" in table
        else None
    )
    return SignalBook(rules, words, guards, sets, decoys, both)


def _corroboration(
    entry: object, where: str, rules: Sequence[SignalRule], sets: Mapping[str, tuple[str, ...]]
) -> Corroboration:
    both = build(Corroboration, _split(entry, "signs"), where)
    signs = {pattern.sign for rule in rules if rule.raises_to == LEVELS[-1] for pattern in rule.patterns}
    for name in both.signs:
        require_known(name, sorted(signs - {""}), where, "特急征象词表")
    require_known(both.guards, sets, where, "排除条件组")
    return both


def _refuse_unknown(entry: object, known: Sequence[str], where: str) -> Mapping[str, Any]:
    """Return the entry; raise on a key that nothing reads."""
    if not isinstance(entry, Mapping):
        raise TableError(f"{entry!r} 不是一组键值", where=where, expected="一个 TOML 表")
    for key in entry:
        require_known(key, known, where, "键")
    return entry


def _split(entry: object, key: str) -> object:
    """Return an entry with the names under ``key``, one text parted by blanks, as a list."""
    if isinstance(entry, Mapping) and isinstance(entry.get(key), str):
        return {**entry, key: entry[key].split()}
    return entry


def _alias(entry: object, where: str) -> dict[str, str]:
    """Return misspellings with what is meant."""
    pairs = [pair.partition("=") for pair in entry.split()] if isinstance(entry, str) else [("", "", "")]
    if not all(wrong and right for wrong, _, right in pairs):
        raise TableError("不是一组“错写=正写”", where=where, expected="如 泄露=泄漏，对间空格")
    return {wrong: right for wrong, _, right in pairs}


def _guard(entry: object, where: str) -> Guard:
    """Return one guard, its words written out."""
    entry = _refuse_unknown(entry, [field.name for field in fields(Guard)], where)
    lists = {key: entry[key] for key in ("words", "unless") if key in entry}
    written = {key: list(words) for key, words in read_lists(lists, {}, where).items()}
    guard = build(Guard, {**entry, **written}, where)
    require_known(guard.side, SIDES, where, "方位")
    require_known(guard.within, SCOPES, where, "范围")
    return guard


def _guard_sets(table: Mapping[str, Any], guards: Mapping[str, Guard], where: str) -> dict[str, tuple[str, ...]]:
    """Return the sets of guards; a set may name, after ``@``, one that stands before it."""
    sets = {"none": ()} | read_lists(table, {}, where) if table else {}
    for name, members in sets.items():
        for member in members:
            require_known(member, guards, f"{where}.{name}", "排除条件")
    return sets


def _rule(
    entry: Any,  # noqa: ANN401 - checked here
    where: str,
    words: Mapping[str, tuple[str, ...]],
    sets: Mapping[str, tuple[str, ...]],
) -> SignalRule:
    _refuse_unknown(entry, ("name", "raises_to", "reason", "patterns", "guards", "season"), where)
    for key in ("name", "raises_to", "reason", "patterns", "guards"):
        if not entry.get(key):
            raise TableError(f"缺少键“{key}”", where=where, remedy=f"补上 {key}")
    where = f"{where}({entry['name']})"
    require_known(entry["raises_to"], (*LEVELS, NOTHING), where, "紧急程度")
    require_known(entry["guards"], sets, where, "排除条件组")
    patterns = tuple(_pattern(pattern, where, words, sets) for pattern in entry["patterns"])
    return SignalRule(
        entry["name"], entry["raises_to"], entry["reason"], patterns, entry["guards"], entry.get("season", "")
    )


def _pattern(
    entry: object, where: str, words: Mapping[str, tuple[str, ...]], sets: Mapping[str, tuple[str, ...]]
) -> Pattern:
    pattern = build(Pattern, _split(entry, "near"), where)
    if bool(pattern.sign) == bool(pattern.measure):
        raise TableError("没有说凭什么判断", where=where, expected="sign(词表)与 measure(度量)二者取一")
    require_known(pattern.same, SCOPES, where, "范围")
    require_known(pattern.side, SIDES, where, "方位")
    for name in (*([pattern.sign] if pattern.sign else []), *pattern.near):
        require_known(name, words, where, "词表")
    if pattern.measure:
        require_known(pattern.measure, KINDS, where, "度量")
    for word in words.get(pattern.sign, ()):
        require_length(word, f"{where} 的 {pattern.sign}", SHORTEST_SIGN)
    if pattern.guards is not None:
        require_known(pattern.guards, sets, where, "排除条件组")
    return pattern
