"""int8 says what fp32 says, and the fused graph computes what torch computes."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from transformers import BertConfig, BertModel

from pipeline.errors import ModelError
from pipeline.infer.folder import ModelCard
from pipeline.infer.predictor import Predictor
from pipeline.learn.export import export_again, export_onnx, load_network
from pipeline.learn.fit import score
from pipeline.learn.graph import bert_graph, is_plain_bert
from pipeline.learn.network import TicketClassifier
from pipeline.learn.parity import compare, read_texts
from pipeline.learn.quantize import measure_ranges, quantize


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=600, hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=128
    )
    return TicketClassifier(BertModel(config, add_pooling_layer=False), 64, 7).eval()


def tickets(seed=0, count=60, longest=40):
    chance = np.random.default_rng(seed)
    return [chance.integers(1, 600, chance.integers(2, longest)).tolist() for _ in range(count)]


def run(model, encoded):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"input_ids": np.array([ids])})[0] for ids in encoded])


def test_the_fused_graph_is_the_network(network):
    encoded = tickets()
    assert np.allclose(run(bert_graph(network), encoded), score(network, encoded), atol=1e-4)


def test_int8_is_near_and_smaller(network):
    exact, encoded = bert_graph(network), tickets()
    small = quantize(exact, measure_ranges(exact, tickets(seed=1)))
    spread = score(network, encoded).std()
    assert np.abs(run(small, encoded) - score(network, encoded)).mean() < spread / 10
    assert small.ByteSize() < 0.5 * exact.ByteSize()
    kinds = {node.op_type for node in small.graph.node}
    assert "MatMul" not in kinds
    assert "DynamicQuantizeLinear" not in kinds


def test_weights_stay_within_seven_bits(network):
    """Else processors without VNNI saturate, and answers depend on the machine."""
    exact = bert_graph(network)
    small = quantize(exact, measure_ranges(exact, tickets()))
    right = {node.input[1] for node in small.graph.node if node.op_type == "MatMulIntegerToFloat"}
    arrays = [onnx.numpy_helper.to_array(weight) for weight in small.graph.initializer if weight.name in right]
    assert len(arrays) == 12
    assert max(int(np.abs(array.astype(int)).max()) for array in arrays) == 63


@pytest.mark.slow
def test_other_encoders_take_the_general_way(network, tmp_path):
    torch.manual_seed(4)
    config = BertConfig(
        vocab_size=600,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        hidden_act="relu",
    )
    other = TicketClassifier(BertModel(config, add_pooling_layer=False), 32, 3).eval()
    assert is_plain_bert(network.encoder.config)
    assert not is_plain_bert(other.encoder.config)
    export_onnx(other, tmp_path / "model.onnx", longest=64, sample=tickets())
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    ids = np.array([[5, 6, 7, 8]])
    [found] = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
    assert np.allclose(found, score(other, ids.tolist()), atol=0.2)


def test_no_sample_is_an_error(network):
    with pytest.raises(ValueError, match="sample"):
        measure_ranges(bert_graph(network), [])


@pytest.mark.slow
def test_a_folder_can_be_exported_anew(tmp_path, toy_base, toy_export):
    import train

    report = train.train([toy_export], tmp_path / "m", label=["nature"], base=toy_base, epochs=1)
    before = (tmp_path / "m" / "model.onnx").read_bytes()
    (tmp_path / "m" / "model.onnx").unlink()
    card = export_again(tmp_path / "m")
    assert card.version.rpartition("-")[0] == report.version.rpartition("-")[0]
    assert ModelCard.load(tmp_path / "m").version == card.version
    assert json.loads((tmp_path / "m" / "metrics.json").read_text(encoding="utf-8"))["version"] == card.version
    assert abs((tmp_path / "m" / "model.onnx").stat().st_size - len(before)) < 2000
    assert Predictor(tmp_path / "m").predict(["停水了"])


def test_a_damaged_folder_is_named(tmp_path):
    with pytest.raises(ModelError, match="没有这个模型目录"):
        load_network(tmp_path / "none")


@pytest.mark.slow
def test_the_shipped_model_answers_as_it_was_trained():
    from pipeline.batch.run import DEFAULT_MODEL

    parity = compare(DEFAULT_MODEL, read_texts()[::2])
    assert parity.rows > 900
    assert min(parity.agreement.values()) >= 0.995
