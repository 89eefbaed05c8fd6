"""Whom to call at once, and two lines for the clerk, by kind of danger: ``data/emergency.toml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import TableError
from pipeline.tables import DATA, build, read_toml
from pipeline.text.signals import require_known

__all__ = ["Danger", "Emergency", "EmergencyBook", "Line"]

_SECTIONS = ("lines", "default", "dangers")


@dataclass(frozen=True, slots=True)
class Line:
    """A telephone line that takes emergencies; ``number`` is empty where it has not been configured."""

    name: str
    number: str

    def __str__(self) -> str:
        """Return the line as it is told to the clerk."""
        if not self.number:
            return f"{self.name}（号码未配置，请在 data/emergency.toml 填写）"
        return self.name if self.number in self.name else f"{self.name} {self.number}"


@dataclass(frozen=True, slots=True)
class Danger:
    """One kind of danger.

    Parameters
    ----------
    name : str
        What it is called.
    signals : tuple of str
        Signals (``data/signals.toml``) that mean it.
    like : tuple of str
        Parts of a signal's name that mean it too, so that a signal renamed or added is not left without advice.
    calls : tuple of str
        Codes of the lines to call, first one first.
    first, second : str
        What the caller should do now; what the clerk should ask and do.
    basis : str
        The source of the instruction.
    verified : bool
        Whether there is one.
    """

    name: str
    calls: tuple[str, ...]
    first: str
    second: str
    signals: tuple[str, ...] = ()
    like: tuple[str, ...] = ()
    basis: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Emergency:
    """What to do about a deadly matter.

    Parameters
    ----------
    dangers : tuple of str
        Kinds of danger, suspected (疑似), not found.
    codes : tuple of str
        Codes of the lines to call.
    lines : tuple of Line
        The lines themselves.
    first, second : str
        The clerk's two lines.
    notices : tuple of str
        Numbers not configured, instructions without a source.
    """

    dangers: tuple[str, ...]
    codes: tuple[str, ...]
    lines: tuple[Line, ...]
    first: str
    second: str
    notices: tuple[str, ...] = ()

    @property
    def call(self) -> str:
        """Whom to call, in one Chinese phrase."""
        return f"疑似{'、'.join(self.dangers)}，立即呼叫：" + "、".join(map(str, self.lines))


@dataclass(frozen=True, slots=True)
class EmergencyBook:
    """The table of emergencies."""

    lines: Mapping[str, Line]
    dangers: tuple[Danger, ...]
    default: Danger

    @classmethod
    def load(cls, path: Path = DATA / "emergency.toml") -> EmergencyBook:
        """Read and check the table.

        Raises
        ------
        TableError
            On an unknown key or line, or a danger without anyone to call.
        """
        table = read_toml(path)
        for key in table:
            require_known(key, _SECTIONS, str(path), "键")
        lines = {code: build(Line, entry, f"{path} lines.{code}") for code, entry in table.get("lines", {}).items()}
        default = build(Danger, {"name": "生命危险", **table.get("default", {})}, f"{path} default")
        dangers = tuple(
            build(Danger, entry, f"{path} 第 {number} 条 dangers")
            for number, entry in enumerate(table.get("dangers", ()), 1)
        )
        for danger in (default, *dangers):
            _check(danger, lines, f"{path} dangers {danger.name}")
        return cls(lines, dangers, default)

    def advise(self, signals: Iterable[str]) -> Emergency:
        """Return what to do, given the names of the critical signals that were found.

        Parameters
        ----------
        signals : iterable of str
            Names of signals; none, or one that nothing in the table means, gives the default, so that a deadly
            matter is never without a line to call.
        """
        found = tuple(dict.fromkeys(self._danger(name) for name in signals)) or (self.default,)
        codes = tuple(dict.fromkeys(code for danger in found for code in danger.calls))
        unset = [self.lines[code].name for code in codes if not self.lines[code].number]
        notices = [f"{name}号码未配置" for name in unset]
        if not found[0].verified:
            notices.append(f"“{found[0].name}”话术未核实")
        return Emergency(
            tuple(danger.name for danger in found),
            codes,
            tuple(self.lines[code] for code in codes),
            found[0].first,
            found[0].second,
            tuple(notices),
        )

    def _danger(self, signal: str) -> Danger:
        exact = (danger for danger in self.dangers if signal in danger.signals)
        alike = (danger for danger in self.dangers if any(part in signal for part in danger.like))
        return next(exact, None) or next(alike, self.default)


def _check(danger: Danger, lines: Mapping[str, Line], where: str) -> None:
    if not danger.calls:
        raise TableError("没有写呼叫谁", where=where, remedy="补上 calls")
    for code in danger.calls:
        require_known(code, lines, where, "号码")
    for line in (danger.first, danger.second):
        if not line.strip() or "\n" in line:
            raise TableError("话术须是两行,每行一句", where=where, remedy="改正 first、second")
