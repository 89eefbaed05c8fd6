"""Phrases of danger, read from ``data/signals.toml``: they raise the urgency, whatever the model says.

A signal is a sign (冒烟, 闻到, 叫不醒) with what must stand near it (a gas, a person, a place), in any order, less its
look-alikes (生意火爆, 油烟) and less its guards: words in the same clause or sentence that deny it, date it to last
year, end it, ask or fear it, or tell of news or a drill. Guards never look beyond the sentence, so that further text
can never unsay a danger.

One expression finds the signs; what stands near them, and the guards, are looked for only beside a sign.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import add
from pathlib import Path

from pipeline.errors import TableError
from pipeline.tables import DATA
from pipeline.text.lexicon import alternation
from pipeline.text.measures import Measure, find_measures

__all__ = ["LEVELS", "Degrees", "Findings", "Guard", "Pattern", "Signal", "SignalBook", "SignalRule", "require_known"]

LEVELS = ("urgent", "critical")
"""What a signal may raise to, lowest first (ids of the taxonomy)."""
NOTHING = "nothing"
"""``raises_to`` of a kind that is only told to the rules, as 老弱病残."""
SIDES = ("before", "after", "around")
SCOPES = ("clause", "sentence", "text")
PHRASE_LIMIT = 16
_SENTENCE_END = re.compile(r"[。！？!?；;\n\r]")
_CLAUSE_END = re.compile(r"[。！？!?；;\n\r，,、：:\s…~]")
WIDE_REACH = 8
SHORTEST_SIGN = 2
"""A sign of one character says too little."""

Span = tuple[int, int]
_Signs = Sequence[tuple[tuple[str, ...], Span]]
"""The signs of a text, each with the names of the lists that hold it."""

# One character for one, so that positions stay those of the text: full-width letters and digits, capital letters.
_FOLD = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B)} | {code: code + 32 for code in range(65, 91)}
_FOLD |= {code: code - 0xFEE0 + 32 for code in range(0xFF21, 0xFF3B)}
# Homophones of speech recognition and dialect (煤汽, 塌咯) and traditional characters; the table's words are folded
# alike.
_FOLD |= str.maketrans(
    "汽媒咯喽啰啦嘞咧著氣煙電樓門裡裏爐閥關開聞響傷頭車橋搶燒滅壓殺墜沒",
    "气煤了了了了了了着气烟电楼门里里炉阀关开闻响伤头车桥抢烧灭压杀坠没",
)
_FOLDABLE = re.compile("[" + re.escape("".join(map(chr, _FOLD))) + "]")


@dataclass(frozen=True, slots=True)
class Signal:
    """A phrase of danger found in a text.

    Parameters
    ----------
    name : str
        The signal's kind, its name in the table, e.g. ``燃气泄漏``.
    phrase : str
        The words found; what stands between them is left out where it is long.
    start : int
        Position of the phrase in the text, in characters from 0.
    urgency : str
        What it raises to: ``critical`` or ``urgent``; ``nothing`` for a kind that only informs.
    reason : str
        One Chinese phrase for the duty officer.
    season : str
        The only season in which it counts; empty for one that always does.
    """

    name: str
    phrase: str
    start: int
    urgency: str
    reason: str
    season: str = ""


@dataclass(frozen=True, slots=True)
class Degrees:
    """A matter in numbers; ``None`` where the text tells none.

    Parameters
    ----------
    temperature : float or None
        The lowest room temperature told, in °C.
    days, hours : float or None
        The longest span told in days (weeks and months too) and in hours.
    people, households : float or None
        The greatest number of persons and of households told.
    """

    temperature: float | None = None
    days: float | None = None
    hours: float | None = None
    people: float | None = None
    households: float | None = None

    @classmethod
    def of(cls, measures: Iterable[Measure]) -> Degrees:
        """Gather single measures."""
        values: dict[str, list[float]] = {}
        for measure in measures:
            values.setdefault(measure.kind, []).append(measure.value)
        return cls(**{kind: min(found) if kind == "temperature" else max(found) for kind, found in values.items()})


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a text tells about danger.

    Parameters
    ----------
    signals : tuple of Signal
        What raises the urgency, each kind at most once, in the table's order.
    notes : tuple of Signal
        What only informs (老弱病残, 人数众多), likewise.
    degrees : Degrees
        The matter in numbers.
    """

    signals: tuple[Signal, ...]
    notes: tuple[Signal, ...]
    degrees: Degrees

    @property
    def kinds(self) -> frozenset[str]:
        """The names of all signals and notes."""
        return frozenset(signal.name for signal in (*self.signals, *self.notes))


