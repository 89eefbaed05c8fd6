"""Pretrain the small Chinese encoder: masked words, packed blocks, resumable, the same on CPU and GPU.

    python -m pipeline.learn.pretrain CORPUS WORK [--tokens 200e6] [--layers 4 --width 256] [--start models/base]
                                      [--out models/base]

``WORK`` keeps the vocabulary, the encoded corpus and the last checkpoint (outside the repository); the same command
resumes from there. ``--start`` goes on from an encoder that is already there, with its vocabulary: for more tokens than
one run had time for, or to make it at home in another city's texts. The learning rate is warmed up, held, and brought
down over the last tenth (warm-up, stable, decay: Hu et al. 2024, arXiv:2404.06395), so a run can be prolonged from a
checkpoint of its stable part. Matrices are stepped by Muon (Jordan et al. 2024), everything else by AdamW.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import nn
from tqdm import tqdm
from transformers import BertConfig

from pipeline.learn.corpus import WORD_START, EncodedCorpus, count_words, encode_corpus
from pipeline.learn.network import MaskedWords, save_encoder
from pipeline.learn.vocabulary import MASK, SPECIALS, choose_entries, entry_id, make_tokenizer, save_tokenizer

__all__ = ["Recipe", "hide_words", "learning_rate", "pretrain"]

Ids = npt.NDArray[np.int64]
LONGEST = 256
"""Positions that pretraining reaches; a ticket of more tokens is cut to its head and tail."""


@dataclass(frozen=True)
class Recipe:
    """What a pretraining run is made of.

    Parameters
    ----------
    layers, width : int
        Of the encoder; heads are ``width // 64``, the inner layer is four times as wide.
    tokens : int
        How many tokens to read in all, over however many epochs.
    batch, length : int
        Blocks a step, and tokens a block.
    rate : float
        Learning rate of the stable part.
    hidden : float
        Share of words hidden.
    seed : int
        Of the order of documents, the hidden words and the first weights.
    """

    layers: int = 4
    width: int = 256
    tokens: int = 100_000_000
    batch: int = 64
    length: int = 128
    rate: float = 1e-3
    hidden: float = 0.2
    seed: int = 1

    @property
    def steps(self) -> int:
        """Number of optimizer steps."""
        return math.ceil(self.tokens / (self.batch * self.length))

    def config(self, entries: int) -> BertConfig:
        """Return the encoder's configuration for a vocabulary of so many entries."""
        return BertConfig(
            vocab_size=entries,
            hidden_size=self.width,
            num_hidden_layers=self.layers,
            num_attention_heads=self.width // 64,
            intermediate_size=4 * self.width,
            max_position_embeddings=512,
            type_vocab_size=2,
            # A corpus read once or twice is not overfitted, and attention without dropout takes the fast kernel.
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )


