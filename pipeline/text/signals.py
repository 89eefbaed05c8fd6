"""Phrases of immediate danger, read from ``data/signals.toml``: they raise the urgency, whatever the model says.

A signal is a few word lists that must stand near each other in one sentence (gas × smell, lift × trapped), less its
look-alikes (生意火爆, 暖气漏气) and less its guards: words just before or after that deny it, date it to last year, ask
or fear it, or tell of a drill. Guards never look beyond the sentence, so that further text can never unsay a danger.

Everything is a plain substring search over one index of words; no regular expression meets a citizen's text.
"""

from __future__ import annotations

import difflib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.errors import TableError
from pipeline.tables import DATA, build, read_toml

__all__ = ["Guard", "Pattern", "Signal", "SignalBook", "SignalRule", "require_known"]

LEVELS = ("urgent", "critical")
"""What a signal may raise to, lowest first (ids of the taxonomy)."""
SENTENCE_ENDS = frozenset("。！？!?；;\n\r")
CLAUSE_ENDS = SENTENCE_ENDS | frozenset("，,、：: \t　…~")
DECOY = "decoy"
PHRASE_LIMIT = 16
LONGEST_WORD = 16
"""No word of the table is longer, in characters."""

Span = tuple[int, int]

# One character for one, so that positions stay those of the text: full-width letters and digits, capital letters.
_FOLD = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B)} | {code: code + 32 for code in range(65, 91)}
_FOLD |= {code: code - 0xFEE0 + 32 for code in range(0xFF21, 0xFF3B)}


@dataclass(frozen=True, slots=True)
class Signal:
    """A phrase of danger found in a text.

    Parameters
    ----------
    name : str
        The signal's name in the table, e.g. ``燃气泄漏``.
    phrase : str
        The words found; what stands between them is left out where it is long.
    start : int
        Position of the phrase in the text, in characters from 0.
    urgency : str
        What it raises to: ``critical`` or ``urgent``.
    reason : str
        One Chinese phrase for the duty officer.
    """

    name: str
    phrase: str
    start: int
    urgency: str
    reason: str


@dataclass(frozen=True, slots=True)
class Guard:
    """Words that take a signal back when they stand beside it.

    Parameters
    ----------
    words : tuple of str
        The guard's words.
    side : str
        ``before``, ``after`` or ``around`` the signal.
    reach : int
        How many characters may stand between guard and signal.
    within : str
        ``clause`` (the guard does not look beyond a comma) or ``sentence``.
    unless : tuple of str
        Words that void the guard when they stand between it and the signal's end (``现在``, ``又``).
    """

    words: tuple[str, ...]
    side: str
    reach: int
    within: str = "clause"
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pattern:
    """Word lists that must all occur near each other in one sentence.

    Parameters
    ----------
    of : tuple of str
        Names of word lists; the first anchors the search.
    within : int
        How many characters may stand between one word and the next.
    ordered : bool
        Whether the words must come in the order of ``of``.
    same : str
        ``clause`` or ``sentence``: what must hold all of them.
    guards : tuple of str or None
        Names of guards; ``None`` takes the signal's.
    """

    of: tuple[str, ...]
    within: int = 6
    ordered: bool = False
    same: str = "sentence"
    guards: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class SignalRule:
    """One kind of danger: any of its patterns is enough."""

    name: str
    raises_to: str
    reason: str
    patterns: tuple[Pattern, ...]
    guards: tuple[str, ...]


