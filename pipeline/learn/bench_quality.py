"""All figures of quality in one run: the shipped model, fresh models of several seeds, and retraining on other labels.

    python -m pipeline.learn.bench_quality SHARED [--model models/default] [--seeds 3] [--part PART]

``SHARED`` is the folder of labelled data that is not part of the repository. ``shipped`` takes a minute, each seed and
each retraining several, on two cores. Nothing here ever trains on ``complaints_dev.csv``.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.torch import load_file
from sklearn.metrics import cohen_kappa_score
from transformers import AutoConfig, AutoModel

from pipeline.infer.heads import Head, split_columns
from pipeline.infer.predictor import Predictor
from pipeline.infer.tokens import TextEncoder
from pipeline.learn.copies import COPIES
from pipeline.learn.data import Labelled, read_labelled, split
from pipeline.learn.evaluate import HeadFigures, judge, judge_chances
from pipeline.learn.fit import FitRecipe, score
from pipeline.learn.network import TicketClassifier
from pipeline.learn.public import write_public
from pipeline.learn.store import new_folder, write_model
from pipeline.learn.training import learn
from pipeline.learn.variety import distinct, nearest, told_apart
from pipeline.learn.yardstick import yardstick_answers
from pipeline.tables import DATA, ROOT
from pipeline.taxonomy import Taxonomy
from pipeline.text.prepare import prepare
from pipeline.text.signals import SignalBook
from pipeline.tickets import ColumnChoice, open_export

__all__ = ["RETRAININGS", "agreement", "joined", "steadiness"]

LABELS = ("domains", "urgency", "nature")
RETRAININGS = (
    ("messages_train.xlsx", "一级标签", "macro_f1", 0.924),
    ("haikou_dispatch_train.csv", "处置单位", "accuracy", 0.752),
    ("haikou_typed_train.xlsx", "工单类型", "macro_f1", 0.789),
)
"""Export, label column, figure, and what TF-IDF + LinearSVC was first reported to reach on such a split."""
_HELD_QUARTER = 0.25
_PARTS = ("shipped", "seeds", "retrain", "authored")


@dataclass(frozen=True)
class Joined:
    """Urgency as it leaves the house: the model's answer, raised by signals.

    Parameters
    ----------
    kappa : float
        Quadratic-weighted, against the truth.
    recall, precision : float
        Of the highest urgency, 0 to 1; ``nan`` where there is none.
    raised : int
        Rows that signals raised.
    """

    kappa: float
    recall: float
    precision: float
    raised: int


def joined(head: Head, texts: Sequence[str], answers: npt.NDArray[np.int64], truth: npt.NDArray[np.int64]) -> Joined:
    """Raise the model's urgencies by the signals in the texts and compare with the truth."""
    taxonomy, book = Taxonomy.load(), SignalBook.load()
    ranks = {one.id: head.labels.index(one.name) for one in taxonomy.urgencies if one.name in head.labels}
    final = answers.copy()
    for row, text in enumerate(texts):
        final[row] = max(final[row], *(ranks.get(signal.urgency, 0) for signal in book.find(text)), 0)
    top = len(head.labels) - 1
    meant, said = truth == top, final == top
    hits = float((meant & said).sum())
    return Joined(
        kappa=float(cohen_kappa_score(truth, final, weights="quadratic")),
        recall=hits / meant.sum() if meant.any() else float("nan"),
        precision=hits / said.sum() if said.any() else float("nan"),
        raised=int((final != answers).sum()),
    )


def agreement(folder: Path, texts: Sequence[str]) -> dict[str, float]:
    """Return, by head, how often the int8 model and the float weights give the same top label."""
    predictor = Predictor(folder)
    heads = predictor.card.heads
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    encoder = AutoModel.from_config(config, add_pooling_layer=False)
    network = TicketClassifier(encoder, config.hidden_size, sum(head.columns for head in heads))
    network.load_state_dict({name: tensor.float() for name, tensor in load_file(folder / "model.safetensors").items()})
    words = TextEncoder.load(folder, predictor.card.longest)
    exact = split_columns(heads, score(network, [words.ids(text) for text in texts]))
    wide = predictor.linear_scores(texts)
    same = {}
    for head, scores, linear, chances in zip(heads, exact, wide, predictor.chances(texts), strict=True):
        same[head.name] = float((head.join(scores, linear).argmax(1) == chances.argmax(1)).mean())
    return same


