import json
import lzma

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.learn.corpus import WORD_START, EncodedCorpus
from pipeline.learn.pretrain import Pretraining, Recipe, hide_words, learning_rate, pretrain

MASK, ENTRIES = 4, 100


@given(st.integers(0, 2**32), st.floats(0.05, 0.9))
def test_words_are_hidden_whole(seed, share):
    rng = np.random.default_rng(seed)
    ids = rng.integers(5, ENTRIES, (4, 32)).astype(np.uint16)
    starts = rng.random((4, 32)) < 0.6
    shown, hidden, truth = hide_words(
        ids | np.where(starts, WORD_START, 0).astype(np.uint16), share, MASK, ENTRIES, rng
    )
    assert np.array_equal(truth, ids)
    assert np.array_equal(shown[~hidden], truth[~hidden])
    word = np.cumsum(starts.ravel())
    for number in np.unique(word):
        assert len(set(hidden.ravel()[word == number])) == 1


def test_the_rate_warms_up_holds_and_cools_down():
    recipe = Recipe(tokens=1000 * 64 * 128, rate=1.0)
    rates = [learning_rate(step, recipe) for step in range(recipe.steps)]
    assert rates[0] < 0.1
    assert rates[20] == rates[899] == 1.0
    assert rates[-1] < 0.02
    assert rates[20:900] == [1.0] * 880


@pytest.fixture(scope="module")
def toy_corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    lines = [f"{place}的{matter}已经{day}天没人管了,请尽快处理。" for day in range(1, 40)
             for place in ("八一路", "小桥", "胜利路") for matter in ("红绿灯", "暖气", "垃圾", "井盖")]  # fmt: skip
    with lzma.open(folder / "complaints.txt.xz", "wt", encoding="utf-8") as stream:
        stream.write("\n".join(lines))
    return folder


RECIPE = Recipe(layers=1, width=64, tokens=8 * 4 * 32, batch=4, length=32, seed=3)


@pytest.mark.slow
def test_a_run_writes_an_encoder_and_its_log(toy_corpus, tmp_path):
    out = pretrain(toy_corpus, tmp_path / "work", RECIPE, every=4)
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {path.name for path in out.iterdir()}
    log = [json.loads(line) for line in (tmp_path / "work" / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log] == [4, 8]
    assert all(np.isfinite([entry["loss"], entry["held_out"]]).all() for entry in log)
    corpus = EncodedCorpus.load(tmp_path / "work")
    assert corpus.starts[-1] == len(corpus.tokens)


@pytest.mark.slow
def test_a_resumed_run_reads_on_where_it_stopped(toy_corpus, tmp_path):
    straight = [loss for *_, loss in Pretraining(toy_corpus, tmp_path / "a", RECIPE).steps()]
    broken = Pretraining(toy_corpus, tmp_path / "b", RECIPE)
    losses = []
    for step, _, loss in broken.steps():
        losses.append(loss)
        if step == 3:
            broken.keep(step)
            break
    resumed = Pretraining(toy_corpus, tmp_path / "b", RECIPE)
    assert resumed.start == 3
    losses += [loss for *_, loss in resumed.steps()]
    assert losses[:3] == pytest.approx(straight[:3], rel=1e-2)
    assert losses[3:] == pytest.approx(straight[3:], rel=0.05)
