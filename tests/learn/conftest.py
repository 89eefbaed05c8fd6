"""A toy encoder and toy tickets: seconds to train, and as real as the big ones."""

import random
from collections import Counter

import pytest
import torch
from transformers import BertConfig, BertModel

import train as command
from pipeline.learn.network import save_encoder
from pipeline.learn.vocabulary import choose_entries, make_tokenizer, save_tokenizer
from pipeline.text.segment import segmenter

GAS = ["楼道里煤气味很大", "燃气表坏了没人修", "天然气停了两天", "煤气罐阀门漏气", "燃气公司不来通气"]
WAGES = ["老板拖欠工资不给", "工地欠薪没拿到钱", "包工头跑了工钱没结", "加班费一直不发", "公司扣工资"]
FILLER = "的了在是我有他这个们中来上大为和地道出而要于就下得可你年生自会那后能对着事其里所去行过家十用发天如然作方成"


def toy_rows():
    """Yield a hundred tickets of two domains; random filler keeps them from being near-duplicates."""
    chance = random.Random(0)
    for _ in range(10):
        for gas, wages in zip(GAS, WAGES, strict=True):
            before, after = ("".join(chance.choices(FILLER, k=14)) for _ in range(2))
            yield f"{before}{gas}", "gas", "urgent", "求助"
            yield f"{after}{wages}", "wages", "normal", "投诉"


@pytest.fixture(scope="session")
def toy_base(tmp_path_factory):
    """A two-layer encoder of random weights with a word vocabulary."""
    folder = tmp_path_factory.mktemp("base")
    words = Counter(word for text, *_ in toy_rows() for word in segmenter().words(text))
    tokenizer = make_tokenizer(choose_entries(words, size=600, rarest_character=1))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=512,
    )
    save_encoder(BertModel(config, add_pooling_layer=False), folder)
    save_tokenizer(tokenizer, folder)
    return folder


@pytest.fixture(scope="session")
def toy_export(tmp_path_factory):
    """The toy tickets as a csv in GB18030 with label columns."""
    path = tmp_path_factory.mktemp("export") / "toy.csv"
    lines = ["编号,诉求内容,domains,urgency,nature"]
    lines += [f"{number},{','.join(row)}" for number, row in enumerate(toy_rows(), 1)]
    path.write_text("\n".join(lines) + "\n", encoding="gb18030")
    return path


@pytest.fixture(scope="session")
def toy_model(toy_base, toy_export, tmp_path_factory):
    """A model trained on the toy tickets, and its report."""
    folder = tmp_path_factory.mktemp("models") / "toy"
    report = command.train([toy_export], folder, label=["domains", "urgency", "nature"], base=toy_base, epochs=6)
    return folder, report