@dataclass(frozen=True, slots=True)
class Guard:
    """Words that take a signal back when they stand beside its sign.

    Parameters
    ----------
    words : tuple of str
        The guard's words.
    side : str
        ``before``, ``after`` or ``around`` the sign.
    reach : int
        How many characters may stand between guard and sign.
    within : str
        ``clause`` (the guard does not look beyond a comma), ``sentence`` or ``text`` (formulas of letters, which
        tell at length of what is not happening now; ``unless`` is then looked for in the sign's sentence).
    unless : tuple of str
        Words that void the guard when they stand between it and the sign, or just beside (``现在``, ``又``).
    beyond : int
        Where not 0: the guard also counts, without any of its words, for a sign so many characters into the text. What
        happens now is said first.
    """

    words: tuple[str, ...]
    side: str
    reach: int
    within: str = "clause"
    unless: tuple[str, ...] = ()
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class Pattern:
    """A sign, or a measure, and the word lists that must stand near it.

    Parameters
    ----------
    sign : str
        Name of the word list that anchors the search; empty where a measure does.
    near : tuple of str
        Names of word lists; a word of each must stand near the sign.
    reach : int
        How many characters may stand between them and the sign.
    side : str
        ``before``, ``after`` or ``around``: where they must stand.
    same : str
        ``clause``, ``sentence`` or ``text``: what must hold them all.
    guards : str or None
        Name of a set of guards; ``None`` takes the signal's.
    measure : str
        A kind of :data:`pipeline.text.measures.KINDS`, or empty.
    least, most : float or None
        The measure's least and greatest value.
    """

    sign: str = ""
    near: tuple[str, ...] = ()
    reach: int = 12
    side: str = "around"
    same: str = "sentence"
    guards: str | None = None
    measure: str = ""
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class SignalRule:
    """One kind of danger: any of its patterns is enough."""

    name: str
    raises_to: str
    reason: str
    patterns: tuple[Pattern, ...]
    guards: str
    season: str = ""


