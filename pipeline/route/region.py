"""Which tickets a set of conditions can be true of: a search for one, by narrowing what each fact may be.

This decides what a check must know: whether a rule can ever fire, whether two rules meet, whether a ticket can fall
through; and it gives a ticket as an example. Facts over closed lists are sets of values, numbers are intervals, texts
and sets are words that must and must not occur. Search is Davis, Logemann and Loveland's (1962), with conditions for
clauses: settle what has one way, branch on what has fewest.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pipeline.route.condition import All, Atom, Blank, Holds, Node, Not, OneOf, Within
from pipeline.route.schema import LABEL, SCALE, SET, TEXT, UNKNOWN, Field

__all__ = ["ANYWHERE", "Region", "TooHard", "judge", "search"]

STEPS = 20_000
"""So many branches at most; what takes more is reported as undecided."""
Goal = tuple[Node, bool]


class TooHard(Exception):
    """The search has taken :data:`STEPS` branches without an answer."""


@dataclass(frozen=True, slots=True)
class _Span:
    """What a number may be; ``known`` is ``None`` while it may be missing."""

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False
    known: bool | None = None

    @property
    def empty(self) -> bool:
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))


@dataclass(frozen=True, slots=True)
class _Words:
    """What must and must not occur in a text or set; ``exact`` are the only names it may be."""

    must: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    exact: frozenset[str] | None = None
    other_than: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Region:
    """What the facts may still be: by field, what is known of it."""

    known: Mapping[Field, frozenset[str] | _Span | _Words]

    def narrowed(self, atom: Atom, truth: bool) -> list[Region]:
        """Return the parts of the region in which the atom is ``truth``; none if there is no such ticket."""
        parts = _narrow(atom, truth, self.known.get(atom.field))
        return [Region({**self.known, atom.field: part}) for part in parts]

    def described(self) -> str:
        """Return a ticket of the region in Chinese, e.g. ``领域为燃气、文中有“气费”``."""
        return "、".join(phrase for field, part in self.known.items() if (phrase := _describe(field, part)))


ANYWHERE = Region({})


def _narrow(
    atom: Atom, truth: bool, known: frozenset[str] | _Span | _Words | None
) -> Iterable[frozenset[str] | _Span | _Words]:
    if isinstance(atom, Within | Blank):
        span = known if isinstance(known, _Span) else _Span(atom.field.low, atom.field.high)
        return _narrow_blank(span, truth) if isinstance(atom, Blank) else _narrow_span(atom, truth, span)
    if atom.field.kind in (LABEL, SCALE) and isinstance(atom, OneOf):
        values = known if isinstance(known, frozenset) else atom.field.values
        part = values & atom.values if truth else values - atom.values
        return [part] if part else []
    words = known if isinstance(known, _Words) else _Words()
    changed = _name_is(atom, truth, words) if isinstance(atom, OneOf) else _word_occurs(atom, truth, words)
    return [settled for part in changed if (settled := _settle(atom.field, part)) is not None]


def _narrow_blank(span: _Span, truth: bool) -> list[_Span]:
    return [] if span.known is truth else [replace(span, known=not truth)]


def _narrow_span(atom: Within, truth: bool, span: _Span) -> Iterator[_Span]:
    if truth:
        if span.known is not False:
            part = _above(_below(span, atom.high, atom.high_open), atom.low, atom.low_open)
            yield from () if part.empty else (replace(part, known=True),)
        return
    if span.known is False:
        yield span
        return
    step = 1 if atom.field.whole else 0
    for part in (
        _below(span, atom.low - step, not atom.low_open and not step),
        _above(span, atom.high + step, not atom.high_open and not step),
    ):
        if not part.empty:
            yield replace(part, known=True)
    if span.known is None:
        yield replace(span, known=False)


def _below(span: _Span, high: float, opened: bool) -> _Span:
    if high > span.high or (high == span.high and span.high_open):
        return span
    return replace(span, high=high, high_open=opened)


def _above(span: _Span, low: float, opened: bool) -> _Span:
    if low < span.low or (low == span.low and span.low_open):
        return span
    return replace(span, low=low, low_open=opened)


def _name_is(atom: OneOf, truth: bool, words: _Words) -> list[_Words]:
    if truth:
        return [replace(words, exact=atom.values if words.exact is None else words.exact & atom.values)]
    return [replace(words, other_than=words.other_than | atom.values)]


def _word_occurs(atom: Holds, truth: bool, words: _Words) -> list[_Words]:
    if not truth:
        return [replace(words, never=words.never | frozenset(atom.words))]
    if any(_in(atom.field, word, held) for word in atom.words for held in words.must):
        return [words]
    return [replace(words, must=words.must | {word}) for word in atom.words]


def _settle(field: Field, words: _Words) -> _Words | None:
    """Return the words with every name that cannot be left out, or ``None`` if nothing is left."""
    if any(_in(field, word, held) for word in words.never for held in words.must):
        return None
    if words.exact is None:
        return words
    exact = frozenset(
        name
        for name in words.exact - words.other_than
        if all(word in name for word in words.must) and not any(word in name for word in words.never)
    )
    return replace(words, exact=exact) if exact else None


def _in(field: Field, word: str, held: str) -> bool:
    """Return whether what holds ``held`` holds ``word`` too."""
    return word == held if field.kind == SET else word in held


def _describe(field: Field, part: frozenset[str] | _Span | _Words) -> str:
    if isinstance(part, frozenset):
        if part == field.values:
            return ""
        first = next((key for key in field.names if key in part), "")
        return f"{field.name}为{field.show(first)}"
    if isinstance(part, _Words):
        if part.exact:
            return f"{field.name}为{min(part.exact) or UNKNOWN}"
        name = "文中" if field.kind == TEXT else field.name
        quoted = "".join(f"“{field.show(word)}”" for word in sorted(part.must))
        return f"{name}有{quoted}" if quoted else ""
    if part.known is None:
        return ""
    return f"{field.name}{_between(part)}" if part.known else f"{field.name}{UNKNOWN}"


def _between(span: _Span) -> str:
    if span.low == span.high:
        return f"为{span.low:g}"
    low = f"{'高于' if span.low_open else '不低于'}{span.low:g}" if span.low > -math.inf else ""
    high = f"{'低于' if span.high_open else '不高于'}{span.high:g}" if span.high < math.inf else ""
    return low + high or "已知"


def judge(node: Node, region: Region) -> bool | None:
    """Return what a condition is on every ticket of a region, or ``None`` if that depends (or is not seen)."""
    if isinstance(node, Not):
        inner = judge(node.term, region)
        return None if inner is None else not inner
    if isinstance(node, OneOf | Holds | Within | Blank):
        return _judge_atom(node, region)
    decisive = not isinstance(node, All)
    verdicts = [judge(term, region) for term in node.terms]
    if decisive in verdicts:
        return decisive
    return None if None in verdicts else not decisive


def _judge_atom(atom: Atom, region: Region) -> bool | None:
    known = region.known.get(atom.field)
    if isinstance(atom, OneOf) and atom.field.kind in (LABEL, SCALE):
        values = known if isinstance(known, frozenset) else atom.field.values
        return True if values <= atom.values else None if values & atom.values else False
    if known is None:
        return None
    if not region.narrowed(atom, True):
        return False
    return None if region.narrowed(atom, False) else True


def search(goals: Iterable[Goal], region: Region = ANYWHERE) -> Region | None:
    """Return a region in every ticket of which all goals hold, or ``None`` if there is no such ticket.

    Parameters
    ----------
    goals : iterable of (Node, bool)
        Conditions, and whether each shall be true or false.
    region : Region
        Where to look.

    Raises
    ------
    TooHard
        If that takes more than :data:`STEPS` branches.
    """
    return _Search().find(list(goals), region)


class _Search:
    def __init__(self) -> None:
        self._steps = 0

    def find(self, goals: list[Goal], region: Region) -> Region | None:
        """Settle what has one way, then try each way of the goal that has fewest."""
        settled = self._settle(goals, region)
        if settled is None:
            return None
        region, choices = settled
        if not choices:
            return region
        self._steps += 1
        if self._steps > STEPS:
            raise TooHard
        ways, rest = min(((ways, at) for at, (_, ways) in enumerate(choices)), key=lambda choice: len(choice[0]))
        others = [goal for at, (goal, _) in enumerate(choices) if at != rest]
        for goal, part in ways:
            found = self.find([*others, *([goal] if goal else [])], part)
            if found is not None:
                return found
        return None

    def _settle(
        self, goals: list[Goal], region: Region
    ) -> tuple[Region, list[tuple[Goal, list[tuple[Goal | None, Region]]]]] | None:
        """Narrow the region by all goals that leave one way, until none does; return the others with their ways."""
        waiting = goals
        while True:
            choices: list[tuple[Goal, list[tuple[Goal | None, Region]]]] = []
            moved = False
            pending = list(reversed(waiting))
            while pending:
                goal = pending.pop()
                ways = list(_ways(goal, region))
                if not ways:
                    return None
                if len(ways) > 1:
                    choices.append((goal, ways))
                    continue
                ((further, part),) = ways
                moved = moved or part is not region
                region = part
                pending.extend(reversed(list(_parts(further))) if further else ())
            if not moved or not choices:
                return region, choices
            waiting = [goal for goal, _ in choices]


def _parts(goal: Goal) -> Iterator[Goal]:
    """Yield a goal as the goals that must all hold."""
    node, truth = goal
    if isinstance(node, Not):
        yield from _parts((node.term, not truth))
    elif not isinstance(node, OneOf | Holds | Within | Blank) and isinstance(node, All) is truth:
        for term in node.terms:
            yield from _parts((term, truth))
    else:
        yield goal


def _ways(goal: Goal, region: Region) -> Iterator[tuple[Goal | None, Region]]:
    """Yield the ways in which a goal can come true: a part of the region, or a goal that is left to do."""
    node, truth = goal
    if isinstance(node, Not) or (
        not isinstance(node, OneOf | Holds | Within | Blank) and isinstance(node, All) is truth
    ):
        parts = list(_parts(goal))
        if not parts:
            yield None, region
        elif len(parts) == 1:
            yield from _ways(parts[0], region)
        else:
            yield (All(tuple(part if wanted else Not(part) for part, wanted in parts)), True), region
    elif isinstance(node, OneOf | Holds | Within | Blank):
        yield from ((None, part) for part in region.narrowed(node, truth))
    else:
        verdicts = [(term, judge(term, region)) for term in node.terms]
        if any(verdict is truth for _, verdict in verdicts):
            yield None, region
        else:
            yield from (((term, truth), region) for term, verdict in verdicts if verdict is None)
