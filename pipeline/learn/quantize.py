"""From fp32 to int8 with fixed scales: what a ticket gets never depends on which tickets share its batch.

Dynamic quantisation takes the scale of the activations from whatever is in the batch. Here it is measured once, on a
sample of texts, and written into the graph: weights are int8 with one scale per output (zero point 0), activations
uint8 with one scale and zero point per tensor, embeddings int8 with one scale per entry (Jacob et al. 2018,
arXiv:1712.05877). Sums are exact 32-bit integers; products leave as floats, so nothing is rounded twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from pipeline.learn.graph import FUSED

__all__ = ["Range", "measure_ranges", "quantize"]

Range = tuple[float, float]
"""Lowest and highest value of a tensor, 0 within."""

_LEVELS = 255
_WEIGHT_STEPS = 63
"""Seven bits: two products of 8 x 7 bits fit into the 16-bit sums of processors without VNNI, where eight saturate."""
_TABLE_STEPS = 127
_TABLE_ENTRIES = 512
"""A table of embeddings with fewer entries stays in fp32."""


def measure_ranges(model: onnx.ModelProto, sample: Iterable[Sequence[int]]) -> dict[str, Range]:
    """Run a graph over a sample and return the range of each tensor that is multiplied by weights.

    Parameters
    ----------
    model : ModelProto
        In fp32.
    sample : iterable of sequences of int
        Token ids of texts like those that the model will see.

    Raises
    ------
    ValueError
        If the sample is empty.
    """
    names = list(dict.fromkeys(node.input[0] for node in _products(model)))
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    watched.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    masked = len(session.get_inputs()) > 1
    extremes = []
    for row in sample:
        ids = np.array([row], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)} if masked else {"input_ids": ids}
        extremes.append([(tensor.min(), tensor.max()) for tensor in session.run(names, feed)])
    if not extremes:
        msg = "no sample to measure the activations on"
        raise ValueError(msg)
    array = np.array(extremes, dtype=np.float32)  # (N, tensors, 2)
    lowest, highest = np.minimum(array[..., 0].min(axis=0), 0), np.maximum(array[..., 1].max(axis=0), 0)
    return dict(zip(names, zip(lowest.tolist(), highest.tolist(), strict=True), strict=True))


def quantize(model: onnx.ModelProto, ranges: Mapping[str, Range]) -> onnx.ModelProto:
    """Return the graph with int8 weights and embeddings.

    Parameters
    ----------
    model : ModelProto
        In fp32; what is not a product with constant weights or a look-up in a large table stays as it is.
    ranges : mapping of str to (float, float)
        As :func:`measure_ranges` gives them.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    rewriter = _Rewriter(result, ranges)
    nodes = [new for node in model.graph.node for new in rewriter.rewrite(node)]
    del result.graph.node[:]
    result.graph.node.extend(nodes)
    rewriter.put_weights(result)
    if not any(entry.domain == FUSED for entry in result.opset_import):
        result.opset_import.append(helper.make_opsetid(FUSED, 1))
    return result


