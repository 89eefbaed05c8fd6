"""Names: how sure a cue is, and what may stand in a name's place."""

import pytest

from pipeline.errors import TableError
from pipeline.text import names
from pipeline.text.names import CONTACT, HIDDEN, find_names


def found(text):
    return [text[start:end] for start, end in sorted(set(find_names(text)))]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我叫高新", "高新"),  # an ordinary word, but the cue leaves no doubt
        ("我叫欧阳小明", "欧阳小明"),
        ("联系人:卓玛", "卓玛"),
        ("员工叫赵六,", "赵六"),
        ("陈师傅", "陈"),
        ("和物业的陈小林经理", "陈小林"),
        (f"陈小林{CONTACT * 11}", "陈小林"),
        (f"陈小林,电话:{CONTACT * 11}", "陈小林"),
        ("陈小林,女,", "陈小林"),
    ],
)
def test_a_cue_shows_a_name(text, name):
    assert found(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "我是高新",  # the same word after a cue that is not so sure
        "陈小林",  # no cue at all
        f"陈小林{HIDDEN * 7}",  # before a plate stands the make of a car as often
        "业主方便",
        "业主常年在外",
        "居民楼每户",
        "我叫师傅来",
        "物业经理",
        "工程师傅",
        "区长堤",
        "时间:",
    ],
)
def test_no_cue_no_name(text):
    assert found(text) == []


@pytest.fixture
def lexicon_of(tmp_path, monkeypatch):
    def load(text):
        path = tmp_path / "names.toml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setattr(names, "_TABLE", path)
        names._lexicon.cache_clear()
        return list(find_names("我叫王小明"))

    yield load
    names._lexicon.cache_clear()


TABLE = (
    'surnames = "王"\ncompounds = ["欧阳"]\nopenings = ["卓玛"]\ndoubtful = ""\ngrammatical = ""\n[after]\n[before]\n'
)


def test_the_table_decides(lexicon_of):
    assert lexicon_of(TABLE) == [(2, 5)]
    assert lexicon_of(TABLE.replace('"王"', '"李"')) == []


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (TABLE.replace("doubtful", "doubtfull"), "doubtful"),
        (TABLE.replace('surnames = "王"', 'surnames = ["王"]'), "surnames"),
        ("", "surnames"),
    ],
)
def test_a_wrong_table_is_told(lexicon_of, table, said):
    with pytest.raises(TableError, match=said):
        lexicon_of(table)
