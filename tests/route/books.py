"""What the tests of tables share: a small book, and books made at random."""

import datetime as dt

from hypothesis import strategies as st

from pipeline.route.decision import Deadline
from pipeline.route.language import parse
from pipeline.route.rules import KINDS, Rule, RuleBook, Unit
from tests.route.conditions import CONDITIONS, SCHEMA

BUREAU = Unit("bureau", "甲局", "市级部门", True, "某法")
UNITS = {
    unit.code: unit
    for unit in (
        BUREAU,
        Unit("other", "乙局", "市级部门", False, ""),
        Unit("district", "属地县区政府", "属地", True, "属地管理"),
        Unit("hand", "人工派单", "平台", True, "本表"),
    )
}
CLOCKS = {
    "low": Deadline(1, "自然日", "问"),
    "normal": Deadline(7, "工作日", "常"),
    "urgent": Deadline(24, "小时", "急"),
}


def rule(name: str, when: str = "", **more) -> Rule:
    """Make a rule, by default for the first bureau."""
    return Rule(name=name, when=when, condition=parse(when, SCHEMA, name), **{"lead": "bureau", "where": name, **more})


def book(*rules: Rule, units=UNITS) -> RuleBook:
    """Make a book of rules over the small schema."""
    return RuleBook(units, rules, CLOCKS, {"漏气": ("bureau", "other")}, "hand", "hand", SCHEMA)


# What a cell can hold and TOML too: no control characters, no blanks at the ends.
TEXT = st.text(
    st.one_of(
        st.sampled_from("甲乙=+-@'\"“”、,;,;()()_x0041_#\n 1\\"),
        st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff\ufffe\uffff\xa0"),
    ),
    max_size=12,
).map(str.strip)
NAME = TEXT.filter(bool)
DAYS = st.one_of(st.none(), st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31)))
ALIASES = st.lists(st.sampled_from(["甲", "乙 队", "=1", "丙(某)"]), max_size=2, unique=True).map(tuple)
CODES = st.text("abc_.-甲1", min_size=1, max_size=6)


@st.composite
def books(draw) -> RuleBook:
    """Any book that a table can hold."""
    codes = draw(st.lists(CODES, min_size=1, max_size=5, unique=True))
    units = {
        code: Unit(
            code, draw(NAME), draw(st.sampled_from(KINDS)), draw(st.booleans()), draw(TEXT), *_span(draw), draw(ALIASES)
        )
        for code in codes
    }
    some = st.lists(st.sampled_from(codes), max_size=3, unique=True).map(tuple)
    clocks = {
        key: Deadline(draw(st.integers(1, 999)), draw(st.sampled_from(["小时", "工作日", "自然日"])), draw(NAME))
        for key in CLOCKS
    }
    names = draw(st.lists(NAME, max_size=4, unique=True))
    rules = tuple(_rule(draw, name, codes, some) for name in names)
    calls = draw(st.sampled_from([{}, {"漏气": tuple(codes[:2])}]))
    return RuleBook(units, rules, clocks, calls, codes[0], codes[-1], SCHEMA)


def _rule(draw, name, codes, some) -> Rule:
    when = draw(st.one_of(st.just(""), CONDITIONS, CONDITIONS.map(lambda text: text.strip("()"))))
    try:
        condition = parse(when, SCHEMA, name)
    except Exception:
        when, condition = "", parse("", SCHEMA, name)
    first, last = _span(draw)
    clock = st.builds(Deadline, st.integers(1, 999), st.sampled_from(["小时", "工作日"]), TEXT)
    return Rule(
        name=name,
        when=when,
        condition=condition,
        lead=draw(st.sampled_from(codes)),
        priority=draw(st.integers(1, 9999)),
        active=draw(st.booleans()),
        valid_from=first,
        valid_to=last,
        support=draw(some),
        copy_to=draw(some),
        raise_to=draw(st.sampled_from([None, "urgent"])),
        deadline=draw(st.one_of(st.none(), clock)),
        deadline_for=draw(st.sampled_from([("normal",), ("normal", "urgent"), ("low",)])),
        call=draw(st.booleans()),
        confidential=draw(st.booleans()),
        verified=draw(st.booleans()),
        basis=draw(TEXT),
        note=draw(TEXT),
    )


def _span(draw):
    first, last = draw(DAYS), draw(DAYS)
    return (last, first) if first and last and last < first else (first, last)
