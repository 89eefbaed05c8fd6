"""From labelled exports to a model folder with its figures beside the yardstick's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pipeline.errors import InputError
from pipeline.infer.heads import split_columns
from pipeline.infer.predictor import Predictor
from pipeline.infer.tokens import TextEncoder
from pipeline.learn.calibrate import calibrate_head
from pipeline.learn.card import HeadReport, Report, write_card
from pipeline.learn.data import Labelled, plan_heads, read_labelled, split
from pipeline.learn.evaluate import judge, judge_chances
from pipeline.learn.fit import FitRecipe, fit, load_base, score
from pipeline.learn.linear import fit_linear
from pipeline.learn.store import Trained, new_folder, write_model
from pipeline.learn.yardstick import yardstick_answers
from pipeline.tickets import ColumnChoice

__all__ = ["learn", "measure", "train_model"]

_HELD_SHARE = 0.15
_CALIBRATION_SHARE = 0.1
_FEWEST_ROWS = 40
_SAMPLE = 256
"""Training texts on which the ranges of int8 are measured."""


def train_model(
    exports: Sequence[Path],
    labels: Sequence[str],
    output: Path,
    *,
    base: str,
    columns: ColumnChoice | None = None,
    valid: Path | None = None,
    recipe: FitRecipe | None = None,
) -> Report:
    """Train a classifier and write its folder.

    Parameters
    ----------
    exports : sequence of Path
        Labelled exports.
    labels : sequence of str
        Label columns, each a head.
    output : Path
        The model folder.
    base : str
        The encoder to start from.
    columns : ColumnChoice, optional
        Text columns named by hand.
    valid : Path, optional
        Labelled export to report on; a held-out 15 % of the clusters unless given.
    recipe : FitRecipe, optional
        Epochs, seed and the rest.

    Raises
    ------
    InputError
        If there are too few labelled rows.
    """
    recipe = recipe or FitRecipe()
    data = read_labelled(exports, labels, columns)
    if len(data) < _FEWEST_ROWS:
        raise InputError(f"只有 {len(data)} 行带标签", where=exports[0], expected=f"至少 {_FEWEST_ROWS} 行")
    if valid is None:
        data, held = split(data, _HELD_SHARE, recipe.seed)
    else:
        held = read_labelled([valid], labels, columns)
    trained = learn(data, base, recipe)
    with new_folder(output) as folder:
        card = write_model(trained, folder, name=output.name, data=exports)
        heads = measure(Predictor(folder), data, held)
        report = Report(card.version, len(data), len(held), heads, [*data.notices])
        write_card(folder, report, recipe)
    return report


def learn(data: Labelled, base: str, recipe: FitRecipe) -> Trained:
    """Fit network and linear branch on most of the data and calibrate on the rest.

    The linear branch is then fitted once more on all rows: that takes seconds, and its share and the temperature,
    learnt on rows it had not seen, stay as they are.
    """
    heads = plan_heads(data)
    main, rest = split(data, _CALIBRATION_SHARE, recipe.seed + 1000)
    network, tokenizer = load_base(base, sum(head.columns for head in heads), recipe)
    encoder = TextEncoder(tokenizer, recipe.longest)
    bar = tqdm(desc="训练", unit="步", disable=None)
    for progress in fit(network, encoder, main, heads, recipe=recipe, held=rest):
        bar.total = progress.steps
        bar.update(progress.step - bar.n)
        if progress.held_out is not None:
            bar.set_postfix_str(f"留出准确率 {progress.held_out:.3f}")
    bar.close()
    scores = split_columns(heads, score(network, [encoder.ids(text) for text in rest.texts]))
    ends = np.cumsum([len(head.labels) for head in heads])[:-1]
    linear = np.split(fit_linear(main, heads).scores(rest.texts), ends, axis=1)
    calibrated = tuple(
        calibrate_head(head, part, wide, rest.targets(head), rest.flags(head))
        for head, part, wide in zip(heads, scores, linear, strict=True)
    )
    sample = [encoder.ids(text) for text in main.texts[:: max(1, len(main.texts) // _SAMPLE)]]
    return Trained(network, tokenizer, calibrated, fit_linear(data, calibrated), recipe.longest, sample)


def measure(predictor: Predictor, data: Labelled, held: Labelled) -> tuple[HeadReport, ...]:
    """Compare a finished model, as it will run, with the yardstick trained on the same rows."""
    reports = []
    for head, chances in zip(predictor.card.heads, predictor.chances(held.texts), strict=True):
        truth = held.targets(head)
        model = judge_chances(head, truth, chances)
        yardstick = judge(head, truth, yardstick_answers(data, held, head))
        reports.append(HeadReport(head, model, yardstick))
    return tuple(reports)
