"""Imports run downwards, and what runs in an office needs neither torch nor transformers."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PIPELINE = ROOT / "pipeline"

# Each layer may import the layers that stand before it, and itself.
LAYERS = ["errors", "command", "tables", "taxonomy", "tickets", "text", "infer", "route", "batch", "report", "learn"]
BESIDE = {("tickets", "text"), ("text", "tickets"), ("learn", "batch"), ("learn", "report"), ("learn", "route")}
"""Neighbours that do not know each other although one stands first."""
HEAVY = {"torch", "transformers", "sklearn", "scipy", "gensim", "onnx"}


def layer_of(path):
    return path.relative_to(PIPELINE).parts[0].removesuffix(".py")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


FILES = sorted(path for path in PIPELINE.rglob("*.py") if path.parent != PIPELINE or path.stem in LAYERS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PIPELINE)))
def test_imports_run_downwards(path):
    layer = layer_of(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "pipeline" or len(parts) == 1:
            continue
        assert LAYERS.index(parts[1]) <= LAYERS.index(layer), f"{layer} imports {name}, which stands above it"
        assert (layer, parts[1]) not in BESIDE, f"{layer} imports {name}, its neighbour"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PIPELINE)))
def test_only_learn_imports_heavy_packages(path):
    if layer_of(path) != "learn":
        assert not {name.split(".")[0] for name in imported(path)} & HEAVY


def test_predict_runs_without_heavy_packages(tmp_path):
    """A real process in which importing a heavy package raises classifies a ticket."""
    guard = f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY!r}:
            raise ImportError("not at run time: " + name)
sys.meta_path.insert(0, Refuse())
sys.argv = ["predict.py", "--one", "幸福小区三单元楼道里煤气味很大"]
import runpy
runpy.run_path("predict.py", run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", guard], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"urgency_id": "critical"' in done.stdout