@dataclass(frozen=True)
class SignalBook:
    """The table of signals, ready to search.

    Parameters
    ----------
    rules : tuple of SignalRule
        The dangers, in the order in which they are reported.
    words : mapping of str to tuple of str
        Word lists by name, spelling variants included.
    guards : mapping of str to Guard
        Guards by name.
    decoys : tuple of str
        Look-alikes: a word of danger inside one of them does not count.
    """

    rules: tuple[SignalRule, ...]
    words: Mapping[str, tuple[str, ...]]
    guards: Mapping[str, Guard]
    decoys: tuple[str, ...] = field(default=())

    @classmethod
    def load(cls, path: Path = DATA / "signals.toml") -> SignalBook:
        """Read and check the table.

        Raises
        ------
        TableError
            On an unknown key, list, guard or urgency, or an empty list.
        """
        table = read_toml(path)
        _refuse_unknown(table, ("words", "alias", "decoys", "guards", "signals"), str(path))
        alias = _strings(table.get("alias", {}), f"{path} alias")
        words = {
            name: _word_list(entry, f"{path} words.{name}", alias) for name, entry in table.get("words", {}).items()
        }
        decoys = _word_list(table.get("decoys", ["\0\0"]), f"{path} decoys", alias)
        guards = {name: _guard(entry, f"{path} guards.{name}") for name, entry in table.get("guards", {}).items()}
        rules = tuple(
            _rule(entry, f"{path} 第 {number} 个 signals", words, guards)
            for number, entry in enumerate(table.get("signals", ()), 1)
        )
        return cls(rules, words, guards, decoys)

    def find(self, text: str) -> tuple[Signal, ...]:
        """Return the signals in ``text``, each kind at most once, in the table's order.

        Parameters
        ----------
        text : str
            Cleaned and masked text of a ticket. Time is linear in its length.
        """
        reading = _Reading(text, self._index)
        if not reading.spans:
            return ()
        found = (self._search(rule, reading) for rule in self.rules)
        return tuple(signal for signal in found if signal is not None)

    @cached_property
    def _index(self) -> _Index:
        """All words of lists, guards and look-alikes in one index, by their list's key."""
        lists: dict[str, Iterable[str]] = {f"words.{name}": words for name, words in self.words.items()}
        for name, guard in self.guards.items():
            lists[f"guard.{name}"] = guard.words
            lists[f"unless.{name}"] = guard.unless
        lists[DECOY] = self.decoys
        return _Index.of(lists)

    def _search(self, rule: SignalRule, reading: _Reading) -> Signal | None:
        """Return the first match of ``rule`` that no guard takes back."""
        for pattern in rule.patterns:
            guards = rule.guards if pattern.guards is None else pattern.guards
            for spans in reading.matches(pattern):
                if not any(reading.guarded(name, self.guards[name], spans) for name in guards):
                    return Signal(rule.name, reading.phrase(spans), min(spans)[0], rule.raises_to, rule.reason)
        return None


@dataclass(frozen=True, slots=True)
class _Index:
    """Words by their first two characters, each with the keys of the lists that hold it."""

    by_head: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]

    @classmethod
    def of(cls, lists: Mapping[str, Iterable[str]]) -> _Index:
        """Index the words of all lists."""
        keys: dict[str, list[str]] = {}
        for key, words in lists.items():
            for word in words:
                keys.setdefault(word.translate(_FOLD), []).append(key)
        heads: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for word, owners in keys.items():
            heads.setdefault(word[:2], []).append((word, tuple(dict.fromkeys(owners))))
        return cls({head: tuple(entries) for head, entries in heads.items()})

    def occurrences(self, text: str) -> Iterator[tuple[str, Span]]:
        """Yield every occurrence of every word as ``(list key, span)``, overlapping ones too, by start."""
        lookup = self.by_head
        for start in range(len(text) - 1):
            for word, owners in lookup.get(text[start : start + 2], ()):
                if text.startswith(word, start):
                    for key in owners:
                        yield key, (start, start + len(word))


