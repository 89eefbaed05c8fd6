"""Made-up exports of any size: authored complaints, cut and joined to the lengths of a real hotline's, none twice."""

import csv
import itertools
import random
import re

from pipeline.tables import DATA

# Lengths in characters of 5,700 tickets of one city's hotline (percentiles 0, 5, 10, 25, 50, 75, 90, 95, 100).
LENGTHS = ((0.0, 14), (0.05, 18), (0.1, 20), (0.25, 35), (0.5, 87), (0.75, 135), (0.9, 233), (0.95, 392), (1.0, 1495))
HUNDRED = ((0.0, 50), (0.5, 95), (1.0, 160))
"""Tickets of about 100 characters, as the goal has them."""
_SENTENCE = re.compile(r"[^。！？!?\n]{4,}[。！？!?]?")


def read_complaints():
    """Return the texts and primary domains of the authored complaints."""
    with (DATA / "complaints.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["domains"].split(";")[0].split("、")[0] for row in rows]


def pick_length(chance, lengths):
    """Return a length drawn from percentiles, straight lines between them."""
    at = chance.random()
    for (low, short), (high, long) in itertools.pairwise(lengths):
        if at <= high:
            return round(short + (at - low) / (high - low) * (long - short))
    return lengths[-1][1]


def make_texts(count, lengths=HUNDRED, seed=7):
    """Yield so many texts; each has a house and a flat of its own, so that none is there twice."""
    chance = random.Random(seed)
    sentences = [part for text in read_complaints()[0] for part in _SENTENCE.findall(text)]
    for number in range(count):
        length, text = pick_length(chance, lengths), ""
        while len(text) < length:
            text += chance.choice(sentences)
        yield f"{text[: max(4, length - 8)]}，{number // 90 + 1}号{number % 90 + 10}室。"


def write_export(path, count, lengths=HUNDRED, seed=7):
    """Write the texts as a csv export."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["工单编号", "诉求内容"])
        table.writerows((f"T{number:08d}", text) for number, text in enumerate(make_texts(count, lengths, seed)))
