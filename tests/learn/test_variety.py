import pytest

from pipeline.learn.variety import distinct, nearest, told_apart


def test_the_nearest_pair_by_hand():
    # abcd has abc, bcd; bcde has bcd, cde: one of three in common.
    assert nearest(["abcd", "bcde", "xyzw"]) == pytest.approx(1 / 3)
    assert nearest(["abcd", "wxyz"]) == 0


def test_distinct_by_hand():
    # Two pairs a text; of four, two differ.
    assert distinct(["gas leak now", "gas leak now"]) == pytest.approx(0.5)
    assert distinct([""]) == 0


def test_texts_of_two_kinds_are_told_apart_and_texts_of_one_kind_are_not():
    gas = [f"第{number}栋煤气味很大请派人" for number in range(40)]
    heat = [f"第{number}栋暖气不热请测温" for number in range(40)]
    assert told_apart(gas, heat) > 0.95
    assert told_apart(gas, gas) < 0.6
