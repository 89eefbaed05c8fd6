import numpy as np
import pytest

from pipeline.errors import InputError, MissingColumn
from pipeline.learn.data import Labelled, cluster, plan_heads, read_labelled, split


def test_ids_are_read_as_the_taxonomys_names(toy_export):
    data = read_labelled([toy_export], ["domains", "urgency", "nature"])
    assert len(data) == 100
    assert set(data.labels) == {"领域", "紧急程度", "诉求类型"}
    assert set(data.labels["领域"]) == {("燃气",), ("工资",)}
    assert set(data.labels["紧急程度"]) == {("紧急",), ("一般",)}


def test_a_missing_label_column_names_those_found(toy_export):
    with pytest.raises(MissingColumn, match="诉求内容"):
        read_labelled([toy_export], ["类别"])


def test_rows_without_labels_are_left_out_and_counted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("诉求内容,类别\n停水三天了,水\n停电三天了,\n", encoding="utf-8")
    data = read_labelled([path], ["类别"])
    assert data.labels["类别"] == [("水",)]
    assert any("1 行没有标签" in notice for notice in data.notices)
    path.write_text("诉求内容,类别\n停水三天了,\n", encoding="utf-8")
    with pytest.raises(InputError, match="标签"):
        read_labelled([path], ["类别"])


def test_kinds_of_heads_follow_the_data():
    data = Labelled(
        ["a", "b", "c", "d"],
        {
            "部门": [("甲", "乙"), ("乙",), ("甲",), ("乙",)],
            "级别": [("紧急",), ("一般",), ("紧急",), ("一般",)],
            "类": [("x",), ("y",), ("x",), ("z",)],
        },
    )
    by_name = {head.name: head for head in plan_heads(data)}
    assert by_name["部门"].kind == "multi"
    assert (by_name["级别"].kind, by_name["级别"].labels) == ("ordered", ("一般", "紧急"))
    assert (by_name["类"].kind, by_name["类"].labels) == ("single", ("x",))


def test_targets_and_flags():
    data = Labelled(["a", "b", "c"], {"部门": [("乙", "甲"), ("甲",), ()]})
    [head] = plan_heads(Labelled(["a", "b", "c"], {"部门": [("甲", "乙"), ("甲", "乙"), ("甲",)]}))
    assert data.targets(head).tolist() == [1, 0, -1]
    assert data.flags(head).tolist() == [[1, 1], [1, 0], [0, 0]]


def test_near_duplicates_share_a_cluster_and_others_do_not():
    text = "南山路口的红绿灯坏了半个月,早晚高峰堵得厉害,希望尽快来人修好"
    clusters = cluster([text, text + "谢谢", "家里暖气不热,打电话给热力公司没人接", text])
    assert clusters[0] == clusters[1] == clusters[3] != clusters[2]


def test_split_keeps_clusters_whole_and_loses_nothing():
    texts = [f"第{number // 3}号路口红绿灯坏了{'很久' * (number // 3 % 7)}没人修" for number in range(90)]
    data = Labelled(texts, {"x": [("a",)] * 90})
    train, held = split(data, 0.2, seed=1)
    assert len(train) + len(held) == 90
    assert not set(train.texts) & set(held.texts)
    assert sorted(train.texts + held.texts) == sorted(texts)
    again = split(data, 0.2, seed=1)[1]
    assert np.array_equal(again.texts, held.texts)
