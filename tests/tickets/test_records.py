import io
import json
import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UnknownEncoding, UnreadableFile
from pipeline.tickets import open_export
from pipeline.tickets import records as module


def read(path):
    with open_export(path) as export:
        return export, list(export)


def test_keys_of_all_lines_are_columns(write_jsonl):
    export, tickets = read(write_jsonl([{"id": 1, "text": "甲"}, {"text": "乙", "extra": [1, "二"], "n": None}]))
    assert export.header == ("id", "text", "extra", "n")
    assert tickets[1].cells == (None, "乙", '[1, "二"]', None)


def test_wrong_lines_are_rejected_alone(tmp_path):
    path = tmp_path / "a.jsonl"
    deep = "[" * 100_000
    path.write_text(f'{{"text": "甲"}}\n{{"text": \n\n[1]\n{{"text": {deep}}}\n{{"text": "乙"}}', encoding="utf-8")
    export, tickets = read(path)
    assert [(ticket.row, ticket.text) for ticket in tickets] == [(1, "甲"), (6, "乙")]
    assert export.reasons == {"不是有效的 JSON": 2, "不是 JSON 对象": 1}
    assert export.tally.blank == 1


def test_half_surrogates_and_nan_can_be_written_again(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "甲\\ud800乙", "n": NaN, "m": Infinity, "k": ["\\udfff"]}\n', encoding="utf-8")
    (ticket,) = read(path)[1]
    assert ticket.cells == ("甲\ufffd乙", None, None, '["\ufffd"]')


def test_a_line_too_long_is_rejected(write_jsonl, monkeypatch):
    monkeypatch.setattr(module, "_LINE", 1000)
    export, tickets = read(write_jsonl([{"text": "甲"}, {"text": "长" * 5000}, {"text": "乙"}]))
    assert [ticket.row for ticket in tickets] == [1, 3]
    assert export.tally.rejected == 1


def test_an_array(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_CHUNK", 7)
    path = tmp_path / "a.json"
    data = [{"id": at, "text": "诉求" * at, "in": {"a": ["}]"]}} for at in range(1, 40)]
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
    _, tickets = read(path)
    assert [(ticket.row, ticket.id, ticket.text) for ticket in tickets] == [
        (at, str(at), "诉求" * at) for at in range(1, 40)
    ]


@pytest.mark.parametrize(
    "text", ['[{"text": "甲"}, {"text": "乙"', '[{"text": "甲"}', '[{"text": "甲"}, ?]', "[", "[1, 2"]
)
def test_an_array_cut_off_is_refused_before_the_first_row(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableFile):
        open_export(path)


@pytest.mark.parametrize("text", ["不是", "{", "[]", "[1]", '"x"\n"y"'])
def test_no_objects(tmp_path, text):
    path = tmp_path / "a.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableFile):
        open_export(path)


def test_json_is_known_without_its_ending(write_jsonl):
    assert len(read(write_jsonl([{"text": "甲"}], name="a.txt"))[1]) == 1


def stdin(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_standard_input_rejects_lines_in_another_encoding(monkeypatch):
    stdin(monkeypatch, '{"text": "甲"}\n'.encode() + '{"text": "乙"}\n'.encode("gb18030"))
    export, tickets = read(None)
    assert len(tickets) == 1
    assert export.reasons == {"编码不对": 1}
    stdin(monkeypatch, '{"text": "乙"}\n'.encode("gb18030"))
    with pytest.raises(UnknownEncoding):
        open_export(None)
    stdin(monkeypatch, '{"text": "乙"}\n'.encode("gb18030"))
    with open_export(None, encoding="gb18030") as export:
        assert [ticket.text for ticket in export] == ["乙"]


def test_late_keys_on_standard_input_are_named(monkeypatch):
    monkeypatch.setattr(module, "_AHEAD", 2)
    stdin(monkeypatch, b'{"text": "a"}\n' * 3 + b'{"text": "b", "late": 1}\n')
    export, tickets = read(None)
    assert (export.header, len(tickets)) == (("text",), 4)
    assert "late" in export.notices[0]


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda kids: st.lists(kids, max_size=3)
)


@given(st.lists(st.dictionaries(st.text(min_size=1), VALUE, max_size=4), min_size=1, max_size=5))
def test_every_object_is_counted(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("json") / "a.jsonl"
    path.write_text("".join(json.dumps(one | {"诉求内容": "路灯不亮"}) + "\n" for one in data), encoding="utf-8")
    _, tickets = read(path)
    assert [ticket.text for ticket in tickets] == ["路灯不亮"] * len(data)
    for ticket in tickets:
        "".join(str(cell) for cell in ticket.cells).encode()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_lines(write_jsonl):
    peaks = []
    for count in (4_000, 20_000):
        path = write_jsonl(({"id": at, "text": "路灯不亮" * 9} for at in range(count)), name=f"{count}.jsonl")
        tracemalloc.start()
        with open_export(path) as export:
            assert sum(1 for _ in export) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 300_000
