import datetime
from dataclasses import dataclass

import pytest

from pipeline.errors import TableError
from pipeline.tables import build, read_toml


@dataclass(frozen=True)
class Row:
    name: str
    hours: float = 1.0
    tags: tuple[str, ...] = ()
    until: datetime.date | None = None


def test_build_conforms_types():
    row = build(Row, {"name": "a", "hours": 2, "tags": ["x"], "until": datetime.date(2024, 1, 25)}, "t")
    assert row == Row("a", 2.0, ("x",), datetime.date(2024, 1, 25))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"nmae": "a"}, "改为“name”"),
        ({}, "缺少键“name”"),
        ({"name": 3}, "类型不对"),
        ({"name": "a", "tags": "x"}, "类型不对"),
        ({"name": "a", "hours": True}, "类型不对"),
        ("a", "不是一组键值"),
    ],
)
def test_build_refuses(entry, message):
    with pytest.raises(TableError, match=message):
        build(Row, entry, "t")


def test_a_broken_table_is_named(tmp_path):
    path = tmp_path / "t.toml"
    with pytest.raises(TableError, match="没有这张表"):
        read_toml(path)
    path.write_text("a = ", encoding="utf-8")
    with pytest.raises(TableError, match="不是有效的 TOML"):
        read_toml(path)
