from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import UnreadableFile
from pipeline.tickets import columnar, open_export


def test_kinds_of_columns(tmp_path):
    table = pa.table(
        {
            "id": pa.array([20240101000123456], pa.int64()),
            "text": ["路灯不亮"],
            "time": pa.array([datetime(2024, 1, 25, 0, 3, tzinfo=UTC)], pa.timestamp("ns", tz="UTC")),
            "tags": [["甲", "乙"]],
            "price": [Decimal("1.50")],
            "raw": [b"\xff\x00"],
            "score": [float("nan")],
            "none": pa.nulls(1),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    with open_export(tmp_path / "a.parquet") as export:
        (ticket,) = export
    assert (ticket.row, ticket.id, ticket.time) == (1, "20240101000123456", datetime(2024, 1, 25, 8, 3))
    assert ticket.cells[3:] == ('["甲", "乙"]', "1.50", "ff00", None, None)
    assert export.notices == ()


def test_a_huge_cell_rejects_its_row_alone(tmp_path):
    pq.write_table(pa.table({"text": ["甲事", "长" * 700_000, "乙事"]}), tmp_path / "a.parquet")
    with open_export(tmp_path / "a.parquet") as export:
        assert [ticket.row for ticket in export] == [1, 3]
    assert export.tally.rejected == 1


@pytest.mark.parametrize("at", [40, -30])
def test_damage(tmp_path, at):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [f"第{row}件诉求" for row in range(2000)]}), path, use_dictionary=False)
    data = bytearray(path.read_bytes())
    data[at : at + 20] = b"\xff" * 20
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match="损坏"), open_export(path) as export:
        list(export)


def test_what_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(columnar, "_UNPACKED", 1000)
    monkeypatch.setattr(columnar, "_RATIO", 2)
    pq.write_table(pa.table({"text": ["一样的话" * 50] * 2000}), tmp_path / "a.parquet", use_dictionary=False)
    with pytest.raises(UnreadableFile, match="过大"):
        open_export(tmp_path / "a.parquet")


def test_memory_does_not_grow_with_the_rows(tmp_path):
    import hashlib

    def most(count):
        texts = [hashlib.sha256(str(row).encode()).hexdigest() * 3 for row in range(count)]
        path = tmp_path / f"{count}.parquet"
        pq.write_table(pa.table({"text": texts}), path, compression="none", use_dictionary=False)
        del texts
        usual = pa.default_memory_pool()
        pool = pa.proxy_memory_pool(usual)
        pa.set_memory_pool(pool)
        try:
            with open_export(path) as export:
                assert sum(1 for _ in export) == count
        finally:
            pa.set_memory_pool(usual)
        return pool.max_memory()

    assert most(50_000) < most(10_000) + 2_000_000
