import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.learn.copies import COPIES, misspelt
from pipeline.text.fold import fold
from pipeline.text.prepare import prepare

TEXT = "城东区某小区3单元的暖气已经停了5天,家里只有13度,打12345没有人管"


@given(st.text(min_size=1, max_size=200), st.integers(0, 2**32))
def test_a_misspelt_copy_is_the_same_for_the_same_chance(text, seed):
    assert misspelt(text, np.random.default_rng(seed)) == misspelt(text, np.random.default_rng(seed))


def test_a_misspelt_copy_differs_a_little():
    copy = misspelt(TEXT, np.random.default_rng(1))
    assert copy != TEXT
    assert abs(len(copy) - len(TEXT)) <= 2


@pytest.mark.parametrize("kind", ["全角", "繁体"])
def test_width_and_script_are_folded_away_before_the_model(kind):
    copy = COPIES[kind](TEXT, np.random.default_rng(0))
    assert copy != TEXT
    assert fold(prepare("", copy)) == fold(prepare("", TEXT))


def test_a_number_behind_the_text_is_masked():
    copy = COPIES["电话已脱敏"](TEXT, np.random.default_rng(0))
    assert prepare("", copy).endswith("<电话>")
