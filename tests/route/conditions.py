"""What the tests of conditions share: a small schema, and conditions made at random."""

from hypothesis import strategies as st

from pipeline.route.schema import Facts, Schema
from pipeline.taxonomy import Label, Taxonomy

TAXONOMY = Taxonomy(
    (Label("gas", "燃气", ""), Label("heating", "供暖", ""), Label("mines", "危化品、矿山与工贸", "")),
    (Label("low", "咨询", ""), Label("normal", "一般", ""), Label("urgent", "紧急", "")),
    (Label("help", "求助", ""), Label("report", "举报", "")),
)
SCHEMA = Schema.build(
    TAXONOMY, seasons=["采暖期", "春节"], districts=["东区", "西区"], signals=["漏气"], venues=["小餐饮", "小旅馆"]
)
WORDS = ["气", "气费", "收费", "水"]
TESTS = st.one_of(
    st.sampled_from(
        [
            "领域 == 燃气",
            "领域 != 燃气",
            '领域 in ["供暖", "危化品、矿山与工贸"]',
            "属地 == 未知",
            "属地 not in [东区, 西区]",
            "诉求类型 == 举报",
            "室温 == 未知",
            "室温 != 16",
            "时段 含 采暖期",
            "场所 不含 [小餐饮, 小旅馆]",
            "渠道 == 微信",
            "渠道 含 微",
            "渠道 not in [微信, 电话]",
        ]
    ),
    st.builds(
        "紧急程度 {} {}".format,
        st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
        st.sampled_from(["咨询", "一般", "紧急"]),
    ),
    st.builds("小时 {} {}".format, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.integers(0, 23)),
    st.builds("室温 {} {}".format, st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from(["16", "18.5", "-3"])),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(lambda words: f"文本 含 [{', '.join(words)}]"),
    st.sampled_from(WORDS).map("文本 不含 {}".format),
)
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds("({} 且 {})".format, inner, inner),
        st.builds("({} 或 {})".format, inner, inner),
        st.builds("非 ({})".format, inner),
    ),
    max_leaves=6,
)
FACTS = st.builds(
    Facts,
    domain=st.sampled_from(["", "gas", "heating", "mines"]),
    urgency=st.sampled_from(["low", "normal", "urgent"]),
    nature=st.sampled_from(["", "help", "report"]),
    text=st.lists(st.sampled_from([*WORDS, "的", "费"]), max_size=4).map("".join),
    seasons=st.sampled_from([(), ("采暖期",), ("采暖期", "春节")]),
    venues=st.sampled_from([(), ("小餐饮",)]),
    district=st.sampled_from(["", "东区", "西区"]),
    channel=st.sampled_from(["", "微信", "电话", "微博"]),
    hour=st.one_of(st.none(), st.integers(0, 23)),
    temperature=st.one_of(st.none(), st.sampled_from([-3.0, 12.0, 16.0, 18.5, 20.0])),
)
