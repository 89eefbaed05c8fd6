"""Reward reports of hazards (安全生产有奖举报): what one needs to be accepted, what is missing, who accepts it.

``data/reward.toml``. Everything said of a hazard is 疑似: near a third of the reports that Xining closed in 2023 were
unfounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import TableError
from pipeline.route.places import Location
from pipeline.tables import DATA, build, read_toml
from pipeline.taxonomy import Taxonomy
from pipeline.text.mask import PLACEHOLDER
from pipeline.text.signals import require_known

__all__ = ["Check", "Checklist", "RewardBook", "Sector"]

ITEMS = ("object", "matter", "place", "time", "evidence", "name", "contact")
NEEDS = ("受理", "领奖", "鼓励")
_SECTIONS = ("channels", "general", "sectors", "items", "insider", "found")
_WHEN = re.compile(
    r"\d{1,2}[月/.-]\d{1,2}[日号]?|\d{1,2}[日号]|[昨今前明]天|[今昨]晚|今早|早上|上午|中午|下午|晚上|夜里|凌晨|半夜|"
    r"现在|刚才|刚刚|目前|正在|一直|每天|天天|经常|长期|最近|近期|这几天|上周|上个?月|本周|"
    r"[一二三四五六七八九十两\d]+(?:点|个月|天|周|年)|周[一二三四五六日末]|星期[一二三四五六日天]"
)
_CONTACTS = tuple(PLACEHOLDER[kind] for kind in ("电话", "邮箱"))


@dataclass(frozen=True, slots=True)
class Sector:
    """A branch of safety and the body that accepts its reports."""

    name: str
    body: str
    basis: str
    words: tuple[str, ...] = ()
    domain: tuple[str, ...] = ()

    def fits(self, domain: str, text: str) -> bool:
        """Return whether a ticket belongs to the branch."""
        return (not self.domain or domain in self.domain) and (
            not self.words or any(word in text for word in self.words)
        )


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a report needs: ``need`` is 受理, 领奖 or 鼓励; ``ask`` is the clerk's question."""

    id: str
    name: str
    need: str
    ask: str


@dataclass(frozen=True, slots=True)
class Check:
    """One item, and whether the call gave it."""

    item: Item
    present: bool


