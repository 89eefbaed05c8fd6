"""Reading conditions: what they mean, what they refuse and where they say so, and any text at all."""

import ast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lark import Lark
from lark.exceptions import LarkError

from pipeline.errors import TableError
from pipeline.route.condition import ALWAYS, compile_test
from pipeline.route.language import DEEPEST, LONGEST, ends_loose, parse
from pipeline.route.schema import Facts
from tests.route.conditions import CONDITIONS, FACTS, SCHEMA, TESTS

GAS = Facts(domain="gas", urgency="urgent", nature="help", text="气费太高", seasons=("采暖期",), hour=22)


def holds(source: str, facts: Facts = GAS) -> bool:
    return compile_test(parse(source, SCHEMA, "表"))(facts)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "  ",
        '领域 == "燃气"',
        "领域 == 燃气",
        "领域=gas",
        "领域 是 “燃气”",
        "领域 为 「燃气」",
        "领域 ＝ ‘燃气’",
        "领域 != 供暖",
        "领域 不是 供暖",
        "领域 <> 供暖",
        '领域 in ["燃气", "供暖"]',
        "领域 属于 【燃气、供暖】",
        "领域 in [燃气,供暖,]",
        "领域 not in [供暖]",
        "领域 不属于 [供暖]",
        "领域 != 未知",
        "属地 == 未知",
        '紧急程度 >= "一般"',
        "紧急程度 ≥ 紧急",
        "紧急程度 不低于 一般",
        "紧急程度 高于 一般",
        "紧急程度 > 一般 and 紧急程度 <= 紧急",
        "文本 含 气费",
        "文本 包含 [水费、气费]",
        "文本 contains 气费",
        "文本 not contains 水费",
        "文本 不含 [水费，停水]",
        "时段 含 采暖期",
        "时段 不含 春节",
        "小时 >= 22",
        "小时 ＞ 21.5",
        "小时 in [22, 23]",
        "小时 != 3",
        "小时 多于 21 且 小时 不超过 22",
        "室温 == 未知",
        "非 室温 < 16",
        "not 领域 == 供暖",
        "！(领域 == 供暖)",
        "并非 （领域 == 供暖）",
        "领域 == 供暖 或 领域 == 燃气",
        "领域 == 供暖 || 领域 == 燃气 && 小时 == 22",
        "领域 == 燃气 或 领域 == 供暖 且 小时 == 3",
        "渠道 == 未知",
        "置信度 == 未知",
        "领域\n==\n燃气",
    ],
)
def test_true(source: str) -> None:
    assert holds(source)


@pytest.mark.parametrize(
    "source",
    [
        "领域 == 供暖",
        "领域 == 未知",
        '(领域 == "燃气" 或 领域 == 供暖) 且 小时 == 3',
        "室温 < 16",
        "室温 >= 16",
        "室温 == 16",
        "室温 != 16",
        "室温 not in [16, 17]",
        "渠道 含 微信",
        "渠道 == 微信",
        "紧急程度 < 咨询",
        "非 非 领域 == 供暖",
        "文本 含 气费 且 文本 不含 太高",
    ],
)
def test_false(source: str) -> None:
    assert not holds(source)


def test_and_binds_before_or() -> None:
    assert parse("领域 == 燃气 或 领域 == 供暖 且 小时 == 3", SCHEMA, "") == parse(
        "领域 == 燃气 或 (领域 == 供暖 且 小时 == 3)", SCHEMA, ""
    )


@pytest.mark.parametrize(
    ("source", "place", "told"),
    [
        ("领城 == 燃气", "第 1 个字“领城”", "不认识的字段;请改为“领域”"),
        ("领域是燃气", "第 1 个字“领域是燃气”", "在“领域”后面留空格"),
        ("领域 == 然气", "第 7 个字“然气”", "改为“燃气”"),
        ("领域 == 危化品、矿山与工贸", "第 7 个字“危化品”", "改为“危化品、矿山与工贸”"),
        ("领域 == 燃气、供暖", "第 9 个字“,”", "这里多出内容"),
        ("领域 == 燃气 领域 == 供暖", "第 10 个字“领域”", "用“且”“或”连接"),
        ("领域 >= 燃气", "第 4 个字“>=”", "“领域”是标签,不能用“>=”;请使用 ==、!=、in、not in 之一"),
        ("领域 含 燃气", "第 4 个字“含”", "不能用“contains”"),
        ("文本 == 气费", "第 4 个字“==”", "“文本”是文本"),
        ("紧急程度 == 特别急", "第 9 个字“特别急”", "“紧急程度”没有这个值"),
        ("紧急程度 == 未知", "第 9 个字“未知”", "没有这个值"),
        ('小时 == "22"', "第 7 个字“22”", "写成数字,不加引号"),
        ("小时 == 24", "第 7 个字“24”", "0 到 23"),
        ("置信度 > 60", "第 7 个字“60”", "0 到 1"),
        ("小时 > 未知", "第 6 个字“未知”", "“小时”是数"),
        ("小时 > [1, 2]", "第 10 个字“2”", "只能比一个值"),
        ("领域 == [燃气, 供暖]", "第 12 个字“供暖”", "改为 in"),
        ("领域", "条件末尾", "没有写完"),
        ("领域 ==", "条件末尾", "没有写完"),
        ("领域 == 燃气 且", "条件末尾", "没有写完"),
        ("(领域 == 燃气", "条件末尾", "括号没有配对"),
        ("领域 == 燃气)", "第 9 个字“)”", "这里多出内容"),
        ("领域 in [燃气", "条件末尾", "方括号没有配对"),
        ("领域 in []", "第 8 个字“]”", "这里应当是一个值"),
        ('领域 == "燃气', '第 7 个字“"”', "引号没有配对"),
        ("领域 ~ 燃气", "第 4 个字“~”", "认不出的符号"),
        ('文本 含 ""', "第 6 个字“”", "引号里是空的"),
        ('"燃气" == 领域', "第 1 个字“燃气”", "这里应当是字段名"),
        ("室温 < 3..5", "第 7 个字“.”", "认不出的符号"),
        ("__import__('os')", "第 1 个字“__import__”", "不认识的字段"),
        ("领域.__class__ == 燃气", "第 3 个字“.”", "认不出的符号"),
        ("小时 == 22" + " 或 小时 == 22" * 500, "", f"应为不超过 {LONGEST} 个字"),
        ("(" * (DEEPEST + 2) + "小时 == 22", "", "层以上"),
        ("非 " * 1000 + "小时 == 22", "", "层以上"),
    ],
)
def test_wrong(source: str, place: str, told: str) -> None:
    with pytest.raises(TableError) as caught:
        parse(source, SCHEMA, "routing.toml 第 7 行")
    line = str(caught.value)
    assert line.startswith("routing.toml 第 7 行:")
    assert place in line
    assert told in line


