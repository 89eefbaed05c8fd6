import numpy as np
import pytest

from pipeline.infer.heads import Head
from pipeline.infer.predictor import Predictor
from pipeline.learn.bench_quality import agreement, joined, shipped, steadiness
from pipeline.learn.data import read_labelled

LABELS = ["domains", "urgency", "nature"]
URGENCY = Head("紧急程度", "ordered", ("咨询", "一般", "紧急", "特急"))


def test_signals_raise_what_the_model_missed():
    texts = ["楼道里煤气味很大,呛得睁不开眼", "路灯坏了,请派人修", "咨询社保卡在哪里办理"]
    found = joined(URGENCY, texts, np.array([1, 1, 0]), np.array([3, 1, 0]))
    assert (found.recall, found.precision, found.raised) == (1.0, 1.0, 1)
    assert found.kappa == pytest.approx(1.0)


def test_recall_of_nothing_is_no_number():
    found = joined(URGENCY, ["路灯坏了"], np.array([1]), np.array([1]))
    assert np.isnan(found.recall)
    assert np.isnan(found.precision)


@pytest.mark.slow
def test_the_shipped_part_prints_every_table(toy_model, toy_export):
    folder, _ = toy_model
    data = read_labelled([toy_export], LABELS)
    lines = list(shipped(folder, data, data, data.texts[:6]))
    text = "\n".join(lines)
    for expected in ("领域", "紧急程度", "诉求类型", "TF-IDF + LinearSVC", "+ signals", "繁体", "轻微错字"):
        assert expected in text
    assert all(figure >= 0.9 for figure in agreement(folder, data.texts).values())
    kept = steadiness(Predictor(folder), data.texts[:6])
    assert set(kept["全角"].values()) == {1.0}
