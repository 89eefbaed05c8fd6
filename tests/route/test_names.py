"""Many names at once: the longest, from the left, as a plain search would find them."""

import time

from hypothesis import given
from hypothesis import strategies as st

from pipeline.route.names import NameIndex

LETTERS = st.text("城东西区路(.*", min_size=1, max_size=4)


def plain(names: list[str], text: str) -> list[tuple[int, int]]:
    found, at = [], 0
    while at < len(text):
        hit = max((name for name in names if text.startswith(name, at)), key=len, default="")
        if hit:
            found.append((at, at + len(hit)))
        at += len(hit) or 1
    return found


@given(st.lists(LETTERS, max_size=8), st.text("城东西区路(.*", max_size=30))
def test_as_a_plain_search_would(names: list[str], text: str) -> None:
    assert [*NameIndex.of(names).spans(text)] == plain(names, text)


def test_no_names() -> None:
    assert [*NameIndex.of([]).spans("城东区")] == []
    assert [*NameIndex.of([""]).spans("城东区")] == []


def test_hostile_text_is_fast() -> None:
    index = NameIndex.of(["城" * 12 + "区", "城城东"])
    start = time.perf_counter()
    assert [*index.spans("城" * 200_000)] == []
    assert time.perf_counter() - start < 10
