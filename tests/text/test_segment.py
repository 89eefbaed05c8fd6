import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.fold import PLACEHOLDERS, fold
from pipeline.text.segment import Segmenter, read_userdict

SENTENCES = [
    "幸福小区三单元楼道里煤气味很大,打电话没人管",
    "工地上的农民工半年没有拿到工资,说要爬塔吊",
    "楼下烧烤店的油烟天天往家里飘,窗户都不敢开",
    "供热公司说管道维修,暖气片冰凉,家里还有两个月大的娃娃",
    "消防通道被私家车占用,万一着火消防车进不来",
    "电梯从九楼掉到六楼,里面困了两个老人",
    "城东区八一路一家小旅馆没有消防设施,安全出口也锁着",
]


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter()


@pytest.fixture(scope="module")
def reference():
    return Segmenter(reference=True)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_rust_and_reference_agree(segmenter, reference, sentence):
    assert segmenter.words(sentence) == reference.words(sentence)


def test_the_fields_words_are_whole(segmenter):
    assert "九小场所" in segmenter.words("加强九小场所检查")
    assert "飞线充电" in segmenter.words("楼下飞线充电很危险")
    assert "消防通道" in segmenter.words("消防通道堵了")


def test_placeholders_and_numbers_are_words(segmenter):
    assert segmenter.words("找<姓名>,电话<电话>,室温15.5度") == [
        "找", "<姓名>", ",", "电话", "<电话>", ",", "室温", "15", ".", "5", "度",
    ]  # fmt: skip


@given(text=st.text())
def test_words_hold_every_character_of_the_folded_text(segmenter, text):
    assert "".join(segmenter.words(text)) == "".join(fold(text).split())


def test_user_dictionary_is_well_formed():
    words = [word for word, frequency, tag in read_userdict() if frequency > 0 and tag]
    assert len(words) == len(set(words)) > 100
    assert not set(words) & set(PLACEHOLDERS)
