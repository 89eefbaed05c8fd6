"""A model and a set of rules behind one counter: tickets in, decisions out."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.infer import processor
from pipeline.infer.folder import ModelCard
from pipeline.infer.prediction import Answer, Prediction
from pipeline.infer.predictor import Predictor
from pipeline.route import COLUMNS, Decision, Router
from pipeline.tables import ROOT
from pipeline.taxonomy import DOMAIN, NATURE, URGENCY
from pipeline.text.prepare import prepare
from pipeline.tickets import Ticket
from pipeline.tickets.parts import encode_part

__all__ = ["DEFAULT_MODEL", "DEFAULT_RULES", "Counts", "Desk", "Routed"]

DEFAULT_MODEL = ROOT / "models" / "default"
DEFAULT_RULES = ROOT / "data" / "routing.toml"
_STANDARD_HEADS = (DOMAIN, URGENCY, NATURE)


@dataclass(frozen=True, slots=True)
class Routed:
    """A ticket's decision, and what heads of an analyst's own said of it."""

    decision: Decision
    own: Mapping[str, Answer]

    def cells(self) -> tuple[object, ...]:
        """Return the added cells, own heads behind the standard ones."""
        own = (value for answer in self.own.values() for value in (answer.label, round(answer.confidence, 3)))
        return (*self.decision.to_cells(), *own)

    def record(self) -> dict[str, object]:
        """Return the JSON record; own heads stand under ``heads``."""
        record: dict[str, object] = dict(self.decision.to_record())
        if self.own:
            record["heads"] = {
                name: {
                    "label": answer.label,
                    "confidence": round(answer.confidence, 3),
                    "others": list(answer.others),
                }
                for name, answer in self.own.items()
            }
        return record


@dataclass
class Counts:
    """What a person wants to know of many decisions.

    Parameters
    ----------
    domains, urgencies : Counter of str
        Tickets by domain and by urgency.
    review, called : int
        Tickets marked for review, and tickets to be called until acknowledged.
    """

    domains: Counter[str] = field(default_factory=Counter)
    urgencies: Counter[str] = field(default_factory=Counter)
    review: int = 0
    called: int = 0

    def count(self, decision: Decision) -> None:
        """Count one decision."""
        self.domains[decision.domain] += 1
        self.urgencies[decision.urgency] += 1
        self.review += decision.needs_review
        self.called += decision.call_until_acknowledged

    def add(self, other: Counts) -> None:
        """Add the counts of other tickets."""
        self.domains.update(other.domains)
        self.urgencies.update(other.urgencies)
        self.review += other.review
        self.called += other.called

    def record(self) -> dict[str, Any]:
        """Return the counts for JSON."""
        return {
            "domains": dict(self.domains),
            "urgencies": dict(self.urgencies),
            "review": self.review,
            "called": self.called,
        }

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Counts:
        """Return the counts of a :meth:`record`."""
        return cls(Counter(record["domains"]), Counter(record["urgencies"]), record["review"], record["called"])


class Desk:
    """A model and a set of rules, ready to decide on tickets.

    Parameters
    ----------
    model : Path
        A model folder. The network is opened when the first ticket comes.
    rules : Path
        The routing table.
    for_units : bool
        Whether the rows are meant for units: who called is hidden wherever the ticket must be kept secret.

    Raises
    ------
    ModelError
        If the model is missing or damaged.
    TableError
        If a table is wrong; nothing is decided then.
    """

    def __init__(self, model: Path = DEFAULT_MODEL, rules: Path = DEFAULT_RULES, *, for_units: bool = False) -> None:
        self.model, self.rules, self.for_units = model, rules, for_units
        self.card = ModelCard.load(model)
        self._router = Router.load(rules)

    @cached_property
    def _predictor(self) -> Predictor:
        return Predictor(self.model)

    @property
    def notices(self) -> list[str]:
        """What a person should know before trusting the answers, or waiting for them."""
        notices = [] if self.card.same_dictionary else ["用户词典在模型训练之后改过,建议重新训练模型"]
        notices += self._router.rules.notices(dt.date.today())
        return [*notices, processor.SLOW] if processor.has_vnni() is False else notices

    @property
    def own_heads(self) -> tuple[str, ...]:
        """Names of the model's heads that are not the shipped taxonomy's."""
        return tuple(head.name for head in self.card.heads if head.name not in _STANDARD_HEADS)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that this desk adds."""
        return (*COLUMNS, *(column for name in self.own_heads for column in (name, f"{name}置信度")))

    def decide(self, tickets: Sequence[Ticket], header: Sequence[str] = ()) -> list[Routed]:
        """Return one routed ticket per ticket, in order; what is said in the same words is predicted once.

        ``header`` names the tickets' cells, so that a column that asks for secrecy (是否保密) is heard.
        """
        texts = [prepare(ticket.title, ticket.text) for ticket in tickets]
        distinct = list(dict.fromkeys(texts))
        predictions = dict(zip(distinct, self._predictor.predict(distinct), strict=True))
        asks = self._router.adviser.secrecy.columns.asking(header)
        return [
            self._route(ticket, text, predictions[text], asked=asks(ticket.cells))
            for ticket, text in zip(tickets, texts, strict=True)
        ]

    def answer(self, tickets: Sequence[Ticket], ending: str, header: Sequence[str]) -> tuple[bytes, Counts]:
        """Return the finished rows of tickets as a part of a result, and their counts.

        Parameters
        ----------
        tickets : sequence of Ticket
            In order.
        ending, header
            Of the result, as :func:`pipeline.tickets.parts.encode_part` takes them.
        """
        counts, routed = Counts(), self.decide(tickets, header)
        for one in routed:
            counts.count(one.decision)
        lines = ending in ("", ".jsonl")
        shown = self._shown(header)
        rows = (
            ((), one.record()) if lines else ((*shown(ticket, one), *one.cells()), None)
            for ticket, one in zip(tickets, routed, strict=True)
        )
        return encode_part(ending, header, rows), counts

    def _shown(self, header: Sequence[str]) -> Callable[[Ticket, Routed], Sequence[object]]:
        """Return what gives a ticket's own cells as the reader of the result may see them."""
        if not self.for_units:
            return lambda ticket, _: ticket.cells
        redactor = self._router.adviser.secrecy.columns.redactor(header)
        return lambda ticket, one: redactor.row(ticket.cells) if one.decision.hide_caller else ticket.cells

    def _route(self, ticket: Ticket, text: str, prediction: Prediction, *, asked: bool = False) -> Routed:
        """Route one ticket."""
        decision = self._router.route(
            id=ticket.id or str(ticket.row),
            text=text,
            address=ticket.address,
            time=ticket.time,
            prediction=prediction,
            channel=ticket.channel,
            asked=asked,
        )
        return Routed(decision, {name: prediction.answers[name] for name in self.own_heads})
