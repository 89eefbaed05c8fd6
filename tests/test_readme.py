"""What the readmes promise: their commands run, their files exist, every file is named."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import train

ROOT = Path(__file__).resolve().parent.parent
READMES = ["README.md", "README.zh-CN.md"]


def commands(readme):
    text = (ROOT / readme).read_text(encoding="utf-8")
    for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL):
        yield from block.strip().splitlines()


PREDICTIONS = sorted({line for readme in READMES for line in commands(readme) if "predict.py" in line})


@pytest.mark.parametrize("line", PREDICTIONS)
def test_predict_commands_run(line, tmp_path):
    (tmp_path / "tickets.jsonl").write_text('{"id": "1", "text": "楼道里煤气味很大"}\n', encoding="utf-8")
    line = line.replace("routed.", f"{tmp_path}/routed.").replace("cat tickets", f"cat {tmp_path}/tickets")
    line = line.replace("python ", f"{shlex.quote(sys.executable)} ", 1)
    done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    written = list(tmp_path.glob("routed.*"))
    assert written or '"urgency_id": "critical"' in done.stdout
    assert all(path.stat().st_size > 100 for path in written)


@pytest.mark.parametrize("readme", READMES)
def test_train_commands_parse(readme):
    lines = [line for line in commands(readme) if "train.py" in line]
    assert lines
    for line in lines:
        assert train.parse(shlex.split(line)[2:]).label


def test_every_file_of_the_pipeline_is_named():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    names = {path.name for path in (ROOT / "pipeline").rglob("*.py") if path.name != "__init__.py"}
    assert {name for name in names if name not in text} == set()
    told = set(re.findall(r"(?<![\w/.])(\w+\.py)\b", text)) - {"predict.py", "train.py"}
    assert told <= names


@pytest.mark.parametrize("readme", READMES)
def test_both_readmes_name_every_added_column(readme):
    from pipeline.route import COLUMNS

    text = (ROOT / readme).read_text(encoding="utf-8")
    assert [name for name in COLUMNS if name not in text] == []
