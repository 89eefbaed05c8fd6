"""Fine-tune an encoder on labelled tickets: a short loop that yields its progress."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer

from pipeline.errors import ModelError
from pipeline.infer.heads import Head
from pipeline.infer.tokens import TextEncoder, batches
from pipeline.learn.data import Labelled
from pipeline.learn.network import TicketClassifier

__all__ = ["FitRecipe", "Progress", "fit", "load_base", "score"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class FitRecipe:
    """How a classifier is fine-tuned.

    Parameters
    ----------
    epochs : int
        Passes over the training part at the most; the best epoch on the held-out part is kept.
    batch : int
        Tickets a step.
    rate : float
        Highest learning rate of the encoder; the heads take three times as much.
    dropout : float
        Before the heads.
    smoothing : float
        Label smoothing (Szegedy et al. 2016, arXiv:1512.00567).
    balance : float
        Class weights are (share of the label) to the power of minus this; 0 is none, 1 is fully balanced.
    omitted : float
        Share of tokens left out of a ticket each time it is read, so that no answer hangs on one word.
    longest : int
        Most tokens of a ticket.
    seed : int
        Of the order, the dropout, the tokens left out and the first weights of the heads.
    """

    epochs: int = 4
    batch: int = 64
    rate: float = 5e-4
    dropout: float = 0.1
    smoothing: float = 0.05
    balance: float = 0.3
    omitted: float = 0.1
    longest: int = 192
    seed: int = 1


@dataclass(frozen=True)
class Progress:
    """Where a fit stands after a step.

    Parameters
    ----------
    step, steps : int
        Done, and to do.
    loss : float
        Of this step.
    held_out : float or None
        Mean accuracy over the heads on the held-out part, at the end of an epoch.
    best : bool
        Whether that is the best so far.
    """

    step: int
    steps: int
    loss: float
    held_out: float | None = None
    best: bool = False


def load_base(base: str, columns: int, recipe: FitRecipe) -> tuple[TicketClassifier, Tokenizer]:
    """Open an encoder with its tokenizer and put fresh heads on it.

    Parameters
    ----------
    base : str
        A local folder (``models/base``), or the name of any Hugging Face encoder where a hub can be reached. Code that
        comes with a model is never run.
    columns : int
        Scores of all heads together.
    recipe : FitRecipe
        For dropout and seed.

    Raises
    ------
    ModelError
        If the folder holds no encoder.
    """
    torch.manual_seed(recipe.seed)
    try:
        config = AutoConfig.from_pretrained(base, local_files_only=Path(base).is_dir(), trust_remote_code=False)
        # Dropout inside a small encoder costs a third of the time on a CPU (the fast attention kernel has none).
        config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
        kind = {"add_pooling_layer": False} if config.model_type in {"bert", "roberta"} else {}
        encoder = AutoModel.from_pretrained(base, config=config, dtype=torch.float32, use_safetensors=True, **kind)
        tokenizer = AutoTokenizer.from_pretrained(base, use_fast=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise ModelError("打不开基础编码器", where=base, remedy="检查 --base,应为含 config.json 的本地目录") from error
    return TicketClassifier(encoder, config.hidden_size, columns, recipe.dropout), tokenizer.backend_tokenizer


class _Targets:
    """What the heads should say of each training row, as tensors, and the loss against it."""

    def __init__(self, data: Labelled, heads: Sequence[Head], recipe: FitRecipe) -> None:
        self._heads = heads
        self._recipe = recipe
        self._primary = [torch.from_numpy(data.targets(head)) for head in heads]
        self._flags = [torch.from_numpy(data.flags(head)) for head in heads]
        self._weights = [
            _class_weights(primary, len(head.labels), recipe.balance)
            for head, primary in zip(heads, self._primary, strict=True)
        ]

    def loss(self, scores: Tensor, rows: npt.NDArray[np.int64]) -> Tensor:
        """Return the sum of the heads' losses; ``scores`` is (B, columns)."""
        total = scores.new_zeros(())
        parts = scores.float().split([head.columns for head in self._heads], dim=1)
        for number, (head, part) in enumerate(zip(self._heads, parts, strict=True)):
            primary = self._primary[number][rows]  # (B,)
            count = len(head.labels)
            if bool((primary >= 0).any()):
                total = total + nn.functional.cross_entropy(
                    part[:, :count],
                    primary,
                    weight=self._weights[number],
                    ignore_index=-1,
                    label_smoothing=self._recipe.smoothing,
                )
            if head.kind == "multi":
                flags = self._flags[number][rows]  # (B, C)
                total = total + nn.functional.binary_cross_entropy_with_logits(part[:, count:], flags) * 2
        return total


def _class_weights(primary: Tensor, labels: int, balance: float) -> Tensor:
    """Return one weight per label, 1 on average over the rows."""
    counts = torch.bincount(primary[primary >= 0], minlength=labels).clamp(min=1).float()
    weights = (counts / counts.sum()) ** -balance
    return weights * counts.sum() / (weights * counts).sum()


