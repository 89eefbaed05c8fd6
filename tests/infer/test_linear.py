import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.infer.linear import LinearBranch, Ngrams, hash_ngrams


@given(st.text())
def test_buckets_are_distinct_and_in_range(text):
    buckets = hash_ngrams(text, 1 << 10)
    assert len(set(buckets.tolist())) == len(buckets)
    assert ((buckets >= 0) & (buckets < 1 << 10)).all()


def test_buckets_do_not_change_between_versions():
    """A shipped table is useless if hashing changes: these numbers are for ever."""
    assert hash_ngrams("煤气", 1 << 18).tolist() == hash_ngrams("煤氣", 1 << 18).tolist()
    assert len(hash_ngrams("煤气", 1 << 18)) == 2  # one word, one character pair


def test_scores_are_weights_of_a_unit_vector():
    size, text = 1 << 10, "煤气"
    buckets = hash_ngrams(text, size)
    weights = np.zeros((size, 2), dtype=np.int8)
    weights[buckets, 0] = 100
    branch = LinearBranch(
        idf=np.ones(size, dtype=np.float16),
        weights=weights,
        scale=np.array([0.01, 0.01], dtype=np.float32),
        bias=np.array([0.0, -1.0], dtype=np.float32),
    )
    scores = branch.scores([text, ""])
    assert np.allclose(scores[0], [np.sqrt(len(buckets)), -1.0], atol=1e-5)
    assert np.allclose(scores[1], [0.0, -1.0])


def test_a_table_survives_the_disk(tmp_path):
    rng = np.random.default_rng(0)
    branch = LinearBranch(
        rng.random(64).astype(np.float16),
        rng.integers(-127, 127, (64, 3)).astype(np.int8),
        rng.random(3).astype(np.float32),
        rng.random(3).astype(np.float32),
    )
    branch.save(tmp_path / "linear.safetensors")
    loaded = LinearBranch.load(tmp_path / "linear.safetensors")
    assert np.array_equal(branch.scores(["停水了"]), loaded.scores(["停水了"]))


def test_ngrams_of_several_texts_stand_one_after_the_other():
    grams = Ngrams.of(["停水", "停电"], 1 << 12)
    assert grams.buckets[: grams.starts[1]].tolist() == hash_ngrams("停水", 1 << 12).tolist()
    assert grams.starts[-1] == len(grams.buckets)
