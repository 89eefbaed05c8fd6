"""What a rule may ask about a ticket: the facts, their Chinese names, their types and their vocabularies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from pipeline.taxonomy import Label, Taxonomy

__all__ = ["UNKNOWN", "Facts", "Field", "Schema"]

LABEL, SCALE, SET, NAME, TEXT, NUMBER = "标签", "等级", "集合", "名称", "文本", "数"
"""Kinds of field: one label of a list; one of an ordered list; several of a list; a free name; free text; a number."""
UNKNOWN = "未知"
"""How a condition writes that a fact is not known."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the conditions of a rule are tried on.

    Parameters
    ----------
    domain, urgency, nature : str
        Ids of the taxonomy; empty where unknown.
    text : str
        Cleaned and masked text.
    seasons : tuple of str
        Seasons of ``data/calendar.toml`` that hold the ticket's day.
    other_domains : tuple of str
        Ids of further domains.
    district : str
        The district's name, empty where unknown.
    venues, signals : tuple of str
        Kinds of place; kinds of the signals found.
    confidence, urgency_confidence : float or None
        Calibrated probabilities, 0 to 1.
    channel : str
        How the ticket came, as the export writes it.
    hour, month : int or None
        Of the ticket's arrival: 0 to 23, 1 to 12.
    similar : int or None
        How many like tickets came before it.
    temperature, days, hours, people, households : float or None
        Degrees that the text gives: of a room in °C, days without a service, hours of waiting, persons, households.
    """

    domain: str = ""
    urgency: str = ""
    nature: str = ""
    text: str = ""
    seasons: tuple[str, ...] = ()
    other_domains: tuple[str, ...] = ()
    district: str = ""
    venues: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    confidence: float | None = None
    urgency_confidence: float | None = None
    channel: str = ""
    hour: int | None = None
    month: int | None = None
    similar: int | None = None
    temperature: float | None = None
    days: float | None = None
    hours: float | None = None
    people: float | None = None
    households: float | None = None


@dataclass(frozen=True, eq=False)
class Field:
    """One fact as conditions write it.

    Parameters
    ----------
    name : str
        Its Chinese name.
    attribute : str
        Its attribute of :class:`Facts`.
    kind : str
        ``标签``, ``等级``, ``集合``, ``名称``, ``文本`` or ``数``.
    meaning : str
        What it says, for the help sheet.
    names : mapping of str to str
        Chinese name by id, in order; empty for an open vocabulary.
    low, high : float
        Least and greatest number allowed.
    whole : bool
        Whether only whole numbers occur.
    """

    name: str
    attribute: str
    kind: str
    meaning: str
    names: Mapping[str, str]
    low: float = float("-inf")
    high: float = float("inf")
    whole: bool = False

    def find(self, spelling: str) -> str | None:
        """Return the id that an id, a Chinese name or ``未知`` stands for, or ``None``."""
        if spelling in self.names:
            return spelling
        if spelling == UNKNOWN and self.kind == LABEL:
            return ""
        return next((key for key, name in self.names.items() if name == spelling), None)

    def show(self, value: str) -> str:
        """Return a value as people write it."""
        return self.names.get(value, value) or UNKNOWN

    @cached_property
    def values(self) -> frozenset[str]:
        """All ids, and the empty one for unknown where the field may be so."""
        return frozenset(self.names) | (frozenset([""]) if self.kind == LABEL else frozenset())


@dataclass(frozen=True)
class Schema:
    """All fields, by Chinese name in the order of the help sheet.

    Parameters
    ----------
    fields : mapping of str to Field
        By Chinese name.
    pending : frozenset of str
        Attributes that nothing fills yet: conditions may ask for them, the check says that they are always unknown.
    """

    fields: Mapping[str, Field]
    pending: frozenset[str] = frozenset()

    @classmethod
    def build(
        cls,
        taxonomy: Taxonomy,
        *,
        seasons: Collection[str] = (),
        districts: Collection[str] = (),
        signals: Collection[str] = (),
        venues: Collection[str] = (),
        pending: Collection[str] = (),
    ) -> Schema:
        """Return the schema over the vocabularies of the other tables."""
        domains, scale = _named(taxonomy.domains), _named(taxonomy.urgencies)
        closed = [
            Field("领域", "domain", LABEL, "模型判的主领域", domains),
            Field("其他领域", "other_domains", SET, "还涉及的领域", domains),
            Field("紧急程度", "urgency", SCALE, "模型与危险信号中较高者,由低到高", scale),
            Field("诉求类型", "nature", LABEL, "咨询、求助、投诉、举报、建议、表扬", _named(taxonomy.natures)),
            Field("属地", "district", LABEL, "按地名定的县区;定不了为 未知", _same(districts)),
            Field("场所", "venues", SET, "九小场所、多业态、人员密集等场所类型(疑似)", _same(venues)),
            Field("信号", "signals", SET, "文中的危险信号(signals.toml 的名称)", _same(signals)),
            Field("时段", "seasons", SET, "来电日所在的时段(calendar.toml 的名称)", _same(seasons)),
        ]
        return cls({field.name: field for field in (*closed, *_OPEN)}, frozenset(pending))

    @cached_property
    def by_attribute(self) -> dict[str, Field]:
        """The fields by attribute of :class:`Facts`."""
        return {field.attribute: field for field in self.fields.values()}


_OPEN = (
    Field("文本", "text", TEXT, "清洗、脱敏后的标题和诉求内容", {}),
    Field("渠道", "channel", NAME, "受理渠道,按导出表的写法", {}),
    Field("置信度", "confidence", NUMBER, "领域的把握,0 到 1", {}, 0, 1),
    Field("紧急置信度", "urgency_confidence", NUMBER, "紧急程度的把握,0 到 1", {}, 0, 1),
    Field("小时", "hour", NUMBER, "来电在几点,0 到 23", {}, 0, 23, whole=True),
    Field("月份", "month", NUMBER, "来电在几月,1 到 12", {}, 1, 12, whole=True),
    Field("相似件数", "similar", NUMBER, "此前相似的工单有几件", {}, 0, whole=True),
    Field("室温", "temperature", NUMBER, "文中说的室内温度,摄氏度", {}, -60, 60),
    Field("停供天数", "days", NUMBER, "文中说的停暖、停水、停电天数", {}, 0),
    Field("等待小时", "hours", NUMBER, "文中说的等待小时数", {}, 0),
    Field("人数", "people", NUMBER, "文中说的人数", {}, 0),
    Field("户数", "households", NUMBER, "文中说的户数", {}, 0),
)


def _named(labels: Iterable[Label]) -> dict[str, str]:
    return {label.id: label.name for label in labels}


def _same(names: Iterable[str]) -> dict[str, str]:
    return {name: name for name in names}