@dataclass(frozen=True, slots=True)
class Checklist:
    """What a hazard report has and lacks.

    Parameters
    ----------
    checks : tuple of Check
        All items, in the order in which the clerk asks.
    sector, body, basis : str
        The branch, who accepts, and why.
    notices : tuple of str
        What else the clerk should know.
    """

    checks: tuple[Check, ...]
    sector: str
    body: str
    basis: str
    notices: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of what is missing."""
        return tuple(check.item.name for check in self.checks if not check.present)

    @property
    def questions(self) -> tuple[str, ...]:
        """What the clerk should ask while the caller is on the line."""
        return tuple(check.item.ask for check in self.checks if not check.present)

    @property
    def acceptable(self) -> bool:
        """Whether nothing that acceptance needs is missing."""
        return all(check.present for check in self.checks if check.item.need == "受理")

    @property
    def reason(self) -> str:
        """The whole in one Chinese line."""
        state = "受理要素齐" if self.acceptable else "受理要素不齐"
        lacking = f"，尚缺{'、'.join(self.missing)}" if self.missing else ""
        return f"疑似安全隐患举报（{self.sector}），由{self.body}受理：{state}{lacking}"


@dataclass(frozen=True, slots=True)
class RewardBook:
    """The table of reward reports.

    Parameters
    ----------
    sectors : tuple of Sector
        Tried in order.
    items : tuple of Item
        In the order of asking.
    general, channels : str
        Who accepts what no sector holds; through which lines.
    insider_words : tuple of str
        Words by which an employee shows.
    insider_basis : str
        What holds for employees.
    words : mapping of str to tuple of str
        Words that show ``object``, ``matter`` and ``evidence``.
    domains : frozenset of str
        Domains whose reports and hazards a reward may be due for.
    """

    sectors: tuple[Sector, ...]
    items: tuple[Item, ...]
    general: str
    channels: str
    insider_words: tuple[str, ...]
    insider_basis: str
    found: _Found

    @classmethod
    def load(cls, path: Path = DATA / "reward.toml", *, taxonomy: Taxonomy) -> RewardBook:
        """Read and check the table.

        Raises
        ------
        TableError
            On an unknown key, domain or item, or an item missing.
        """
        table = read_toml(path)
        for key in table:
            require_known(key, _SECTIONS, str(path), "键")
        sectors = tuple(
            build(Sector, entry, f"{path} 第 {number} 条 sectors")
            for number, entry in enumerate(table.get("sectors", ()), 1)
        )
        known = [label.id for label in taxonomy.domains]
        for sector in sectors:
            for domain in sector.domain:
                require_known(domain, known, f"{path} sectors {sector.name}", "领域")
        insider = build(_Insider, table.get("insider"), f"{path} insider")
        found = build(_Found, table.get("found"), f"{path} found")
        items = _items(table.get("items", ()), str(path))
        top = {key: table[key] for key in ("general", "channels") if key in table}
        lines = build(_Lines, top, str(path))
        return cls(sectors, items, lines.general, lines.channels, insider.words, insider.basis, found)

    def concerns(self, domain: str, nature: str) -> bool:
        """Return whether a ticket is a hazard report that a reward may be due for: a 举报 in a domain of safety."""
        return nature == "report" and any(domain in sector.domain for sector in self.sectors)

    def check(
        self,
        domain: str,
        text: str,
        location: Location,
        *,
        address: str = "",
        named: bool = False,
        reachable: bool = False,
    ) -> Checklist:
        """Return what a report has and lacks.

        Parameters
        ----------
        domain : str
            Id of the taxonomy.
        text : str
            Cleaned and masked text; placeholders count as a name and a contact given.
        location : Location
            What the gazetteer found.
        address : str
            The address column.
        named, reachable : bool
            Whether the export's own columns hold the caller's name and a number.
        """
        sector = next((sector for sector in self.sectors if sector.fits(domain, text)), None)
        given = {
            "object": _any(self.found.object, text),
            "matter": _any(self.found.matter, text),
            "place": bool(address.strip()) or location.found,
            "time": _WHEN.search(text) is not None,
            "evidence": _any(self.found.evidence, text),
            "name": named or PLACEHOLDER["姓名"] in text,
            "contact": reachable or _any(_CONTACTS, text),
        }
        checks = tuple(Check(item, given[item.id]) for item in self.items)
        notices = [self.insider_basis] if _any(self.insider_words, text) else []
        if sector is None:
            return Checklist(checks, "未定行业", self.general, "安全生产法10条：应急部门综合监管", tuple(notices))
        return Checklist(checks, sector.name, sector.body, sector.basis, tuple(notices))


@dataclass(frozen=True, slots=True)
class _Insider:
    words: tuple[str, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class _Found:
    matter: tuple[str, ...]
    evidence: tuple[str, ...]
    object: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Lines:
    general: str
    channels: str


def _items(entries: Iterable[object], where: str) -> tuple[Item, ...]:
    items = tuple(build(Item, entry, f"{where} items") for entry in entries)
    for item in items:
        require_known(item.id, ITEMS, f"{where} items", "受理要素")
        require_known(item.need, NEEDS, f"{where} items {item.id}", "要求")
    absent = [name for name in ITEMS if name not in {item.id for item in items}]
    if absent:
        raise TableError(f"缺少受理要素“{absent[0]}”", where=f"{where} items", remedy=f"补上 {absent[0]}")
    return items


def _any(words: Iterable[str], text: str) -> bool:
    return any(word in text for word in words)
