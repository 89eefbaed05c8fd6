"""From the float network to what runs: ONNX with int8 weights.

A folder that was trained before can be exported anew from its ``model.safetensors``:

    python -m pipeline.learn.export models/mine
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import json
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import onnx
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel

from pipeline.errors import ModelError, YousuError
from pipeline.infer.folder import ModelCard, fingerprint
from pipeline.infer.tokens import TextEncoder
from pipeline.learn.graph import bert_graph, is_plain_bert
from pipeline.learn.network import TicketClassifier
from pipeline.learn.quantize import measure_ranges, quantize
from pipeline.tables import DATA
from pipeline.text.prepare import prepare
from pipeline.tickets import open_export

__all__ = ["authored_sample", "export_again", "export_onnx", "load_network"]

_SAMPLE = 512
"""Texts on which the activations are measured."""


def authored_sample(tokenizer: Tokenizer, longest: int) -> list[list[int]]:
    """Return the token ids of authored complaints, for a model whose own training texts are not at hand."""
    encoder = TextEncoder(tokenizer, longest)
    with open_export(DATA / "complaints.csv") as export:
        tickets = list(export)
    step = max(1, len(tickets) // _SAMPLE)
    return [encoder.ids(prepare(ticket.title, ticket.text)) for ticket in islice(tickets, 0, None, step)]


def export_onnx(
    model: TicketClassifier, target: Path, *, longest: int, sample: Sequence[Sequence[int]]
) -> onnx.ModelProto:
    """Write the classifier as ONNX, its weights and embeddings quantised to int8.

    Parameters
    ----------
    model : TicketClassifier
        In evaluation mode, on the CPU.
    target : Path
        The ONNX file: ``input_ids`` (B, T) of int64 in, rows of one length; ``scores`` (B, columns) out. A graph of an
        encoder other than BERT takes an ``attention_mask`` as well.
    longest : int
        Most tokens of a ticket.
    sample : sequence of sequences of int
        Token ids of typical texts, on which the ranges of the activations are measured.

    Returns
    -------
    ModelProto
        The graph in fp32, for comparison.
    """
    plain = is_plain_bert(model.encoder.config)  # type: ignore[arg-type]
    exact = bert_graph(model) if plain else _export_exact(model, longest)
    spread = sample[:: max(1, len(sample) // _SAMPLE)]
    onnx.save(quantize(exact, measure_ranges(exact, spread)), target)
    return exact


def load_network(folder: Path) -> tuple[TicketClassifier, Tokenizer]:
    """Open the float network of a model folder, in evaluation mode.

    Raises
    ------
    ModelError
        If the folder is damaged.
    """
    card = ModelCard.load(folder)
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        kind = {"add_pooling_layer": False} if config.model_type in {"bert", "roberta"} else {}
        encoder = AutoModel.from_config(config, trust_remote_code=False, **kind)
        network = TicketClassifier(encoder, config.hidden_size, sum(head.columns for head in card.heads))
        state = {name: tensor.float() for name, tensor in load_file(folder / "model.safetensors").items()}
        network.load_state_dict(state)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # safetensors, tokenizers and torch raise classes of their own
        raise ModelError("模型目录不完整或已损坏", where=folder, remedy="重新复制整个模型目录") from error
    return network.eval(), tokenizer


def export_again(folder: Path) -> ModelCard:
    """Write ``model.onnx`` anew from a folder's own weights; the version that rows carry changes with it.

    Raises
    ------
    ModelError
        If the folder is damaged.
    """
    card = ModelCard.load(folder)
    network, tokenizer = load_network(folder)
    beside = folder / ".model.onnx.partial"
    try:
        export_onnx(network, beside, longest=card.longest, sample=authored_sample(tokenizer, card.longest))
        name = card.version.rpartition("-")[0]
        card = dataclasses.replace(card, version=f"{name}-{fingerprint(beside)[:8]}")
        with beside.open("rb") as stream:
            os.fsync(stream.fileno())
        beside.replace(folder / "model.onnx")
    finally:
        beside.unlink(missing_ok=True)
    card.save(folder)
    figures = folder / "metrics.json"
    if figures.exists():
        record = {**json.loads(figures.read_text(encoding="utf-8")), "version": card.version}
        figures.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return card


def _export_exact(model: TicketClassifier, longest: int) -> onnx.ModelProto:
    """Return the classifier as torch writes it, in fp32; the exporter's chatter is kept from the user."""
    ids = torch.randint(5, 100, (3, 20))
    tickets, tokens = torch.export.Dim("tickets"), torch.export.Dim("tokens", min=2, max=max(longest, 3))
    shape = {0: tickets, 1: tokens}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with (
        tempfile.TemporaryDirectory() as folder,
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        target = Path(folder) / "exact.onnx"
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
        return onnx.load(target)


if __name__ == "__main__":
    _parser = argparse.ArgumentParser(description="用模型目录里的权重重新生成 model.onnx")
    _parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    try:
        for _folder in _parser.parse_args().folders:
            print(export_again(_folder).version)  # noqa: T201 - this is the command's voice
    except YousuError as _error:
        sys.exit(_error.line())
