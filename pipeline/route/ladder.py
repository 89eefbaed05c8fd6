"""Who is called when, and how often a call is tried again: ``data/calls.toml``."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import TableError
from pipeline.tables import DATA, build, read_toml
from pipeline.text.signals import require_known

__all__ = ["Endpoint", "Ladder", "Retries", "Rung"]

_SECTIONS = ("again_minutes", "verified", "rungs", "retries", "webhook")


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the escalation.

    Parameters
    ----------
    after_minutes : int
        How long after the ticket was entered, if nobody has acknowledged it.
    to : str
        Who is called: a role, with ``{unit}`` and ``{district}``.
    """

    after_minutes: int
    to: str


@dataclass(frozen=True, slots=True)
class Retries:
    """How a call that did not arrive is tried again, with growing waits.

    Parameters
    ----------
    tries : int
        How often in all.
    first_wait_seconds, factor, longest_wait_seconds : int, float, int
        The first wait, by what each next one is longer, and the longest.
    lease_seconds : int
        After how long a call whose sender has vanished may be sent by another.
    """

    tries: int = 5
    first_wait_seconds: int = 10
    factor: float = 2.0
    longest_wait_seconds: int = 120
    lease_seconds: int = 60

    def wait(self, attempt: int) -> int:
        """Return how many seconds to wait after the ``attempt``-th try (from 1) has failed.

        >>> [Retries().wait(attempt) for attempt in (1, 2, 3, 9)]
        [10, 20, 40, 120]
        """
        grown = self.first_wait_seconds * self.factor ** min(attempt - 1, 32)
        return int(min(grown, self.longest_wait_seconds))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the webhook sender posts to; an empty ``url`` means that it is not configured."""

    url: str = ""
    timeout_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Ladder:
    """The escalation: rungs, the last of which is repeated every ``again_minutes`` until someone acknowledges."""

    rungs: tuple[Rung, ...]
    again_minutes: int
    retries: Retries = Retries()
    webhook: Endpoint = Endpoint()

    @classmethod
    def load(cls, path: Path = DATA / "calls.toml") -> Ladder:
        """Read and check the table.

        Raises
        ------
        TableError
            On an unknown key, no rung, rungs out of order, an unknown word in braces, or a number that makes no sense.
        """
        table = read_toml(path)
        for key in table:
            require_known(key, _SECTIONS, str(path), "键")
        entries = table.get("rungs", ())
        rungs = tuple(build(Rung, entry, f"{path} 第 {at} 级 rungs") for at, entry in enumerate(entries, 1))
        again = table.get("again_minutes")
        if not rungs or type(again) is not int or again < 1:
            raise TableError("没有 rungs,或 again_minutes 不对", where=path, expected="至少一级,和不小于 1 的分钟数")
        for earlier, later in itertools.pairwise(rungs):
            if earlier.after_minutes >= later.after_minutes:
                raise TableError("各级的 after_minutes 不是递增的", where=path, remedy="按先后排列")
        retries = build(Retries, table.get("retries", {}), f"{path} retries")
        webhook = build(Endpoint, table.get("webhook", {}), f"{path} webhook")
        ladder = cls(rungs, again, retries, webhook)
        ladder._check(str(path))
        return ladder

    def named(self, rung: int, *, unit: str, district: str) -> str:
        """Return who is called on a rung (from 0); a rung that needs a district no one knows says so."""
        return self.rungs[rung].to.format(unit=unit, district=district or "(属地未知)")

    def _check(self, where: str) -> None:
        if self.rungs[0].after_minutes < 0:
            raise TableError("after_minutes 小于 0", where=where, expected="不小于 0 的分钟数")
        for rung in self.rungs:
            try:
                rung.to.format(unit="", district="")
            except (KeyError, IndexError, ValueError, AttributeError):
                raise TableError(
                    f"“{rung.to}”里的花括号不对", where=where, expected="只用 {unit} 和 {district}"
                ) from None
        retries, seconds = self.retries, (self.retries.first_wait_seconds, self.retries.lease_seconds)
        if retries.tries < 1 or min(seconds) < 1 or retries.factor < 1 or self.webhook.timeout_seconds <= 0:
            raise TableError("retries 或 webhook 的数字不对", where=where, expected="正数,factor 不小于 1")
        if retries.lease_seconds <= self.webhook.timeout_seconds:
            raise TableError("lease_seconds 不大于 timeout_seconds", where=where, remedy="加大 lease_seconds")
