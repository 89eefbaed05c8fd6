"""Conditions of rules: a small typed language in Chinese words, e.g. ``领域 == 燃气 且 文本 含 ["气费", "收费"]``.

It can only compare a ticket's facts with constants and join such tests: there is nothing to call, index, loop over or
assign, so that no text, however written, can do more than be true or false. The grammar (EBNF)::

    condition = all { or all }              or       = "or" | "或" | "或者" | "||"
    all       = term { and term }           and      = "and" | "且" | "并且" | "&&"
    term      = not term | "(" condition ")" | test
    test      = field operator value        not      = "not" | "非" | "并非" | "!"
    value     = constant | "[" constant { "," constant } [","] "]"
    constant  = string | number | word

Brackets, commas, quotes and comparison signs may be full-width; labels without punctuation need no quotes.

Why a language of our own: neither rule-engine 5.1 nor CEL (cel-python 0.5, common-expression-language 0.10) reads a
Chinese identifier, none knows that "然气" is no domain or that 特急 is above 紧急, and importing them takes 470, 150
and 320 ms at every start, a parser library (lark 1.3) 86 ms; the grammar is ten lines. The tests hold the parser
against the same grammar given to lark.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from pipeline.errors import TableError
from pipeline.route.condition import ALWAYS, All, Blank, Holds, Node, Not, OneOf, Some, Within
from pipeline.route.schema import LABEL, NAME, NUMBER, SCALE, SET, TEXT, UNKNOWN, Field, Schema

__all__ = ["ends_loose", "parse"]

LONGEST = 4000
"""No condition is longer, in characters."""
DEEPEST = 50
"""No condition is nested deeper."""

# Spelling → operator.
_OPERATORS = {
    **dict.fromkeys(("==", "=", "是", "为", "等于"), "=="),
    **dict.fromkeys(("!=", "≠", "<>", "不是", "不为", "不等于"), "!="),
    **dict.fromkeys((">=", "≥", "不低于", "不少于", "不小于", "至少"), ">="),
    **dict.fromkeys(("<=", "≤", "不高于", "不超过", "不大于", "至多"), "<="),
    **dict.fromkeys((">", "高于", "大于", "多于", "超过"), ">"),
    **dict.fromkeys(("<", "低于", "小于", "少于"), "<"),
    **dict.fromkeys(("in", "属于"), "in"),
    **dict.fromkeys(("not in", "不属于"), "not in"),
    **dict.fromkeys(("contains", "含", "含有", "包含"), "contains"),
    **dict.fromkeys(("not contains", "不含", "不含有", "不包含"), "not contains"),
}
_JOINERS = {
    **dict.fromkeys(("and", "且", "并且", "&&"), "and"),
    **dict.fromkeys(("or", "或", "或者", "||"), "or"),
    **dict.fromkeys(("not", "非", "并非", "!"), "not"),
}
_EQUAL, _ORDER, _HAVE = ("==", "!=", "in", "not in"), ("<", "<=", ">", ">="), ("contains", "not contains")
_ALLOWED = {
    LABEL: _EQUAL,
    SCALE: _EQUAL + _ORDER,
    SET: _HAVE,
    NAME: _EQUAL + _HAVE,
    TEXT: _HAVE,
    NUMBER: _EQUAL + _ORDER,
}
_SIGNS = str.maketrans("（）【】［］，、；;＝！＞＜", "()[][],,,,=!><")
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>"[^"]*"|'[^']*'|[“”][^“”]*[“”]|[‘’][^‘’]*[‘’]|「[^」]*」)
      | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
      | (?P<word>\w+)
      | (?P<sign>[=＝]{1,2}|[!！][=＝]|[<＜][>＞=＝]?|[>＞][=＝]?|&&|\|\||[≠≥≤!！()（）\[\]【】［］,，、;；])
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(source: str, schema: Schema, where: str) -> Node:
    """Return the condition that ``source`` writes; an empty one holds always.

    Parameters
    ----------
    source : str
        The condition as a person writes it.
    schema : Schema
        Names and types of the facts.
    where : str
        File and rule, for the message.

    Raises
    ------
    TableError
        On anything that is not a condition, or compares what cannot be compared; it names the position, counted from
        1 in characters, and the nearest known name.
    """
    if len(source) > LONGEST:
        raise TableError(
            f"条件有 {len(source)} 个字", where=where, expected=f"不超过 {LONGEST} 个字", remedy="拆成几条规则"
        )
    return _Parser(source, schema, where).whole() if source.strip() else ALWAYS


def ends_loose(source: str) -> bool:
    """Return whether a condition must be put in brackets before an "and" can be set beside it."""
    depth = at = 0
    while match := _TOKEN.match(source, at):
        kind, sign = match.lastgroup, (match[match.lastgroup or 0]).translate(_SIGNS)
        if kind == "end":
            return False
        depth += (kind == "sign") * ((sign in "([") - (sign in ")]"))
        if depth == 0 and kind in ("word", "sign") and _JOINERS.get(sign.lower()) == "or":
            return True
        at = match.end()
    return False


class _Parser:
    """Recursive descent over the tokens of one condition."""

    def __init__(self, source: str, schema: Schema, where: str) -> None:
        self._where = where
        self._schema = schema
        self._tokens = list(self._scan(source))
        self._next = 0

    def _scan(self, source: str) -> Iterator[_Token]:
        at = 0
        while True:
            match = _TOKEN.match(source, at)
            if match is None:
                at += len(source[at:]) - len(source[at:].lstrip())
                quote = source[at] in "\"'“”‘’「"
                self._fail(_Token("", source[at], at), "引号没有配对" if quote else "认不出的符号")
            kind = match.lastgroup or ""
            text = match[kind]
            if kind == "string":
                text = text[1:-1]
            elif kind == "sign":
                text = text.translate(_SIGNS)
            yield _Token(kind, text, match.start(kind))
            if kind == "end":
                return
            at = match.end()

    def whole(self) -> Node:
        node = self._some(0)
        if self._peek().kind != "end":
            self._fail(self._peek(), "这里多出内容", "用“且”“或”连接;标签里有标点时加引号")
        return node

    def _some(self, depth: int) -> Node:
        terms = [self._all(depth)]
        while self._takes("or"):
            terms.append(self._all(depth))
        return terms[0] if len(terms) == 1 else Some(tuple(terms))

    def _all(self, depth: int) -> Node:
        terms = [self._term(depth)]
        while self._takes("and"):
            terms.append(self._term(depth))
        return terms[0] if len(terms) == 1 else All(tuple(terms))

    def _term(self, depth: int) -> Node:
        if depth > DEEPEST:
            self._fail(self._peek(), f"括号或“非”套了 {DEEPEST} 层以上", "拆成几条规则")
        if self._takes("not"):
            return Not(self._term(depth + 1))
        if not self._takes_sign("("):
            return self._test()
        node = self._some(depth + 1)
        if not self._takes_sign(")"):
            self._fail(self._peek(), "括号没有配对", "补上右括号")
        return node

    def _test(self) -> Node:
        field = self._field()
        token = self._peek()
        operator = self._operator(field)
        constants = self._constants()
        if operator not in _ALLOWED[field.kind]:
            allowed = "、".join(_ALLOWED[field.kind])
            self._fail(token, f"“{field.name}”是{field.kind},不能用“{operator}”", f"使用 {allowed} 之一")
        if len(constants) > 1 and operator in (*_ORDER, "==", "!="):
            better = {"==": "改为 in", "!=": "改为 not in"}.get(operator, "只留一个值")
            self._fail(constants[1], f"“{operator}”只能比一个值", better)
        return self._build(field, operator, constants)

    def _field(self) -> Field:
        token = self._take()
        if token.kind == "end":
            self._fail(token, "条件没有写完", "补上字段、比较符和值")
        field = self._schema.fields.get(token.text) if token.kind == "word" else None
        if field is None:
            self._fail(
                token, "不认识的字段" if token.kind == "word" else "这里应当是字段名", _nearest(token, self._schema)
            )
        return field

    def _operator(self, field: Field) -> str:
        token = self._take()
        spelling = token.text.lower()
        if spelling == "not" and self._peek().text.lower() in ("in", "contains"):
            spelling = f"not {self._take().text.lower()}"
        operator = _OPERATORS.get(spelling) if token.kind in ("word", "sign") else None
        if operator is None:
            found = "条件没有写完" if token.kind == "end" else "这里应当是比较符"
            self._fail(token, found, f"使用 {'、'.join(_ALLOWED[field.kind])} 之一,前后留空格")
        return operator

    def _constants(self) -> list[_Token]:
        if not self._takes_sign("["):
            return [self._constant()]
        constants = [self._constant()]
        while self._takes_sign(","):
            if self._peek().text == "]" and self._peek().kind == "sign":
                break
            constants.append(self._constant())
        if not self._takes_sign("]"):
            self._fail(self._peek(), "方括号没有配对", "补上右方括号,各值之间用逗号")
        return constants

    def _constant(self) -> _Token:
        token = self._take()
        if token.kind not in ("string", "number", "word"):
            self._fail(token, "条件没有写完" if token.kind == "end" else "这里应当是一个值", "补上值")
        return token

    def _build(self, field: Field, operator: str, constants: Sequence[_Token]) -> Node:
        negated = operator in ("!=", "not in", "not contains")
        node: Node
        if field.kind == NUMBER:
            node = self._compare_numbers(field, operator, constants)
            if negated and not isinstance(node, Blank):
                # Of a number that is not known nothing is said: neither that it is 3 nor that it is another.
                return All((Not(Blank(field)), Not(node)))
        elif operator in _HAVE:
            words = [self._label(field, token) if field.kind == SET else self._word(token) for token in constants]
            node = Holds(field, tuple(dict.fromkeys(words)))
        elif operator in _ORDER:
            return OneOf(field, self._steps(field, operator, constants[0]))
        elif field.kind == NAME:
            node = OneOf(field, frozenset("" if token.text == UNKNOWN else self._word(token) for token in constants))
        else:
            node = OneOf(field, frozenset(self._label(field, token) for token in constants))
        if negated and isinstance(node, OneOf) and field.kind != NAME:
            return OneOf(field, field.values - node.values)
        return Not(node) if negated else node

    def _steps(self, field: Field, operator: str, token: _Token) -> frozenset[str]:
        ids = list(field.names)
        at = ids.index(self._label(field, token))
        return frozenset({"<": ids[:at], "<=": ids[: at + 1], ">": ids[at + 1 :], ">=": ids[at:]}[operator])

    def _label(self, field: Field, token: _Token) -> str:
        found = field.find(token.text)
        if found is None:
            known = list(field.names.values())
            near = difflib.get_close_matches(token.text, known, n=1, cutoff=0.4)
            options = "、".join(known) if len(known) <= 25 else "说明表所列"
            remedy = (
                f"改为“{near[0]}”" if near else f"使用 {options} 之一" if known else "去掉这个条件:目前没有可用的值"
            )
            self._fail(token, f"“{field.name}”没有这个值", remedy)
        return found

    def _word(self, token: _Token) -> str:
        if not token.text.strip():
            self._fail(token, "引号里是空的", "写上要找的词")
        return token.text

    def _compare_numbers(self, field: Field, operator: str, constants: Sequence[_Token]) -> Node:
        if len(constants) == 1 and constants[0].text == UNKNOWN and operator in ("==", "!="):
            return Blank(field) if operator == "==" else Not(Blank(field))
        numbers = [self._number(field, token) for token in constants]
        if operator in _EQUAL:
            nodes = tuple(Within(field, number, number) for number in numbers)
            return nodes[0] if len(nodes) == 1 else Some(nodes)
        number = numbers[0]
        if operator in ("<", "<="):
            return _settled(Within(field, high=number, high_open=operator == "<"))
        return _settled(Within(field, low=number, low_open=operator == ">"))

    def _number(self, field: Field, token: _Token) -> float:
        if token.kind != "number":
            self._fail(token, f"“{field.name}”是数", "写成数字,不加引号")
        number = float(token.text)
        if not field.low <= number <= field.high:
            self._fail(token, f"“{field.name}”不会是 {token.text}", f"使用 {field.low:g} 到 {field.high:g} 之间的数")
        return number

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next += token.kind != "end"
        return token

    def _takes(self, joiner: str) -> bool:
        token = self._peek()
        if token.kind in ("word", "sign") and _JOINERS.get(token.text.lower()) == joiner:
            self._next += 1
            return True
        return False

    def _takes_sign(self, sign: str) -> bool:
        if self._peek().kind == "sign" and self._peek().text == sign:
            self._next += 1
            return True
        return False

    def _fail(self, token: _Token, found: str, remedy: str = "") -> NoReturn:
        place = "条件末尾" if token.kind == "end" else f"条件第 {token.at + 1} 个字“{token.text}”"
        raise TableError(f"{place}:{found}", where=self._where, remedy=remedy)


def _nearest(token: _Token, schema: Schema) -> str:
    """Return the remedy for a word that is no field."""
    near = difflib.get_close_matches(token.text, schema.fields, n=1, cutoff=0.5)
    run_on = [name for name in schema.fields if token.text.startswith(name)]
    if run_on:
        return f"在“{max(run_on, key=len)}”后面留空格"
    return f"改为“{near[0]}”" if near else f"使用 {'、'.join(schema.fields)} 之一"


def _settled(span: Within) -> Within:
    """Return the span with closed bounds where only whole numbers occur."""
    if not span.field.whole:
        return span
    low = math.floor(span.low) + 1 if span.low_open else span.low
    high = math.ceil(span.high) - 1 if span.high_open else span.high
    return Within(span.field, low, high)
