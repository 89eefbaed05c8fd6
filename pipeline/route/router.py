"""From one prediction to one decision: the higher urgency of model and signals, then the first rule that fits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pipeline.infer.prediction import Prediction
from pipeline.route.advice import Advice, Adviser, Matter
from pipeline.route.calendar import Calendar, read_day
from pipeline.route.decision import Deadline, Decision, Reason
from pipeline.route.mapping import LabelMap, Reading
from pipeline.route.places import Gazetteer, Location
from pipeline.route.rules import Rule, RuleBook
from pipeline.route.schema import Facts, Schema
from pipeline.route.table import load_book
from pipeline.route.venues import VenueBook
from pipeline.tables import DATA
from pipeline.taxonomy import Label, Taxonomy
from pipeline.text.signals import Signal, SignalBook

__all__ = ["Router", "describe"]

DEFAULT_URGENCY = "normal"
PENDING = ("similar",)
"""Facts that conditions may ask for and that no part of the router fills yet."""
APART = 2
"""So many steps between model and signal make a row one to review."""
SURE = 0.9
"""A model as sure as this of a lower urgency is not outvoted by a hazard in passing (a fire lane as one remark of a
long list); a person looks. Signals of the highest urgency raise whatever the model says."""


@dataclass(frozen=True, slots=True)
class _Urgency:
    """The urgency decided, and how; ``doubts`` say why a person should look."""

    label: Label
    confidence: float | None
    reasons: tuple[str, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    """What is known of one ticket when its reasons are told."""

    domain: Reading | None
    nature: Reading | None
    urgency: _Urgency
    facts: Facts
    rules: tuple[Rule, ...]
    """The rules that fit: the one that decides, and the one that would without it."""
    day: dt.date
    location: Location
    called: tuple[str, ...]
    advice: Advice
    deadline: Deadline

    @property
    def rule(self) -> Rule | None:
        return self.rules[0] if self.rules else None


@dataclass(frozen=True, slots=True)
class Router:
    """All tables of routing, loaded and checked together; :meth:`route` is pure and may be shared by threads."""

    taxonomy: Taxonomy
    labels: LabelMap
    rules: RuleBook
    places: Gazetteer
    signals: SignalBook
    calendar: Calendar
    adviser: Adviser

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
        gazetteer, book, seasons = Gazetteer.load(places), SignalBook.load(signals), Calendar.load(calendar)
        adviser = Adviser.load(taxonomy=labels)
        table = load_book(rules, schema=describe(labels, gazetteer, book, seasons, adviser.venues))
        return cls(labels, LabelMap.load(mapping, taxonomy=labels), table, gazetteer, book, seasons, adviser)

    def route(
        self,
        *,
        id: str,
        text: str,
        address: str,
        time: dt.date | str | None,
        prediction: Prediction,
        channel: str = "",
        similar: int | None = None,
        asked: bool = False,
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
        channel : str
            How it came, as the export writes it.
        similar : int, optional
            How many like tickets came before it.
        asked : bool
            Whether the export's own column asks for secrecy.
        """
        case = self._examine(
            prediction, text=text, address=address, time=time, channel=channel, similar=similar, asked=asked
        )
        domain, rule, urgency = case.domain, case.rule, case.urgency
        units = _Units(self.rules, case.location)
        others = self._others(domain)
        critical = urgency.label.id == self.taxonomy.urgencies[-1].id
        doubts = tuple(self._doubts(case))
        return Decision(
            id=id,
            domain=_name(domain),
            domain_id=case.facts.domain,
            domain_confidence=domain.answer.confidence if domain else None,
            other_domains=tuple(label for label, _ in others),
            urgency=urgency.label.name,
            urgency_id=urgency.label.id,
            urgency_confidence=urgency.confidence,
            nature=_name(case.nature),
            lead_unit=units.lead(rule),
            support_units=units.support(rule, self._assisting(others, case), case.called),
            copy_units=units.copies(rule),
            district=case.location.district.name if case.location.district else "",
            deadline=case.deadline,
            call_until_acknowledged=critical or (rule is not None and rule.call),
            needs_review=bool(doubts),
            rule=rule.name if rule else "",
            chain=tuple(self._chain(case, units, doubts)),
            model=prediction.model,
            hide_caller=case.advice.secrecy.hide_caller or (rule is not None and rule.confidential),
        )

    def _examine(
        self,
        prediction: Prediction,
        *,
        text: str,
        address: str,
        time: dt.date | str | None,
        channel: str,
        similar: int | None,
        asked: bool,
    ) -> _Case:
        """Return what model, signals, places and rules say of a ticket."""
        domain, nature = self.labels.domain(prediction), self.labels.nature(prediction)
        day = read_day(time)
        seasons = self.calendar.seasons_on(day) if day else ()
        findings = self.signals.read(text)
        # A ticket of unknown day may be of any season: a signal that is bound to one then counts.
        found = [signal for signal in findings.signals if not (day and signal.season) or signal.season in seasons]
        urgency = self._urgency(self.labels.urgency(prediction), found)
        location, venues = self.places.locate(address, text), self.adviser.venues.find(text)
        facts = Facts(
            domain=_id(domain),
            urgency=urgency.label.id,
            nature=_id(nature),
            text=text,
            seasons=seasons,
            other_domains=tuple(label.id for _, label in self._others(domain) if label),
            district=location.district.name if location.district else "",
            venues=venues.tags,
            signals=tuple(signal.name for signal in (*found, *findings.notes)),
            confidence=domain.answer.confidence if domain else None,
            urgency_confidence=urgency.confidence,
            channel=channel,
            hour=time.hour if isinstance(time, dt.datetime) else None,
            month=day.month if day else None,
            similar=similar,
            **asdict(findings.degrees),
        )
        day = day or dt.date.today()
        fitting = self.rules.fitting(facts, day)
        rules = tuple(rule for rule, _ in zip(fitting, range(2), strict=False))
        urgency = self._raised_by(rules[0] if rules else None, urgency)
        deadline = self._deadline(rules[0] if rules else None, facts, urgency.label.id)
        matter = Matter(
            text,
            address,
            facts.domain,
            urgency.label.id,
            facts.nature,
            location,
            tuple(signal.name for signal in found),
            time if isinstance(time, dt.datetime) else None,
            nature.answer if nature else None,
            self._runner_up(nature),
            asked,
        )
        advice = self.adviser.advise(matter, deadline, venues=venues)
        called = tuple(self._called(found))
        return _Case(domain, nature, urgency, facts, rules, day, location, called, advice, deadline)

    def _deadline(self, rule: Rule | None, facts: Facts, urgency: str) -> Deadline:
        """Return the statutory clock where a law sets one, else the hotline's."""
        law = self.adviser.statutes.governing(facts.domain, facts.nature, facts.text, urgency)
        return self.rules.deadline(rule, urgency) if law is None else Deadline(law.value, law.unit, law.reason)

    def _runner_up(self, nature: Reading | None) -> str:
        """Return the id of the second most probable nature, empty where there is none."""
        name = nature.answer.runner_up if nature else None
        return next((label.id for label in self.taxonomy.natures if label.name == name), "")

    def _chain(self, case: _Case, units: _Units, doubts: Sequence[str]) -> Iterator[Reason]:
        """Yield why, in the order in which a person would tell it."""
        yield from (Reason("领域", text) for text in _domain_reasons(case.domain))
        yield from (Reason("紧急程度", text) for text in case.urgency.reasons)
        yield Reason("规则", self._rule_reason(case))
        yield Reason("时限", f"时限{case.deadline}：{case.deadline.basis}")
        yield Reason("属地", case.location.reason)
        if case.rule and case.rule.confidential and not case.advice.secrecy.hide_caller:
            yield Reason("保密", "按规则保密，不得透露来电人信息")
        if case.called and case.advice.emergency is None:
            yield Reason("叫应", f"立即转接{'、'.join(dict.fromkeys(map(self.rules.unit_name, case.called)))}")
        # Where a law sets the deadline, its clock has been told already.
        yield from (Reason(part, text) for part, text in case.advice.told if text != case.deadline.basis)
        yield from (Reason("次选", text) for text in self._runners_up(case, units))
        if doubts:
            yield Reason("复核", f"需人工复核：{'；'.join(doubts)}")

    def _runners_up(self, case: _Case, units: _Units) -> Iterator[str]:
        """Yield the second label with the rule and unit that it would lead to, then the second rule."""
        answer = case.domain.answer if case.domain else None
        if answer is not None and answer.runner_up:
            label = self.labels.label_of_domain(answer.runner_up)
            rule = self.rules.first(replace(case.facts, domain=label.id), case.day) if label else None
            goes = f"（按规则“{rule.name}”派{units.lead(rule)}）" if rule else "（没有派单映射）"
            yield f"领域次选{label.name if label else answer.runner_up}{goes}"
        if len(case.rules) > 1:
            yield f"没有这条规则时按“{case.rules[1].name}”派{units.lead(case.rules[1])}"

    def _doubts(self, case: _Case) -> Iterator[str]:
        """Yield why a person should look at the ticket."""
        if case.domain is not None and case.domain.answer.doubtful:
            yield "领域把握不足"
        yield from case.urgency.doubts
        yield from case.advice.doubts
        if case.location.doubtful:
            yield "地点说法不一"
        if case.rule is None:
            yield "没有可用的派单规则"
            return
        for code in dict.fromkeys((case.rule.lead, *case.rule.support)):
            unit = self.rules.units[code]
            if not unit.exists_on(case.day):
                yield f"{unit.name}不在有效期内"

    def _urgency(self, reading: Reading | None, found: Sequence[Signal]) -> _Urgency:
        """Return the higher of what the model and the signals say."""
        known = reading is not None and reading.label is not None
        label = reading.label if reading and reading.label else self._label(DEFAULT_URGENCY)
        reasons = [_model_urgency(reading, label)]
        doubts = _urgency_doubts(reading)
        top = max(found, key=lambda signal: self.taxonomy.level(signal.urgency), default=None)
        if top is not None:
            raised = self._label(top.urgency)
            gap = self.taxonomy.level(raised.id) - self.taxonomy.level(label.id)
            quote = f"文中“{top.phrase}”{top.reason}"
            if gap > 0 and self._outweighed(top, reading):
                reasons.append(f"{quote}，模型有把握判{label.name}，未升级")
                doubts.append(f"模型判{label.name}而文中有{raised.name}的信号")
            elif gap > 0:
                reasons.append(f"{quote}，紧急程度由{label.name}升为{raised.name}")
                if known and gap >= APART:
                    doubts.append(f"模型判{label.name}而文中有{raised.name}的信号")
                label = raised
            else:
                reasons.append(f"{quote}，与{label.name}相符")
        confidence = reading.answer.confidence if reading else None
        return _Urgency(label, confidence, tuple(reasons), tuple(doubts))

    def _outweighed(self, signal: Signal, reading: Reading | None) -> bool:
        """Whether a model that is sure of a lower urgency stands against a signal that is not of the highest."""
        if reading is None or reading.label is None or signal.urgency == self.taxonomy.urgencies[-1].id:
            return False
        return reading.answer.confidence >= SURE

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

    def _assisting(self, others: Iterable[tuple[str, Label | None]], case: _Case) -> tuple[Rule, ...]:
        """Return the rules of the further domains: their lead units assist."""
        rules = (self.rules.first(replace(case.facts, domain=label.id), case.day) for _, label in others if label)
        return tuple(rule for rule in rules if rule is not None)

    def _called(self, found: Iterable[Signal]) -> Iterator[str]:
        """Yield the codes of the emergency lines that the signals call for."""
        return (code for signal in found for code in self.rules.calls.get(signal.name, ()))

    def _rule_reason(self, case: _Case) -> str:
        rule = case.rule
        if rule is None:
            return f"没有可用的派单规则，转{self.rules.unit_name(self.rules.fallback)}"
        unverified = "" if rule.verified and self.rules.units[rule.lead].verified else "（职责分工未核实）"
        basis = f"，{rule.basis}" if rule.basis else ""
        facts = "，".join(rule.reasons(case.facts)) or "兜底"
        return f"按规则“{rule.name}”派单（{facts}）{basis}{unverified}"


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
        return self._but_lead(rule, codes)

    def copies(self, rule: Rule | None) -> tuple[str, ...]:
        """Return the names of all that receive a copy, the lead unit left out."""
        return self._but_lead(rule, rule.copy_to if rule else ())

    def _but_lead(self, rule: Rule | None, codes: Iterable[str]) -> tuple[str, ...]:
        lead = self.lead(rule)
        return tuple(dict.fromkeys(name for name in map(self._name, codes) if name not in ("", lead)))

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