@dataclass(frozen=True, slots=True)
class Corroboration:
    """Two signs that bear each other out, where neither is complete by itself (冲鼻子, and someone does not move).

    Parameters
    ----------
    signs : tuple of str
        Names of the word lists that count; two words of different lists are needed.
    reach : int
        How many characters may stand between the two.
    guards : str
        Name of the set of guards for either sign.
    """

    signs: tuple[str, ...]
    reach: int
    guards: str


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
    guard_sets : mapping of str to tuple of str
        Sets of guards by name.
    decoys : tuple of str
        Look-alikes: a word of danger inside one of them does not count.
    corroboration : Corroboration or None
        What two incomplete signs need to count together.
    """

    rules: tuple[SignalRule, ...]
    words: Mapping[str, tuple[str, ...]]
    guards: Mapping[str, Guard]
    guard_sets: Mapping[str, tuple[str, ...]]
    decoys: tuple[str, ...] = field(default=())
    corroboration: Corroboration | None = None

    @classmethod
    def load(cls, path: Path = DATA / "signals.toml") -> SignalBook:
        """Read and check the table.

        Raises
        ------
        TableError
            On an unknown key, list, guard or urgency, or an empty list.
        """
        from pipeline.text.signal_table import read_book  # noqa: PLC0415 - the table is written in this module's terms

        return read_book(path)

    def find(self, text: str, seasons: Collection[str] = ()) -> tuple[Signal, ...]:
        """Return the signals that raise the urgency of ``text``, each kind at most once, in the table's order.

        Parameters
        ----------
        text : str
            Cleaned and masked text of a ticket. Time is linear in its length.
        seasons : collection of str
            The seasons (of ``data/calendar.toml``) in which the ticket came: a signal bound to one, as 停暖, counts in
            no other.
        """
        return tuple(signal for signal in self.read(text).signals if not signal.season or signal.season in seasons)

    def read(self, text: str) -> Findings:
        """Return all that ``text`` tells: signals of whatever season, notes and degrees."""
        folded = text.translate(_FOLD) if _FOLDABLE.search(text) else text
        measures = tuple(find_measures(folded))
        if not measures and not self._search.touches(folded):
            return Findings((), (), Degrees())
        reading = _Reading(folded, self._search)
        signs = self._search.signs(reading.text)
        found = self._corroborated(text, reading, signs) | self._found(text, reading, signs, measures)
        ordered = [found[rule.name] for rule in self.rules if rule.name in found]
        return Findings(
            tuple(signal for signal in ordered if signal.urgency != NOTHING),
            tuple(signal for signal in ordered if signal.urgency == NOTHING),
            Degrees.of(measures),
        )

    def _found(self, text: str, reading: _Reading, signs: _Signs, measures: Sequence[Measure]) -> dict[str, Signal]:
        """Return the first match of each rule that no guard takes back."""
        found: dict[str, Signal] = {}
        for rule, pattern, sign in self._candidates(signs, measures):
            if rule.name in found:
                continue
            spans = reading.completed(pattern, sign)
            guards = self.guard_sets[rule.guards if pattern.guards is None else pattern.guards]
            if spans and not any(reading.guarded(name, self.guards[name], spans) for name in guards):
                found[rule.name] = _signal(rule, text, spans)
        return found

    def _corroborated(self, text: str, reading: _Reading, signs: _Signs) -> dict[str, Signal]:
        """Return the dangers that two signs of one sentence tell together, under the kind of the first."""
        found: dict[str, Signal] = {}
        if self.corroboration is None:
            return found
        counted = set(self.corroboration.signs)
        named = [(name, sign) for lists, sign in signs for name in lists if name in counted]
        guards = [(name, self.guards[name]) for name in self.guard_sets[self.corroboration.guards]]

        def stands(sign: Span) -> bool:
            return not any(reading.guarded(name, guard, [sign]) for name, guard in guards)

        for at, (name, first) in enumerate(named):
            rule = self._search.by_sign[name][0][0]
            _, high = reading.bounds(first, "sentence", self.corroboration.reach)
            for other, second in named[at + 1 :]:
                if second[1] > high or rule.name in found:
                    break
                if second[0] >= first[1] and other != name and stands(first) and stands(second):
                    found[rule.name] = _signal(rule, text, [first, second])
        return found

    def _candidates(self, signs: _Signs, measures: Sequence[Measure]) -> Iterator[tuple[SignalRule, Pattern, Span]]:
        """Yield what each sign and each measure may be a part of."""
        for lists, sign in signs:
            for name in lists:
                for rule, pattern in self._search.by_sign[name]:
                    yield rule, pattern, sign
        for measure in measures:
            for rule, pattern in self._search.by_measure.get(measure.kind, ()):
                if (pattern.least or 0) <= measure.value <= (float("inf") if pattern.most is None else pattern.most):
                    yield rule, pattern, (measure.start, measure.end)

    @cached_property
    def _search(self) -> _Search:
        return _Search.of(self)


@dataclass(frozen=True)
class _Search:
    """The table ready to search: signs by their first two characters; expressions are compiled when first needed."""

    book: SignalBook
    heads: Mapping[str, Sequence[str]]
    lists: Mapping[str, tuple[str, ...]]
    by_sign: Mapping[str, Sequence[tuple[SignalRule, Pattern]]]
    by_measure: Mapping[str, Sequence[tuple[SignalRule, Pattern]]]
    compiled: dict[str, re.Pattern[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, book: SignalBook) -> _Search:
        """Sort the patterns by what anchors them, and the signs by how they begin."""
        by_sign: dict[str, list[tuple[SignalRule, Pattern]]] = {}
        by_measure: dict[str, list[tuple[SignalRule, Pattern]]] = {}
        for rule in book.rules:
            for pattern in rule.patterns:
                place = by_measure if pattern.measure else by_sign
                place.setdefault(pattern.measure or pattern.sign, []).append((rule, pattern))
        lists: dict[str, list[str]] = {}
        for name in by_sign:
            for word in book.words[name]:
                lists.setdefault(word.translate(_FOLD), []).append(name)
        heads: dict[str, list[str]] = {}
        for word in lists:
            heads.setdefault(word[:SHORTEST_SIGN], []).append(word)
        return cls(book, heads, {word: tuple(names) for word, names in lists.items()}, by_sign, by_measure)

    def touches(self, text: str) -> bool:
        """Return whether two characters somewhere in ``text`` begin a sign."""
        return not self.heads.keys().isdisjoint(map(add, text, text[1:]))

    def signs(self, text: str) -> list[tuple[tuple[str, ...], Span]]:
        """Return every sign with the lists that hold it: the longest word at a place and those that it begins with."""
        found, lists = list[tuple[tuple[str, ...], Span]](), self.lists
        for head in self.heads.keys() & set(map(add, text, text[1:])):
            expression = self.expression(head, self.heads[head])
            start = text.find(head)
            while start >= 0:
                match = expression.match(text, start)
                if match is not None:
                    word = match[0]
                    ends = range(SHORTEST_SIGN, len(word) + 1)
                    found += [(lists[word[:end]], (start, start + end)) for end in ends if word[:end] in lists]
                start = text.find(head, start + 1)
        return sorted(found, key=lambda sign: sign[1])

    def expression(self, name: str, words: Iterable[str]) -> re.Pattern[str]:
        """Return the expression for a list, a guard or a head of that name."""
        if name not in self.compiled:
            self.compiled[name] = re.compile(alternation(word.translate(_FOLD) for word in words))
        return self.compiled[name]


class _Reading:
    """One text, its look-alikes blotted out, with its sentence and clause ends."""

    def __init__(self, text: str, search: _Search) -> None:
        decoys = search.expression("decoys", search.book.decoys)
        self.raw = text
        self.text = decoys.sub(lambda match: "\0" * len(match[0]), text)
        self.search = search
        self.ends: dict[str, list[int]] = {"text": []}

    def bounds(self, sign: Span, unit: str, reach: int) -> Span:
        """Return the span of the sign's ``unit``, at most ``reach`` characters to either side."""
        if unit not in self.ends:
            end = _SENTENCE_END if unit == "sentence" else _CLAUSE_END
            self.ends[unit] = [match.start() for match in end.finditer(self.text)]
        ends = self.ends[unit]
        before, after = bisect_left(ends, sign[0]), bisect_right(ends, sign[1] - 1)
        low = ends[before - 1] + 1 if before else 0
        high = ends[after] if after < len(ends) else len(self.text)
        return max(low, sign[0] - reach), min(high, sign[1] + reach)

    def completed(self, pattern: Pattern, sign: Span) -> list[Span]:
        """Return the sign with the nearest word of each list that must stand near it; empty where one is missing."""
        low, high = self.bounds(sign, pattern.same, pattern.reach)
        low = sign[0] if pattern.side == "after" else low
        high = sign[1] if pattern.side == "before" else high
        spans = [sign]
        for name in pattern.near:
            expression = self.search.expression(f"words.{name}", self.search.book.words[name])
            matches = [match.span() for match in expression.finditer(self.text, low, high)]
            matches = [span for span in matches if span != sign]
            if not matches:
                return []
            spans.append(min(matches, key=lambda span: max(sign[0] - span[1], span[0] - sign[1])))
        return spans

    def guarded(self, name: str, guard: Guard, spans: Sequence[Span]) -> bool:
        """Return whether ``guard`` stands beside the sign, the first of ``spans``, and nothing voids it.

        A guard of some reach also counts between the sign and what completes it (煤气会不会漏).
        """
        sign = spans[0]
        low, high = self.bounds(sign, guard.within, guard.reach)
        if guard.within == "text" and self._voided(name, guard, *self.bounds(sign, "sentence", guard.reach)):
            return False
        if guard.beyond and sign[0] >= guard.beyond:
            return True
        inner = max(end for _, end in spans) if guard.reach >= WIDE_REACH else sign[0]
        words = self.search.expression(f"guard.{name}", guard.words)
        if guard.side != "after":
            for match in words.finditer(self.raw, low, min(high, max(inner, sign[0]))):
                free = all(match.end() <= start or end <= match.start() for start, end in spans)
                if free and not self._voided(name, guard, match.end(), sign[1] + 2):
                    return True
        if guard.side != "before":
            for match in words.finditer(self.raw, sign[1], high):
                if not self._voided(name, guard, sign[1], match.start()):
                    return True
        return False

    def _voided(self, name: str, guard: Guard, low: int, high: int) -> bool:
        """Return whether one of the guard's ``unless`` words stands between it and the sign."""
        if not guard.unless:
            return False
        return self.search.expression(f"unless.{name}", guard.unless).search(self.raw, low, high) is not None


