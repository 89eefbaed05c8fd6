"""The benchmark's own parts: what it feeds in is what it says, and a small run of it ends in a table."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.texts import HUNDRED, LENGTHS, make_texts

ROOT = Path(__file__).resolve().parent.parent.parent


def test_no_text_is_there_twice():
    texts = list(make_texts(5000))
    assert len(set(texts)) == 5000


@pytest.mark.parametrize(("lengths", "low", "high"), [(HUNDRED, 90, 115), (LENGTHS, 100, 145)])
def test_lengths_are_those_asked_for(lengths, low, high):
    texts = list(make_texts(3000, lengths))
    assert low < sum(map(len, texts)) / len(texts) < high


def test_the_same_seed_gives_the_same_texts():
    assert list(make_texts(20)) == list(make_texts(20))
    assert list(make_texts(20)) != list(make_texts(20, seed=8))


@pytest.mark.slow
def test_a_small_run_ends_in_a_table(tmp_path):
    command = [sys.executable, "-m", "tests.benchmarks.bench", "--rows", "300", "--rivals", "0"]
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "bench.json")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "| `predict.py`, 300 rows" in done.stdout
    record = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert [run["rows"] for run in record["runs"]] == [300, 300]
    assert set(record["steps_us"]) >= {"read", "tokenise", "encode (BERT, int8)", "write"}
    assert record["resident_ms"] > 0
