"""From one prediction to one decision: the higher urgency of model and signals, then the first rule that fits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.infer.prediction import Prediction
from pipeline.route.calendar import Calendar, read_day
from pipeline.route.decision import Decision
from pipeline.route.mapping import LabelMap, Reading
from pipeline.route.places import Gazetteer, Location
from pipeline.route.rules import Facts, Rule, RuleBook
from pipeline.tables import DATA
from pipeline.taxonomy import Label, Taxonomy
from pipeline.text.signals import Signal, SignalBook

__all__ = ["Router"]

DEFAULT_URGENCY = "normal"
APART = 2
"""So many steps between model and signal make a row one to review."""


@dataclass(frozen=True, slots=True)
class _Urgency:
    """The urgency decided, and how."""

    label: Label
    confidence: float | None
    reasons: tuple[str, ...]
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Router:
    """All tables of routing, loaded and checked together; :meth:`route` is pure and may be shared by threads."""

    taxonomy: Taxonomy
    labels: LabelMap
    rules: RuleBook
    places: Gazetteer
    signals: SignalBook
    calendar: Calendar

    @classmethod
    def load(
        cls,
        rules: Path = DATA / "routing.toml",
        *,
        places: Path = DATA / "places.toml",
        signals: Path = DATA / "signals.toml",
        calendar: Path = DATA / "calendar.toml",
        mapping: Path = DATA / "mapping.toml",
        taxonomy: Path = DATA / "taxonomy.toml",
    ) -> Router:
        """Load and check every table.

        Raises
        ------
        TableError
            If a table is wrong or names something that another does not define.
        """
        labels = Taxonomy.load(taxonomy)
        book = SignalBook.load(signals)
        seasons = Calendar.load(calendar)
        table = RuleBook.load(
            rules,
            taxonomy=labels,
            signals=[rule.name for rule in book.rules],
            seasons=[season.name for season in seasons.seasons],
        )
        return cls(labels, LabelMap.load(mapping, taxonomy=labels), table, Gazetteer.load(places), book, seasons)

    def route(
        self,
        *,
        id: str,
        text: str,
        address: str,
        time: dt.date | str | None,
        prediction: Prediction,
    ) -> Decision:
        """Decide one ticket.

        Parameters
        ----------
        id, text, address : str
            The ticket's number, its cleaned and masked text, its address column or an empty string.
        time : datetime.date, str or None
            When the ticket came; anything unreadable counts as unknown.
        prediction : Prediction
            What the model says.
        """
        domain = self.labels.domain(prediction)
        nature = self.labels.nature(prediction)
        found = self.signals.find(text)
        urgency = self._urgency(self.labels.urgency(prediction), found)
        facts = self._facts(domain, nature, urgency.label, text, time)
        rule = self.rules.first(facts)
        urgency = self._raised_by(rule, urgency)
        location = self.places.locate(address, text)
        units = _Units(self.rules, location)
        others = self._others(domain)
        return Decision(
            id=id,
            domain=_name(domain),
            domain_id=facts.domain,
            domain_confidence=domain.answer.confidence if domain else None,
            other_domains=tuple(label for label, _ in others),
            urgency=urgency.label.name,
            urgency_id=urgency.label.id,
            urgency_confidence=urgency.confidence,
            nature=_name(nature),
            lead_unit=units.lead(rule),
            support_units=units.support(rule, self._assisting(others, facts), self._called(found)),
            district=location.district.name if location.district else "",
            deadline=self.rules.deadline(rule, urgency.label.id),
            call_until_acknowledged=urgency.label.id == self.taxonomy.urgencies[-1].id,
            needs_review=rule is None or urgency.doubtful or (domain is not None and domain.answer.doubtful),
            reasons=self._reasons(domain, nature, urgency, rule, location),
            model=prediction.model,
        )

    def _reasons(
        self, domain: Reading | None, nature: Reading | None, urgency: _Urgency, rule: Rule | None, location: Location
    ) -> tuple[str, ...]:
        """Return why, in the order in which a person would tell it."""
        deadline = self.rules.deadline(rule, urgency.label.id)
        return (
            *_domain_reasons(domain),
            *urgency.reasons,
            *self._rule_reasons(rule),
            f"时限{deadline}：{deadline.basis}",
            location.reason,
            *_secrecy(nature),
        )

    def _facts(
        self, domain: Reading | None, nature: Reading | None, urgency: Label, text: str, time: dt.date | str | None
    ) -> Facts:
        day = read_day(time)
        return Facts(
            domain=domain.label.id if domain and domain.label else "",
            urgency=urgency.id,
            nature=nature.label.id if nature and nature.label else "",
            text=text,
            seasons=self.calendar.seasons_on(day) if day else (),
        )

    def _urgency(self, reading: Reading | None, found: Sequence[Signal]) -> _Urgency:
        """Return the higher of what the model and the signals say."""
        known = reading is not None and reading.label is not None
        label = reading.label if reading and reading.label else self._label(DEFAULT_URGENCY)
        reasons = [_model_urgency(reading, label)]
        doubtful = reading is not None and (reading.label is None or reading.answer.doubtful)
        top = max(found, key=lambda signal: self.taxonomy.level(signal.urgency), default=None)
        if top is not None:
            raised = self._label(top.urgency)
            gap = self.taxonomy.level(raised.id) - self.taxonomy.level(label.id)
            quote = f"文中“{top.phrase}”{top.reason}"
            if gap > 0:
                reasons.append(f"{quote}，紧急程度由{label.name}升为{raised.name}")
                doubtful = doubtful or (known and gap >= APART)
                label = raised
            else:
                reasons.append(f"{quote}，与{label.name}相符")
        confidence = reading.answer.confidence if reading else None
        return _Urgency(label, confidence, tuple(reasons), doubtful)

    def _raised_by(self, rule: Rule | None, urgency: _Urgency) -> _Urgency:
        """Return the urgency as the rule raises it; a rule never lowers."""
        if rule is None or rule.raise_to is None:
            return urgency
        raised = self._label(rule.raise_to)
        if self.taxonomy.level(raised.id) <= self.taxonomy.level(urgency.label.id):
            return urgency
        reason = f"规则“{rule.name}”将紧急程度由{urgency.label.name}升为{raised.name}"
        return replace(urgency, label=raised, reasons=(*urgency.reasons, reason))

    def _label(self, urgency_id: str) -> Label:
        return self.taxonomy.urgencies[self.taxonomy.level(urgency_id)]

    def _others(self, domain: Reading | None) -> list[tuple[str, Label | None]]:
        """Return the further domains as they are to be written, each with its label in the taxonomy."""
        if domain is None:
            return []
        labels = [(name, self.labels.label_of_domain(name)) for name in domain.answer.others]
        return [(label.name if label and name == label.id else name, label) for name, label in labels]

    def _assisting(self, others: Iterable[tuple[str, Label | None]], facts: Facts) -> tuple[Rule, ...]:
        """Return the rules of the further domains: their lead units assist."""
        rules = (self.rules.first(replace(facts, domain=label.id)) for _, label in others if label)
        return tuple(rule for rule in rules if rule is not None)

    def _called(self, found: Iterable[Signal]) -> tuple[str, ...]:
        """Return the codes of the emergency lines that the signals call for."""
        return tuple(code for signal in found for code in self.rules.calls.get(signal.name, ()))

    def _rule_reasons(self, rule: Rule | None) -> tuple[str, ...]:
        if rule is None:
            return (f"没有可用的派单规则，转{self.rules.units[self.rules.fallback].name}",)
        unverified = "" if rule.verified and self.rules.units[rule.lead].verified else "（职责分工未核实）"
        basis = f"，{rule.basis}" if rule.basis else ""
        return (f"按规则“{rule.name}”派单{basis}{unverified}",)


@dataclass(frozen=True, slots=True)
class _Units:
    """Unit codes turned into names, at the ticket's place."""

    book: RuleBook
    location: Location

    def lead(self, rule: Rule | None) -> str:
        """Return the name of the lead unit; a district's government only where the district is known."""
        unit = self.book.units[rule.lead if rule else self.book.fallback]
        if unit.kind != "属地":
            return unit.name
        if self.location.district is None:
            return self.book.units[self.book.unknown_district].name
        return self.location.district.government

    def support(self, rule: Rule | None, assisting: Iterable[Rule], called: Iterable[str]) -> tuple[str, ...]:
        """Return the names of all that assist: emergency lines first, the lead unit left out."""
        codes = [*called, *(rule.support if rule else ()), *(other.lead for other in assisting)]
        names = [self._name(code) for code in codes]
        if rule is not None and rule.copy_to_district and self.location.district is not None:
            names.append(self.location.district.government)
        lead = self.lead(rule)
        return tuple(dict.fromkeys(name for name in names if name not in ("", lead)))

    def _name(self, code: str) -> str:
        unit = self.book.units[code]
        if unit.kind != "属地":
            return unit.name
        return self.location.district.government if self.location.district else ""