def _order(lengths: Sequence[int], batch: int, rng: np.random.Generator) -> list[npt.NDArray[np.int64]]:
    """Return batches of rows in random order, tickets of similar length together to save padding."""
    order = rng.permutation(len(lengths))
    grouped = []
    for start in range(0, len(order), 16 * batch):
        window = order[start : start + 16 * batch]
        window = window[np.argsort([lengths[row] for row in window], kind="stable")]
        grouped += [window[at : at + batch] for at in range(0, len(window), batch)]
    rng.shuffle(grouped)
    return grouped


def _thinned(ids: Sequence[int], share: float, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return a ticket's ids with a share of them left out; the first and the last, which frame it, stay."""
    kept = rng.random(len(ids)) >= share
    kept[[0, -1]] = True
    return np.asarray(ids, dtype=np.int64)[kept]


def _padded(tickets: Sequence[npt.NDArray[np.int64]]) -> tuple[Tensor, Tensor]:
    """Return ids and mask (B, T) of some tickets in their order."""
    lengths = torch.tensor([len(ids) for ids in tickets])
    ids = nn.utils.rnn.pad_sequence([torch.from_numpy(ids) for ids in tickets], batch_first=True)  # (B, T)
    return ids, (torch.arange(ids.shape[1])[None] < lengths[:, None]).long()


def _optimizer(model: TicketClassifier, recipe: FitRecipe) -> torch.optim.Optimizer:
    """Return AdamW; the heads start from nothing and learn faster than the encoder."""
    groups = [
        {"params": list(model.encoder.parameters()), "highest": recipe.rate},
        {"params": list(model.heads.parameters()), "highest": 3 * recipe.rate},
    ]
    return torch.optim.AdamW(groups, lr=recipe.rate, weight_decay=0.01, fused=True)


def _set_rate(optimizer: torch.optim.Optimizer, step: int, steps: int) -> None:
    """Warm up over a tenth, then down to nothing by a cosine."""
    warm = max(1, steps // 10)
    share = (step + 1) / warm if step < warm else 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
    for group in optimizer.param_groups:
        group["lr"] = group["highest"] * share


def score(model: TicketClassifier, encoded: Sequence[Sequence[int]]) -> Floats:
    """Return the float model's scores (N, columns)."""
    model.eval()
    device = next(model.parameters()).device
    scores = np.zeros((len(encoded), model.heads.out_features), dtype=np.float32)
    with torch.inference_mode(), torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
        for rows, ids, mask in batches(encoded):
            out = model(torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device))
            scores[rows] = out.float().cpu().numpy()
    return scores


def _held_out_accuracy(
    model: TicketClassifier, encoded: Sequence[Sequence[int]], held: Labelled, heads: Sequence[Head]
) -> float:
    """Return the mean accuracy over the heads."""
    parts = np.split(score(model, encoded), np.cumsum([head.columns for head in heads])[:-1], axis=1)
    right = []
    for head, part in zip(heads, parts, strict=True):
        truth = held.targets(head)
        answers = part[:, : len(head.labels)].argmax(axis=1)
        right.append(float((answers == truth)[truth >= 0].mean()) if (truth >= 0).any() else 1.0)
    return float(np.mean(right))


def fit(
    model: TicketClassifier,
    encoder: TextEncoder,
    data: Labelled,
    heads: Sequence[Head],
    *,
    recipe: FitRecipe,
    held: Labelled,
) -> Iterator[Progress]:
    """Train ``model`` in place; at the end it holds the weights of the best epoch.

    Yields
    ------
    Progress
        After every step; with the held-out accuracy after every epoch.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device)
    encoded = [encoder.ids(text) for text in data.texts]
    unseen = [encoder.ids(text) for text in held.texts]
    targets = _Targets(data, heads, recipe)
    optimizer = _optimizer(model, recipe)
    steps = recipe.epochs * math.ceil(len(data) / recipe.batch)
    best, kept, step = -1.0, None, 0
    for epoch in range(recipe.epochs):
        model.train()
        rng = np.random.default_rng([recipe.seed, epoch])
        for rows in _order([len(ids) for ids in encoded], recipe.batch, rng):
            _set_rate(optimizer, step, steps)
            ids, mask = _padded([_thinned(encoded[row], recipe.omitted, rng) for row in rows])
            with torch.autocast(device.type, dtype=torch.bfloat16):
                scores = model(ids.to(device), mask.to(device))
            loss = targets.loss(scores.cpu(), rows)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1
            yield Progress(step, steps, loss.item())
        accuracy = _held_out_accuracy(model, unseen, held, heads)
        if accuracy > best:
            best, kept = accuracy, copy.deepcopy(model.state_dict())
        yield Progress(step, steps, loss.item(), accuracy, accuracy == best)
    if kept is not None:
        model.load_state_dict(kept)
    model.cpu().eval()