def steadiness(predictor: Predictor, raw: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return, by kind of copy and head, how often a copy of a text gets the answer of the text itself."""
    first = [chances.argmax(1) for chances in predictor.chances([prepare("", text) for text in raw])]
    names = [head.name for head in predictor.card.heads]
    kept: dict[str, dict[str, float]] = {}
    for kind, copy in COPIES.items():
        rng = np.random.default_rng(0)
        again = predictor.chances([prepare("", copy(text, rng)) for text in raw])
        same = [float((chances.argmax(1) == before).mean()) for chances, before in zip(again, first, strict=True)]
        kept[kind] = dict(zip(names, same, strict=True))
    return kept


def _row(*cells: object) -> str:
    """Return one row of a Markdown table; figures with three digits, a dash where there is none."""
    shown = (f"{cell:.3f}" if isinstance(cell, float) else "—" if cell is None else str(cell) for cell in cells)
    return f"| {' | '.join(shown)} |"


def _figures(name: str, method: str, found: HeadFigures) -> str:
    """Return a row of the main table."""
    return _row(name, method, found.accuracy, found.macro_f1, found.kappa, found.calibration_error, found.sure_accuracy)


_HEADER = (
    "| head | method | accuracy | macro-F1 | kappa | ECE | accuracy of the surest nine tenths |\n"
    "|---|---|---:|---:|---:|---:|---:|"
)


def _answers(predictor: Predictor, held: Labelled) -> Iterator[tuple[Head, npt.NDArray[np.int64], HeadFigures]]:
    """Yield each head with the model's answers on the held-out rows and their figures."""
    for head, chances in zip(predictor.card.heads, predictor.chances(held.texts), strict=True):
        yield head, head.choose(chances), judge_chances(head, held.targets(head), chances)


def _judged(predictor: Predictor, held: Labelled, method: str) -> Iterator[str]:
    """Yield the rows of one model: its heads, and its urgency with signals joined in."""
    for head, answers, figures in _answers(predictor, held):
        yield _figures(head.name, method, figures)
        if head.kind == "ordered":
            found = joined(head, held.texts, answers, held.targets(head))
            yield (
                f"| {head.name} | {method} + signals | recall of {head.labels[-1]} {found.recall:.3f}, precision "
                f"{found.precision:.3f} | | {found.kappa:.3f} | | {found.raised} rows raised |"
            )


def shipped(model: Path, data: Labelled, held: Labelled, raw: Sequence[str]) -> Iterator[str]:
    """Yield what there is to say of a finished model on the development set."""
    predictor = Predictor(model)
    yield f"## {predictor.card.version} on {len(held)} rows that training never saw\n"
    yield _HEADER
    yield from _judged(predictor, held, "model")
    for head in predictor.card.heads:
        yield _figures(
            head.name, "TF-IDF + LinearSVC", judge(head, held.targets(head), yardstick_answers(data, held, head))
        )
    yield "\n| int8 against float | same top label |\n|---|---:|"
    for name, same in agreement(model, held.texts).items():
        yield _row(name, same)
    names = [head.name for head in predictor.card.heads]
    yield f"\n| same answer of a copy | {' | '.join(names)} |\n|---|{'---:|' * len(names)}"
    for kind, kept in steadiness(predictor, raw).items():
        yield _row(kind, *kept.values())


def _trained(data: Labelled, recipe: FitRecipe, folder: Path) -> Predictor:
    """Train by the recipe, and open the model as it would run."""
    with new_folder(folder) as beside:
        write_model(learn(data, str(ROOT / "models" / "base"), recipe), beside, name=folder.name, data=[])
    return Predictor(folder)


def seeds(data: Labelled, held: Labelled, count: int) -> Iterator[str]:
    """Yield the figures of fresh models, one per seed."""
    yield f"\n## Trained anew with {count} seeds\n"
    yield _HEADER
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, count + 1):
            predictor = _trained(data, FitRecipe(seed=seed), Path(folder) / f"seed{seed}")
            yield from _judged(predictor, held, f"seed {seed}")


