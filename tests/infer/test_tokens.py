import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from pipeline.errors import ModelError
from pipeline.infer.tokens import TextEncoder, batches, equal_batches


def make_encoder(longest=16):
    entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "煤气", "味", "很", "大", "楼", "道", "工", "资"]
    ids = {entry: number for number, entry in enumerate(entries)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", continuing_subword_prefix=""))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return TextEncoder(tokenizer, longest)


def test_a_text_becomes_words_between_cls_and_sep():
    ids = make_encoder().ids("工资")
    assert (ids[0], ids[-1]) == (2, 3)
    assert ids[1:-1] == [11, 12]


def test_unknown_characters_are_unk_and_do_not_stop_it():
    assert 1 in make_encoder().ids("龘")


def test_a_long_text_keeps_head_and_tail():
    encoder = make_encoder(longest=10)
    ids = encoder.ids("很" * 30 + "大")
    assert len(ids) == 10
    assert ids[-2] == 8  # the last character is still there


def test_empty_text_is_two_specials():
    assert make_encoder().ids("") == [2, 3]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60), st.integers(8, 200))
def test_batches_hold_every_row_once_within_the_budget(lengths, budget):
    encoded = [list(range(1, length + 1)) for length in lengths]
    seen = []
    for rows, ids, mask in batches(encoded, budget):
        assert ids.shape == mask.shape == (len(rows), max(lengths[row] for row in rows))
        assert ids.size <= budget or len(rows) == 1
        for line, row in enumerate(rows):
            assert ids[line][mask[line] == 1].tolist() == encoded[row]
        assert not ids[mask == 0].any()
        seen += rows.tolist()
    assert sorted(seen) == list(range(len(lengths)))


def test_a_missing_tokenizer_is_a_model_error(tmp_path):
    with pytest.raises(ModelError, match="分词表"):
        TextEncoder.load(tmp_path, 16)
    assert np.array(make_encoder().ids("楼")).tolist() == [2, 9, 3]


@given(st.lists(st.integers(1, 12), max_size=60), st.integers(4, 60))
def test_equal_batches_need_no_padding(lengths, budget):
    encoded = [[row] * length for row, length in enumerate(lengths)]
    seen = []
    for rows, ids in equal_batches(encoded, budget):
        assert ids.tolist() == [encoded[row] for row in rows]
        assert ids.size <= budget or len(rows) == 1
        seen += rows.tolist()
    assert sorted(seen) == list(range(len(lengths)))
