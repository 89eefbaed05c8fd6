import csv
import lzma

import pytest

from pipeline.learn.public import LABELS, digest, read_labels, texts, write_public
from pipeline.taxonomy import Taxonomy


@pytest.fixture
def shared(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "corpus").mkdir()
    with (tmp_path / "data" / "complaints_labelled.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["id", "source", "text", "domains", "urgency", "nature"])
        table.writerow(["1", "toy", "路灯不亮", "urban", "normal", "求助"])
        table.writerow(["2", "toy", "楼道有煤气味", "gas", "normal", "求助"])
    with lzma.open(tmp_path / "corpus" / "complaints.txt.xz", "wt", encoding="utf-8") as stream:
        stream.write("路灯不亮\n暖气不热\n没有标签的一条\n")
    return tmp_path


def test_each_text_comes_once_and_a_correction_goes_first(shared):
    labels = {
        digest("楼道有煤气味"): ("gas", "critical", "求助"),
        digest("暖气不热\n"): ("heating", "urgent", "投诉"),
    }
    assert list(texts(shared, labels)) == [
        ("路灯不亮", "urban", "normal", "求助"),
        ("楼道有煤气味", "gas", "critical", "求助"),
        ("暖气不热", "heating", "urgent", "投诉"),
    ]


def test_the_table_is_one_that_training_reads(shared, tmp_path):
    target = tmp_path / "public.csv"
    assert write_public(shared, target) == 2
    assert target.read_text(encoding="utf-8-sig").splitlines()[0] == "text,domains,urgency,nature"


def test_the_labels_kept_here_are_of_the_taxonomy():
    taxonomy = Taxonomy.load()
    domains = {domain.id for domain in taxonomy.domains}
    urgencies = {urgency.id for urgency in taxonomy.urgencies}
    for key, (given, urgency, _) in read_labels(LABELS).items():
        assert len(key) == 40
        assert set(given.split(";")) <= domains
        assert urgency in urgencies