class _Reading:
    """One text with the words found in it and its sentence and clause ends."""

    def __init__(self, text: str, index: _Index) -> None:
        self.text = text
        folded = text.translate(_FOLD)
        self.spans: dict[str, list[Span]] = {}
        for key, span in index.occurrences(folded):
            self.spans.setdefault(key, []).append(span)
        self._drop_decoys()
        if self.spans:
            self.ends = {
                "sentence": [at for at, char in enumerate(folded) if char in SENTENCE_ENDS],
                "clause": [at for at, char in enumerate(folded) if char in CLAUSE_ENDS],
            }

    def _drop_decoys(self) -> None:
        """Take out the words of danger that lie inside a look-alike."""
        decoys = self.spans.pop(DECOY, [])
        if not decoys:
            return
        starts = [start for start, _ in decoys]
        furthest: list[int] = []
        for _, end in decoys:
            furthest.append(max(end, furthest[-1] if furthest else 0))
        for key in [key for key in self.spans if key.startswith("words.")]:
            kept = [
                (s, e) for s, e in self.spans[key] if not ((at := bisect_right(starts, s)) and furthest[at - 1] >= e)
            ]
            if kept:
                self.spans[key] = kept
            else:
                del self.spans[key]

    def together(self, left: int, right: int, unit: str) -> bool:
        """Return whether no end of ``unit`` stands in ``[left, right)``."""
        ends = self.ends[unit]
        return bisect_left(ends, left) == bisect_left(ends, right)

    def matches(self, pattern: Pattern) -> Iterator[list[Span]]:
        """Yield, for each word of the first list, the nearest words of the others, in text order."""
        lists = [self.spans.get(f"words.{name}", []) for name in pattern.of]
        if all(lists):
            for anchor in lists[0]:
                yield from self._complete([anchor], lists[1:], pattern)

    def _complete(self, chosen: list[Span], rest: Sequence[list[Span]], pattern: Pattern) -> Iterator[list[Span]]:
        if not rest:
            yield chosen
            return
        for span in self._nearest(rest[0], chosen, pattern):
            yield from self._complete([*chosen, span], rest[1:], pattern)

    def _nearest(self, spans: list[Span], chosen: Sequence[Span], pattern: Pattern) -> Iterator[Span]:
        """Yield the nearest span after the chosen words and, unless order matters, one between and one before them."""
        start, end = min(s for s, _ in chosen), max(e for _, e in chosen)
        at = bisect_left(spans, (end, 0))
        if at < len(spans) and self._near(end, spans[at][0], pattern):
            yield spans[at]
        if pattern.ordered:
            return
        at -= 1
        # What overlaps a chosen word is passed over; the gaps are short, so these are few.
        while at >= 0 and spans[at][1] > start and spans[at][0] > start - LONGEST_WORD:
            if spans[at][0] >= start and not any(s < spans[at][1] and spans[at][0] < e for s, e in chosen):
                yield spans[at]
                break
            at -= 1
        at = bisect_left(spans, (start, 0)) - 1
        while at >= 0 and spans[at][1] > start and spans[at][0] > start - LONGEST_WORD:
            at -= 1
        if at >= 0 and self._near(spans[at][1], start, pattern):
            yield spans[at]

    def _near(self, left: int, right: int, pattern: Pattern) -> bool:
        """Return whether ``[left, right)`` is a gap that the pattern allows."""
        return 0 <= right - left <= pattern.within and self.together(left, right, pattern.same)

    def guarded(self, name: str, guard: Guard, signal: Sequence[Span]) -> bool:
        """Return whether ``guard`` stands beside the signal's words and nothing voids it."""
        spans = self.spans.get(f"guard.{name}")
        if not spans:
            return False
        start, end = min(signal)[0], max(end for _, end in signal)
        return any(
            not self._voided(name, span, start, end)
            for span in self._beside(spans, guard, start, end)
            if not any(s <= span[0] and span[1] <= e for s, e in signal)
        )

    def _beside(self, spans: list[Span], guard: Guard, start: int, end: int) -> Iterator[Span]:
        """Yield the guard's words in its window; those between the signal's own words count as beside it."""
        low = start if guard.side == "after" else start - guard.reach - LONGEST_WORD
        high = end if guard.side == "before" else end + guard.reach + 1
        for left, right in spans[bisect_left(spans, (low, 0)) : bisect_left(spans, (high, 0))]:
            near = start - right <= guard.reach
            if near and self.together(min(left, end), max(left, start), guard.within):
                yield left, right

    def _voided(self, name: str, span: Span, start: int, end: int) -> bool:
        """Return whether one of the guard's ``unless`` words stands between it and the signal's far end."""
        low, high = min(span[0], start), max(span[1], end)
        spans = self.spans.get(f"unless.{name}", [])
        at = bisect_left(spans, (low, 0))
        return at < len(spans) and spans[at][1] <= high

    def phrase(self, spans: Sequence[Span]) -> str:
        """Return the words found; a long stretch between them becomes ``…``."""
        ordered = sorted(spans)
        start, end = ordered[0][0], max(e for _, e in ordered)
        if end - start <= PHRASE_LIMIT:
            return self.text[start:end]
        return "…".join(self.text[s:e] for s, e in ordered)