def _id(reading: Reading | None) -> str:
    """Return the id of the label that an answer stands for, empty where there is none."""
    return reading.label.id if reading and reading.label else ""


def _domain_reasons(domain: Reading | None) -> tuple[str, ...]:
    if domain is None:
        return ("该模型的标签没有派单映射",)
    answer = domain.answer
    reasons = [f"模型判领域为{_name(domain)}（{answer.confidence:.2f}）"]
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
    return f"模型判紧急程度为{label.name}（{reading.answer.confidence:.2f}）"


def _urgency_doubts(reading: Reading | None) -> list[str]:
    if reading is None:
        return []
    if reading.label is None:
        return ["紧急程度没有映射"]
    if not reading.answer.doubtful:
        return []
    return [f"紧急程度把握不足{f'，次选{reading.answer.runner_up}' if reading.answer.runner_up else ''}"]


def describe(
    taxonomy: Taxonomy, places: Gazetteer, signals: SignalBook, calendar: Calendar, venues: VenueBook
) -> Schema:
    """Return what conditions may ask, by the vocabularies of the tables."""
    return Schema.build(
        taxonomy,
        districts=[district.name for district in places.districts],
        signals=[rule.name for rule in signals.rules],
        seasons=[season.name for season in calendar.seasons],
        venues=venues.tags,
        pending=PENDING,
    )
