"""Boilerplate: operators' and letter writers' phrases go, what the caller says stays."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TableError
from pipeline.text.boilerplate import Boilerplate, Phrase

BOILERPLATE = Boilerplate.load()

STRIPPED = [
    ("市民来电反映：三号楼停水", "三号楼停水"),
    ("市民来电反映:三号楼停水", "三号楼停水"),
    ("市民再次来电反映：还没有来水。", "还没有来水。"),
    ("市民微信反映：市民来电反映：电梯坏了", "电梯坏了"),
    ("来电人反映，其家中停电", "其家中停电"),
    ("诉求内容：路灯不亮", "路灯不亮"),
    ("市民来电咨询：居住证怎么办", "咨询：居住证怎么办"),
    ("市民来电表扬：师傅热心", "表扬：师傅热心"),
    ("工地夜里施工。请相关部门核实处理。", "工地夜里施工。"),
    ("工地夜里施工，请城管局核实处理，谢谢！", "工地夜里施工"),
    ("停水三天！请核实处理！（请职能局按规定在30分钟内联系市民，响应处置）", "停水三天！"),
    ("停水三天(请职能局按规定在三十分钟内核实处理，响应处置)。", "停水三天"),
    ("停水三天，请职能局在三十分钟内联系市民，响应处置", "停水三天"),
    ("停水三天（30分钟办件）", "停水三天"),
    ("停水。（请职能局按规定在30分钟内联系市民，响应处置）市民来电补充：还没来", "停水。\n市民来电补充：还没来"),
    ("漏水（该诉求已由物业办理）", "漏水"),
    ("电梯停了，故来电反映。", "电梯停了"),
    ("尊敬的领导：您好！楼上漏水。", "楼上漏水。"),
    ("尊敬的市政府领导您好，我们小区停暖。", "我们小区停暖。"),
    ("领导好！停暖了。此致敬礼！", "停暖了。"),
    ("停暖了。万分感谢！", "停暖了。"),
]

KEPT = [
    "三号楼停水。",
    "尊敬的领导答应过我们修路",
    "请城东区政府核实处理",
    "希望尽快供暖",
    "我在这里等了30分钟没有人处理",
    "电话<电话>请回",
    "工单号20180107184928办到哪一步了",
    "师傅连夜来修，特意来表扬",
    "故来电投诉",
]


@pytest.mark.parametrize(("text", "left"), STRIPPED)
def test_phrases_go(text, left):
    assert BOILERPLATE.strip(text) == left


@pytest.mark.parametrize("text", KEPT)
def test_what_is_said_stays(text):
    assert BOILERPLATE.strip(text) == text


@pytest.mark.parametrize(
    "text", ["谢谢！", "市民来电反映：", "尊敬的领导：您好！此致敬礼！", "，，。", "", "（30分钟办件）"]
)
def test_a_text_of_nothing_else_is_left_whole(text):
    assert BOILERPLATE.strip(text) == text


PIECES = [part for text, _ in STRIPPED for part in (text, text[:7], text[-9:])]
PIECES += [*KEPT, "，", "。", "\n", " ", "（", "）", "请", "谢谢", "核实处理", "城东区"]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=8).map("".join))
def test_stripping_twice_is_stripping_once(text):
    once = BOILERPLATE.strip(text)
    assert BOILERPLATE.strip(once) == once


@given(
    fact=st.sampled_from(["0971-6123456", "13800138000", "城东区八一路3号", "室温15度", "<电话>", "我要退款2000元"]),
    head=st.sampled_from(["", "市民来电反映：", "尊敬的领导：您好！"]),
    tail=st.sampled_from(
        ["", "请相关部门核实处理，谢谢！", "（请职能局按规定在30分钟内联系市民，响应处置）", "此致敬礼"]
    ),
)
def test_a_fact_is_never_lost(fact, head, tail):
    assert fact in BOILERPLATE.strip(f"{head}停水了，{fact}，{tail}")


@given(st.text(), st.sampled_from(["市民来电反映：", "请核实处理", "。谢谢"]))
def test_what_is_left_was_there(text, phrase):
    left = BOILERPLATE.strip(phrase + text + phrase)
    assert all(line in phrase + text + phrase for line in left.split("\n"))


@pytest.mark.parametrize(
    "unit",
    ["谢谢", "市民来电反映：", "（请30分钟", "（请30分钟处置", "（", "请核实处理", "尊敬的", "，", " ", "\n", "此致",
     "感谢领导", "（请职能局按规定在30分钟内联系市民，响应处置）", "您好！", "三十分钟", "请城管"],
)  # fmt: skip
def test_hostile_texts_take_linear_time(unit):
    text = unit * (200_000 // len(unit))
    start = time.perf_counter()
    BOILERPLATE.strip(text)
    BOILERPLATE.strip(text + "停")
    assert time.perf_counter() - start < 5  # usually under one second; quadratic time would be minutes


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        (Phrase("middle", "请"), "middle"),
        (Phrase("head", "请{*99}"), "99"),
        (Phrase("head", "请{*x}"), "x"),
        (Phrase("head", "请{甲|乙"), "花括号"),
        (Phrase("head", "{甲|}·"), "空文本"),
    ],
)
def test_a_wrong_phrase_is_told(phrase, said):
    with pytest.raises(TableError) as caught:
        Boilerplate([phrase], "toy.toml")
    assert "toy.toml 第 1 条" in str(caught.value)
    assert said in str(caught.value)


def test_a_wrong_table_is_told(tmp_path):
    path = tmp_path / "boilerplate.toml"
    path.write_text('[[phrases]]\nkind = "head"\ntext = "请"\n', encoding="utf-8")
    with pytest.raises(TableError, match="phrases"):
        Boilerplate.load(path)
    with pytest.raises(TableError, match="没有这张表"):
        Boilerplate.load(tmp_path / "none.toml")


def test_slots_match_what_they_say(tmp_path):
    path = tmp_path / "boilerplate.toml"
    path.write_text('[[phrase]]\nkind = "tail"\ntext = "请{*4}{看|办}（{~3}）"\n', encoding="utf-8")
    toy = Boilerplate.load(path)
    assert toy.strip("停水请某部门办(a,b)") == "停水"
    assert toy.strip("停水请某区部门办(a,b)") == "停水请某区部门办(a,b)"
    assert toy.strip("停水请某部门办(abcd)") == "停水请某部门办(abcd)"