def _signal(rule: SignalRule, text: str, spans: Sequence[Span]) -> Signal:
    """Return what ``rule`` tells of the words at ``spans``."""
    phrase, start = _phrase(text, spans)
    return Signal(rule.name, phrase, start, rule.raises_to, rule.reason, rule.season)


def _phrase(text: str, spans: Sequence[Span]) -> tuple[str, int]:
    """Return the words found, and where they begin; a long stretch between them becomes ``…``."""
    ordered = sorted(set(spans))
    start, end = ordered[0][0], max(e for _, e in ordered)
    if end - start <= PHRASE_LIMIT:
        return text[start:end], start
    apart: list[str] = []
    reached = start
    for low, high in ordered:
        if high > reached:
            apart.append(text[max(low, reached) : high])
            reached = high
    return "…".join(apart), start


def require_known(name: str, known: Iterable[str], where: str, what: str) -> None:
    """Refuse a name in a table that nothing defines.

    Raises
    ------
    TableError
        Naming the file, the entry and the nearest known name.
    """
    options = list(known)
    if name not in options:
        near = difflib.get_close_matches(name, options, n=1, cutoff=0.4)
        remedy = f"改为“{near[0]}”" if near else f"使用 {'、'.join(options)} 之一"
        raise TableError(f"不认识的{what}“{name}”", where=where, remedy=remedy)