def test_a_field_without_values_says_so() -> None:
    from pipeline.route.schema import Schema
    from tests.route.conditions import TAXONOMY

    with pytest.raises(TableError, match="目前没有可用的值"):
        parse("信号 含 漏气", Schema.build(TAXONOMY), "表")


PIECES = [
    "领域",
    "文本",
    "小时",
    "==",
    ">=",
    "in",
    "含",
    "不含",
    "且",
    "或",
    "非",
    "not",
    "(",
    ")",
    "[",
    "]",
    ",",
    "、",
]
PIECES += ['"', "“", "'", "燃气", "供暖", "3", "-1", "0.5", "未知", " ", "\n", "é", "\ud800", "\0", "九", "３"]


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join)))
@example("领域 == " + "九" * 3000)
@example("文本 含 [" + "气," * 1900 + "]")
@example("\u2028")
def test_any_text_is_a_condition_or_a_clear_error(source: str) -> None:
    try:
        node = parse(source, SCHEMA, "表")
    except TableError as error:
        assert error.found
        assert error.where == "表"
    else:
        assert compile_test(node)(GAS) in (True, False)


@given(CONDITIONS, FACTS)
def test_brackets_and_negation_mean_what_they_say(source: str, facts: Facts) -> None:
    once = holds(source, facts)
    assert holds(f"({source})", facts) is once
    assert holds(f"非 ({source})", facts) is not once
    assert holds(f"{source} 或 非 ({source})", facts)
    assert not holds(f"({source}) 且 非 ({source})", facts)


GRAMMAR = r"""
start: some
some: every (("或" | "或者" | "or" | "||") every)*
every: term (("且" | "并且" | "and" | "&&") term)*
?term: ("非" | "并非" | "not" | "!") term -> negated | "(" some ")" | test
test: WORD operator value
operator: "==" | "!=" | "<=" | ">=" | "<" | ">" | "in" | "not" "in" | "含" | "不含"
value: constant | "[" constant ("," constant)* ","? "]"
constant: STRING | NUMBER | WORD
STRING: /"[^"]*"/
NUMBER: /-?\d+(\.\d+)?(?![\w.])/
WORD.-1: /\w+/
%ignore /\s+/
"""
LARK = Lark(GRAMMAR, parser="earley", lexer="dynamic_complete")


@given(
    st.lists(
        st.one_of(TESTS, st.sampled_from(["且", "或", "非", "(", ")", "[", "]", ",", "领域", "==", "燃气"])), max_size=7
    )
)
def test_the_same_texts_are_conditions_for_lark(pieces: list[str]) -> None:
    """The grammar of the module's docstring, read by an independent parser, takes the same texts."""
    source = " ".join(pieces)
    try:
        LARK.parse(source)
        known = True
    except LarkError:
        known = False
    try:
        parsed = parse(source, SCHEMA, "表") is not ALWAYS
    except TableError as error:
        # What has the right form may still compare what cannot be compared.
        parsed = any(word in error.found for word in ("没有这个值", "不能用", "只能比一个值", "是数", "不会是"))
    assert parsed is known


@pytest.mark.parametrize(
    ("source", "loose"),
    [
        ("小时 < 7 或 小时 > 22", True),
        ("(小时 < 7 或 小时 > 22)", False),
        ('文本 含 "或"', False),
        ("渠道 == 或", True),
        ("", False),
    ],
)
def test_what_needs_brackets(source: str, loose: bool) -> None:
    assert ends_loose(source) is loose


def test_nothing_is_run_from_a_condition() -> None:
    """The parser's own source holds no call that could run a text."""
    import pipeline.route.condition
    import pipeline.route.language

    for module in (pipeline.route.language, pipeline.route.condition):
        from pathlib import Path

        names = {
            node.id
            for node in ast.walk(ast.parse(Path(module.__file__).read_text("utf-8")))
            if isinstance(node, ast.Name)
        }
        assert not names & {"eval", "exec", "compile", "__import__", "getattr"} - {"getattr"}
