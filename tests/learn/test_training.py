import json

import pytest

import train as command
from pipeline.command import run_command
from pipeline.errors import ModelError
from pipeline.infer.folder import ModelCard
from pipeline.infer.predictor import Predictor
from pipeline.learn.data import read_labelled

LABELS = ["domains", "urgency", "nature"]


@pytest.mark.slow
def test_training_learns_and_reports_beside_the_yardstick(toy_model):
    _, report = toy_model
    domain = report.heads[0]
    assert domain.head.name == "领域"
    assert domain.model.accuracy > 0.8
    assert domain.yardstick.accuracy > 0.8
    assert any("TF-IDF" in line for line in report.lines())


@pytest.mark.slow
def test_the_folder_is_whole_and_predicts(toy_model, toy_export):
    folder, report = toy_model
    names = {path.name for path in folder.iterdir()}
    assert names >= {"config.json", "model.safetensors", "model.onnx", "heads.json", "tokenizer.json", "metrics.json"}
    assert ModelCard.load(folder).version == report.version
    assert json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["version"] == report.version
    assert not [path for path in folder.parent.iterdir() if path.name.startswith(".")]
    data = read_labelled([toy_export], LABELS)
    predictions = Predictor(folder).predict(data.texts)
    right = [p.answers["领域"].label == labels[0] for p, labels in zip(predictions, data.labels["领域"], strict=True)]
    assert sum(right) > 85
    assert all(0 <= answer.confidence <= 1 for p in predictions for answer in p.answers.values())


@pytest.mark.slow
def test_no_text_is_left_in_the_folder(toy_model):
    folder, _ = toy_model
    for path in folder.iterdir():
        assert "煤气罐阀门漏气".encode() not in path.read_bytes()


@pytest.mark.slow
def test_a_trained_model_is_a_base_for_the_next(toy_base, toy_export, tmp_path):
    report = command.train([toy_export], tmp_path / "m", label=["nature"], base=toy_base, epochs=1)
    assert [item.head.name for item in report.heads] == ["诉求类型"]


def test_a_wrong_base_is_one_line(toy_export, tmp_path, capsys):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ModelError, match="基础编码器"):
        command.train([toy_export], tmp_path / "m", label=LABELS, base=empty)
    given = command.parse([str(toy_export), "--label", "nature", "-o", str(tmp_path / "m"), "--base", str(empty)])
    assert run_command(command.main, given) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "m").exists()
