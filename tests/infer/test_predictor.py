"""An answer depends on its own text alone."""

import time

import numpy as np
import pytest

from pipeline.batch.run import DEFAULT_MODEL
from pipeline.errors import ModelError
from pipeline.infer import processor
from pipeline.infer.predictor import Predictor
from pipeline.tables import DATA
from pipeline.text.prepare import prepare
from pipeline.tickets import open_export


@pytest.fixture(scope="module")
def texts():
    with open_export(DATA / "complaints.csv") as export:
        return [prepare("", ticket.text) for ticket in export][::6]


@pytest.fixture(scope="module")
def predictor():
    return Predictor(DEFAULT_MODEL)


@pytest.mark.slow
def test_no_answer_depends_on_its_neighbours(predictor, texts):
    together = predictor.scores(texts)
    alone = np.concatenate([predictor.scores([text]) for text in texts])
    assert np.array_equal(together, alone)
    assert predictor.predict(texts) == [answer for text in texts for answer in predictor.predict([text])]


@pytest.mark.slow
def test_no_answer_depends_on_the_order(predictor, texts):
    order = np.random.default_rng(0).permutation(len(texts))
    shuffled = predictor.predict([texts[row] for row in order])
    straight = predictor.predict(texts)
    assert shuffled == [straight[row] for row in order]


@pytest.mark.slow
def test_no_answer_depends_on_the_threads(predictor, texts):
    assert np.array_equal(Predictor(DEFAULT_MODEL, threads=2).scores(texts), predictor.scores(texts))


def test_a_resident_predictor_answers_within_milliseconds(predictor, texts):
    taken = []
    for text in texts[:60]:
        began = time.perf_counter()
        predictor.predict([text])
        taken.append(time.perf_counter() - began)
    assert np.median(taken) < 0.02  # 3 ms on two idle cores; what else runs on the machine is not this test's matter


def test_nothing_in_nothing_out(predictor):
    assert predictor.predict([]) == []


def test_a_damaged_graph_is_one_line(tmp_path):
    for path in DEFAULT_MODEL.iterdir():
        (tmp_path / path.name).write_bytes(b"\0" if path.name == "model.onnx" else path.read_bytes())
    with pytest.raises(ModelError, match="打不开模型文件"):
        Predictor(tmp_path)


@pytest.mark.parametrize(
    ("line", "expected"),
    [("flags\t\t: sse avx512_vnni", True), ("flags\t\t: sse avx2", False), ("Features\t: asimddp", True), ("", None)],
)
def test_vnni_is_read_from_the_system(line, expected, tmp_path, monkeypatch):
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nmodel name\t: Toy 9\n{line}\n\nprocessor\t: 1\n", "utf-8")
    monkeypatch.setattr(processor, "_CPUINFO", tmp_path / "cpuinfo")
    assert processor.has_vnni() is expected
    assert processor.name() == "Toy 9"


def test_elsewhere_nothing_is_claimed(tmp_path, monkeypatch):
    monkeypatch.setattr(processor, "_CPUINFO", tmp_path / "none")
    assert processor.has_vnni() is None
    assert processor.name()
