"""What a condition says: tests of single facts, joined by and, or, not; tried on a ticket, told to a person."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter

from pipeline.route.schema import TEXT, UNKNOWN, Facts, Field

__all__ = ["ALWAYS", "All", "Atom", "Blank", "Holds", "Node", "Not", "OneOf", "Some", "Test", "Within"]
__all__ += ["compile_test", "fields_of", "tell"]

Test = Callable[[Facts], bool]


@dataclass(frozen=True, slots=True)
class OneOf:
    """A label, a step of a scale or a name is one of ``values`` (ids; the empty one is unknown)."""

    field: Field
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Holds:
    """A text, a name or a set holds at least one of ``words``."""

    field: Field
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """A number is known and lies between two bounds; an open bound is outside."""

    field: Field
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class Blank:
    """A number is not known."""

    field: Field


@dataclass(frozen=True, slots=True)
class Not:
    """The term is false."""

    term: Node


@dataclass(frozen=True, slots=True)
class All:
    """Every term is true."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one term is true."""

    terms: tuple[Node, ...]


Atom = OneOf | Holds | Within | Blank
Node = Atom | Not | All | Some
ALWAYS = All(())


def fields_of(node: Node) -> frozenset[Field]:
    """Return the fields that a condition asks for."""
    if isinstance(node, Not):
        return fields_of(node.term)
    if isinstance(node, All | Some):
        return frozenset().union(*map(fields_of, node.terms))
    return frozenset([node.field])


def compile_test(node: Node) -> Test:
    """Return the condition as a function of the facts."""
    if isinstance(node, Not):
        inner = compile_test(node.term)
        return lambda facts: not inner(facts)
    if isinstance(node, All | Some):
        return _compile_joined(node)
    get = attrgetter(node.field.attribute)
    if isinstance(node, OneOf):
        values = node.values
        return lambda facts: get(facts) in values
    if isinstance(node, Holds):
        return _compile_holds(node.words, get)
    if isinstance(node, Blank):
        return lambda facts: get(facts) is None
    return lambda facts: _inside(node, get(facts))


def _compile_joined(node: All | Some) -> Test:
    tests = tuple(compile_test(term) for term in _cheap_first(node.terms))
    if isinstance(node, All):
        if len(tests) == 2:
            first, second = tests
            return lambda facts: first(facts) and second(facts)
        return lambda facts: all(test(facts) for test in tests)
    return lambda facts: any(test(facts) for test in tests)


def _cheap_first(terms: Iterable[Node]) -> list[Node]:
    """Return the terms with those that search a text last."""
    return sorted(terms, key=lambda term: not isinstance(term, OneOf | Within | Blank))


def _compile_holds(words: tuple[str, ...], get: Callable[[Facts], str | tuple[str, ...]]) -> Test:
    if len(words) == 1:
        (word,) = words
        return lambda facts: word in get(facts)

    def holds(facts: Facts) -> bool:
        value = get(facts)
        for word in words:  # a loop, not any(): this is where the time goes  # noqa: SIM110
            if word in value:
                return True
        return False

    return holds


def _inside(span: Within, number: float | None) -> bool:
    if number is None:
        return False
    above = number > span.low if span.low_open else number >= span.low
    return above and (number < span.high if span.high_open else number <= span.high)


def tell(node: Node, facts: Facts, *, truth: bool = True) -> tuple[str, ...]:
    """Return in Chinese phrases the facts that make a condition ``truth``, each once.

    Where one part decides alone, as in an ``或`` that holds, only the first such part is told.
    """
    return tuple(dict.fromkeys(_tell(node, facts, truth)))


def _tell(node: Node, facts: Facts, truth: bool) -> Iterator[str]:
    if isinstance(node, Not):
        yield from _tell(node.term, facts, not truth)
    elif not isinstance(node, All | Some):
        yield _tell_atom(node, facts)
    elif isinstance(node, All) is truth:
        for term in node.terms:
            yield from _tell(term, facts, truth)
    else:
        deciding = next(term for term in node.terms if compile_test(term)(facts) is truth)
        yield from _tell(deciding, facts, truth)


def _tell_atom(atom: Atom, facts: Facts) -> str:
    value = getattr(facts, atom.field.attribute)
    name = "文中" if atom.field.kind == TEXT else atom.field.name
    if isinstance(atom, OneOf):
        return f"{name}为{atom.field.show(value)}"
    if isinstance(atom, Holds):
        found = [word for word in atom.words if word in value]
        words = found[:1] or atom.words[:3]
        quoted = "".join(f"“{atom.field.show(word)}”" for word in words)
        return f"{name}有{quoted}" if found else f"{name}没有{quoted}{'等' if len(atom.words) > len(words) else ''}"
    return f"{name}{UNKNOWN}" if value is None else f"{name}为{value:g}"
