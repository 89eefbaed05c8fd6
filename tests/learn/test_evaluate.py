import numpy as np
import pytest

from pipeline.infer.heads import Head
from pipeline.learn.calibrate import calibrate_head
from pipeline.learn.evaluate import calibration_error, judge

URGENCY = Head("紧急程度", "ordered", ("咨询", "一般", "紧急", "特急"))


def test_figures_of_a_known_confusion():
    truth, answers = np.array([0, 1, 1, 2, 3, -1]), np.array([0, 1, 2, 2, 0, 3])
    figures = judge(URGENCY, truth, answers)
    assert figures.accuracy == pytest.approx(3 / 5)
    assert figures.macro_f1 == pytest.approx((2 / 3 + 2 / 3 + 2 / 3 + 0) / 4)
    assert [item.count for item in figures.classes] == [1, 2, 1, 1]
    assert figures.calibration_error is None


def test_quadratic_kappa_punishes_far_errors_more():
    truth = np.array([0, 1, 2, 3] * 5)
    near, far = truth.copy(), truth.copy()
    near[3], far[3] = 2, 0
    assert judge(URGENCY, truth, near).kappa > judge(URGENCY, truth, far).kappa
    assert judge(URGENCY, truth, truth).kappa == pytest.approx(1)


def test_honest_confidence_has_no_calibration_error():
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.3, 1, 20_000).astype(np.float32)
    assert calibration_error(sure, rng.random(20_000) < sure) < 0.02
    assert calibration_error(sure, rng.random(20_000) < sure - 0.2) > 0.15


def test_temperature_makes_an_overconfident_head_honest():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, 4000)
    answers = np.where(rng.random(4000) < 0.7, truth, rng.integers(0, 3, 4000))
    scores = np.eye(3, dtype=np.float32)[answers] * 12
    head = calibrate_head(Head("x", "single", ("a", "b", "c")), scores, None, truth, np.zeros((4000, 3), np.float32))
    confidence = head.answer(scores[:1])[0].confidence
    assert confidence == pytest.approx((answers == truth).mean(), abs=0.03)


def test_a_useful_linear_branch_gets_a_share():
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, 2000)
    noise = rng.normal(size=(2000, 2)).astype(np.float32)
    linear = np.eye(2, dtype=np.float32)[truth] + 0.3 * rng.normal(size=(2000, 2)).astype(np.float32)
    flags = np.zeros((2000, 2), np.float32)
    head = calibrate_head(Head("x", "single", ("a", "b")), noise, linear, truth, flags)
    assert (head.join(noise, linear).argmax(axis=1) == truth).mean() > 0.95