def _name(reading: Reading | None) -> str:
    """Return a label as it is to be written: the Chinese name of a taxonomy label, else the model's own."""
    if reading is None:
        return ""
    return reading.label.name if reading.label and not reading.mapped else reading.answer.label


def _domain_reasons(domain: Reading | None) -> tuple[str, ...]:
    if domain is None:
        return ("该模型的标签没有派单映射",)
    answer = domain.answer
    reasons = [f"模型判领域为{_name(domain)}（{answer.confidence:.2f}）"]
    if answer.doubtful:
        reasons.append(f"领域把握不足，次选{answer.runner_up}" if answer.runner_up else "领域把握不足")
    if domain.label is None:
        reasons.append("该模型的标签没有派单映射")
    elif domain.mapped:
        reasons.append(f"按映射表把“{answer.label}”当作{domain.label.name}派单")
    return tuple(reasons)


def _model_urgency(reading: Reading | None, label: Label) -> str:
    if reading is None:
        return f"模型不判紧急程度，默认{label.name}"
    if reading.label is None:
        return f"模型的紧急程度“{reading.answer.label}”没有映射，默认{label.name}"
    doubt = "，把握不足" if reading.answer.doubtful else ""
    runner_up = f"，次选{reading.answer.runner_up}" if doubt and reading.answer.runner_up else ""
    return f"模型判紧急程度为{label.name}（{reading.answer.confidence:.2f}）{doubt}{runner_up}"


def _secrecy(nature: Reading | None) -> tuple[str, ...]:
    if nature is not None and nature.label is not None and nature.label.id == "report":
        return ("举报件：对被举报人保密，不得透露举报人信息",)
    return ()