def _products(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Return the products of something with a constant matrix of floats."""
    matrices = {
        weight.name
        for weight in model.graph.initializer
        if len(weight.dims) == 2 and weight.data_type == TensorProto.FLOAT
    }
    return [node for node in model.graph.node if node.op_type == "MatMul" and node.input[1] in matrices]


class _Rewriter:
    """Replaces nodes one by one, in order."""

    def __init__(self, model: onnx.ModelProto, ranges: Mapping[str, Range]) -> None:
        self._weights = {weight.name: numpy_helper.to_array(weight) for weight in model.graph.initializer}
        self._ranges = ranges
        self._products = {node.output[0] for node in _products(model)}
        self._uses = Counter(name for node in model.graph.node for name in node.input)
        self._biased = self._find_biases(model.graph.node)
        self._merged = {bias.output[0] for bias in self._biased.values()}
        self._steps: set[str] = set()

    def _find_biases(self, nodes: Iterable[onnx.NodeProto]) -> dict[str, onnx.NodeProto]:
        """Return, by product, the addition of a bias that is all that uses it."""
        found = {}
        for node in nodes:
            if node.op_type == "Add" and node.input[0] in self._products and self._uses[node.input[0]] == 1:
                bias = self._weights.get(node.input[1])
                if bias is not None and bias.ndim == 1:
                    found[node.input[0]] = node
        return found

    def rewrite(self, node: onnx.NodeProto) -> Iterable[onnx.NodeProto]:
        """Yield what stands in a node's place."""
        if node.output[0] in self._products:
            yield from self._multiply(node)
        elif node.output[0] in self._merged:
            return
        elif node.op_type == "Gather" and self._is_table(node.input[0]):
            yield from self._look_up(node)
        else:
            yield node

    def put_weights(self, model: onnx.ModelProto) -> None:
        """Write the weights that are still used, old and new."""
        used = {name for node in model.graph.node for name in node.input}
        del model.graph.initializer[:]
        model.graph.initializer.extend(
            numpy_helper.from_array(array, name) for name, array in self._weights.items() if name in used
        )

    def _is_table(self, name: str) -> bool:
        table = self._weights.get(name)
        return table is not None and table.ndim == 2 and table.dtype == np.float32 and len(table) >= _TABLE_ENTRIES

    def _add(self, name: str, array: npt.ArrayLike) -> str:
        self._weights[name] = np.asarray(array)
        return name

    def _multiply(self, node: onnx.NodeProto) -> Iterable[onnx.NodeProto]:
        """Yield the rounding of the left side, once for all products that share it, and the integer product."""
        left, right = node.input
        if left not in self._steps:
            self._steps.add(left)
            step, zero = _affine(self._ranges[left])
            self._add(f"{left}.step", step)
            self._add(f"{left}.zero", zero)
            yield helper.make_node("QuantizeLinear", [left, f"{left}.step", f"{left}.zero"], [f"{left}.int8"])
        integers, steps = _symmetric(self._weights[right], axis=0, most=_WEIGHT_STEPS)
        inputs = [f"{left}.int8", self._add(f"{right}.int8", integers), f"{left}.step"]
        inputs += [self._add(f"{right}.step", steps), f"{left}.zero", ""]
        bias = self._biased.get(node.output[0])
        if bias is not None:
            inputs.append(bias.input[1])
        output = bias.output[0] if bias is not None else node.output[0]
        yield helper.make_node("MatMulIntegerToFloat", inputs, [output], name=node.name, domain=FUSED)

    def _look_up(self, node: onnx.NodeProto) -> Iterable[onnx.NodeProto]:
        """Yield the look-up of int8 entries and of what their steps are worth."""
        table, output = node.input[0], node.output[0]
        integers, steps = _symmetric(self._weights[table], axis=1, most=_TABLE_STEPS)
        self._add(f"{table}.int8", integers)
        self._add(f"{table}.step", steps[:, None])
        yield helper.make_node("Gather", [f"{table}.int8", node.input[1]], [f"{output}.int8"])
        yield helper.make_node("Cast", [f"{output}.int8"], [f"{output}.float"], to=TensorProto.FLOAT)
        yield helper.make_node("Gather", [f"{table}.step", node.input[1]], [f"{output}.step"])
        yield helper.make_node("Mul", [f"{output}.float", f"{output}.step"], [output])


def _affine(span: Range) -> tuple[np.float32, np.uint8]:
    """Return step and zero point of a tensor, so that 0 is exact (padding, ReLU)."""
    lowest, highest = span
    step = max(highest - lowest, 1e-6) / _LEVELS
    return np.float32(step), np.uint8(np.clip(round(-lowest / step), 0, _LEVELS))


def _symmetric(
    array: npt.NDArray[np.float32], *, axis: int, most: int
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Return integers of -``most`` to ``most`` and the step along the other axis."""
    steps = np.maximum(np.abs(array).max(axis=axis), 1e-9) / most
    integers = np.rint(array / (steps if axis == 0 else steps[:, None]))
    return integers.astype(np.int8), steps.astype(np.float32)
