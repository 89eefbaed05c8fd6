"""Authored toy exports, made for real in each test's folder."""

import csv
import io
import json

import openpyxl
import pytest

from tests.tickets.toys import HEADER, ROWS, ole, xls


@pytest.fixture
def write_csv(tmp_path):
    def write(rows=None, name="export.csv", encoding="utf-8", delimiter=","):
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter).writerows([HEADER, *ROWS] if rows is None else rows)
        path = tmp_path / name
        path.write_bytes(text.getvalue().encode(encoding))
        return path

    return write


@pytest.fixture
def write_xlsx(tmp_path):
    def write(name="export.xlsx", merges=(), **sheets):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in (sheets or {"工单": [HEADER, *ROWS]}).items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
            for merge in merges:
                sheet.merge_cells(merge)
        path = tmp_path / name
        book.save(path)
        return path

    return write


@pytest.fixture
def write_jsonl(tmp_path):
    def write(records, name="export.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
        return path

    return write


@pytest.fixture
def write_xls(tmp_path):
    def write(rows, name="export.xls"):
        path = tmp_path / name
        path.write_bytes(xls(rows))
        return path

    return write


@pytest.fixture
def write_ole(tmp_path):
    def write(stream, name="export.xlsx"):
        path = tmp_path / name
        path.write_bytes(ole(stream, b"\1" * 5000))
        return path

    return write
