"""From the float network to what runs: ONNX with int8 weights."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from pathlib import Path

import torch

from pipeline.learn.network import TicketClassifier

__all__ = ["export_onnx"]


def export_onnx(model: TicketClassifier, target: Path, *, longest: int) -> None:
    """Write the classifier as ONNX, its weights and embeddings quantised to int8.

    Parameters
    ----------
    model : TicketClassifier
        In evaluation mode, on the CPU.
    target : Path
        The ONNX file: ``input_ids`` and ``attention_mask`` (B, T) of int64 in, ``scores`` (B, columns) out.
    longest : int
        Most tokens of a ticket.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415 - training only

    with tempfile.TemporaryDirectory() as folder:
        exact = Path(folder) / "exact.onnx"
        _export_exact(model, exact, longest)
        quantize_dynamic(exact, target, weight_type=QuantType.QInt8, per_channel=True)


def _export_exact(model: TicketClassifier, target: Path, longest: int) -> None:
    """Write the classifier as fp32 ONNX; the exporter's chatter is kept from the user."""
    ids = torch.randint(5, 100, (3, 20))
    tickets, tokens = torch.export.Dim("tickets"), torch.export.Dim("tokens", min=2, max=max(longest, 3))
    shape = {0: tickets, 1: tokens}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (ids, torch.ones_like(ids)),
            target,
            input_names=["input_ids", "attention_mask"],
            output_names=["scores"],
            dynamic_shapes={"input_ids": shape, "attention_mask": shape},
            dynamo=True,
            external_data=False,
            verbose=False,
        )
