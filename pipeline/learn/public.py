"""The public texts that the shipped model learns from, joined with their labels.

    python -m pipeline.learn.public SHARED OUT.csv

The texts may not be redistributed, so the repository keeps only labels, by the SHA-1 of a text (``data/labels.csv``).
``SHARED`` holds ``data/complaints_labelled.csv``, texts with labels of their own, and ``corpus/complaints.txt.xz``, one
text a line. A label of ``data/labels.csv`` goes before the label in the file: that is how a label is corrected.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import lzma
from collections.abc import Iterator
from pathlib import Path

from pipeline.tables import DATA
from pipeline.tickets.draft import Draft

__all__ = ["COLUMNS", "LABELS", "read_labels", "texts", "write_public"]

LABELS = DATA / "labels.csv"
COLUMNS = ("domains", "urgency", "nature")


def digest(text: str) -> str:
    """Return the key of a text in ``data/labels.csv``: the SHA-1 of its UTF-8, without white space around it."""
    return hashlib.sha1(text.strip().encode(), usedforsecurity=False).hexdigest()


def read_labels(path: Path = LABELS) -> dict[str, tuple[str, ...]]:
    """Return domains, urgency and nature by the key of the text."""
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["sha1"]: tuple(row[column] for column in COLUMNS) for row in csv.DictReader(lines)}


def texts(shared: Path, labels: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield ``(text, domains, urgency, nature)`` of every public text with labels, each text once."""
    seen: set[str] = set()
    with (shared / "data" / "complaints_labelled.csv").open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            key = digest(row["text"])
            seen.add(key)
            yield (row["text"], *labels.get(key, tuple(row[column] for column in COLUMNS)))
    with lzma.open(shared / "corpus" / "complaints.txt.xz", "rt", encoding="utf-8") as documents:
        for line in documents:
            key = digest(line)
            if key in labels and key not in seen:
                yield (line.strip(), *labels[key])


def write_public(shared: Path, target: Path) -> int:
    """Write the labelled public texts as a table that ``train.py`` reads; return how many there are."""
    rows = list(texts(shared, read_labels()))
    draft = Draft(target, overwrite=True)
    with draft.partial.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows([("text", *COLUMNS), *rows])
    draft.commit()
    return len(rows)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.learn.public", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("shared", type=Path)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    write_public(given.shared, given.target)


if __name__ == "__main__":
    main()