def _refuse_unknown(entry: object, known: Sequence[str], where: str) -> None:
    """Raise on a key that nothing reads."""
    if not isinstance(entry, Mapping):
        raise TableError(f"{entry!r} 不是一组键值", where=where, expected="一个 TOML 表")
    for key in entry:
        if key not in known:
            raise TableError(f"不认识的键“{key}”", where=where, remedy=_hint(key, known))


def _hint(name: str, known: Iterable[str]) -> str:
    """Return the remedy that names the nearest known name."""
    options = list(known)
    near = difflib.get_close_matches(name, options, n=1, cutoff=0.4)
    return f"改为“{near[0]}”" if near else f"使用 {'、'.join(options)} 之一"


def require_known(name: str, known: Iterable[str], where: str, what: str) -> None:
    """Refuse a name in a table that nothing defines.

    Raises
    ------
    TableError
        Naming the file, the entry and the nearest known name.
    """
    options = list(known)
    if name not in options:
        raise TableError(f"不认识的{what}“{name}”", where=where, remedy=_hint(name, options))


def _strings(entry: object, where: str) -> dict[str, str]:
    if not isinstance(entry, Mapping) or not all(isinstance(value, str) for value in entry.values()):
        raise TableError("不是一组“写法 = 正确写法”", where=where, expected="字符串对字符串")
    return dict(entry)


def _require_word(word: object, where: str) -> None:
    """Refuse a word of one character, which says too little, and one longer than the search looks back."""
    if not isinstance(word, str) or not 2 <= len(word) <= LONGEST_WORD:
        raise TableError(f"词“{word}”太短或太长", where=where, expected=f"2 到 {LONGEST_WORD} 个字的词")


def _word_list(entry: object, where: str, alias: Mapping[str, str]) -> tuple[str, ...]:
    """Return a list's words of two or more characters, with the misspelt variants that ``alias`` gives."""
    if not isinstance(entry, list) or not entry:
        raise TableError("词表为空或不是列表", where=where, expected="至少一个词的列表")
    for word in entry:
        _require_word(word, where)
    variants = [word.replace(right, wrong) for word in entry for wrong, right in alias.items() if right in word]
    return tuple(dict.fromkeys([*entry, *variants]))


def _guard(entry: object, where: str) -> Guard:
    guard = build(Guard, entry, where)
    require_known(guard.side, ("before", "after", "around"), where, "方位")
    require_known(guard.within, ("clause", "sentence"), where, "范围")
    for word in (*guard.words, *guard.unless):
        _require_word(word, where)
    return guard


def _rule(
    entry: Any,  # noqa: ANN401 - checked here
    where: str,
    words: Mapping[str, tuple[str, ...]],
    guards: Mapping[str, Guard],
) -> SignalRule:
    _refuse_unknown(entry, ("name", "raises_to", "reason", "patterns", "guards"), where)
    for key in ("name", "raises_to", "reason", "patterns"):
        if not entry.get(key):
            raise TableError(f"缺少键“{key}”", where=where, remedy=f"补上 {key}")
    where = f"{where}({entry['name']})"
    require_known(entry["raises_to"], LEVELS, where, "紧急程度")
    patterns = tuple(build(Pattern, pattern, where) for pattern in entry["patterns"])
    used_guards = tuple(entry.get("guards", ()))
    for pattern in patterns:
        require_known(pattern.same, ("clause", "sentence"), where, "范围")
        for name in pattern.of:
            require_known(name, words, where, "词表")
        for name in pattern.guards or ():
            require_known(name, guards, where, "排除条件")
    for name in used_guards:
        require_known(name, guards, where, "排除条件")
    return SignalRule(entry["name"], entry["raises_to"], entry["reason"], patterns, used_guards)