def retrain(shared: Path) -> Iterator[str]:
    """Yield the figures of retraining on other people's labels, the held-out quarter split by text."""
    yield "\n## Retrained from models/base on other labels, a quarter held out\n"
    yield "| export | labels | rows | figure | model | yardstick, same split | yardstick, first report |"
    yield "|---|---|---:|---|---:|---:|---:|"
    with tempfile.TemporaryDirectory() as folder:
        for export, column, figure, first in RETRAININGS:
            data = read_labelled([shared / "data" / export], [column], ColumnChoice())
            main, held = split(data, _HELD_QUARTER, 1)
            predictor = _trained(main, FitRecipe(), Path(folder) / Path(export).stem)
            head = predictor.card.heads[0]
            truth = held.targets(head)
            (_, _, model), *_ = _answers(predictor, held)
            yardstick = judge(head, truth, yardstick_answers(main, held, head))
            yield _row(export, column, len(held), figure, getattr(model, figure), getattr(yardstick, figure), first)


def authored(data: Labelled, held: Labelled) -> Iterator[str]:
    """Yield how varied the authored texts are beside real ones, and how easily they are told apart."""
    texts = read_labelled([DATA / "complaints.csv"], LABELS).texts
    mine = set(texts)
    chance = np.random.default_rng(0)
    real = [str(text) for text in chance.permutation([text for text in data.texts if text not in mine])]
    sample = _as_long([str(text) for text in chance.permutation(texts)], held.texts)
    yield f"\n## {len(texts)} authored texts\n"
    yield "| figure | authored | real |\n|---|---:|---:|"
    yield _row("nearest pair, Jaccard of character 3-grams", nearest(texts), None)
    yield _row("distinct-2, samples of one size", distinct(sample), distinct(held.texts))
    yield _row("AUC of telling authored from real", told_apart(texts, real[: len(texts)]), None)


def _as_long(texts: Sequence[str], measure: Sequence[str]) -> list[str]:
    """Return the first texts that have together as many characters as ``measure``."""
    ends = np.cumsum([len(text) for text in texts])
    return list(texts[: int(np.searchsorted(ends, sum(map(len, measure)))) + 1])


def main() -> None:
    """Parse the command line and print the tables as they come."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.learn.bench_quality", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("shared", type=Path)
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "default")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--part", action="append", choices=_PARTS, default=[])
    given = parser.parse_args()
    parts = given.part or _PARTS
    with tempfile.TemporaryDirectory() as folder:
        public = Path(folder) / "public.csv"
        write_public(given.shared, public)
        data = read_labelled([public, DATA / "complaints.csv"], LABELS)
    development = given.shared / "data" / "complaints_dev.csv"
    held = read_labelled([development], LABELS)
    if "shipped" in parts:
        _print(shipped(given.model, data, held, _raw(development)))
    if "seeds" in parts:
        _print(seeds(data, held, given.seeds))
    if "retrain" in parts:
        _print(retrain(given.shared))
    if "authored" in parts:
        _print(authored(data, held))


def _print(lines: Iterator[str]) -> None:
    for line in lines:
        print(line, flush=True)  # noqa: T201 - what this command is for


def _raw(path: Path) -> list[str]:
    """Return the texts as the export holds them, before cleaning and masking."""
    with open_export(path, columns=ColumnChoice()) as export:
        return [ticket.text for ticket in export]


if __name__ == "__main__":
    main()
