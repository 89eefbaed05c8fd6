"""Whose name stays hidden from whom: ``data/secrecy.toml``.

A report (举报) hides its caller from the unit reported on and in every export meant for units. Taking a report for a
complaint betrays a person, the reverse costs a telephone call; near the border the stricter one holds therefore.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import TableError
from pipeline.tables import DATA, build, read_toml
from pipeline.taxonomy import Taxonomy
from pipeline.text.mask import mask
from pipeline.text.signals import require_known
from pipeline.tickets.columns import normalise

__all__ = ["HIDDEN", "CallerColumns", "Part", "Redactor", "Secrecy", "SecrecyBook"]

HIDDEN = "【保密】"
"""What stands in a cell whose content a unit may not see."""
# Where the caller lives, up to the next stop.
_HOME = re.compile(
    r"((?:我们?|本人|我家|家)(?:是?住|就住|居住)[在于]?|家住|现住|住址[是为:：]?|我家在)[^，。；！？,.;!?\n]{1,40}"
)
_SECTIONS = ("natures", "asked", "mixed", "columns")


@dataclass(frozen=True, slots=True)
class Part:
    """One of the one or two tickets that a call is worth.

    Parameters
    ----------
    nature : str
        Id of the taxonomy.
    hide_caller : bool
        Whether the unit may not learn who called.
    advice : str
        What the clerk should do, in one Chinese line.
    """

    nature: str
    hide_caller: bool
    advice: str


@dataclass(frozen=True, slots=True)
class Secrecy:
    """What may be told of a caller.

    Parameters
    ----------
    hide_caller : bool
        Whether any part of the ticket hides its caller; an export for units obeys this.
    parts : tuple of Part
        One, or two where a complaint and a report stand in one call and must be handled apart.
    reasons : tuple of str
        Why, in Chinese phrases.
    doubtful : bool
        Whether only doubt led to the stricter answer: a person should look.
    """

    hide_caller: bool
    parts: tuple[Part, ...]
    reasons: tuple[str, ...]
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class CallerColumns:
    """Where in an export the caller is named.

    Parameters
    ----------
    exact, contains, not_caller : tuple of str
        Headers that name the caller; parts of headers that do; parts that say another person is meant.
    text : tuple of str
        Parts of headers whose cells are a narrative, to be masked again.
    flag, yes : tuple of str
        Headers by which secrecy is asked for; cells that say so.
    """

    exact: tuple[str, ...]
    contains: tuple[str, ...]
    not_caller: tuple[str, ...]
    text: tuple[str, ...]
    flag: tuple[str, ...]
    yes: tuple[str, ...]

    def naming(self, header: Sequence[str]) -> tuple[int, ...]:
        """Return the columns (from 0) that tell who called."""
        return tuple(at for at, name in enumerate(header) if self._names_caller(_plain(name)))

    def asks(self, header: Sequence[str], cells: Sequence[object]) -> bool:
        """Return whether a row's own column asks for secrecy."""
        return self.asking(header)(cells)

    def asking(self, header: Sequence[str]) -> Callable[[Sequence[object]], bool]:
        """Return what tells of a row whether its own column asks for secrecy; the header is looked through once.

        The header may name columns that the rows do not have yet.
        """
        flags = {normalise(word) for word in self.flag}
        columns = [at for at, name in enumerate(header) if _plain(name) in flags]
        yes = {normalise(word) for word in self.yes}
        return lambda cells: any(at < len(cells) and normalise(str(cells[at])) in yes for at in columns)

    def redactor(self, header: Sequence[str]) -> Redactor:
        """Return what makes hidden rows of an export fit for units; its header is looked through once."""
        text = frozenset(at for at, name in enumerate(header) if any(word in name for word in self.text))
        return Redactor(frozenset(self.naming(header)), text)

    def _names_caller(self, name: str) -> bool:
        if any(normalise(word) in name for word in self.not_caller):
            return False
        return name in {normalise(word) for word in self.exact} or any(
            normalise(word) in name for word in self.contains
        )


@dataclass(frozen=True, slots=True)
class Redactor:
    """Which columns of one export tell who called, and which are a narrative.

    Parameters
    ----------
    naming, text : frozenset of int
        Columns, from 0.
    """

    naming: frozenset[int]
    text: frozenset[int]

    def row(self, cells: Sequence[object]) -> tuple[object, ...]:
        """Return a hidden row as a unit may see it: who called blanked, narratives masked, all else as it is.

        In a narrative personal data is masked again, and so is where the caller says to live; what tells the caller
        by the matter alone (我是唯一的电工) stays, and a person must look for it.
        """
        return tuple(self._cell(at, cell) for at, cell in enumerate(cells))

    def _cell(self, at: int, cell: object) -> object:
        if at in self.naming:
            return HIDDEN if cell not in (None, "") else cell
        if at in self.text and isinstance(cell, str):
            return _HOME.sub(rf"\g<1>{HIDDEN}", mask(cell))
        return cell


