import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.infer.heads import Head, softmax, split_columns

DOMAIN = Head("领域", "multi", ("燃气", "供暖", "工资"))
URGENCY = Head("紧急程度", "ordered", ("咨询", "一般"))


@given(arrays(np.float32, (3, 4), elements=st.floats(-50, 50, width=32)))
def test_softmax_rows_are_chances(scores):
    chances = softmax(scores)
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-5)
    assert (chances.argmax(axis=1) == scores.argmax(axis=1)).all() or np.isclose(
        np.take_along_axis(scores, chances.argmax(axis=1)[:, None], 1)[:, 0], scores.max(axis=1)
    ).all()


def test_a_multi_head_names_the_primary_first_and_further_labels_behind():
    scores = np.array([[4, 1, 0, 5, 3, -3]], dtype=np.float32)
    [answer] = DOMAIN.answer(scores)
    assert (answer.label, answer.others, answer.runner_up) == ("燃气", ("供暖",), "供暖")
    assert answer.confidence == pytest.approx(softmax(scores[:, :3])[0, 0])


def test_the_linear_branch_can_decide():
    head = Head("x", "single", ("a", "b"), linear_share=2.0)
    scores, linear = np.array([[1.0, 0.0]], dtype=np.float32), np.array([[-1.0, 1.0]], dtype=np.float32)
    assert head.answer(scores)[0].label == "a"
    assert head.answer(scores, linear)[0].label == "b"


def test_temperature_changes_confidence_and_never_the_label():
    scores = np.array([[2.0, 0.0]], dtype=np.float32)
    sharp, flat = (Head("x", "single", ("a", "b"), temperature=t).answer(scores)[0] for t in (0.5, 5.0))
    assert sharp.label == flat.label == "a"
    assert sharp.confidence > flat.confidence


def test_doubt_is_confidence_below_the_threshold():
    head = Head("x", "single", ("a", "b"), review_below=0.6)
    assert head.answer(np.array([[0.1, 0.0]], dtype=np.float32))[0].doubtful
    assert not head.answer(np.array([[3.0, 0.0]], dtype=np.float32))[0].doubtful


def test_columns_are_split_by_head():
    scores = np.arange(16, dtype=np.float32).reshape(2, 8)
    first, second = split_columns((DOMAIN, URGENCY), scores)
    assert first.shape == (2, 6)
    assert second.tolist() == [[6, 7], [14, 15]]


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="fuzzy"):
        Head("x", "fuzzy", ("a",))
