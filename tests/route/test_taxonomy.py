"""The label set: both spellings find a label, another set's finds none."""

import pytest

from pipeline.errors import TableError
from pipeline.taxonomy import Taxonomy

TABLE = """
[[domains]]
id = "gas"
name = "燃气"
description = "气"
[[urgencies]]
id = "low"
name = "咨询"
description = "问"
[[natures]]
id = "help"
name = "求助"
description = "求"
"""


def test_shipped_taxonomy() -> None:
    taxonomy = Taxonomy.load()
    assert len(taxonomy.domains) == 20
    assert [label.name for label in taxonomy.urgencies] == ["咨询", "一般", "紧急", "特急"]
    assert {label.name for label in taxonomy.natures} == {"咨询", "求助", "投诉", "举报", "建议", "表扬"}
    assert [taxonomy.level(label.id) for label in taxonomy.urgencies] == [0, 1, 2, 3]


def test_either_spelling_is_found() -> None:
    taxonomy = Taxonomy.load()
    assert taxonomy.domain("gas") is taxonomy.domain("燃气") is not None
    assert taxonomy.urgency("critical") is taxonomy.urgency("特急") is not None
    assert taxonomy.nature("report") is taxonomy.nature("举报") is not None
    assert taxonomy.domain("城乡建设") is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('id = "gas"', 'idd = "gas"', "改为“id”"),
        ("[[natures]]", "[[nature]]", "natures"),
        ('name = "燃气"', "", "补上 name"),
        ('[[urgencies]]\nid = "low"', '[[domains]]\nid = "gas"', "“gas”重复"),
    ],
)
def test_wrong_table(tmp_path, old: str, new: str, told: str) -> None:
    path = tmp_path / "taxonomy.toml"
    path.write_text(TABLE.replace(old, new), encoding="utf-8")
    with pytest.raises(TableError) as caught:
        Taxonomy.load(path)
    assert told in str(caught.value)
