"""The ladder's table: waits that grow, rungs in order, errors that say what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TableError
from pipeline.route.ladder import Ladder, Retries

TABLE = """
again_minutes = 10
[[rungs]]
after_minutes = 0
to = "{unit}值班室"
[[rungs]]
after_minutes = 5
to = "{district}总值班室"
[retries]
tries = 3
first_wait_seconds = 10
factor = 2.0
longest_wait_seconds = 60
lease_seconds = 30
[webhook]
url = "http://127.0.0.1/"
timeout_seconds = 5.0
"""


def test_the_shipped_ladder_names_every_rung() -> None:
    ladder = Ladder.load()
    names = [ladder.named(at, unit="市应急管理局", district="") for at in range(len(ladder.rungs))]
    assert names[0] == "市应急管理局值班室"
    assert any("属地未知" in name for name in names)
    assert ladder.webhook.url == ""


@given(st.integers(1, 10**6), st.integers(1, 600), st.floats(1, 10))
def test_waits_grow_up_to_the_longest(attempt: int, first: int, factor: float) -> None:
    retries = Retries(first_wait_seconds=first, factor=factor, longest_wait_seconds=900)
    assert first <= retries.wait(attempt) <= retries.wait(attempt + 1) <= 900


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("again_minutes = 10", "", "again_minutes"),
        ("after_minutes = 5", "after_minutes = 0", "递增"),
        ("after_minutes = 0", "after_minutes = -1", "小于 0"),
        ("{unit}", "{phone}", "花括号"),
        ("{unit}", "{unit", "花括号"),
        ("{unit}", "{}", "花括号"),
        ("{unit}", "{unit.__class__.x}", "花括号"),
        ("tries = 3", "tries = 0", "正数"),
        ("factor = 2.0", "factor = 0.5", "正数"),
        ("lease_seconds = 30", "lease_seconds = 5", "lease_seconds"),
        ("timeout_seconds = 5.0", "timeout = 5.0", "改为“timeout_seconds”"),
        ("[webhook]", "[webhok]", "改为“webhook”"),
    ],
)
def test_wrong_table(tmp_path, old: str, new: str, told: str) -> None:
    path = tmp_path / "calls.toml"
    path.write_text(TABLE.replace(old, new), encoding="utf-8")
    with pytest.raises(TableError) as caught:
        Ladder.load(path)
    assert told in str(caught.value)