@dataclass(frozen=True, slots=True)
class SecrecyBook:
    """The table of secrecy.

    Parameters
    ----------
    hidden, split : tuple of str
        Ids of natures that hide the caller; of those that are handled apart when both occur.
    border : float
        Under this confidence a runner-up that hides the caller counts.
    asked, report, claim : tuple of str
        Words by which a caller asks for secrecy; reports; claims something for himself.
    columns : CallerColumns
        Where an export names the caller.
    """

    hidden: tuple[str, ...]
    split: tuple[str, ...]
    border: float
    asked: tuple[str, ...]
    report: tuple[str, ...]
    claim: tuple[str, ...]
    columns: CallerColumns

    @classmethod
    def load(cls, path: Path = DATA / "secrecy.toml", *, taxonomy: Taxonomy) -> SecrecyBook:
        """Read and check the table.

        Raises
        ------
        TableError
            On an unknown key or nature, a missing section, or a border outside 0 to 1.
        """
        table = read_toml(path)
        for key in table:
            require_known(key, _SECTIONS, str(path), "键")
        natures = build(_Natures, table.get("natures"), f"{path} natures")
        known = [label.id for label in taxonomy.natures]
        for nature in (*natures.hidden, *natures.split):
            require_known(nature, known, f"{path} natures", "诉求类型")
        if not natures.hidden or not 0 <= natures.border <= 1:
            raise TableError("hidden 为空或 border 不在 0 到 1 之间", where=f"{path} natures", remedy="改正后重试")
        asked = build(_Asked, table.get("asked"), f"{path} asked")
        mixed = build(_Mixed, table.get("mixed"), f"{path} mixed")
        columns = build(CallerColumns, table.get("columns"), f"{path} columns")
        return cls(natures.hidden, natures.split, natures.border, asked.words, mixed.report, mixed.claim, columns)

    def judge(
        self,
        nature: str,
        text: str,
        *,
        confidence: float | None = None,
        runner_up: str = "",
        doubtful: bool = False,
        asked: bool = False,
    ) -> Secrecy:
        """Return what may be told of the caller.

        Parameters
        ----------
        nature : str
            Id of the model's nature; an empty string where the model has no such head or its label is not mapped.
        text : str
            Cleaned and masked text.
        confidence : float, optional
            Of ``nature``, 0 to 1.
        runner_up : str
            Id of the second most probable nature.
        doubtful : bool
            Whether the model's own review threshold was missed.
        asked : bool
            Whether the export's own column asks for secrecy (:meth:`CallerColumns.asks`).
        """
        certain, doubts = self._grounds(nature, text, asked), self._doubts(nature, confidence, runner_up, doubtful)
        parts = self._parts(nature, runner_up if doubts else "", text, hide=bool(certain or doubts))
        reasons = (*certain, *doubts, *(_split_reason() if len(parts) > 1 else ()))
        return Secrecy(any(part.hide_caller for part in parts), parts, reasons, bool(doubts) and not certain)

    def _grounds(self, nature: str, text: str, asked: bool) -> tuple[str, ...]:
        """Return what hides the caller for certain."""
        grounds = ["举报件：对被举报人保密，不得透露举报人信息"] if nature in self.hidden else []
        word = _first(self.asked, text)
        if word or asked:
            grounds.append(f"来电人要求保密（{f'“{word}”' if word else '导出表保密列'}）")
        word = _first(self.report, text)
        if word and nature not in self.hidden:
            grounds.append(f"文中有“{word}”，按举报从严保密")
        return tuple(grounds)

    def _doubts(self, nature: str, confidence: float | None, runner_up: str, doubtful: bool) -> tuple[str, ...]:
        """Return why a call that is no report for certain is treated as one."""
        if nature in self.hidden:
            return ()
        if not nature:
            return ("诉求类型未知，按举报从严保密",)
        near = confidence is None or confidence < self.border or doubtful
        return ("诉求类型在举报边缘，按举报从严保密",) if runner_up in self.hidden and near else ()

    def _parts(self, nature: str, runner_up: str, text: str, *, hide: bool) -> tuple[Part, ...]:
        """Return one part, or two where the call holds a report and a claim of the caller's own."""
        reported = nature in self.hidden or runner_up in self.hidden or _first(self.report, text) != ""
        claimed = nature in self.split or runner_up in self.split
        if reported and _first(self.claim, text) and (claimed or nature in self.hidden or not nature):
            own = next((name for name in (nature, runner_up) if name in self.split), self.split[0])
            return (
                Part(self.hidden[0], True, "另立举报件：只写被举报对象和事项，不写来电人"),
                Part(own, False, "投诉件：为本人权益办理，调解可提供必要信息，提供前征得来电人同意"),
            )
        advice = "转办时隐去来电人姓名、电话、住址，回访由热线办理" if hide else "按一般件办理，个人信息最小必要"
        return (Part(nature, hide, advice),)


@dataclass(frozen=True, slots=True)
class _Natures:
    hidden: tuple[str, ...]
    split: tuple[str, ...]
    border: float


@dataclass(frozen=True, slots=True)
class _Asked:
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Mixed:
    report: tuple[str, ...]
    claim: tuple[str, ...]


def _first(words: Iterable[str], text: str) -> str:
    return next((word for word in words if word in text), "")


def _split_reason() -> tuple[str, ...]:
    return ("投诉与举报并存，须分别处理（市场监督管理投诉举报处理暂行办法7条）",)


def _plain(name: str) -> str:
    """Return a header as it is compared, brackets at its end left out."""
    text = normalise(name)
    while text.endswith((")", "]", "】")) and (at := max(text.rfind(mark) for mark in "([【")) > 0:
        text = text[:at]
    return text
