"""Which head is which, and labels of other sets."""

import pytest

from pipeline.errors import TableError
from pipeline.infer.prediction import Answer, Prediction
from pipeline.route.mapping import LabelMap
from pipeline.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load()
SHIPPED = LabelMap.load(taxonomy=TAXONOMY)


def said(**answers: str) -> Prediction:
    return Prediction({head: Answer(label, 0.8) for head, label in answers.items()}, "toy")


@pytest.mark.parametrize("label", ["燃气", "gas"])
def test_own_labels_need_no_mapping(label: str) -> None:
    reading = SHIPPED.domain(said(领域=label))
    assert (reading.label.id, reading.mapped) == ("gas", False)


def test_the_seven_departments_are_mapped() -> None:
    labels = ["城乡建设", "环境保护", "交通运输", "教育文体", "劳动和社会保障", "商贸旅游", "卫生计生"]
    readings = [SHIPPED.domain(said(一级标签=label)) for label in labels]
    assert all(reading.mapped for reading in readings)
    assert readings[1].label.id == "environment"


def test_unknown_label_and_unknown_head() -> None:
    assert SHIPPED.domain(said(领域="天外来客")).label is None
    assert SHIPPED.domain(said(星座="白羊")) is None
    assert SHIPPED.urgency(said(领域="燃气")) is None


def test_own_head_name_goes_first() -> None:
    assert SHIPPED.domain(said(一级标签="环境保护", 领域="燃气")).head == "领域"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[heads]\ndomian = ["领域"]', "改为“domain”"),
        ('[heads]\ndomain = "领域"', "列名的列表"),
        ('[domains]\n"住建" = "constructon"', "改为“construction”"),
        ('[urgencies]\n"加急" = "urgnt"', "改为“urgent”"),
        ('[domain]\n"住建" = "gas"', "改为“domains”"),
    ],
)
def test_wrong_table(tmp_path, table: str, told: str) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(table, encoding="utf-8")
    with pytest.raises(TableError) as caught:
        LabelMap.load(path, taxonomy=TAXONOMY)
    assert told in str(caught.value)
