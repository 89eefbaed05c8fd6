"""The classifier as an ONNX graph made of onnxruntime's own fused operators, written node by node.

The exporter of torch writes a graph that runs on anything; its attention, its masks and its layer norms fall into a
hundred small operators. A BERT's graph is short enough to be written down, and then holds what is computed and no more:
there is no mask in it, because a batch holds rows of one length (:func:`pipeline.infer.tokens.equal_batches`).

Shapes: B tickets, T tokens, H width, V vocabulary, C scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from transformers import PretrainedConfig

from pipeline.learn.network import TicketClassifier

__all__ = ["FUSED", "bert_graph", "is_plain_bert"]

FUSED = "com.microsoft"
"""The domain of onnxruntime's own operators."""
_OPSET, _IR = 20, 10

Array = npt.NDArray[np.generic]


def is_plain_bert(config: PretrainedConfig) -> bool:
    """Return whether :func:`bert_graph` knows the encoder: BERT with absolute positions and the exact GELU."""
    positions = getattr(config, "position_embedding_type", "absolute")
    return config.model_type == "bert" and config.hidden_act == "gelu" and positions == "absolute"


def bert_graph(model: TicketClassifier) -> onnx.ModelProto:
    """Return the fp32 graph of a classifier: ``input_ids`` (B, T) of int64 in, ``scores`` (B, C) out.

    Parameters
    ----------
    model : TicketClassifier
        In evaluation mode, its encoder one that :func:`is_plain_bert` knows.

    Notes
    -----
    Gaussian error linear units: Hendrycks and Gimpel 2016, arXiv:1606.08415. Pooling and the last layer run in double
    precision: they are tiny, and onnxruntime sums in another order where one ticket is alone in a call.
    """
    state = {name: tensor.detach().float().numpy() for name, tensor in model.state_dict().items()}
    config: PretrainedConfig = model.encoder.config  # type: ignore[assignment]
    graph = _Graph(state)
    states = _embed(graph, config.layer_norm_eps)
    for layer in range(config.num_hidden_layers):
        states = _transform(graph, layer, states, config)
    _pool(graph, states)
    return graph.finish()


class _Graph:
    """Nodes and weights while they are gathered; every node has one output, named after what it is."""

    def __init__(self, state: Mapping[str, Array]) -> None:
        self._state = state
        self._nodes: list[onnx.NodeProto] = []
        self._weights: dict[str, Array] = {}

    def weight(self, name: str, *, turned: bool = False) -> str:
        """Take a weight of the network, transposed for a product from the left."""
        array = self._state[name]
        return self.constant(name, array.T if turned else array)

    def constant(self, name: str, array: Array) -> str:
        """Add an array."""
        self._weights[name] = np.ascontiguousarray(array)
        return name

    def node(self, kind: str, inputs: list[str], output: str, *, fused: bool = False, **attributes: Any) -> str:  # noqa: ANN401 - onnx decides
        """Add a node and return its output."""
        domain = FUSED if fused else ""
        self._nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def linear(self, name: str, inputs: str) -> str:
        """Add ``x W + b``."""
        product = self.node("MatMul", [inputs, self.weight(f"{name}.weight", turned=True)], f"{name}.product")
        return self.node("Add", [product, self.weight(f"{name}.bias")], name)

    def norm(self, name: str, inputs: str, epsilon: float) -> str:
        """Add a layer norm."""
        scale, shift = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.node("LayerNormalization", [inputs, scale, shift], name, axis=-1, epsilon=epsilon)

    def finish(self) -> onnx.ModelProto:
        """Return the model."""
        ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["tickets", "tokens"])
        scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["tickets", "columns"])
        weights = [numpy_helper.from_array(array, name) for name, array in self._weights.items()]
        graph = helper.make_graph(self._nodes, "tickets", [ids], [scores], weights)
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(FUSED, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR)


def _embed(graph: _Graph, epsilon: float) -> str:
    """Add the embeddings (B, T, H): words, positions and the one token type."""
    at = "encoder.embeddings"
    words = graph.node("Gather", [graph.weight(f"{at}.word_embeddings.weight"), "input_ids"], f"{at}.words")
    positions = graph.weight(f"{at}.position_embeddings.weight")
    length = graph.node("Shape", ["input_ids"], f"{at}.length", start=1, end=2)  # (1,): T
    start = graph.constant(f"{at}.start", np.zeros(1, dtype=np.int64))
    here = graph.node("Slice", [positions, start, length], f"{at}.positions")  # (T, H)
    kind = graph.constant(f"{at}.kind", graph._state[f"{at}.token_type_embeddings.weight"][0])
    placed = graph.node("Add", [words, graph.node("Add", [here, kind], f"{at}.here")], f"{at}.placed")
    return graph.norm(f"{at}.LayerNorm", placed, epsilon)


def _transform(graph: _Graph, layer: int, states: str, config: PretrainedConfig) -> str:
    """Add one transformer layer, (B, T, H) to (B, T, H)."""
    at = f"encoder.encoder.layer.{layer}"
    parts = [graph.linear(f"{at}.attention.self.{part}", states) for part in ("query", "key", "value")]
    heads = config.num_attention_heads
    mixed = graph.node("MultiHeadAttention", parts, f"{at}.mixed", fused=True, num_heads=heads)
    attended = graph.linear(f"{at}.attention.output.dense", mixed)
    # Add and LayerNormalization apart: the fused SkipLayerNormalization took several times as long (onnxruntime 1.32).
    summed = graph.node("Add", [states, attended], f"{at}.attention.summed")
    states = graph.norm(f"{at}.attention.output.LayerNorm", summed, config.layer_norm_eps)
    wide = graph.node("Gelu", [graph.linear(f"{at}.intermediate.dense", states)], f"{at}.wide", fused=True)
    summed = graph.node("Add", [states, graph.linear(f"{at}.output.dense", wide)], f"{at}.summed")
    return graph.norm(f"{at}.output.LayerNorm", summed, config.layer_norm_eps)


def _pool(graph: _Graph, states: str) -> None:
    """Add the pooled states (B, 2H), mean and highest over the tokens, and the scores (B, C), in double precision."""
    tokens = graph.constant("tokens_axis", np.array([1], dtype=np.int64))
    exact = graph.node("Cast", [states], "states_exact", to=TensorProto.DOUBLE)
    parts = [graph.node(kind, [exact, tokens], kind, keepdims=0) for kind in ("ReduceMean", "ReduceMax")]
    pooled = graph.node("Concat", parts, "pooled", axis=-1)
    weight = graph.constant("heads", graph._state["heads.weight"].T.astype(np.float64))
    bias = graph.constant("heads_bias", graph._state["heads.bias"].astype(np.float64))
    scores = graph.node("Gemm", [pooled, weight, bias], "scores_exact")
    graph.node("Cast", [scores], "scores", to=TensorProto.FLOAT)
