"""Signals: every kind of danger, every kind of guard, and the two promises (never lower, never unsaid)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TableError
from pipeline.text.signals import LEVELS, SignalBook

BOOK = SignalBook.load()
VOCABULARY = sorted(
    {word for words in BOOK.words.values() for word in words}
    | {word for guard in BOOK.guards.values() for word in (*guard.words, *guard.unless)}
    | set(BOOK.decoys)
)

DANGERS = [
    ("厨房里有股煤气味", "燃气泄漏"),
    ("天然气管道被铲车挖断了", "燃气泄漏"),
    ("液化气罐滋滋地漏", "燃气泄漏"),
    ("燃气报警器一直响", "燃气泄漏"),
    ("屋里生着煤炉子，老人头晕恶心", "中毒"),
    ("一氧化碳中毒，两个人", "中毒"),
    ("隔壁单元着火了", "火情"),
    ("变压器冒火花", "火情"),
    ("楼道里全是烟", "火情"),
    ("锅炉房爆炸了", "爆炸"),
    ("电梯里困了三个人", "人员被困"),
    ("工人掉到窨井里叫不应，没上来", "人员被困"),
    ("脚手架倒塌，有工人被压在下面", "坍塌砸人"),
    ("有个娃娃掉进河里了", "溺水坠落"),
    ("高压线刮断掉在地上", "触电"),
    ("有人触电了", "触电"),
    ("再不给钱我就从楼顶跳下去", "轻生扬言"),
    ("有人提着汽油说要点火", "轻生扬言"),
    ("他拿刀追着人砍", "暴力侵害"),
    ("孙子走丢了，五岁", "人员走失"),
    ("老父亲有老年痴呆，出去一天没回", "人员走失"),
    ("地铁口有人昏倒，快来", "人员急症"),
    ("救护车等了一个小时还没到", "人员急症"),
    ("食堂吃了午饭，几十个学生呕吐", "群体食物中毒"),
    ("冷冻厂氨气泄漏", "危化品泄漏"),
    ("广场上发生踩踏", "拥挤踩踏"),
    ("孩子被锁在车里一直哭", "反锁遇险"),
    ("二踢脚把柴堆引着了", "烟花爆竹伤人起火"),
]
HARMLESS = [
    "屋里没有煤气味",
    "去年我家着过火",
    "去年三单元着火了",
    "昨晚煤气管漏气已经修好了",
    "煤气会不会泄漏",
    "万一着火了往哪跑",
    "担心燃气泄漏",
    "怎么预防煤气泄漏",
    "小区搞消防演练，模拟着火了",
    "暖气漏水了",
    "暖气片漏气",
    "煤气费怎么交",
    "想问燃气公司电话",
    "楼下饭馆油烟大",
    "烧烤摊浓烟滚滚往楼上窗户飘",
    "火锅店生意火爆",
    "最近着急上火",
    "门口卖爆米花",
    "我的车被困在小区里出不来",
    "路上爆胎了",
    "工厂烟囱冒黑烟",
    "电梯里有人抽烟，烟味大",
    "商场跳楼价甩卖",
    "吵得要命，气死人了",
    "楼上打麻将吵死人",
    "打麻将的人太多",
    "小狗走丢了",
]
URGENT = [
    ("商场安全出口被锁死了", "安全出口锁闭"),
    ("自来水爆管，水淹了一楼", "管道爆裂"),
    ("路中间井盖不见了", "井盖缺失"),
    ("电线脱落，挂在半空", "线路坠落带电"),
    ("路面塌陷出一个坑", "路面塌陷"),
]


def level(text: str) -> int:
    """The highest level that signals give ``text``; -1 for none."""
    return max((LEVELS.index(signal.urgency) for signal in BOOK.find(text)), default=-1)


@pytest.mark.parametrize(("text", "name"), DANGERS)
def test_danger_is_critical(text: str, name: str) -> None:
    assert name in {signal.name for signal in BOOK.find(text) if signal.urgency == "critical"}


def test_every_critical_signal_has_a_case() -> None:
    assert {rule.name for rule in BOOK.rules if rule.raises_to == "critical"} == {name for _, name in DANGERS}


@pytest.mark.parametrize("text", HARMLESS)
def test_look_alikes_and_guards(text: str) -> None:
    assert level(text) < LEVELS.index("critical"), BOOK.find(text)


@pytest.mark.parametrize(("text", "name"), URGENT)
def test_hazard_is_urgent_only(text: str, name: str) -> None:
    found = BOOK.find(text)
    assert name in {signal.name for signal in found}
    assert {signal.urgency for signal in found} == {"urgent"}


@pytest.mark.parametrize(
    "text", ["楼道煤汽味很大", "厨房然气泄露", "电提里困了两个人", "楼上找火了快来", "ＬＰＧ液化气罐漏气"]
)
def test_misheard_words_count(text: str) -> None:
    assert level(text) == LEVELS.index("critical")


def test_present_voids_the_past() -> None:
    assert level("去年着过火，现在又着火了") == LEVELS.index("critical")


def test_what_is_reported() -> None:
    (signal,) = BOOK.find("您好，厨房煤气味很重")
    assert (signal.name, signal.phrase, signal.start, signal.urgency) == ("燃气泄漏", "煤气味", 5, "critical")
    assert signal.reason


def test_long_gap_is_left_out_of_the_phrase() -> None:
    (signal,) = BOOK.find("蜂窝煤炉子一晚上都没灭，我妈今天早上说有点头疼")
    assert signal.phrase == "蜂窝煤…头疼"


@pytest.mark.parametrize("text", ["", "我", "。！？", "\x00\ud800", "谢谢"])
def test_nothing_found(text: str) -> None:
    assert BOOK.find(text) == ()


TEXTS = st.lists(st.one_of(st.sampled_from(VOCABULARY), st.text("我的在，、了不", max_size=4)), max_size=8).map("".join)


@given(TEXTS, TEXTS, st.sampled_from("。！？\n；"))
def test_a_further_sentence_never_unsays(before: str, after: str, end: str) -> None:
    together = {signal.name for signal in BOOK.find(before + end + after)}
    assert {signal.name for signal in BOOK.find(before)} <= together
    assert {signal.name for signal in BOOK.find(after)} <= together


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    for signal in BOOK.find(text):
        assert 0 <= signal.start < len(text)
        assert signal.urgency in LEVELS


def test_hostile_text_is_linear() -> None:
    """Quadratic work on these would run for minutes."""
    for unit in ("没有煤气味", "电梯困人没有去年", "，电梯业主被困万一"):
        BOOK.find(unit * 20_000)


TABLE = """
[words]
gas = ["煤气"]
[guards.no]
words = ["没有"]
side = "before"
reach = 2
[[signals]]
name = "气"
raises_to = "critical"
reason = "有气"
guards = ["no"]
patterns = [{ of = ["gas"] }]
"""


def load(tmp_path, text: str) -> SignalBook:
    path = tmp_path / "signals.toml"
    path.write_text(text, encoding="utf-8")
    return SignalBook.load(path)


def test_small_table(tmp_path) -> None:
    book = load(tmp_path, TABLE)
    assert [signal.phrase for signal in book.find("有煤气")] == ["煤气"]
    assert book.find("没有煤气") == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('of = ["gas"]', 'of = ["gass"]', "改为“gas”"),
        ('guards = ["no"]', 'guards = ["nó"]', "no"),
        ('"critical"', '"criticl"', "改为“critical”"),
        ('side = "before"', 'side = "befor"', "改为“before”"),
        ("reach = 2", "reech = 2", "改为“reach”"),
        ('["煤气"]', '["气"]', "2 到"),
        ('["煤气"]', "[]", "至少一个词"),
        ('reason = "有气"', "", "补上 reason"),
        ("[words]", "[wordz]", "改为“words”"),
    ],
)
def test_wrong_table(tmp_path, old: str, new: str, told: str) -> None:
    with pytest.raises(TableError) as caught:
        load(tmp_path, TABLE.replace(old, new, 1))
    assert told in str(caught.value)
    assert "signals.toml" in str(caught.value)
