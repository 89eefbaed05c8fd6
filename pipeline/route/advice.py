"""Everything beside the unit that a duty officer should be told of a ticket, from one call.

What kind of place, when it is due and by which law, whose name stays hidden, whom to call at once, what a reward report
lacks: each has its own file and table; this one puts them together for the router.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.infer.prediction import Answer
from pipeline.route.clock import Clock, Due, Term
from pipeline.route.emergency import Emergency, EmergencyBook
from pipeline.route.places import Location
from pipeline.route.reward import Checklist, RewardBook
from pipeline.route.secrecy import Secrecy, SecrecyBook
from pipeline.route.statutes import StatuteBook, StatutoryClock
from pipeline.route.venues import VenueBook, Venues
from pipeline.tables import DATA
from pipeline.taxonomy import Taxonomy

__all__ = ["Advice", "Adviser", "Matter"]


@dataclass(frozen=True, slots=True)
class Matter:
    """What is known of a ticket before advice is given.

    Parameters
    ----------
    text : str
        Cleaned and masked text.
    address : str
        The address column.
    domain, urgency, nature : str
        Ids of the taxonomy; empty where unknown.
    location : Location
        What the gazetteer found.
    signals : tuple of str
        Names of the critical signals found.
    arrival : datetime or None
        When the call came, as naive local time.
    said : Answer or None
        The model's answer on nature.
    runner_up : str
        Id of the second most probable nature.
    asked : bool
        Whether the export's own column asks for secrecy.
    """

    text: str
    address: str
    domain: str
    urgency: str
    nature: str
    location: Location
    signals: tuple[str, ...] = ()
    arrival: dt.datetime | None = None
    said: Answer | None = None
    runner_up: str = ""
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Advice:
    """What a duty officer should be told.

    Parameters
    ----------
    venues : Venues
        Kinds of place.
    clocks : tuple of StatutoryClock
        Every statutory clock that runs.
    due : Due or None
        When the ticket is due; ``None`` where the arrival is not known.
    secrecy : Secrecy
        Whose name stays hidden.
    emergency : Emergency or None
        Whom to call at once, for a 特急.
    checklist : Checklist or None
        What a reward report has and lacks.
    """

    venues: Venues
    clocks: tuple[StatutoryClock, ...]
    due: Due | None
    secrecy: Secrecy
    emergency: Emergency | None
    checklist: Checklist | None

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        """The advice as (part, phrase) pairs, in the order in which a person would tell it."""
        return tuple(self._told())

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why a person should look."""
        return ("诉求类型在举报边缘",) if self.secrecy.doubtful else ()

    def _told(self) -> Iterator[tuple[str, str]]:
        if self.emergency is not None:
            yield "叫应", self.emergency.call
            yield "叫应", f"对来电人说：{self.emergency.first}"
            yield "叫应", f"坐席：{self.emergency.second}"
            yield from (("叫应", notice) for notice in self.emergency.notices)
        if self.venues.reason:
            yield "场所", self.venues.reason
        yield from (("时限", clock.reason) for clock in self.clocks)
        if self.due is not None:
            yield "时限", f"{self.due.moment:%Y-%m-%d %H:%M} 到期，延期须在 {self.due.extend_by:%m-%d %H:%M} 前提出"
            yield from (("时限", notice) for notice in self.due.notices)
        yield from (("保密", reason) for reason in self.secrecy.reasons)
        if self.secrecy.hide_caller:
            yield from (("保密", part.advice) for part in self.secrecy.parts)
        if self.checklist is not None:
            yield "举报", self.checklist.reason
            yield from (("举报", question) for question in self.checklist.questions)
            yield from (("举报", notice) for notice in self.checklist.notices)


@dataclass(frozen=True, slots=True)
class Adviser:
    """All tables of advice, loaded and checked; :meth:`advise` is pure and may be shared by threads."""

    clock: Clock
    statutes: StatuteBook
    venues: VenueBook
    secrecy: SecrecyBook
    emergency: EmergencyBook
    reward: RewardBook
    critical: str

    @classmethod
    def load(cls, folder: Path = DATA, *, taxonomy: Taxonomy) -> Adviser:
        """Load and check every table of a folder.

        Raises
        ------
        TableError
            If a table is wrong.
        """
        return cls(
            Clock.load(folder / "calendar.toml"),
            StatuteBook.load(folder / "clocks.toml", taxonomy=taxonomy),
            VenueBook.load(folder / "venues.toml"),
            SecrecyBook.load(folder / "secrecy.toml", taxonomy=taxonomy),
            EmergencyBook.load(folder / "emergency.toml"),
            RewardBook.load(folder / "reward.toml", taxonomy=taxonomy),
            taxonomy.urgencies[-1].id,
        )

    def advise(self, matter: Matter, term: Term, *, venues: Venues | None = None) -> Advice:
        """Return what a duty officer should be told.

        Parameters
        ----------
        matter : Matter
            The ticket.
        term : Term
            The deadline that was chosen for it: the hotline's, or :meth:`StatuteBook.governing`'s.
        venues : Venues, optional
            The kinds of place, where the rules have asked for them already.
        """
        reported = self.reward.concerns(matter.domain, matter.nature)
        return Advice(
            self.venues.find(matter.text) if venues is None else venues,
            self.statutes.running(matter.domain, matter.nature, matter.text),
            None if matter.arrival is None else self.clock.due(matter.arrival, term),
            self._secrecy(matter),
            self._emergency(matter.urgency, matter.signals),
            self.reward.check(matter.domain, matter.text, matter.location, address=matter.address)
            if reported
            else None,
        )

    def _secrecy(self, matter: Matter) -> Secrecy:
        said = matter.said
        return self.secrecy.judge(
            matter.nature,
            matter.text,
            confidence=said.confidence if said else None,
            runner_up=matter.runner_up,
            doubtful=said.doubtful if said else False,
            asked=matter.asked,
        )

    def _emergency(self, urgency: str, signals: Iterable[str]) -> Emergency | None:
        return self.emergency.advise(signals) if urgency == self.critical else None
