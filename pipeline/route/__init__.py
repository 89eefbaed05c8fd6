"""From what a model says to what the hotline does: unit, district, deadline, reasons."""

from pipeline.route.decision import COLUMNS, Deadline, Decision
from pipeline.route.router import Router

__all__ = ["COLUMNS", "Deadline", "Decision", "Router"]
