"""What a model says of one ticket, before any rule has spoken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Answer", "Prediction"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One head's answer.

    Parameters
    ----------
    label : str
        The primary label, as the model's label column spells it.
    confidence : float
        Calibrated probability of ``label``, 0 to 1.
    others : tuple of str
        Further labels above the head's threshold, most probable first (multi-label heads only).
    runner_up : str or None
        The second most probable label.
    doubtful : bool
        Whether ``confidence`` is under the head's review threshold.
    """

    label: str
    confidence: float
    others: tuple[str, ...] = ()
    runner_up: str | None = None
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answers of all heads, by head name (``领域``, ``紧急程度``, ``诉求类型``, or an analyst's own)."""

    answers: Mapping[str, Answer]
    model: str
    """The model's version, e.g. ``default-2026.11``."""
