"""Whether what runs (int8) says what was trained (fp32), on this processor: ``parity.json`` of a model folder.

python -m pipeline.learn.parity models/default [EXPORT]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import YousuError
from pipeline.infer import processor
from pipeline.infer.heads import Scores, split_columns
from pipeline.infer.predictor import Predictor
from pipeline.learn.export import load_network
from pipeline.learn.fit import score
from pipeline.tables import DATA
from pipeline.text.prepare import prepare
from pipeline.tickets import open_export

__all__ = ["Parity", "compare", "read_texts"]


@dataclass(frozen=True)
class Parity:
    """How int8 and fp32 agree.

    Parameters
    ----------
    version : str
        Of the model.
    processor : str
        On which it was measured.
    vnni : bool or None
        Whether that has VNNI.
    rows : int
        Texts compared.
    agreement : dict of str to float
        Share of texts with the same label, linear branch included, by head, 0 to 1.
    mean_difference, highest_difference : float
        Of the network's raw scores.
    """

    version: str
    processor: str
    vnni: bool | None
    rows: int
    agreement: dict[str, float]
    mean_difference: float
    highest_difference: float

    def save(self, folder: Path) -> None:
        """Write ``parity.json``."""
        text = json.dumps(dataclasses.asdict(self), ensure_ascii=False, indent=1)
        (folder / "parity.json").write_text(text + "\n", encoding="utf-8")


def compare(folder: Path, texts: Sequence[str]) -> Parity:
    """Run a model folder's float network and its int8 graph over prepared texts.

    Raises
    ------
    ModelError
        If the folder is damaged.
    """
    predictor = Predictor(folder)
    network, _ = load_network(folder)
    quick = predictor.scores(texts)
    exact = score(network, predictor.encode(texts))
    agreement = {
        head.name: round(float((one.argmax(axis=1) == other.argmax(axis=1)).mean()), 5)
        for head, one, other in zip(
            predictor.card.heads, _joined(predictor, quick, texts), _joined(predictor, exact, texts), strict=True
        )
    }
    gap = np.abs(quick - exact)
    return Parity(
        version=predictor.card.version,
        processor=processor.name(),
        vnni=processor.has_vnni(),
        rows=len(texts),
        agreement=agreement,
        mean_difference=round(float(gap.mean()), 5),
        highest_difference=round(float(gap.max()), 5),
    )


def _joined(predictor: Predictor, scores: Scores, texts: Sequence[str]) -> list[Scores]:
    """Return the primary scores of each head as they decide, the linear branch's share added."""
    heads = predictor.card.heads
    parts = zip(heads, split_columns(heads, scores), predictor.linear_scores(texts), strict=True)
    return [head.join(part, wide) for head, part, wide in parts]


def read_texts(path: Path = DATA / "complaints.csv") -> list[str]:
    """Return the prepared texts of an export."""
    with open_export(path) as export:
        return [prepare(ticket.title, ticket.text) for ticket in export]


if __name__ == "__main__":
    _parser = argparse.ArgumentParser(description="比较模型的 int8 与 fp32")
    _parser.add_argument("folder", type=Path, metavar="DIR")
    _parser.add_argument("export", type=Path, nargs="?", default=DATA / "complaints.csv", metavar="EXPORT")
    _given = _parser.parse_args()
    try:
        _parity = compare(_given.folder, read_texts(_given.export))
    except YousuError as _error:
        sys.exit(_error.line())
    _parity.save(_given.folder)
    print(json.dumps(dataclasses.asdict(_parity), ensure_ascii=False))  # noqa: T201 - this is the command's voice
