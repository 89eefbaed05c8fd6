"""What the hotline gets back for one ticket."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

__all__ = ["COLUMNS", "UNITS", "Deadline", "Decision", "Reason"]

COLUMNS = (
    "领域",
    "领域置信度",
    "其他领域",
    "紧急程度",
    "紧急置信度",
    "诉求类型",
    "主办单位",
    "协办单位",
    "抄送单位",
    "属地",
    "办理时限",
    "叫应",
    "需人工复核",
    "派单规则",
    "依据",
    "模型版本",
)
"""The columns a spreadsheet gains, in the order of :meth:`Decision.to_cells`."""
_QUESTIONS = {
    "领域": "这是什么事",
    "紧急程度": "有多急",
    "规则": "为什么派给它",
    "时限": "时限从哪来",
    "属地": "在哪个县区",
    "场所": "是什么场所",
    "保密": "要不要保密",
    "叫应": "要马上找谁",
    "举报": "举报还缺什么",
    "次选": "还可能派给谁",
    "复核": "要不要人看",
}
"""What each part of the chain answers, as the person who asks would put it."""
UNITS = {"小时": "小时", "工作日": "个工作日", "自然日": "日"}


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long a unit has.

    Parameters
    ----------
    value : int
        How many, at least 1.
    unit : str
        ``小时``, ``工作日`` or ``自然日``.
    basis : str
        What sets the clock: a law or the hotline's own rule.
    """

    value: int
    unit: str
    basis: str

    def __str__(self) -> str:
        """Return the deadline as people write it.

        >>> str(Deadline(3, "工作日", ""))
        '3个工作日'
        """
        return f"{self.value}{UNITS[self.unit]}"


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of a decision.

    Parameters
    ----------
    part : str
        A key of the questions above: ``领域``, ``紧急程度``, ``规则``, ``时限`` …
    text : str
        What was decided and on what, in Chinese.
    """

    part: str
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One ticket, decided.

    Parameters
    ----------
    id : str
        The ticket's number.
    domain, domain_id : str
        Primary domain as the model spells it, and its id in the taxonomy (empty where no mapping is known).
    domain_confidence : float or None
        Calibrated probability, 0 to 1; ``None`` where the model has no such head.
    other_domains : tuple of str
        Further domains.
    urgency, urgency_id : str
        The higher of model and signals.
    urgency_confidence : float or None
        The model's, also where a signal raised the urgency.
    nature : str
        Nature, empty where the model has no such head.
    lead_unit : str
        The unit that should act.
    support_units, copy_units : tuple of str
        Units that assist, and those that receive a copy.
    district : str
        District, empty where unknown.
    deadline : Deadline
        How long the lead unit has.
    call_until_acknowledged : bool
        Whether the unit is to be called until it acknowledges.
    needs_review : bool
        Whether a person should look at the row.
    rule : str
        Name of the rule that decided, empty where none fitted.
    chain : tuple of Reason
        Why, in the order in which a person would tell it.
    model : str
        The model's version.
    """

    id: str
    domain: str
    domain_id: str
    domain_confidence: float | None
    other_domains: tuple[str, ...]
    urgency: str
    urgency_id: str
    urgency_confidence: float | None
    nature: str
    lead_unit: str
    support_units: tuple[str, ...]
    copy_units: tuple[str, ...]
    district: str
    deadline: Deadline
    call_until_acknowledged: bool
    needs_review: bool
    rule: str
    chain: tuple[Reason, ...]
    model: str
    hide_caller: bool = False

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, in Chinese phrases."""
        return tuple(reason.text for reason in self.chain)

    def told(self) -> str:
        """Return the whole decision as a person would tell it, the outcome first."""
        lines = [f"派给:{self.lead_unit}"]
        for name, units in (("协办", self.support_units), ("抄送", self.copy_units)):
            lines += [f"{name}:{'、'.join(units)}"] if units else []
        call = ",打电话叫应,打到有人确认为止" if self.call_until_acknowledged else ""
        lines += [f"办理:{self.urgency},{self.deadline}{call}", "为什么:"]
        for part, reasons in groupby(self.chain, lambda reason: reason.part):
            lines.append(f"  {_QUESTIONS[part]}:{';'.join(reason.text for reason in reasons)}")
        if not self.needs_review:
            lines.append(f"  {_QUESTIONS['复核']}:不需要,各步都有把握")
        return "\n".join([*lines, f"以上是机器建议(疑似),由模型 {self.model} 和派单表得出,不是事实认定。"])

    def to_record(self) -> dict[str, object]:
        """Return the decision for JSON lines."""
        return {
            "id": self.id,
            "domain": self.domain,
            "domain_id": self.domain_id,
            "domain_confidence": _rounded(self.domain_confidence),
            "other_domains": list(self.other_domains),
            "urgency": self.urgency,
            "urgency_id": self.urgency_id,
            "urgency_confidence": _rounded(self.urgency_confidence),
            "nature": self.nature,
            "lead_unit": self.lead_unit,
            "support_units": list(self.support_units),
            "copy_units": list(self.copy_units),
            "district": self.district,
            "deadline": str(self.deadline),
            "call_until_acknowledged": self.call_until_acknowledged,
            "needs_review": self.needs_review,
            "rule": self.rule,
            "reasons": list(self.reasons),
            "model": self.model,
        }

    def to_cells(self) -> tuple[str | float | None, ...]:
        """Return the decision for a spreadsheet, in the order of :data:`COLUMNS`."""
        return (
            self.domain,
            _rounded(self.domain_confidence),
            "、".join(self.other_domains),
            self.urgency,
            _rounded(self.urgency_confidence),
            self.nature,
            self.lead_unit,
            "、".join(self.support_units),
            "、".join(self.copy_units),
            self.district,
            str(self.deadline),
            "是" if self.call_until_acknowledged else "否",
            "是" if self.needs_review else "否",
            self.rule,
            ";".join(self.reasons),
            self.model,
        )


def _rounded(confidence: float | None) -> float | None:
    return None if confidence is None else round(confidence, 3)
