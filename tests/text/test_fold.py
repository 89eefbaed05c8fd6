import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.fold import PLACEHOLDERS, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("室内才15度", "室内才15度"),
        ("ABC小区", "abc小区"),
        ("煤氣費太貴", "煤气费太贵"),
        ("欠了13500元", "欠了00000元"),
        ("打了12345和119", "打了12345和119"),
        ("工单2024012500001", "工单00000000"),
        ("联系<电话>", "联系<电话>"),
    ],
)
def test_fold(text, folded):
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text):
    once = fold(text)
    assert fold(once) == once


@given(st.text(alphabet=st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF)))
def test_lone_surrogates_do_not_stop_it(text):
    fold(text).encode()


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
def test_placeholders_survive(placeholder):
    assert fold(f"请打{placeholder}") == f"请打{placeholder}"