def learning_rate(step: int, recipe: Recipe) -> float:
    """Return the rate at a step: linear warm-up over 2 %, then level, then linear to nothing over the last tenth."""
    warm = min(1.0, (step + 1) / max(1, recipe.steps // 50))
    cool = min(1.0, (recipe.steps - step) / max(1, recipe.steps // 10))
    return recipe.rate * warm * cool


def hide_words(
    block: npt.NDArray[np.uint16], share: float, mask: int, entries: int, rng: np.random.Generator
) -> tuple[Ids, npt.NDArray[np.bool_], Ids]:
    """Hide whole words of packed blocks, as in BERT: 80 % masked, 10 % another entry, 10 % left as they are.

    Parameters
    ----------
    block : ndarray of uint16, shape (B, T)
        Ids with :data:`WORD_START` on first tokens.
    share : float
        Share of words to hide.
    mask, entries : int
        The mask's id, and the size of the vocabulary.
    rng : Generator
        Source of chance.

    Returns
    -------
    tuple
        Input ids (B, T), which positions are hidden (B, T), and the ids that were there (B, T).
    """
    ids = (block & ~WORD_START).astype(np.int64)
    word = np.cumsum(block >= WORD_START)  # (B * T,) number of the word each token belongs to
    fate = rng.random(word[-1] + 1)[word].reshape(ids.shape)
    hidden = (fate < share) & (ids >= len(SPECIALS))
    shown = ids.copy()
    shown[hidden & (fate < 0.8 * share)] = mask
    chance = hidden & (fate >= 0.8 * share) & (fate < 0.9 * share)
    shown[chance] = rng.integers(len(SPECIALS), entries, int(chance.sum()))
    return shown, hidden, ids


def _optimizers(model: nn.Module, rate: float) -> list[torch.optim.Optimizer]:
    """Return Muon for the layers' matrices and AdamW for embeddings, biases and norms."""
    matrices: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        (matrices if parameter.ndim == 2 and "embeddings" not in name else rest).append(parameter)
    return [
        torch.optim.Muon(matrices, lr=rate, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


class Checkpoint:
    """The last state of a run, as safetensors and JSON: weights, optimizer moments, step."""

    def __init__(self, folder: Path) -> None:
        self._tensors = folder / "checkpoint.safetensors"
        self._state = folder / "checkpoint.json"

    def save(self, model: nn.Module, optimizers: list[torch.optim.Optimizer], step: int) -> None:
        """Write beside and rename, so a killed run finds a whole checkpoint."""
        tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
        for number, optimizer in enumerate(optimizers):
            for index, moments in optimizer.state_dict()["state"].items():
                for name, value in moments.items():
                    tensors[f"optimizer.{number}.{index}.{name}"] = torch.as_tensor(value)
        beside = self._tensors.with_suffix(".partial")
        save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, beside)
        beside.replace(self._tensors)
        self._state.write_text(json.dumps({"step": step}))

    def load(self, model: nn.Module, optimizers: list[torch.optim.Optimizer]) -> int:
        """Restore a run if there is one; return the step to go on with."""
        if not (self._tensors.exists() and self._state.exists()):
            return 0
        tensors = load_file(self._tensors)
        model.load_state_dict({name[6:]: value for name, value in tensors.items() if name.startswith("model.")})
        for number, optimizer in enumerate(optimizers):
            state: dict[int, dict[str, torch.Tensor]] = {}
            prefix = f"optimizer.{number}."
            for name, value in tensors.items():
                if name.startswith(prefix):
                    index, moment = name.removeprefix(prefix).split(".")
                    state.setdefault(int(index), {})[moment] = value
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        return int(json.loads(self._state.read_text())["step"])


def _batches(corpus: EncodedCorpus, recipe: Recipe, start: int) -> Iterator[tuple[npt.NDArray[np.uint16], int]]:
    """Yield ``(blocks of one step (B, T), epoch)`` from step ``start`` on, the same whether resumed or not."""
    step, epoch = 0, 0
    while True:
        blocks = corpus.blocks(corpus.epoch(np.random.default_rng([recipe.seed, epoch])), recipe.length)
        while len(batch := [block for _, block in zip(range(recipe.batch), blocks, strict=False)]) == recipe.batch:
            if step >= start:
                yield np.stack(batch), epoch
            step += 1
        epoch += 1


def _held_out_loss(model: MaskedWords, corpus: EncodedCorpus, recipe: Recipe, mask: int) -> float:
    """Return the mean loss per hidden token on held-out documents, with the same words hidden every time."""
    rng = np.random.default_rng(0)
    blocks = corpus.blocks(corpus.epoch(rng, held_out=True), recipe.length)
    losses = []
    model.eval()
    with torch.no_grad():
        for batch in iter(lambda: [block for _, block in zip(range(16), blocks, strict=False)], []):
            losses.append(_loss(model, np.stack(batch), recipe, mask, rng).item())
            if len(losses) == 16:
                break
    model.train()
    return float(np.mean(losses))


def _loss(
    model: MaskedWords, block: npt.NDArray[np.uint16], recipe: Recipe, mask: int, rng: np.random.Generator
) -> torch.Tensor:
    """Return the mean loss over the hidden tokens of a batch."""
    device = next(model.parameters()).device
    shown, hidden, ids = hide_words(block, recipe.hidden, mask, model.entries, rng)
    # Half of the batches begin at position 0, the others anywhere up to LONGEST: tickets may be longer than a block.
    first = int(rng.integers(LONGEST - block.shape[1] + 1)) if model.training and rng.random() < 0.5 else 0
    with torch.autocast(device.type, dtype=torch.bfloat16):
        loss: torch.Tensor = model(
            torch.from_numpy(shown).to(device),
            torch.from_numpy(hidden).to(device),
            torch.from_numpy(ids).to(device),
            first,
        )
    return loss


def prepare(corpus: Path, work: Path, start: Path | None = None) -> tuple[Tokenizer, EncodedCorpus]:
    """Make vocabulary and encoded corpus, or open those that an earlier run made; ``start`` lends its vocabulary."""
    if not (work / "tokenizer.json").exists():
        work.mkdir(parents=True, exist_ok=True)
        if start is not None:
            save_tokenizer(Tokenizer.from_file(str(start / "tokenizer.json")), work)
        else:
            save_tokenizer(make_tokenizer(choose_entries(count_words(corpus))), work)
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    if not (work / "corpus.json").exists():
        encode_corpus(corpus, tokenizer, work)
    return tokenizer, EncodedCorpus.load(work)


def start_embeddings(model: MaskedWords, corpus: EncodedCorpus, recipe: Recipe) -> None:
    """Start the word embeddings from a CBOW word2vec of the same corpus (Mikolov et al. 2013, arXiv:1301.3781).

    One worker: several race for the same vectors, and a run could not be repeated.
    """
    from gensim.models import Word2Vec  # noqa: PLC0415 - only at the start of a run

    order = corpus.epoch(np.random.default_rng([recipe.seed, 0]))
    blocks = zip(range(80_000), corpus.blocks(order, recipe.length), strict=False)
    plain = [(block & ~WORD_START).astype(str).tolist() for _, block in blocks]
    vectors = Word2Vec(plain, vector_size=recipe.width, window=8, min_count=5, workers=1, epochs=1, seed=recipe.seed).wv
    table = model.bert.embeddings.word_embeddings.weight.data
    known = [int(key) for key in vectors.index_to_key]
    found = torch.from_numpy(vectors.vectors.copy())
    table[known] = (found - found.mean(0)) / found.std() * 0.04


class Pretraining:
    """A run that can be stopped and resumed.

    Parameters
    ----------
    corpus : Path
        Folder of ``*.txt.xz``, one document a line.
    work : Path
        Where vocabulary, encoded corpus, checkpoint, encoder and ``log.jsonl`` are kept.
    recipe : Recipe
        Sizes, rates, length of the run.
    start : Path, optional
        Encoder to go on from; without one, the embeddings start from word2vec and the rest from chance.
    """

    def __init__(self, corpus: Path, work: Path, recipe: Recipe, start: Path | None = None) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self._work = recipe, work
        self._tokenizer, self._corpus = prepare(corpus, work, start)
        self._mask = entry_id(self._tokenizer, MASK)
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model = MaskedWords(recipe.config(self._tokenizer.get_vocab_size())).to(device)
        self._optimizers = _optimizers(self._model, recipe.rate)
        self._checkpoint = Checkpoint(work)
        self.start = self._checkpoint.load(self._model, self._optimizers)
        if not self.start and start is not None:
            self._model.bert.load_state_dict(load_file(start / "model.safetensors"))
        elif not self.start:
            start_embeddings(self._model, self._corpus, recipe)

    def steps(self) -> Iterator[tuple[int, int, float]]:
        """Yield ``(steps done, epoch, loss)`` after each step that is left to do."""
        batches = _batches(self._corpus, self.recipe, self.start)
        for step, (block, epoch) in zip(range(self.start, self.recipe.steps), batches, strict=False):
            loss = _loss(self._model, block, self.recipe, self._mask, np.random.default_rng([self.recipe.seed, step]))
            loss.backward()
            nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
            for optimizer in self._optimizers:
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate(step, self.recipe)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            yield step + 1, epoch, loss.item()

    def keep(self, step: int) -> float:
        """Write checkpoint and encoder; return the held-out loss."""
        self._checkpoint.save(self._model, self._optimizers, step)
        self.save(self._work / "encoder")
        return _held_out_loss(self._model, self._corpus, self.recipe, self._mask)

    def save(self, folder: Path) -> None:
        """Write the encoder with its tokenizer and recipe."""
        save_encoder(self._model.bert, folder)
        save_tokenizer(self._tokenizer, folder)
        (folder / "pretraining.json").write_text(json.dumps(asdict(self.recipe), indent=1) + "\n")


def pretrain(
    corpus: Path, work: Path, recipe: Recipe, out: Path | None = None, *, start: Path | None = None, every: int = 250
) -> Path:
    """Run, or resume, a pretraining and write the encoder.

    Parameters
    ----------
    corpus, work, recipe
        As :class:`Pretraining` takes them.
    out : Path, optional
        Where the encoder goes at the end; ``WORK/encoder`` unless given.
    start : Path, optional
        As :class:`Pretraining` takes it.
    every : int
        Steps between checkpoints.

    Returns
    -------
    Path
        The encoder's folder: ``config.json``, ``model.safetensors``, ``tokenizer.json``.
    """
    run = Pretraining(corpus, work, recipe, start)
    began, losses = time.perf_counter(), []
    with (
        (work / "log.jsonl").open("a", encoding="utf-8") as log,
        tqdm(total=recipe.steps, initial=run.start, desc="pretraining", unit="step", disable=None) as bar,
    ):
        for step, epoch, loss in run.steps():
            losses.append(loss)
            bar.update()
            if step % every == 0 or step == recipe.steps:
                tokens = recipe.batch * recipe.length
                entry = {
                    "step": step,
                    "epoch": epoch,
                    "tokens": step * tokens,
                    "loss": round(float(np.mean(losses)), 4),
                    "held_out": round(run.keep(step), 4),
                    "tokens_per_second": round((step - run.start) * tokens / (time.perf_counter() - began)),
                }
                log.write(json.dumps(entry) + "\n")
                log.flush()
                losses.clear()
    run.save(out or work / "encoder")
    return out or work / "encoder"


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.learn.pretrain", description=__doc__.split("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--start", type=Path)
    for name in ("layers", "width", "batch", "length", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Recipe, name))
    parser.add_argument("--tokens", type=lambda text: int(float(text)), default=Recipe.tokens)
    parser.add_argument("--rate", type=float, default=Recipe.rate)
    parser.add_argument("--hidden", type=float, default=Recipe.hidden)
    given = vars(parser.parse_args())
    paths = {name: given.pop(name) for name in ("corpus", "work", "out", "start")}
    pretrain(recipe=Recipe(**given), **paths)


if __name__ == "__main__":
    main()
