"""Cleaning: each kind of dirt, nothing of the words lost, and linear time whatever the text holds."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.clean import clean

CASES = [
    # width: letters, digits and symbols; Chinese punctuation stays
    ("３号楼Ａ座，１５℃！", "3号楼A座，15℃！"),
    ("电话：０９７１－６１２３４５６（家里）；对吗？", "电话：0971-6123456（家里）；对吗？"),
    ("５％＋＃＠／＝", "5%+#@/="),
    ("楼道､堵塞｡", "楼道、堵塞。"),
    # Unicode
    ("cafe\u0301", "café"),
    ("⼀层⽕灾⻋库", "一层火灾车库"),
    # invisible characters
    ("\ufeff停\u200b水\u2060了\u00ad", "停水了"),
    ("\u202e反\u2066话\u2069", "反话"),
    ("NUL\x00和BEL\x07和DEL\x7f", "NUL和BEL和DEL"),
    ("坏了\ufffe\uffff", "坏了"),
    # white space
    ("  今天\u3000停电 \t 了\xa0", "今天停电了"),
    ("第 3 栋 2 单元", "第3栋2单元"),
    ("the  gas   smell", "the gas smell"),
    ("上午 8:00 停水", "上午8:00停水"),
    ("一、停水。\r\n\r\n\t 二、停电。", "一、停水。\n二、停电。"),
    ("甲\u2028乙\x0b丙\x85丁", "甲\n乙\n丙\n丁"),
    # HTML
    ("停水<br/>三天", "停水\n三天"),
    ("<p class='a'>暖气</p><p>不热</p>", "暖气\n不热"),
    ('<span style="color:red">煤气</span><b>味</b>', "煤气味"),
    ("<style>p {color: red}</style>停电<script>alert(1)</script>", "停电"),
    ("<!-- 注释 -->停电<!DOCTYPE html>", "停电"),
    ("停水&nbsp;&nbsp;三天&lt;br&gt;了", "停水三天\n了"),
    ("停水&amp;nbsp;三天&amp;amp;lt;br&amp;amp;gt;了", "停水三天\n了"),
    ("停水&nbsp三天nbsp;了", "停水三天了"),
    ("A&amp;B&copy;&#20013;&#x6587;", "A&B©中文"),
    ("&#55357;&#56832;", "😀"),
    ("<p <b>>套着的", "套着的"),
    ("a<b，b>a", "a<b，b>a"),
    ("<电话>和<姓名>在<某处>", "<电话>和<姓名>在<某处>"),
    ("＜电话＞", "<电话>"),
    ("&lt;电话&gt;", "<电话>"),
    # Excel
    ("第一行_x000D_\n第二行_x0007_", "第一行\n第二行"),
    # runs
    ("快来！！！！！！！！", "快来！！！"),
    ("快来!!!!!!??????", "快来!!!???"),
    ("……。。。。。。", "……。。。"),
    ("电话138****5678", "电话138***5678"),
    # emoji stay, a joiner only between them
    ("急😡😡❤\ufe0f", "急😡😡❤\ufe0f"),
    ("👨\u200d👩\u200d👧和a\u200db", "👨\u200d👩\u200d👧和ab"),
    # damaged text
    ("\ud83d\ude00好", "😀好"),
    ("坏\ud83d了\ude00", "坏\ufffd了\ufffd"),
    ("", ""),
    (" \n\t ", ""),
]


@pytest.mark.parametrize(("dirty", "expected"), CASES)
def test_dirt_goes(dirty, expected):
    assert clean(dirty) == expected


# Code points that GB 18030-2022 maps anew, by two-byte code, with what they are now.
GB18030_2022 = {
    "A6D9": "︐", "A6DA": "︒", "A6DB": "︑", "A6DC": "︓", "A6DD": "︔",
    "A6DE": "︕", "A6DF": "︖", "A6EC": "︗", "A6ED": "︘", "A6F3": "︙",
    "FE59": "\u9fb4", "FE61": "\u9fb5", "FE66": "\u9fb6", "FE67": "\u9fb7", "FE6D": "\u9fb8", "FE7E": "\u9fb9",
    "FE90": "\u9fba", "FEA0": "\u9fbb", "FE51": "\U00020087", "FE52": "\U00020089", "FE53": "\U000200cc",
    "FE6C": "\U000215d7", "FE76": "\U0002298f", "FE91": "\U000241fe", "A8BC": "\u1e3f",
}  # fmt: skip


@pytest.mark.parametrize(("code", "character"), GB18030_2022.items())
def test_old_gb18030_mappings_become_those_of_2022(code, character):
    assert clean(bytes.fromhex(code).decode("gb18030")) == character


def test_gbk_private_use_becomes_what_gb18030_says():
    for place, trail in enumerate([*range(0x50, 0x7F), *range(0x80, 0xA1)]):
        now = clean(bytes([0xFE, trail]).decode("gb18030"))
        assert clean(chr(0xE815 + place)) == now
        assert not "\ue000" <= now <= "\uf8ff"


PIECES = st.sampled_from(
    ["&", "amp;", "lt;", "gt;", ";", "#", "#38;", "#97;", "mp;", "x26;", "<", "p", "b", ">", "/", " ", "\n", "中",
     "<电话>", "_x000D_", "_x00", "0D_", "\u200d", "😀", "\ufe0f", "\ud83d", "\ude00", "&#55357;", "&#56832;", "！",
     "\u0301", "\u037e", "＆", "；", "nbsp;", "&nbsp", "nbsp", "\u2000", "&#8205;", "&#xFF1B;", "=", "\u0338",
     "<style>", "</style>", "<!--", "-->", "\ue863", "-", "&#917505;", "\U000e0001", "&#10;", "&#32;"]
)  # fmt: skip
DIRT = st.lists(PIECES | st.characters(exclude_categories=[]) | st.text(max_size=3), max_size=25).map("".join)


@given(DIRT)
def test_cleaning_twice_is_cleaning_once(text):
    once = clean(text)
    assert clean(once) == once


@given(DIRT)
def test_the_result_can_be_written_and_compared(text):
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not any(unicodedata.category(character) == "Cc" for character in cleaned.replace("\n", ""))


@given(st.text(alphabet="煤气味很大三号楼道有人吗abc0123456789，。？", max_size=80))
def test_clean_text_stays_as_it_is(text):
    stripped = text.strip()
    if not any(mark * 4 in stripped for mark in "，。？"):
        assert clean(stripped) == stripped


@pytest.mark.parametrize(
    "unit",
    ["&amp;", "&", "&#97;mp;", "<p ", "<", "<p <b>>", "<<<>>>", " ", "\n ", " \n", "!", "a ", "中 ", "&amp;lt;", "<!--",
     "_x000D_", "\u200d", "\ud83d", "&nbsp", ";", "<style>", "a\u0301", "＆ａｍｐ；", "<中>", "&&#97;mp;#97;mp;"],
)  # fmt: skip
def test_hostile_texts_take_linear_time(unit):
    text = unit * (400_000 // len(unit))
    start = time.perf_counter()
    clean(text)
    assert time.perf_counter() - start < 5  # usually a quarter of a second; quadratic time would be minutes


def test_nested_tags_take_linear_time():
    start = time.perf_counter()
    assert clean("<p " * 100_000 + ">" * 100_000) == ""
    assert time.perf_counter() - start < 5
